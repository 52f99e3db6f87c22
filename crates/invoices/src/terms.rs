//! Whether a shop gives invoices, and at which rates of tax.

use std::collections::BTreeSet;

use base::{CategoryId, MerchantId};
use db::{DbError, Lane, Rx, Tx};
use rest::{Actor, Common, Ctx, Denied, Json, OpenApiRouter, Path, Refused, Right, routes};
use serde::{Deserialize, Serialize};

use crate::model::RATE_BP_MAX;
use crate::store::{self, TermsRow};

/// Most rates besides the general one.
const RATES_MAX: usize = 20;

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(invoice_terms_get, invoice_terms_put))
}

/// The rate of one category.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TaxRate)]
pub(crate) struct Rate {
    pub(crate) category: CategoryId,
    /// In hundredths of a percent.
    #[schema(minimum = 0, maximum = 3000)]
    pub(crate) rate_bp: i64,
}

/// Whether a shop gives invoices, and at which rates of tax. Prices hold the tax.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct InvoiceTerms {
    is_on: bool,
    /// Of goods of other categories, and of the delivery; in hundredths of a percent.
    #[schema(minimum = 0, maximum = 3000)]
    rate_bp: i64,
    /// Each category once.
    #[schema(max_items = 20)]
    rates: Vec<Rate>,
    /// The version that was looked at; 0 while there is none.
    version: i64,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum TermsError {
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error("rates from 0 to 30 %, each category once, at most {RATES_MAX}")]
    #[problem(422, "invoice.bad_terms")]
    Bad,
    #[error("the terms were changed in the meantime; look at them again")]
    #[problem(409, "invoice.version_conflict")]
    Version,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// A shop's terms; one that has said nothing gives no invoices.
pub(crate) fn of(rx: &mut Rx, merchant: MerchantId) -> Result<TermsRow, DbError> {
    let none = TermsRow { is_on: false, rate_bp: 0, rates: Vec::new(), version: 0 };
    Ok(store::terms(rx, merchant)?.unwrap_or(none))
}

fn read(rx: &mut Rx, merchant: MerchantId) -> Result<InvoiceTerms, DbError> {
    let TermsRow { is_on, rate_bp, rates, version } = of(rx, merchant)?;
    Ok(InvoiceTerms { is_on, rate_bp, rates, version })
}

fn set(
    tx: &mut Tx,
    actor: &Actor,
    merchant: MerchantId,
    body: &InvoiceTerms,
) -> Result<InvoiceTerms, TermsError> {
    actor.may(merchant, Right::Money)?;
    let InvoiceTerms { is_on, rate_bp, rates, version } = body.clone();
    let categories: BTreeSet<CategoryId> = rates.iter().map(|rate| rate.category).collect();
    let mut all = rates.iter().map(|rate| rate.rate_bp).chain([rate_bp]);
    let is_sound = all.all(|rate| (0..=RATE_BP_MAX).contains(&rate));
    if !is_sound || rates.len() > RATES_MAX || categories.len() != rates.len() {
        return Err(TermsError::Bad);
    }
    if !store::put_terms(tx, merchant, &TermsRow { is_on, rate_bp, rates, version })? {
        return Err(TermsError::Version);
    }
    let detail = serde_json::to_string(body).map_err(|error| DbError::Bug(error.to_string()))?;
    people::api::log_act(tx, actor, Some(merchant), "invoice.terms", &merchant.to_string(), &detail)?;
    Ok(read(tx, merchant)?)
}

/// Whether a shop gives invoices, and at which rates. Open to everybody.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/invoice-terms", tag = "invoices",
    params(("merchant" = MerchantId, Path)), responses((status = 200, body = InvoiceTerms), Common))]
async fn invoice_terms_get(
    ctx: rest::State,
    Path(merchant): Path<MerchantId>,
) -> Result<Json<InvoiceTerms>, Refused> {
    Ok(Json(ctx.db().read::<_, DbError, _>(move |rx| read(rx, merchant)).await?))
}

/// Set whether a shop gives invoices, and at which rates. What is issued stays as it is.
#[utoipa::path(put, path = "/api/v1/merchants/{merchant}/invoice-terms", tag = "invoices",
    params(("merchant" = MerchantId, Path)), request_body = InvoiceTerms,
    responses((status = 200, body = InvoiceTerms), TermsError, Common))]
async fn invoice_terms_put(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Json(body): Json<InvoiceTerms>,
) -> Result<Json<InvoiceTerms>, Refused> {
    let write = move |tx: &mut Tx| set(tx, &actor, merchant, &body);
    Ok(Json(ctx.db().write(Lane::Interactive, write).await?))
}
