//! «This cart, this person, this moment»: what a cart would cost under rules that may not be live yet, and why.

use base::{MerchantId, PersonId, PromotionId, SkuId, Timestamp};
use db::{DbError, Rx};
use pricing::api::{
    MemberPrice, NextOffer, Promotion, Quote, QuoteError, QuoteLineInput, Unmet, next_offers, quote, unmet,
};
use rest::{Actor, Common, Ctx, Denied, Json, OpenApiRouter, Path, Refused, Right, routes};
use serde::{Deserialize, Serialize};

use crate::price::{NOT_SENT, known};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(promotion_simulate))
}

/// How many of what.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct SimulatedItem {
    sku: SkuId,
    #[schema(minimum = 1, maximum = 9_999)]
    qty: i64,
}

/// A cart, a person and a moment.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct SimulationBody {
    #[schema(min_items = 1, max_items = 200)]
    items: Vec<SimulatedItem>,
    /// Whether the person has bought nothing of the shop yet.
    #[serde(default)]
    is_new_buyer: bool,
    /// The person's tier, which promotions may ask for.
    #[schema(max_length = 40)]
    tier: Option<String>,
    /// A share off the base price that the tier gives, in hundredths of a percent.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10000)]
    member_off_bp: i64,
    /// Now when left out.
    at: Option<Timestamp>,
    /// Promotions to be tried beside those that are live: drafts, paused ones.
    #[serde(default)]
    #[schema(max_items = 20)]
    also: Vec<PromotionId>,
}

/// Whether a promotion counted, and why not.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct SimulatedPromotion {
    promotion: PromotionId,
    title: String,
    /// What it took off, in minor units; 0 when it did not count.
    off_minor: i64,
    /// What was missing; `null` when all was there, and another one gave more.
    unmet: Option<Unmet>,
}

/// What the cart would cost.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct SimulationView {
    quote: Quote,
    next: Vec<NextOffer>,
    promotions: Vec<SimulatedPromotion>,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum SimulationError {
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error("name variants of the shop")]
    #[problem(422, "simulation.items")]
    Items,
    #[error(transparent)]
    #[problem(transparent)]
    Quote(#[from] QuoteError),
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

fn simulate(
    rx: &mut Rx,
    actor: &Actor,
    merchant: MerchantId,
    body: &SimulationBody,
) -> Result<SimulationView, SimulationError> {
    actor.may(merchant, Right::Products)?;
    if body.items.is_empty() || body.items.len() > crate::price::LINES_MAX || body.also.len() > 20 {
        return Err(SimulationError::Items);
    }
    let skus: Vec<SkuId> = body.items.iter().map(|item| item.sku).collect();
    let infos = known(rx, &skus)?;
    let mut lines = Vec::with_capacity(body.items.len());
    for item in &body.items {
        let info = infos.get(&item.sku).filter(|info| info.merchant == merchant);
        let info = info.ok_or(SimulationError::Items)?;
        lines.push(QuoteLineInput {
            sku: info.sku,
            product: info.product,
            category: info.category,
            qty: item.qty,
            base_unit: info.price,
            activity: None,
            qty_limit: None,
        });
    }
    let currency = lines.first().map_or(base::Currency::CNY, |line| line.base_unit.currency());
    let at = body.at.unwrap_or(rx.now());
    let nobody = <PersonId as base::Id>::from_bytes([0; 16]);
    let mut context = pricing::api::context(rx, merchant, currency, nobody, at)?;
    if infos.values().all(|info| info.is_virtual) {
        context.freight = NOT_SENT;
    }
    let also = pricing::api::promotions(rx, merchant, &body.also)?;
    let is_new = |promotion: &Promotion| !context.promotions.iter().any(|live| live.id == promotion.id);
    let added: Vec<Promotion> = also.into_iter().filter(is_new).collect();
    context.promotions.extend(added);
    context.person.is_new_buyer = body.is_new_buyer;
    context.person.member = body.tier.as_ref().map(|tier| MemberPrice {
        tier: tier.clone(),
        off_bp: body.member_off_bp.clamp(0, 10_000),
        is_freight_free: false,
        is_price_of_card: false,
        is_freight_of_card: false,
    });
    let quoted = quote(&lines, &context)?;
    let next = next_offers(&quoted, &context)?;
    let mut promotions = Vec::with_capacity(context.promotions.len());
    for promotion in &context.promotions {
        let used = quoted.promotions.iter().find(|used| used.promotion == promotion.id);
        promotions.push(SimulatedPromotion {
            promotion: promotion.id,
            title: promotion.title.clone(),
            off_minor: used.map_or(0, |used| used.off.minor()),
            unmet: unmet(promotion, &lines, &context)?,
        });
    }
    Ok(SimulationView { quote: quoted, next, promotions })
}

/// Try a cart under the shop's promotions, drafts among them. Nothing is kept.
#[utoipa::path(post, path = "/api/v1/merchants/{merchant}/promotions/simulate", tag = "pricing",
    params(("merchant" = MerchantId, Path)), request_body = SimulationBody,
    responses((status = 200, body = SimulationView), SimulationError, Common))]
async fn promotion_simulate(
    ctx: rest::State,
    actor: Actor,
    Path(merchant): Path<MerchantId>,
    Json(body): Json<SimulationBody>,
) -> Result<Json<SimulationView>, Refused> {
    Ok(Json(ctx.db().read(move |rx| simulate(rx, &actor, merchant, &body)).await?))
}
