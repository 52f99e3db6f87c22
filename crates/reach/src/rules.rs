//! A merchant says what those who bring buyers earn.

use base::MerchantId;
use db::{DbError, Lane, Tx};
use rest::{Actor, Common, Ctx, Denied, Json, OpenApiRouter, Path, Refused, Right, routes};
use serde::{Deserialize, Serialize};

use crate::model::{Model, Rule};
use crate::store;

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(commission_rules_get, commission_rules_put))
}

/// What those who bring buyers earn. Orders keep what was set when they were placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommissionRules {
    /// For who brought the buyer, in hundredths of a percent of what a line costs.
    #[schema(minimum = 0, maximum = 5000)]
    level1_bp: i64,
    /// For who brought the sharer; both together at most 5000.
    #[schema(minimum = 0, maximum = 5000)]
    level2_bp: i64,
    /// How long before an order a touch may lie.
    #[schema(minimum = 1, maximum = 2160)]
    window_hours: i64,
    /// Which of several touches counts.
    model: Model,
    /// Days for returns; a day later commission is paid.
    #[schema(minimum = 7, maximum = 90)]
    return_window_days: i64,
}

impl CommissionRules {
    fn of(rule: Rule) -> Self {
        let Rule { level1_bp, level2_bp, window_hours, model, return_window_days, .. } = rule;
        Self { level1_bp, level2_bp, window_hours, model, return_window_days }
    }

    fn rule(self) -> Rule {
        let Self { level1_bp, level2_bp, window_hours, model, return_window_days } = self;
        Rule { level1_bp, level2_bp, window_hours, model, return_window_days, version: 0 }
    }
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum CommissionRulesError {
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error("{problem}")]
    #[problem(422, "reach.bad_rule")]
    BadRule { problem: &'static str },
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

struct SetCommissionRules {
    actor: Actor,
    merchant: MerchantId,
    rules: CommissionRules,
}

fn set_commission_rules(
    tx: &mut Tx,
    command: &SetCommissionRules,
) -> Result<CommissionRules, CommissionRulesError> {
    let SetCommissionRules { actor, merchant, rules } = command;
    actor.may(*merchant, Right::Reach)?;
    if let Some(problem) = rules.rule().problem() {
        return Err(CommissionRulesError::BadRule { problem });
    }
    store::put_rule(tx, *merchant, &rules.rule())?;
    let detail = serde_json::to_string(rules).map_err(|error| DbError::Bug(error.to_string()))?;
    people::api::log_act(tx, actor, Some(*merchant), "commission.set", &merchant.to_string(), &detail)?;
    Ok(*rules)
}

/// What those who bring buyers to a shop earn.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/commission-rules", tag = "reach",
    params(("merchant" = MerchantId, Path)), responses((status = 200, body = CommissionRules), Common))]
async fn commission_rules_get(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
) -> Result<Json<CommissionRules>, Refused> {
    actor.may(merchant, Right::Reach)?;
    let rule = ctx.db().read::<_, DbError, _>(move |rx| store::find_rule(rx, merchant)).await?;
    Ok(Json(CommissionRules::of(rule.unwrap_or_default())))
}

/// Set what those who bring buyers to a shop earn.
#[utoipa::path(put, path = "/api/v1/merchants/{merchant}/commission-rules", tag = "reach",
    params(("merchant" = MerchantId, Path)), request_body = CommissionRules,
    responses((status = 200, body = CommissionRules), CommissionRulesError, Common))]
async fn commission_rules_put(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Json(rules): Json<CommissionRules>,
) -> Result<Json<CommissionRules>, Refused> {
    let command = SetCommissionRules { actor, merchant, rules };
    Ok(Json(ctx.db().write(Lane::Interactive, move |tx| set_commission_rules(tx, &command)).await?))
}
