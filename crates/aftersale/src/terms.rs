//! How a shop deals with what comes back.

use base::{MerchantId, Text};
use db::{DbError, Lane, Tx};
use people::api::AddressSnapshot;
use rest::{Actor, Common, Ctx, Denied, Json, OpenApiRouter, Path, Refused, Right, routes};
use serde::{Deserialize, Serialize};

use crate::store::{self, TermsRow};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(after_sale_terms_get, after_sale_terms_put))
}

/// Where goods go back to, and how long a lower price is made good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
struct AfterSaleTerms {
    /// Where goods are sent back to; `null` until the shop has said.
    address: Option<AddressSnapshot>,
    /// Days after payment; 0 for no price protection.
    price_protection_days: i64,
    /// Give it back when setting; 0 when nothing has been set.
    version: i64,
}

/// Where goods are sent back to.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ReturnAddressBody {
    name: Text<1, 40>,
    phone: Text<1, 40>,
    region: Text<1, 80>,
    street: Text<1, 200>,
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct AfterSaleTermsBody {
    address: ReturnAddressBody,
    /// Days after payment; 0 for no price protection.
    #[schema(minimum = 0, maximum = 90)]
    price_protection_days: i64,
    /// The version that was looked at; 0 when nothing has been set.
    #[schema(minimum = 0)]
    version: i64,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum TermsError {
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error("a lower price can be made good for 0 to 90 days")]
    #[problem(422, "aftersale.bad_terms")]
    Days,
    #[error("the terms were changed in the meantime; look at them again")]
    #[problem(409, "aftersale.terms_changed")]
    Changed,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// The address as it is kept.
pub(crate) fn address(row: &TermsRow) -> Result<Option<AddressSnapshot>, DbError> {
    let read = |text: &String| serde_json::from_str(text).map_err(|error| DbError::Bug(error.to_string()));
    row.address.as_ref().map(read).transpose()
}

fn terms(row: &TermsRow) -> Result<AfterSaleTerms, DbError> {
    let address = address(row)?;
    Ok(AfterSaleTerms { address, price_protection_days: row.protection, version: row.version })
}

fn set_terms(
    tx: &mut Tx,
    actor: &Actor,
    merchant: MerchantId,
    new: &AfterSaleTermsBody,
) -> Result<AfterSaleTerms, TermsError> {
    actor.may(merchant, Right::Refunds)?;
    if !(0..=90).contains(&new.price_protection_days) {
        return Err(TermsError::Days);
    }
    let ReturnAddressBody { name, phone, region, street } = &new.address;
    let address = AddressSnapshot {
        name: name.as_str().to_owned(),
        phone: phone.as_str().to_owned(),
        region: region.as_str().to_owned(),
        street: street.as_str().to_owned(),
    };
    let text = serde_json::to_string(&address).map_err(|error| DbError::Bug(error.to_string()))?;
    if !store::put_terms(tx, merchant, &text, new.price_protection_days, new.version)? {
        return Err(TermsError::Changed);
    }
    let detail = format!("{} {}", new.price_protection_days, text);
    people::api::log_act(tx, actor, Some(merchant), "aftersale.terms", &merchant.to_string(), &detail)?;
    Ok(terms(&store::terms(tx, merchant)?)?)
}

/// How a shop deals with what comes back.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/after-sale-terms", tag = "aftersale",
    params(("merchant" = MerchantId, Path)), responses((status = 200, body = AfterSaleTerms), Common))]
async fn after_sale_terms_get(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
) -> Result<Json<AfterSaleTerms>, Refused> {
    actor.may(merchant, Right::Orders)?;
    Ok(Json(ctx.db().read::<_, DbError, _>(move |rx| terms(&store::terms(rx, merchant)?)).await?))
}

/// Set how a shop deals with what comes back. Staff with the right to refund.
#[utoipa::path(put, path = "/api/v1/merchants/{merchant}/after-sale-terms", tag = "aftersale",
    params(("merchant" = MerchantId, Path)), request_body = AfterSaleTermsBody,
    responses((status = 200, body = AfterSaleTerms), TermsError, Common))]
async fn after_sale_terms_put(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Json(body): Json<AfterSaleTermsBody>,
) -> Result<Json<AfterSaleTerms>, Refused> {
    let write = move |tx: &mut Tx| set_terms(tx, &actor, merchant, &body);
    Ok(Json(ctx.db().write(Lane::Interactive, write).await?))
}
