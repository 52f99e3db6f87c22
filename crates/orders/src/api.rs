//! What other modules may call. Every function takes the caller's transaction.

use std::collections::BTreeMap;

use base::{Currency, MerchantId, OrderId, PersonId, PictureId, ProductId, RefundId, SkuId, Timestamp};
use db::{DbError, Rx, Tx};
use stock::api::StockError;

pub use crate::model::OrderState;
use crate::model::{Line, Order};
pub use crate::refund_order::{Refund, RefundError, RefundPart, RefundView};
pub use crate::replace_order::{ReplaceError, Replacement};
use crate::{jobs, refund_order, replace_order, store};

/// An order, as other modules see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderFacts {
    /// Its id.
    pub id: OrderId,
    /// What people call it.
    pub number: String,
    /// Who bought.
    pub buyer: PersonId,
    /// Who sells.
    pub merchant: MerchantId,
    /// The currency of all amounts.
    pub currency: Currency,
    /// Where it stands.
    pub state: OrderState,
    /// What was paid.
    pub captured: i64,
    /// What has gone back.
    pub refunded: i64,
    /// What the delivery cost.
    pub shipping: i64,
    /// What of that has gone back.
    pub shipping_refunded: i64,
    /// When it went out.
    pub shipped_at: Option<Timestamp>,
    /// When the buyer had it.
    pub received_at: Option<Timestamp>,
    /// When it was settled.
    pub completed_at: Option<Timestamp>,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// The order whose goods it replaces.
    pub replaces: Option<OrderId>,
    /// Its lines.
    pub lines: Vec<LineFacts>,
}

/// A line of an order, as other modules see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineFacts {
    /// Its number.
    pub line: i64,
    /// What was bought.
    pub sku: SkuId,
    /// Of which product.
    pub product: ProductId,
    /// The title then.
    pub title: String,
    /// What distinguished the variant.
    pub options: Vec<String>,
    /// The cover then.
    pub picture: Option<PictureId>,
    /// How many.
    pub qty: i64,
    /// What one cost before the order's discount.
    pub unit: i64,
    /// What the line cost.
    pub total: i64,
    /// What has gone back of it.
    pub refunded: i64,
    /// Units that lie on the shelf again.
    pub restocked: i64,
    /// Whether it may be returned within seven days without a reason.
    pub no_reason_return: bool,
    /// Whether nothing is sent.
    pub is_virtual: bool,
}

impl From<Line> for LineFacts {
    fn from(line: Line) -> Self {
        Self {
            line: line.line,
            sku: line.sku,
            product: line.product,
            title: line.title,
            options: line.options,
            picture: line.picture,
            qty: line.qty,
            unit: line.unit,
            total: line.total,
            refunded: line.refunded,
            restocked: line.restocked,
            no_reason_return: line.no_reason_return,
            is_virtual: line.is_virtual,
        }
    }
}

fn facts_of(order: &Order, lines: Vec<Line>) -> OrderFacts {
    OrderFacts {
        id: order.id,
        number: order.number.clone(),
        buyer: order.buyer,
        merchant: order.merchant,
        currency: order.currency,
        state: order.state(),
        captured: order.captured,
        refunded: order.refunded,
        shipping: order.shipping,
        shipping_refunded: order.shipping_refunded,
        shipped_at: order.shipped_at,
        received_at: order.received_at,
        completed_at: order.completed_at,
        paid_at: order.paid_at,
        replaces: order.replaces,
        lines: lines.into_iter().map(LineFacts::from).collect(),
    }
}

/// How many orders of a merchant are in a state.
///
/// # Errors
/// Whatever the store says.
pub fn count(rx: &mut Rx, merchant: MerchantId, state: OrderState) -> Result<i64, DbError> {
    store::count_of_merchant(rx, merchant, state)
}

