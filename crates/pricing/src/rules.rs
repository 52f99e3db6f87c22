//! A merchant sets full reductions and freight.

use base::MerchantId;
use db::{DbError, Lane, Tx};
use rest::{Actor, Common, Ctx, Denied, Json, OpenApiRouter, Path, Refused, Right, routes};
use serde::{Deserialize, Serialize};

use crate::api;
use crate::model::{Freight, FullReduction, QuoteError, REDUCTIONS_MAX, check_rules};
use crate::store;

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(pricing_get, pricing_put))
}

/// What a merchant's prices follow besides the catalogue.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PricingRules {
    /// The best tier the goods reach counts, once.
    #[schema(max_items = 20)]
    full_reductions: Vec<FullReduction>,
    /// What delivery costs.
    freight: Freight,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum PricingRulesError {
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error(
        "{rule} is out of range: at most {REDUCTIONS_MAX} tiers, each 1 ≤ off ≤ threshold, freight not below 0"
    )]
    #[problem(422, "pricing.bad_rule")]
    BadRule { rule: String },
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

struct SetPricingRules {
    actor: Actor,
    merchant: MerchantId,
    rules: PricingRules,
}

fn set_pricing_rules(tx: &mut Tx, command: &SetPricingRules) -> Result<PricingRules, PricingRulesError> {
    let SetPricingRules { actor, merchant, rules } = command;
    actor.may(*merchant, Right::Products)?;
    check_rules(&rules.full_reductions, &rules.freight).map_err(|error| {
        let rule = match error {
            QuoteError::BadRule { rule } => rule.to_owned(),
            other => other.to_string(),
        };
        PricingRulesError::BadRule { rule }
    })?;
    let mut full_reductions = rules.full_reductions.clone();
    full_reductions.sort_by_key(|tier| (tier.threshold_minor, tier.off_minor));
    store::put_rules(tx, *merchant, &store::Rules { full_reductions, freight: rules.freight, live: 0 })?;
    let detail = serde_json::to_string(rules).map_err(|error| DbError::Bug(error.to_string()))?;
    people::api::log_act(tx, actor, Some(*merchant), "pricing.set", &merchant.to_string(), &detail)?;
    let (full_reductions, freight) = api::rules(tx, *merchant)?;
    Ok(PricingRules { full_reductions, freight })
}

/// Full reductions and freight of a shop.
#[utoipa::path(get, path = "/api/v1/merchants/{merchant}/pricing", tag = "pricing",
    params(("merchant" = MerchantId, Path)), responses((status = 200, body = PricingRules), Common))]
async fn pricing_get(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
) -> Result<Json<PricingRules>, Refused> {
    actor.may(merchant, Right::Products)?;
    let (full_reductions, freight) =
        ctx.db().read::<_, DbError, _>(move |rx| api::rules(rx, merchant)).await?;
    Ok(Json(PricingRules { full_reductions, freight }))
}

/// Set full reductions and freight of a shop. What is ordered already keeps its price.
#[utoipa::path(put, path = "/api/v1/merchants/{merchant}/pricing", tag = "pricing",
    params(("merchant" = MerchantId, Path)), request_body = PricingRules,
    responses((status = 200, body = PricingRules), PricingRulesError, Common))]
async fn pricing_put(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Json(rules): Json<PricingRules>,
) -> Result<Json<PricingRules>, Refused> {
    let command = SetPricingRules { actor, merchant, rules };
    Ok(Json(ctx.db().write(Lane::Interactive, move |tx| set_pricing_rules(tx, &command)).await?))
}
