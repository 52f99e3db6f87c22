//! A merchant says what its members get; everybody may read it.

use base::MerchantId;
use db::{DbError, Lane, Rx, Tx};
use rest::{Actor, Common, Ctx, Denied, Json, OpenApiRouter, Path, Refused, Right, routes};
use serde::{Deserialize, Serialize};

use crate::model::{self, Tier};
use crate::store::{self, ProgramRow};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(membership_get, membership_put))
}

/// What a shop's members get.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MembershipProgram {
    /// Growth for one whole unit of money that was paid and kept.
    #[schema(minimum = 0, maximum = 100)]
    factor: i64,
    /// How many days growth counts.
    #[schema(minimum = 1, maximum = 3650)]
    days: i64,
    /// Lowest first.
    #[schema(max_items = 10)]
    tiers: Vec<Tier>,
    /// The version that was looked at; 0 while there is none.
    version: i64,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum ProgramError {
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error("each code once, thresholds that rise from 1, up to 10 tiers, at most 90 % off, 1 to 3,650 days")]
    #[problem(422, "membership.bad_program")]
    Bad,
    #[error("the program was changed in the meantime; look at it again")]
    #[problem(409, "membership.version_conflict")]
    Version,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

pub(crate) fn read(rx: &mut Rx, merchant: MerchantId) -> Result<MembershipProgram, DbError> {
    let row = store::program(rx, merchant)?;
    let none = ProgramRow { factor: 1, days: 365, tiers: Vec::new(), version: 0 };
    let ProgramRow { factor, days, tiers, version } = row.unwrap_or(none);
    Ok(MembershipProgram { factor, days, tiers, version })
}

fn set(
    tx: &mut Tx,
    actor: &Actor,
    merchant: MerchantId,
    body: &MembershipProgram,
) -> Result<MembershipProgram, ProgramError> {
    actor.may(merchant, Right::Products)?;
    let MembershipProgram { factor, days, tiers, version } = body.clone();
    if !model::is_sound(factor, days, &tiers) {
        return Err(ProgramError::Bad);
    }
    if !store::put_program(tx, merchant, &ProgramRow { factor, days, tiers, version })? {
        return Err(ProgramError::Version);
    }
    let detail = serde_json::to_string(body).map_err(|error| DbError::Bug(error.to_string()))?;
    people::api::log_act(tx, actor, Some(merchant), "membership.set", &merchant.to_string(), &detail)?;
    Ok(read(tx, merchant)?)
}

/// What a shop's members get. Open to everybody.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/membership", tag = "membership",
    params(("merchant" = MerchantId, Path)), responses((status = 200, body = MembershipProgram), Common))]
async fn membership_get(
    ctx: rest::State,
    Path(merchant): Path<MerchantId>,
) -> Result<Json<MembershipProgram>, Refused> {
    Ok(Json(ctx.db().read::<_, DbError, _>(move |rx| read(rx, merchant)).await?))
}

/// Set what a shop's members get. What is ordered already keeps its price; growth that was earned stays.
#[utoipa::path(put, path = "/api/v1/merchants/{merchant}/membership", tag = "membership",
    params(("merchant" = MerchantId, Path)), request_body = MembershipProgram,
    responses((status = 200, body = MembershipProgram), ProgramError, Common))]
async fn membership_put(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Json(body): Json<MembershipProgram>,
) -> Result<Json<MembershipProgram>, Refused> {
    let write = move |tx: &mut Tx| set(tx, &actor, merchant, &body);
    Ok(Json(ctx.db().write(Lane::Interactive, write).await?))
}
