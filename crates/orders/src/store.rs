//! All SQL of orders. The cart's is in `cart_store.rs`.

use std::collections::BTreeMap;

use base::{MerchantId, OrderId, PersonId, ProductId, RefundId, Timestamp};
use db::{DbError, Row, Rx, Tx, Value, params};

use crate::api::RefundFacts;
use crate::model::{Line, Order, OrderState};

const ORDER: &str = "SELECT id, checkout, number, buyer, merchant, currency, goods, discount, shipping, total, captured,
    refunded, shipping_refunded, activity, team, payment, address, note, explanations, placed_at, pay_by, paid_at,
    confirmed_at, shipped_at, received_at, settle_at, completed_at, cancelled_at, carrier, tracking, open_cases,
    replaces, version
    FROM orders_order";

fn order(row: &Row<'_>) -> Result<Order, DbError> {
    Ok(Order {
        id: row.get(0)?,
        checkout: row.get(1)?,
        number: row.get(2)?,
        buyer: row.get(3)?,
        merchant: row.get(4)?,
        currency: row.get(5)?,
        goods: row.get(6)?,
        discount: row.get(7)?,
        shipping: row.get(8)?,
        total: row.get(9)?,
        captured: row.get(10)?,
        refunded: row.get(11)?,
        shipping_refunded: row.get(12)?,
        activity: row.get(13)?,
        team: row.get(14)?,
        payment: row.get(15)?,
        address: row.get(16)?,
        note: row.get(17)?,
        explanations: row.get(18)?,
        placed_at: row.get(19)?,
        pay_by: row.get(20)?,
        paid_at: row.get(21)?,
        confirmed_at: row.get(22)?,
        shipped_at: row.get(23)?,
        received_at: row.get(24)?,
        settle_at: row.get(25)?,
        completed_at: row.get(26)?,
        cancelled_at: row.get(27)?,
        carrier: row.get(28)?,
        tracking: row.get(29)?,
        open_cases: row.get(30)?,
        replaces: row.get(31)?,
        version: row.get(32)?,
    })
}

pub(crate) fn find_order(rx: &mut Rx, id: OrderId) -> Result<Option<Order>, DbError> {
    rx.opt(&format!("{ORDER} WHERE id = :id"), params!["id" => id], order)
}

pub(crate) fn insert_order(tx: &mut Tx, row: &Order) -> Result<(), DbError> {
    tx.later(
        "INSERT INTO orders_order (id, checkout, number, buyer, merchant, state, currency, goods, discount, shipping,
             tax, total, captured, refunded, shipping_refunded, activity, team, address, note, explanations,
             placed_at, pay_by, paid_at, confirmed_at, replaces, version)
         VALUES (:id, :checkout, :number, :buyer, :merchant, :state, :currency, :goods, :discount, :shipping, 0,
             :total, 0, 0, 0, :activity, :team, :address, :note, :explanations, :placed, :pay_by, :paid,
             :confirmed, :replaces, 1)",
        params![
            "id" => row.id, "checkout" => row.checkout, "number" => &row.number, "buyer" => row.buyer,
            "merchant" => row.merchant, "state" => row.state().word(), "currency" => row.currency,
            "goods" => row.goods, "discount" => row.discount, "shipping" => row.shipping, "total" => row.total,
            "activity" => row.activity, "team" => row.team, "address" => &row.address, "note" => row.note.clone(),
            "explanations" => &row.explanations, "placed" => row.placed_at, "pay_by" => row.pay_by,
            "paid" => row.paid_at, "confirmed" => row.confirmed_at, "replaces" => row.replaces,
        ],
    )
}

/// The address of an order whose buyer has left.
const NOWHERE: &str = r#"{"name":"","phone":"","region":"","street":""}"#;

