//! Staff change what lies on the shelf.

use axum::http::StatusCode;
use axum::response::Response;
use base::{PersonId, SkuId, Text};
use db::{DbError, Tx};
use rest::{Actor, Command, Common, Ctx, Denied, OpenApiRouter, Path, Refused, Right, routes};
use serde::{Deserialize, Serialize};

use crate::api::{self, Change, StockError};
use crate::store;

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(stock_adjust))
}

/// Why stock changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = StockReason)]
enum Reason {
    Stocking,
    Count,
    Damage,
    Other,
}

impl Reason {
    fn word(self) -> &'static str {
        match self {
            Self::Stocking => "stocking",
            Self::Count => "count",
            Self::Damage => "damage",
            Self::Other => "other",
        }
    }
}

/// Most units one adjustment may add or take.
const DELTA_MAX: i64 = 10_000_000;

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct StockAdjustBody {
    /// Units more, or fewer when below zero; not zero, at most 10,000,000 either way.
    #[schema(minimum = -10_000_000, maximum = 10_000_000)]
    delta: i64,
    reason: Reason,
    note: Option<Text<1, 200>>,
}

/// How much there is of one SKU.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct StockLevel {
    sku: SkuId,
    on_hand: i64,
    reserved: i64,
    sold: i64,
    available: i64,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
pub(crate) enum StockAdjustError {
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error("delta must not be 0 and at most 10,000,000 either way")]
    #[problem(422, "stock.delta")]
    Delta,
    #[error(transparent)]
    #[problem(transparent)]
    Stock(#[from] StockError),
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// What staff want changed.
struct AdjustStock {
    actor: Actor,
    sku: SkuId,
    delta: i64,
    reason: Reason,
    note: Option<String>,
}

fn adjust_stock(tx: &mut Tx, command: &AdjustStock) -> Result<StockLevel, StockAdjustError> {
    let level = store::levels(tx, &[command.sku])?.into_iter().next().ok_or(Denied::Unknown)?;
    command.actor.may(level.merchant, Right::Stock)?;
    if command.delta == 0 || !(-DELTA_MAX..=DELTA_MAX).contains(&command.delta) {
        return Err(StockAdjustError::Delta);
    }
    let actor: PersonId = command.actor.person;
    api::adjust(
        tx,
        &Change {
            sku: command.sku,
            merchant: level.merchant,
            delta: command.delta,
            reason: command.reason.word(),
            note: command.note.as_deref(),
            actor: Some(actor),
        },
    )?;
    let after = store::levels(tx, &[command.sku])?.into_iter().next().ok_or(Denied::Unknown)?;
    Ok(StockLevel {
        sku: after.sku,
        on_hand: after.on_hand,
        reserved: after.held,
        sold: after.sold,
        available: after.available(),
    })
}

/// Change what lies on the shelf: stocking, a count, damage.
#[utoipa::path(post, path = "/api/v1/skus/{sku}/stock/adjust", tag = "stock", params(("sku" = SkuId, Path)),
    request_body = StockAdjustBody, responses((status = 200, body = StockLevel), StockAdjustError, Common))]
async fn stock_adjust(
    ctx: rest::State,
    actor: Actor,
    Path(sku): Path<SkuId>,
    command: Command<StockAdjustBody>,
) -> Result<Response, Refused> {
    let StockAdjustBody { delta, reason, note } = command.body;
    let adjust = AdjustStock { actor: actor.clone(), sku, delta, reason, note: note.map(Text::into_string) };
    ctx.once(&actor, &command.once, StatusCode::OK, move |tx| adjust_stock(tx, &adjust)).await
}
