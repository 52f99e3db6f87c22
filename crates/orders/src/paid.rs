//! An order is paid, or money comes that it cannot use any more.

use base::{OrderId, PaymentId, SkuId};
use db::{DbError, Tx};
use deals::api::Seat;
use ledger::api::TransferError;
use stock::api::{StockError, Want};

use crate::events::{LineSold, OrderPaid};
use crate::model::{Line, Order, OrderState};
use crate::{fulfil_order, store};

/// Marks an order as paid; the money lies in escrow already. An order without a team is confirmed with it.
pub(crate) fn mark_paid(
    tx: &mut Tx,
    mut order: Order,
    lines: &[Line],
    payment: PaymentId,
) -> Result<(), DbError> {
    let now = tx.now();
    order.captured = order.total;
    order.payment = Some(payment);
    order.paid_at = Some(now);
    if order.activity.is_none() {
        order.confirmed_at = Some(now);
    } else {
        order.team = deals::api::team_of(tx, order.id)?;
    }
    // Written once; what is sent is written first, since what follows reads and so sends what is waiting along.
    let is_handed_over = order.activity.is_none() && lines.iter().any(|line| line.is_virtual);
    if !is_handed_over {
        store::update_order(tx, &order)?;
    }
    store::note(tx, &order, "paid", Some(order.buyer))?;
    deals::api::note_purchase(tx, order.merchant, order.buyer)?;
    reach::api::paid(tx, order.id, order.buyer, order.merchant)?;
    if is_handed_over {
        fulfil_order::hand_over(tx, &mut order, lines)?;
        store::update_order(tx, &order)?;
    }
    let lines = lines
        .iter()
        .map(|line| LineSold { product: line.product, qty: line.qty, total: line.total })
        .collect();
    let Order { id, merchant, buyer, total, .. } = order;
    tx.publish(&OrderPaid { order: id, merchant, buyer, total, lines })
}

/// What became of money that came through a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrived {
    /// The order is paid with it.
    Paid,
    /// It goes back: the order was cancelled, is paid already, or stock or seat are gone.
    Returned,
    /// It was dealt with before.
    Before,
}

/// Uses money received for an order, or sends it back: never both, never neither. Late money takes stock and seat
/// again when they are still there.
pub(crate) fn money_arrived(tx: &mut Tx, payment: PaymentId, id: OrderId) -> Result<Arrived, TransferError> {
    let Some(row) = payments::api::payment(tx, payment)? else { return Ok(Arrived::Before) };
    let Some(order) = store::find_order(tx, id)? else { return Ok(Arrived::Before) };
    let lines = store::lines(tx, id)?;
    let is_usable = order.state() == OrderState::Unpaid && has_stock(tx, &order, &lines)?;
    let has_seat = is_usable
        && match order.activity {
            None => true,
            Some(_) => deals::api::pay_seat(tx, id)? != Seat::Gone,
        };
    if !has_seat {
        let is_returned = payments::api::give_back(tx, &row, id)?;
        if order.state() == OrderState::Unpaid {
            stock::api::release(tx, id)?;
        }
        return Ok(if is_returned { Arrived::Returned } else { Arrived::Before });
    }
    if !payments::api::capture(tx, &row, id)? {
        // Dealt with before, by this very payment: then the order could not be unpaid any more.
        return Err(tx.give_up(DbError::Conflict).into());
    }
    if !stock::api::consume(tx, id)? {
        take_late(tx, &order, &lines)?;
    }
    mark_paid(tx, order, &lines, payment)?;
    Ok(Arrived::Paid)
}

fn wanted(lines: &[Line]) -> Vec<(SkuId, i64)> {
    lines.iter().map(|line| (line.sku, line.qty)).collect()
}

/// Looked at before anything is taken; what is held for the order counts.
fn has_stock(tx: &mut Tx, order: &Order, lines: &[Line]) -> Result<bool, DbError> {
    if stock::api::is_held(tx, order.id)? {
        return Ok(true);
    }
    let wanted = wanted(lines);
    let skus: Vec<SkuId> = wanted.iter().map(|(sku, _)| *sku).collect();
    let available = stock::api::available(tx, &skus)?;
    Ok(wanted.iter().all(|(sku, qty)| available.get(sku).copied().unwrap_or(0) >= *qty))
}

fn take_late(tx: &mut Tx, order: &Order, lines: &[Line]) -> Result<(), TransferError> {
    let wanted = wanted(lines);
    let want = Want { order: order.id, person: order.buyer, merchant: order.merchant, lines: &wanted };
    match stock::api::take(tx, &want) {
        Ok(()) => Ok(()),
        Err(StockError::Db(error)) => Err(error.into()),
        // Somebody was faster since the look: run again, and see that it is gone.
        Err(StockError::Short { .. } | StockError::TooManyHolds | StockError::Beyond) => {
            Err(tx.give_up(DbError::Conflict).into())
        }
    }
}
