//! What goods cost the person who looks at them, where that is less than the catalogue's price.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use base::{MerchantId, Money, PersonId, ProductId, SkuId};
use db::{DbError, Rx};
use rest::{Actor, Common, Ctx, Json, OpenApiRouter, Query, Refused, routes};
use serde::{Deserialize, Serialize};

use crate::api;

/// Most products that are asked for at once.
const PRODUCTS_MAX: usize = 100;

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(member_price_list))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct MemberPriceFilter {
    /// Ids of products, with commas between; at most 100.
    #[param(max_length = 4000)]
    products: String,
}

/// A variant's price for a member.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct MemberPriceView {
    product: ProductId,
    sku: SkuId,
    /// The tier's code.
    tier: String,
    /// The catalogue's price of one.
    base_unit: Money,
    /// What one costs this person.
    unit: Money,
}

/// Prices for a member.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct MemberPrices {
    /// Only what costs less than in the catalogue.
    items: Vec<MemberPriceView>,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum MemberPricesError {
    #[error("name 1 to {PRODUCTS_MAX} products, with commas between")]
    #[problem(422, "membership.products")]
    Products,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

fn prices(rx: &mut Rx, person: PersonId, products: &str) -> Result<MemberPrices, MemberPricesError> {
    let ids: Result<Vec<ProductId>, _> = products.split(',').map(str::parse).collect();
    let ids = ids.ok().filter(|ids| ids.len() <= PRODUCTS_MAX).ok_or(MemberPricesError::Products)?;
    let now = rx.now();
    let mut members = BTreeMap::<MerchantId, Option<pricing::api::MemberPrice>>::new();
    let mut items = Vec::new();
    for info in catalog::api::skus_of(rx, &ids)? {
        if !info.is_sellable {
            continue;
        }
        let member = match members.entry(info.merchant) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(api::member(rx, info.merchant, person, now)?),
        };
        let Some(member) = member else { continue };
        let unit = pricing::api::member_unit(info.price, member);
        if unit.minor() < info.price.minor() {
            let (product, sku, tier) = (info.product, info.sku, member.tier.clone());
            items.push(MemberPriceView { product, sku, tier, base_unit: info.price, unit });
        }
    }
    Ok(MemberPrices { items })
}

/// What products cost the person who asks, where a tier gives a lower price: the price that cart and order show.
#[utoipa::path(get, path = "/api/v1/member-prices", tag = "membership", params(MemberPriceFilter),
    responses((status = 200, body = MemberPrices), MemberPricesError, Common))]
async fn member_price_list(
    ctx: rest::State,
    actor: Actor,
    Query(filter): Query<MemberPriceFilter>,
) -> Result<Json<MemberPrices>, Refused> {
    let person = actor.person;
    Ok(Json(ctx.db().read(move |rx| prices(rx, person, &filter.products)).await?))
}