/// Whether a person has received this product in an order that was not a replacement.
///
/// # Errors
/// Whatever the store says.
pub fn has_received(rx: &mut Rx, person: PersonId, product: ProductId) -> Result<bool, DbError> {
    store::has_received(rx, person, product)
}

/// The numbers people know orders by; unknown ids are left out.
///
/// # Errors
/// Whatever the store says.
pub fn numbers(rx: &mut Rx, orders: &[OrderId]) -> Result<BTreeMap<OrderId, String>, DbError> {
    store::numbers(rx, orders)
}

/// An order with its lines.
///
/// # Errors
/// Whatever the store says.
pub fn order(rx: &mut Rx, id: OrderId) -> Result<Option<OrderFacts>, DbError> {
    let Some(order) = store::find_order(rx, id)? else { return Ok(None) };
    let lines = store::lines(rx, id)?;
    Ok(Some(facts_of(&order, lines)))
}

/// A refund of an order, as other modules see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundFacts {
    /// Its id.
    pub id: RefundId,
    /// What went back of which line.
    pub lines: Vec<RefundPart>,
    /// What went back of the delivery.
    pub shipping: i64,
}

/// What has gone back of an order, the first in front.
///
/// # Errors
/// Whatever the store says.
pub fn refunds(rx: &mut Rx, id: OrderId) -> Result<Vec<RefundFacts>, DbError> {
    store::refunds(rx, id)
}

/// Counts one more open case of an order, which is not settled meanwhile. What is read of the order's cases after
/// this call stays true until the transaction ends: two openings of one order come one after the other.
///
/// # Errors
/// Whatever the store says.
pub fn begin_case(tx: &mut Tx, id: OrderId) -> Result<Option<OrderFacts>, DbError> {
    let Some(mut order) = store::find_order(tx, id)? else { return Ok(None) };
    order.open_cases = order.open_cases.saturating_add(1);
    store::update_order(tx, &order)?;
    let lines = store::lines(tx, id)?;
    Ok(Some(facts_of(&order, lines)))
}

/// Counts one open case less. An order that is due is settled soon after its last case is closed.
///
/// # Errors
/// Whatever the store says.
pub fn end_case(tx: &mut Tx, id: OrderId) -> Result<(), DbError> {
    let Some(mut order) = store::find_order(tx, id)? else { return Ok(()) };
    order.open_cases = order.open_cases.saturating_sub(1).max(0);
    store::update_order(tx, &order)?;
    let now = tx.now();
    match order.settle_at {
        Some(at) if order.open_cases == 0 && order.state() == OrderState::Received => {
            work::enqueue(tx, jobs::COMPLETE, &id.to_string(), "", at.max(now))
        }
        Some(_) | None => Ok(()),
    }
}

/// Gives money of a paid order back, and puts units on the shelf: the order, its lines, the stock, the commissions and
/// the ledger, in the caller's transaction.
///
/// # Errors
/// See [`RefundError`]; the transaction must then end.
pub fn refund(tx: &mut Tx, id: OrderId, refund: &Refund) -> Result<RefundView, RefundError> {
    let order = store::find_order(tx, id)?.ok_or(RefundError::NotPaid)?;
    if order.state() == OrderState::Paid {
        return Err(RefundError::WaitingTeam);
    }
    refund_order::refund(tx, order, refund)
}

/// Puts units of lines back on the shelf, without money.
///
/// # Errors
/// [`StockError::Beyond`] when more would come back than a line sold; the transaction must then end.
pub fn restock(tx: &mut Tx, id: OrderId, units: &[(i64, i64)]) -> Result<(), StockError> {
    let order = store::find_order(tx, id)?.ok_or(StockError::Beyond)?;
    replace_order::restock(tx, &order, units)
}

/// Sends goods out in place of goods that came back, as an order that costs nothing.
///
/// # Errors
/// See [`ReplaceError`]; the transaction must then end.
pub fn replace(tx: &mut Tx, what: &Replacement) -> Result<OrderId, ReplaceError> {
    replace_order::replace(tx, what)
}
