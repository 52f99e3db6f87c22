//! What a shop gives out now, for everybody to read.

use base::{CouponTemplateId, MerchantId, Money, PersonId, ProductId, Timestamp};
use db::{DbError, Rx};
use pricing::api::{CouponGift, Scope};
use rest::{Common, Ctx, Json, MaybeActor, OpenApiRouter, Path, Query, Refused, routes};
use serde::{Deserialize, Serialize};

use crate::model::{Growth, Validity, yuan};
use crate::store::{self, TemplateRow};

/// Most offers that are shown.
const OFFERS_MAX: i64 = 20;

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(coupon_offer_list))
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct OfferFilter {
    /// Only what is about this product.
    product: Option<ProductId>,
}

/// A coupon that may be claimed.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct CouponOffer {
    id: CouponTemplateId,
    merchant: MerchantId,
    title: String,
    gift: CouponGift,
    threshold: Money,
    scope: Scope,
    is_stacking: bool,
    growth: Option<Growth>,
    validity: Validity,
    ends_at: Timestamp,
    per_person: i64,
    /// How many the person who asks has claimed.
    claimed: i64,
}

/// What a shop gives out now.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct CouponOffers {
    /// Newest first, at most 20.
    items: Vec<CouponOffer>,
}

fn offers(
    rx: &mut Rx,
    merchant: MerchantId,
    person: Option<PersonId>,
    product: Option<ProductId>,
) -> Result<CouponOffers, DbError> {
    let now = rx.now();
    let mut rows: Vec<TemplateRow> = store::offered(rx, merchant, now, OFFERS_MAX)?;
    if let Some(product) = product.filter(|_| !rows.is_empty()) {
        let skus = catalog::api::skus_of(rx, &[product])?;
        let is_about =
            |scope: &Scope| skus.iter().any(|one| scope.is_about(one.sku, one.product, one.category));
        rows.retain(|row| is_about(&row.rule.scope));
    }
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let claimed = match person {
            None => 0,
            Some(person) => store::claimed(rx, row.id, person)?,
        };
        items.push(CouponOffer {
            id: row.id,
            merchant,
            title: row.title,
            gift: row.rule.gift,
            threshold: yuan(row.rule.threshold_minor),
            scope: row.rule.scope,
            is_stacking: row.rule.is_stacking,
            growth: row.rule.growth,
            validity: row.rule.validity,
            ends_at: row.ends_at,
            per_person: row.limits.per_person,
            claimed,
        });
    }
    Ok(CouponOffers { items })
}

/// The coupons a shop gives out now. Open to everybody.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/coupon-offers", tag = "coupons",
    params(("merchant" = MerchantId, Path), OfferFilter), responses((status = 200, body = CouponOffers), Common))]
async fn coupon_offer_list(
    ctx: rest::State,
    MaybeActor(actor): MaybeActor,
    Path(merchant): Path<MerchantId>,
    Query(filter): Query<OfferFilter>,
) -> Result<Json<CouponOffers>, Refused> {
    let person = actor.map(|actor| actor.person);
    let read = move |rx: &mut Rx| offers(rx, merchant, person, filter.product);
    Ok(Json(ctx.db().read::<_, DbError, _>(read).await?))
}