/// Writes an order back as it was changed since it was read.
///
/// # Errors
/// [`DbError::Conflict`] when somebody else changed it meanwhile; the transaction runs again.
pub(crate) fn update_order(tx: &mut Tx, row: &Order) -> Result<(), DbError> {
    tx.later_one(
        "UPDATE orders_order SET state = :state, captured = :captured, refunded = :refunded,
             shipping_refunded = :shipping_refunded, team = :team, payment = :payment, paid_at = :paid,
             confirmed_at = :confirmed, shipped_at = :shipped, received_at = :received, settle_at = :settle,
             completed_at = :completed, cancelled_at = :cancelled, carrier = :carrier, tracking = :tracking,
             open_cases = :open_cases, version = version + 1
         WHERE id = :id AND version = :version",
        params![
            "id" => row.id, "version" => row.version, "state" => row.state().word(), "captured" => row.captured,
            "refunded" => row.refunded, "shipping_refunded" => row.shipping_refunded, "team" => row.team,
            "payment" => row.payment, "paid" => row.paid_at, "confirmed" => row.confirmed_at,
            "shipped" => row.shipped_at, "received" => row.received_at, "settle" => row.settle_at,
            "completed" => row.completed_at, "cancelled" => row.cancelled_at, "carrier" => row.carrier.clone(),
            "tracking" => row.tracking.clone(), "open_cases" => row.open_cases,
        ],
    )
}

/// The numbers of these orders.
pub(crate) fn numbers(rx: &mut Rx, orders: &[OrderId]) -> Result<BTreeMap<OrderId, String>, DbError> {
    let keys: Vec<Value> = orders.iter().map(|order| Value::from(*order)).collect();
    let sql = "SELECT id, number FROM orders_order WHERE id IN (:in) ORDER BY id LIMIT 500";
    Ok(rx.list_in(sql, &keys, |row| Ok((row.get(0)?, row.get(1)?)))?.into_iter().collect())
}

/// Claims a number; `false` when it was given before.
pub(crate) fn claim_number(tx: &mut Tx, number: &str, id: OrderId) -> Result<bool, DbError> {
    let claimed = tx.execute(
        "INSERT INTO orders_number (number, order_id) VALUES (:number, :id) ON CONFLICT (number) DO NOTHING",
        params!["number" => number, "id" => id],
    )?;
    Ok(claimed == 1)
}

pub(crate) fn insert_lines(tx: &mut Tx, id: OrderId, lines: &[Line]) -> Result<(), DbError> {
    let mut rows = Vec::with_capacity(lines.len());
    for line in lines {
        let options =
            serde_json::to_string(&line.options).map_err(|error| DbError::Bug(error.to_string()))?;
        rows.push(vec![
            Value::from(id),
            line.line.into(),
            line.sku.into(),
            line.product.into(),
            line.title.as_str().into(),
            options.into(),
            line.picture.into(),
            line.qty.into(),
            line.unit.into(),
            line.base_unit.into(),
            line.discount.into(),
            line.total.into(),
            0_i64.into(),
            0_i64.into(),
            line.no_reason_return.into(),
            line.is_virtual.into(),
        ]);
    }
    let head = "INSERT INTO orders_line (order_id, line, sku, product, title, options, picture, qty, unit, base_unit,
        discount, total, refunded, restocked, no_reason_return, is_virtual)";
    tx.insert_later(head, &rows, "")
}

pub(crate) fn lines(rx: &mut Rx, id: OrderId) -> Result<Vec<Line>, DbError> {
    rx.list(
        "SELECT line, sku, product, title, options, picture, qty, unit, base_unit, discount, total, refunded, restocked,
             no_reason_return, is_virtual
         FROM orders_line WHERE order_id = :id ORDER BY order_id, line LIMIT 200",
        params!["id" => id],
        |row| {
            let options: String = row.get(4)?;
            Ok(Line {
                line: row.get(0)?,
                sku: row.get(1)?,
                product: row.get(2)?,
                title: row.get(3)?,
                options: serde_json::from_str(&options).map_err(|error| DbError::Bug(error.to_string()))?,
                picture: row.get(5)?,
                qty: row.get(6)?,
                unit: row.get(7)?,
                base_unit: row.get(8)?,
                discount: row.get(9)?,
                total: row.get(10)?,
                refunded: row.get(11)?,
                restocked: row.get(12)?,
                no_reason_return: row.get(13)?,
                is_virtual: row.get(14)?,
            })
        },
    )
}

