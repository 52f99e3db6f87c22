//! A merchant says what points are given for and what they are worth; everybody may read it.

use base::MerchantId;
use db::{DbError, Lane, Rx, Tx};
use rest::{Actor, Common, Ctx, Denied, Json, OpenApiRouter, Path, Refused, Right, routes};
use serde::{Deserialize, Serialize};

use crate::model::Rules;
use crate::store;

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(points_program_get, points_program_put))
}

/// What a shop gives and takes points for.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PointsProgram {
    rules: Rules,
    /// The version that was looked at; 0 while there is none.
    version: i64,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum ProgramError {
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error(
        "a point is worth 1 to 10,000, pays at most 90 % and lives 1 to 1,095 days; up to 1,000 are given at once"
    )]
    #[problem(422, "points.bad_program")]
    Bad,
    #[error("the program was changed in the meantime; look at it again")]
    #[problem(409, "points.version_conflict")]
    Version,
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

fn read(rx: &mut Rx, merchant: MerchantId) -> Result<PointsProgram, DbError> {
    let (rules, version) = store::program(rx, merchant)?.unwrap_or((Rules::NONE, 0));
    Ok(PointsProgram { rules, version })
}

fn set(
    tx: &mut Tx,
    actor: &Actor,
    merchant: MerchantId,
    body: &PointsProgram,
) -> Result<PointsProgram, ProgramError> {
    actor.may(merchant, Right::Products)?;
    if !body.rules.is_sound() {
        return Err(ProgramError::Bad);
    }
    if !store::put_program(tx, merchant, &body.rules, body.version)? {
        return Err(ProgramError::Version);
    }
    let detail = serde_json::to_string(&body.rules).map_err(|error| DbError::Bug(error.to_string()))?;
    people::api::log_act(tx, actor, Some(merchant), "points.set", &merchant.to_string(), &detail)?;
    Ok(read(tx, merchant)?)
}

/// What a shop gives and takes points for. Open to everybody.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/points", tag = "points",
    params(("merchant" = MerchantId, Path)), responses((status = 200, body = PointsProgram), Common))]
async fn points_program_get(
    ctx: rest::State,
    Path(merchant): Path<MerchantId>,
) -> Result<Json<PointsProgram>, Refused> {
    Ok(Json(ctx.db().read::<_, DbError, _>(move |rx| read(rx, merchant)).await?))
}

/// Set what a shop gives and takes points for. Points that are there keep their time; what one is worth changes for all.
#[utoipa::path(put, path = "/api/v1/merchants/{merchant}/points", tag = "points",
    params(("merchant" = MerchantId, Path)), request_body = PointsProgram,
    responses((status = 200, body = PointsProgram), ProgramError, Common))]
async fn points_program_put(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Json(body): Json<PointsProgram>,
) -> Result<Json<PointsProgram>, Refused> {
    let write = move |tx: &mut Tx| set(tx, &actor, merchant, &body);
    Ok(Json(ctx.db().write(Lane::Interactive, write).await?))
}
