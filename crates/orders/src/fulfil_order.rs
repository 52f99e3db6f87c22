//! An order goes out, arrives, and is settled.

use axum::http::StatusCode;
use axum::response::Response;
use base::{OrderId, PersonId, Text};
use db::{DbError, Lane, Tx};
use ledger::api::{Transfer, TransferError, TransferKind};
use rest::{Actor, Command, Common, Ctx, Denied, Json, OpenApiRouter, Path, Refused, Right, routes};
use serde::Deserialize;
use settlement::api::{LineBack, Settled};

use crate::events::{OrderCompleted, OrderShipped};
use crate::model::{Line, Order, OrderState};
use crate::views::{self, OrderView};
use crate::{jobs, store};

pub(crate) fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(order_ship)).routes(routes!(order_receive))
}

/// An order nobody confirms counts as received so long after it went out.
const RECEIVED_AFTER_S: i64 = 10 * 86_400;

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ShipBody {
    carrier: Text<1, 60>,
    tracking: Text<1, 60>,
}

#[derive(Debug, thiserror::Error, rest::Problem)]
enum FulfilError {
    #[error("the order is {state}: only one that is paid for good can be shipped")]
    #[problem(409, "order.not_shippable")]
    NotShippable { state: &'static str },
    #[error("the order is {state}: only one on its way can be received")]
    #[problem(409, "order.not_receivable")]
    NotReceivable { state: &'static str },
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

struct ShipOrder {
    actor: Actor,
    order: OrderId,
    body: ShipBody,
}

fn ship(tx: &mut Tx, command: &ShipOrder) -> Result<OrderView, FulfilError> {
    let mut order = store::find_order(tx, command.order)?.ok_or(Denied::Unknown)?;
    command.actor.may(order.merchant, Right::Orders)?;
    if order.state() != OrderState::Confirmed {
        return Err(FulfilError::NotShippable { state: order.state().word() });
    }
    let now = tx.now();
    order.shipped_at = Some(now);
    order.carrier = Some(command.body.carrier.as_str().to_owned());
    order.tracking = Some(command.body.tracking.as_str().to_owned());
    store::update_order(tx, &order)?;
    store::note(tx, &order, "shipped", Some(command.actor.person))?;
    let target = order.id.to_string();
    people::api::log_act(
        tx,
        &command.actor,
        Some(order.merchant),
        "order.ship",
        &target,
        &command.body.tracking,
    )?;
    work::enqueue(tx, jobs::RECEIVED, &target, "", now.plus_seconds(RECEIVED_AFTER_S))?;
    let Order { id, merchant, buyer, .. } = order;
    tx.publish(&OrderShipped { order: id, merchant, buyer })?;
    let view = views::view(tx, id)?;
    Ok(view.ok_or(Denied::Unknown)?)
}

/// Hands over what is not sent of an order that is paid for good: cards begin, and an order of which nothing is sent is
/// with the buyer. The caller writes the order.
pub(crate) fn hand_over(tx: &mut Tx, order: &mut Order, lines: &[Line]) -> Result<(), DbError> {
    if lines.iter().any(|line| line.is_virtual) {
        membership::api::begin(tx, order.id)?;
    }
    if !lines.iter().all(|line| line.is_virtual) {
        return Ok(());
    }
    let now = tx.now();
    let settle_at = reach::api::received(tx, order.id, order.merchant, now)?;
    order.shipped_at = Some(now);
    order.received_at = Some(now);
    order.settle_at = Some(settle_at);
    store::note(tx, order, "handed_over", None)?;
    work::enqueue(tx, jobs::COMPLETE, &order.id.to_string(), "", settle_at)
}

/// The order is with the buyer: from now on the return window runs, and at its end the order is settled.
///
/// Idempotent: an order received before stays as it is.
pub(crate) fn receive(tx: &mut Tx, mut order: Order, actor: Option<PersonId>) -> Result<bool, DbError> {
    if order.state() != OrderState::Shipped {
        return Ok(false);
    }
    let now = tx.now();
    let settle_at = reach::api::received(tx, order.id, order.merchant, now)?;
    order.received_at = Some(now);
    order.settle_at = Some(settle_at);
    store::update_order(tx, &order)?;
    store::note(tx, &order, "received", actor)?;
    work::enqueue(tx, jobs::COMPLETE, &order.id.to_string(), "", settle_at)?;
    Ok(true)
}

fn receive_by_buyer(tx: &mut Tx, person: PersonId, id: OrderId) -> Result<(), FulfilError> {
    let order = store::find_order(tx, id)?.filter(|order| order.buyer == person).ok_or(Denied::Unknown)?;
    match order.state() {
        OrderState::Received | OrderState::Completed => Ok(()),
        OrderState::Shipped => {
            receive(tx, order, Some(person))?;
            Ok(())
        }
        state @ (OrderState::Unpaid
        | OrderState::Paid
        | OrderState::Confirmed
        | OrderState::Cancelled
        | OrderState::Refunded) => Err(FulfilError::NotReceivable { state: state.word() }),
    }
}

/// Settles an order whose return window is over: what is left of its money goes to those who brought the buyer and
/// to the merchant. Does nothing to one that was settled, or given back in full; one with an open after-sale case waits
/// until that is closed.
pub(crate) fn complete(tx: &mut Tx, mut order: Order) -> Result<(), TransferError> {
    let is_due = order.state() == OrderState::Received && order.settle_at.is_some_and(|at| at <= tx.now());
    if !is_due || order.open_cases > 0 {
        return Ok(());
    }
    let (merchant, currency) = (order.merchant, order.currency);
    let left = order.refundable();
    let commission = reach::api::release(tx, order.id, merchant, currency)?;
    let lines = store::lines(tx, order.id)?;
    let kept = |line: &Line| line.total.saturating_sub(line.refunded);
    let goods = lines.iter().map(kept).fold(0, i64::saturating_add);
    let lines: Vec<LineBack> =
        lines.iter().map(|line| LineBack { line: line.line, refunded: line.refunded }).collect();
    let (number, order_id) = (order.number.as_str(), order.id);
    let what =
        Settled { order: order_id, number, merchant, currency, gross: left, commission, lines: &lines };
    let settled = settlement::api::settle(tx, &what)?;
    if settled > 0 {
        let (escrow, payable) =
            (payments::api::escrow(merchant, currency), payments::api::payable(merchant, currency));
        let cause = order.id.to_string();
        let transfer =
            Transfer::simple(TransferKind::Settle, &cause, escrow, payable, settled).of_order(order.id);
        ledger::api::post(tx, &transfer)?;
    }
    let buyer = order.buyer;
    let earned = membership::api::Settled { order: order_id, merchant, buyer, currency, kept: left };
    membership::api::earn(tx, &earned)?;
    let earned = points::api::Settled { order: order_id, merchant, buyer, currency, goods };
    points::api::earn(tx, &earned)?;
    order.completed_at = Some(tx.now());
    store::update_order(tx, &order)?;
    store::note(tx, &order, "completed", None)?;
    tx.publish(&OrderCompleted { order: order.id, merchant, settled, commission })?;
    Ok(())
}

/// Tell that an order is on its way.
#[utoipa::path(post, path = "/api/v1/orders/{order}/shipments", tag = "orders", params(("order" = OrderId, Path)),
    request_body = ShipBody, responses((status = 200, body = OrderView), FulfilError, Common))]
async fn order_ship(
    ctx: rest::State,
    actor: Actor,
    Path(order): Path<OrderId>,
    command: Command<ShipBody>,
) -> Result<Response, Refused> {
    let ship_order = ShipOrder { actor: actor.clone(), order, body: command.body };
    ctx.once(&actor, &command.once, StatusCode::OK, move |tx| ship(tx, &ship_order)).await
}

/// Confirm that an order has arrived.
#[utoipa::path(post, path = "/api/v1/orders/{order}/receive", tag = "orders", params(("order" = OrderId, Path)),
    responses((status = 200, body = OrderView), FulfilError, Common))]
async fn order_receive(
    ctx: rest::State,
    actor: Actor,
    Path(order): Path<OrderId>,
) -> Result<Json<OrderView>, Refused> {
    let person = actor.person;
    ctx.db().write(Lane::Interactive, move |tx| receive_by_buyer(tx, person, order)).await?;
    views::read_one(&ctx, actor, order).await
}
