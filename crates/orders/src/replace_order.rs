//! Goods go out again in place of goods that came back: an order that costs nothing.

use base::{CheckoutId, OrderId, PersonId, SkuId};
use db::{DbError, Tx};
use pricing::api::{Explanation, Lane};
use stock::api::{StockError, Want};

use crate::events::OrderCancelled;
use crate::model::{Line, Order};
use crate::{place_order, store};

/// What goes out in place of what came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The order the goods came back of.
    pub order: OrderId,
    /// Its line.
    pub line: i64,
    /// What goes out: the same variant, or another of the same product.
    pub sku: SkuId,
    /// How many.
    pub qty: i64,
    /// Who sends it.
    pub actor: PersonId,
}

/// Why nothing goes out. Nothing was changed.
#[derive(Debug, thiserror::Error, rest::Problem)]
pub enum ReplaceError {
    /// Not a line of the order, or not a variant of its product.
    #[error("name a line of the order and a variant of the same product")]
    #[problem(422, "replacement.line")]
    Line,
    /// It is not there.
    #[error(transparent)]
    #[problem(transparent)]
    Stock(#[from] StockError),
    /// The store failed.
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// Makes the order that replaces: paid for, to be shipped, with the stock taken. Its price is taken off in full, and
/// nobody earns from it.
pub(crate) fn replace(tx: &mut Tx, what: &Replacement) -> Result<OrderId, ReplaceError> {
    let before = store::find_order(tx, what.order)?.ok_or(ReplaceError::Line)?;
    let lines = store::lines(tx, what.order)?;
    let old = lines.into_iter().find(|line| line.line == what.line).ok_or(ReplaceError::Line)?;
    let info = catalog::api::skus(tx, &[what.sku])?.into_iter().next();
    let info = info.filter(|info| info.product == old.product).ok_or(ReplaceError::Line)?;
    let goods = old.unit.saturating_mul(what.qty);
    let order = order(tx, &before, goods)?;
    let line = Line {
        line: 1,
        sku: what.sku,
        options: info.option_values,
        qty: what.qty,
        discount: goods,
        total: 0,
        refunded: 0,
        restocked: 0,
        ..old
    };
    store::insert_order(tx, &order)?;
    store::insert_lines(tx, order.id, &[line])?;
    store::note(tx, &order, "replacement", Some(what.actor))?;
    let wanted = [(what.sku, what.qty)];
    let want = Want { order: order.id, person: order.buyer, merchant: order.merchant, lines: &wanted };
    stock::api::take(tx, &want)?;
    Ok(order.id)
}

fn order(tx: &mut Tx, before: &Order, goods: i64) -> Result<Order, DbError> {
    let (id, checkout): (OrderId, CheckoutId) = (tx.new_id(), tx.new_id());
    let explain = |lane, code: &str, minor| Explanation {
        lane,
        source: before.id.to_string(),
        code: code.to_owned(),
        amount: before.money(minor),
        params: std::collections::BTreeMap::new(),
    };
    let explanations =
        [explain(Lane::Base, "base", goods), explain(Lane::Promotion, "replacement", goods.saturating_neg())];
    let explanations =
        serde_json::to_string(&explanations).map_err(|error| DbError::Bug(error.to_string()))?;
    let now = tx.now();
    Ok(Order {
        id,
        checkout,
        number: place_order::new_number(tx, id)?,
        goods,
        discount: goods,
        shipping: 0,
        total: 0,
        captured: 0,
        refunded: 0,
        shipping_refunded: 0,
        activity: None,
        team: None,
        payment: None,
        note: None,
        explanations,
        placed_at: now,
        pay_by: now,
        paid_at: Some(now),
        confirmed_at: Some(now),
        shipped_at: None,
        received_at: None,
        settle_at: None,
        completed_at: None,
        cancelled_at: None,
        carrier: None,
        tracking: None,
        open_cases: 0,
        replaces: Some(before.id),
        version: 1,
        ..before.clone()
    })
}

/// Ends a replacement that has not gone out: its goods lie on the shelf again.
pub(crate) fn end(tx: &mut Tx, mut order: Order, actor: PersonId) -> Result<(), StockError> {
    let lines = store::lines(tx, order.id)?;
    restock(tx, &order, &lines.iter().map(|line| (line.line, line.qty)).collect::<Vec<_>>())?;
    order.cancelled_at = Some(tx.now());
    store::update_order(tx, &order)?;
    store::note(tx, &order, "cancelled", Some(actor))?;
    tx.publish(&OrderCancelled { order: order.id, merchant: order.merchant })?;
    Ok(())
}

/// Puts units of lines back on the shelf, without money.
///
/// # Errors
/// [`StockError::Beyond`] when more would come back than a line sold; the transaction must then end.
pub(crate) fn restock(tx: &mut Tx, order: &Order, units: &[(i64, i64)]) -> Result<(), StockError> {
    let lines = store::lines(tx, order.id)?;
    let mut back = Vec::new();
    for (number, units) in units.iter().filter(|(_, units)| *units > 0) {
        let line = lines.iter().find(|line| line.line == *number).ok_or(StockError::Beyond)?;
        if !store::refund_line(tx, order.id, *number, 0, *units)? {
            return Err(StockError::Beyond);
        }
        back.push((line.sku, *units));
    }
    stock::api::put_back(tx, order.id, &back)
}
