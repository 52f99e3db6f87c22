//! What the platform takes, published with its history.

use base::{MerchantId, Text, Timestamp};
use db::{DbError, Lane, Rx, Tx};
use rest::{Actor, Common, Ctx, Denied, Json, OpenApiRouter, Path, Refused, routes};
use serde::{Deserialize, Serialize};

use crate::api::everybody;
use crate::model::RATE_BP_MAX;
use crate::store::{self, FeeRow};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(fee_rules_get, fee_rules_put))
        .routes(routes!(merchant_fee_rules_get, merchant_fee_rules_put))
}

/// One version of a fee.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct FeeVersion {
    version: i64,
    /// In hundredths of a percent of what a line costs.
    rate_bp: i64,
    /// From when on orders are placed under it.
    from: Timestamp,
    /// When it was published.
    set_at: Timestamp,
    note: String,
}

/// What the platform takes now and what it took before.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct FeeRules {
    /// In hundredths of a percent; what orders placed now are under.
    rate_bp: i64,
    /// All versions that were published, newest first.
    versions: Vec<FeeVersion>,
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct FeeBody {
    #[schema(minimum = 0, maximum = 3000)]
    rate_bp: i64,
    /// At once when left out; never in the past.
    from: Option<Timestamp>,
    /// Why, for merchants to read.
    note: Text<1, 300>,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum FeeError {
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error("a fee is 0 to {RATE_BP_MAX} hundredths of a percent")]
    #[problem(422, "fee.rate")]
    Rate,
    #[error("a fee begins now or later, never in the past")]
    #[problem(422, "fee.past")]
    Past,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

fn rules(rx: &mut Rx, merchant: MerchantId) -> Result<FeeRules, DbError> {
    let now = rx.now();
    let rows = store::fees(rx, &[everybody(), merchant])?;
    let current = |of: MerchantId| rows.iter().find(|fee| fee.merchant == of && fee.from_at <= now);
    let rate_bp = current(merchant).or_else(|| current(everybody())).map_or(0, |fee| fee.rate_bp);
    let own = rows.iter().filter(|fee| fee.merchant == merchant);
    let version = |fee: &FeeRow| FeeVersion {
        version: fee.version,
        rate_bp: fee.rate_bp,
        from: fee.from_at,
        set_at: fee.set_at,
        note: fee.note.clone(),
    };
    Ok(FeeRules { rate_bp, versions: own.map(version).collect() })
}

fn set(tx: &mut Tx, actor: &Actor, merchant: MerchantId, body: &FeeBody) -> Result<FeeRules, FeeError> {
    actor.must_be_operator()?;
    if !(0..=RATE_BP_MAX).contains(&body.rate_bp) {
        return Err(FeeError::Rate);
    }
    let now = tx.now();
    let from_at = body.from.unwrap_or(now);
    if from_at < now {
        return Err(FeeError::Past);
    }
    let last = store::fees(tx, &[merchant])?.first().map_or(0, |fee| fee.version);
    let row = FeeRow {
        merchant,
        version: last.saturating_add(1),
        rate_bp: body.rate_bp,
        from_at,
        set_at: now,
        note: body.note.as_str().to_owned(),
    };
    if !store::insert_fee(tx, &row, actor.person)? {
        return Err(tx.give_up(DbError::Conflict).into());
    }
    let of = (merchant != everybody()).then_some(merchant);
    let detail = format!("{} {}", row.rate_bp, row.note);
    people::api::log_act(tx, actor, of, "fee.set", &merchant.to_string(), &detail)?;
    Ok(rules(tx, merchant)?)
}

/// What the platform takes of every sale, now and before. Open to everybody.
#[utoipa::path(get, path = "/api/v1/fee-rules", tag = "settlement",
    responses((status = 200, body = FeeRules), Common))]
async fn fee_rules_get(ctx: rest::State) -> Result<Json<FeeRules>, Refused> {
    Ok(Json(ctx.db().read::<_, DbError, _>(|rx| rules(rx, everybody())).await?))
}

/// Publish what the platform takes of every sale. Operators.
#[utoipa::path(put, path = "/api/v1/fee-rules", tag = "settlement", request_body = FeeBody,
    responses((status = 200, body = FeeRules), FeeError, Common))]
async fn fee_rules_put(
    ctx: rest::State,
    actor: Actor,
    Json(body): Json<FeeBody>,
) -> Result<Json<FeeRules>, Refused> {
    let write = move |tx: &mut Tx| set(tx, &actor, everybody(), &body);
    Ok(Json(ctx.db().write(Lane::Interactive, write).await?))
}

/// What the platform takes of a merchant's sales, where that differs from everybody's.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/fee-rules", tag = "settlement",
    params(("merchant" = MerchantId, Path)), responses((status = 200, body = FeeRules), Common))]
async fn merchant_fee_rules_get(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
) -> Result<Json<FeeRules>, Refused> {
    if !actor.works_for(merchant) {
        return Err(Denied::Unknown.into());
    }
    Ok(Json(ctx.db().read::<_, DbError, _>(move |rx| rules(rx, merchant)).await?))
}

/// Agree on another fee with a merchant. Operators.
#[utoipa::path(put, path = "/api/v1/merchants/{merchant}/fee-rules", tag = "settlement",
    params(("merchant" = MerchantId, Path)), request_body = FeeBody,
    responses((status = 200, body = FeeRules), FeeError, Common))]
async fn merchant_fee_rules_put(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Json(body): Json<FeeBody>,
) -> Result<Json<FeeRules>, Refused> {
    let write = move |tx: &mut Tx| set(tx, &actor, merchant, &body);
    Ok(Json(ctx.db().write(Lane::Interactive, write).await?))
}
