//! What a buyer may ask for of an order now, before asking.

use base::{CaseId, Money, OrderId, Timestamp};
use db::{DbError, Rx};
use orders::api::OrderFacts;
use rest::{Actor, Common, Ctx, Denied, Json, Member, OpenApiRouter, Path, Refused, routes};
use serde::Serialize;

use crate::claims::{Left, no_reason_end, open_kinds};
use crate::model::{Kind, protected_until};
use crate::open_case::{drops, with_items};
use crate::steps::StepError;
use crate::store;

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(after_sale_options_get))
}

/// What may be asked for of one line.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct LineOptions {
    line: i64,
    /// Units that can still be asked about.
    units: i64,
    /// What all of them are worth.
    amount: Money,
    /// Whether it may go back without a reason.
    no_reason_return: bool,
}

/// What may be asked for of an order now.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct AfterSaleOptions {
    /// `refund`, `return`, `exchange`, `price_protection`.
    kinds: Vec<Kind>,
    lines: Vec<LineOptions>,
    /// Until when goods go back without a reason; `null` before they have arrived.
    no_reason_until: Option<Timestamp>,
    /// What a price that fell since gives back; `null` when none did, or none is protected.
    price_drop: Option<Money>,
    /// The order's cases, newest first.
    cases: Vec<CaseId>,
}

fn options(rx: &mut Rx, actor: &Actor, id: OrderId) -> Result<AfterSaleOptions, StepError> {
    let order = orders::api::order(rx, id)?.filter(|order| order.buyer == actor.person);
    let order = order.ok_or(Denied::Unknown)?;
    let cases = store::cases_of_order(rx, id)?;
    let ids = cases.iter().rev().map(|case| case.id).collect();
    let left = Left::of(&order, &with_items(rx, cases)?);
    let now = rx.now();
    let mut kinds = open_kinds(&order, now);
    let price_drop = price_drop(rx, &order, &left, &kinds)?;
    if price_drop.is_some() {
        kinds.push(Kind::PriceProtection);
    }
    let money = |minor| Money::new(minor, order.currency);
    let lines = order
        .lines
        .iter()
        .map(|line| LineOptions {
            line: line.line,
            units: left.units(line.line),
            amount: money(left.money(line.line)),
            no_reason_return: line.no_reason_return,
        })
        .collect();
    let no_reason_until = no_reason_end(&order).filter(|end| *end > now);
    Ok(AfterSaleOptions { kinds, lines, no_reason_until, price_drop, cases: ids })
}

fn price_drop(
    rx: &mut Rx,
    order: &OrderFacts,
    left: &Left,
    kinds: &[Kind],
) -> Result<Option<Money>, DbError> {
    let days = store::terms(rx, order.merchant)?.protection;
    let is_protected = order.paid_at.is_some_and(|at| rx.now() < protected_until(at, days));
    if !is_protected || !kinds.contains(&Kind::Refund) {
        return Ok(None);
    }
    let sum = drops(rx, order, left)?.iter().fold(0_i64, |sum, item| sum.saturating_add(item.amount));
    Ok((sum > 0).then(|| Money::new(sum, order.currency)))
}

/// What the buyer may ask for of an order now.
#[utoipa::path(get, path = "/api/v1/orders/{order}/after-sale-options", tag = "aftersale",
    params(("order" = OrderId, Path)), responses((status = 200, body = AfterSaleOptions), Common))]
async fn after_sale_options_get(
    ctx: rest::State,
    Member(actor): Member,
    Path(order): Path<OrderId>,
) -> Result<Json<AfterSaleOptions>, Refused> {
    Ok(Json(ctx.db().read(move |rx| options(rx, &actor, order)).await?))
}