/// Gives back part of a line; `false` when that is more than it cost.
pub(crate) fn refund_line(
    tx: &mut Tx,
    id: OrderId,
    line: i64,
    amount: i64,
    restocked: i64,
) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE orders_line SET refunded = refunded + :amount, restocked = restocked + :restocked
         WHERE order_id = :id AND line = :line AND refunded + :amount <= total AND restocked + :restocked <= qty",
        params!["id" => id, "line" => line, "amount" => amount, "restocked" => restocked],
    )?;
    Ok(changed == 1)
}

/// Adds a line to what people read about the order. Its place is the order's version, which rises with each change.
pub(crate) fn note(tx: &mut Tx, row: &Order, what: &str, actor: Option<PersonId>) -> Result<(), DbError> {
    let now = tx.now();
    tx.later(
        "INSERT INTO orders_note (order_id, seq, at, what, actor)
         SELECT :id, COALESCE(MAX(seq), 0) + 1, :now, :what, :actor FROM orders_note WHERE order_id = :id",
        params!["id" => row.id, "now" => now, "what" => what, "actor" => actor],
    )
}

pub(crate) fn notes(rx: &mut Rx, id: OrderId) -> Result<Vec<(Timestamp, String, Option<PersonId>)>, DbError> {
    rx.list(
        "SELECT at, what, actor FROM orders_note WHERE order_id = :id ORDER BY order_id, seq LIMIT 200",
        params!["id" => id],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

/// Orders of a buyer before an id, newest first; all states or one.
pub(crate) fn list_of_buyer(
    rx: &mut Rx,
    buyer: PersonId,
    state: Option<OrderState>,
    before: OrderId,
    limit: i64,
) -> Result<Vec<Order>, DbError> {
    match state {
        None => rx.list(
            &format!(
                "{ORDER} WHERE buyer = :buyer AND id < :before ORDER BY buyer DESC, id DESC LIMIT :limit"
            ),
            params!["buyer" => buyer, "before" => before, "limit" => limit],
            order,
        ),
        Some(state) => rx.list(
            &format!(
                "{ORDER} WHERE buyer = :buyer AND id < :before AND state = :state
                 ORDER BY buyer DESC, id DESC LIMIT :limit"
            ),
            params!["buyer" => buyer, "before" => before, "state" => state.word(), "limit" => limit],
            order,
        ),
    }
}

/// Orders of a merchant in one state before an id, newest first.
pub(crate) fn list_of_merchant(
    rx: &mut Rx,
    merchant: MerchantId,
    state: OrderState,
    before: OrderId,
    limit: i64,
) -> Result<Vec<Order>, DbError> {
    rx.list(
        &format!(
            "{ORDER} WHERE merchant = :merchant AND state = :state AND id < :before
             ORDER BY merchant DESC, state DESC, id DESC LIMIT :limit"
        ),
        params!["merchant" => merchant, "state" => state.word(), "before" => before, "limit" => limit],
        order,
    )
}

/// How many orders of a merchant are in a state.
pub(crate) fn count_of_merchant(
    rx: &mut Rx,
    merchant: MerchantId,
    state: OrderState,
) -> Result<i64, DbError> {
    rx.one(
        "SELECT COUNT(*) FROM orders_order WHERE merchant = :merchant AND state = :state",
        params!["merchant" => merchant, "state" => state.word()],
        |row| row.get(0),
    )
}

/// Whether a person has received this product.
pub(crate) fn has_received(rx: &mut Rx, buyer: PersonId, product: ProductId) -> Result<bool, DbError> {
    let found = rx.list(
        "SELECT o.id FROM orders_order o JOIN orders_line l ON l.order_id = o.id
         WHERE o.buyer = :buyer AND o.received_at IS NOT NULL AND o.replaces IS NULL AND l.product = :product
         ORDER BY l.order_id, l.line LIMIT 1",
        params!["buyer" => buyer, "product" => product],
        |row| row.get::<OrderId>(0),
    )?;
    Ok(!found.is_empty())
}

/// A refund as stored.
pub(crate) struct RefundRow {
    pub(crate) id: RefundId,
    pub(crate) order: OrderId,
    pub(crate) amount: i64,
    pub(crate) lines: String,
    pub(crate) shipping: i64,
    pub(crate) reason: String,
    pub(crate) created_at: Timestamp,
}

/// `false` when the refund was made before.
pub(crate) fn insert_refund(tx: &mut Tx, row: &RefundRow) -> Result<bool, DbError> {
    let inserted = tx.execute(
        "INSERT INTO orders_refund (id, order_id, amount, lines, shipping, reason, created_at)
         VALUES (:id, :order, :amount, :lines, :shipping, :reason, :now) ON CONFLICT (id) DO NOTHING",
        params![
            "id" => row.id, "order" => row.order, "amount" => row.amount, "lines" => &row.lines,
            "shipping" => row.shipping, "reason" => &row.reason, "now" => row.created_at,
        ],
    )?;
    Ok(inserted == 1)
}

/// What has gone back of an order, the first in front.
pub(crate) fn refunds(rx: &mut Rx, order: OrderId) -> Result<Vec<RefundFacts>, DbError> {
    rx.list(
        "SELECT id, lines, shipping FROM orders_refund WHERE order_id = :order ORDER BY order_id, id LIMIT 500",
        params!["order" => order],
        |row| {
            let lines: String = row.get(1)?;
            let lines = serde_json::from_str(&lines).map_err(|error| DbError::Bug(error.to_string()))?;
            Ok(RefundFacts { id: row.get(0)?, lines, shipping: row.get(2)? })
        },
    )
}

/// Whether the person has an order that has not come to its end.
pub(crate) fn has_open_orders(rx: &mut Rx, person: PersonId) -> Result<bool, DbError> {
    let found: Option<OrderId> = rx.opt(
        "SELECT id FROM orders_order WHERE buyer = :person AND state NOT IN ('completed', 'cancelled', 'refunded')
         ORDER BY id LIMIT 1",
        params!["person" => person],
        |row| row.get(0),
    )?;
    Ok(found.is_some())
}

/// State and explanation of the person's orders with the merchant since then, the last ones first.
pub(crate) fn explained_since(
    rx: &mut Rx,
    merchant: MerchantId,
    person: PersonId,
    from: Timestamp,
    limit: i64,
) -> Result<Vec<(String, String)>, DbError> {
    rx.list(
        "SELECT state, explanations FROM orders_order
         WHERE buyer = :person AND merchant = :merchant AND placed_at >= :from ORDER BY id DESC LIMIT :limit",
        params!["person" => person, "merchant" => merchant, "from" => from, "limit" => limit],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Takes name, number, address, words and parcel off a few orders of somebody who has left, and the words off a few of
/// their refunds; answers of how many.
pub(crate) fn forget_buyer(tx: &mut Tx, person: PersonId) -> Result<u64, DbError> {
    let orders = tx.execute(
        "UPDATE orders_order SET address = :nowhere, note = NULL, carrier = NULL, tracking = NULL
         WHERE id IN (SELECT id FROM orders_order WHERE buyer = :person
             AND (address <> :nowhere OR note IS NOT NULL OR tracking IS NOT NULL) ORDER BY id LIMIT 200)",
        params!["person" => person, "nowhere" => NOWHERE],
    )?;
    let refunds = tx.execute(
        "UPDATE orders_refund SET reason = '' WHERE id IN (
             SELECT r.id FROM orders_order o JOIN orders_refund r ON r.order_id = o.id
             WHERE o.buyer = :person AND r.reason <> '' ORDER BY r.id LIMIT 200)",
        params!["person" => person],
    )?;
    Ok(orders.saturating_add(refunds))
}
