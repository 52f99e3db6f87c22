//! All SQL of payments.

pub(crate) mod bills;
pub(crate) mod charges;
pub(crate) mod sandbox;

use base::{Currency, MerchantId, OrderId, PaymentId, PersonId, Timestamp};
use db::{DbError, Row, Rx, Tx, Value, params};

use crate::method::Method;

/// A payment as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentRow {
    /// Its id.
    pub id: PaymentId,
    /// Who pays.
    pub payer: PersonId,
    /// `wallet` or the provider's name.
    pub method: String,
    /// `pending received captured failed expired returned`.
    pub state: String,
    /// Minor units.
    pub amount: i64,
    /// The currency.
    pub currency: Currency,
    /// When it began.
    pub created_at: Timestamp,
    /// Until when what it pays for is held.
    pub expires_at: Timestamp,
}

fn payment(row: &Row<'_>) -> Result<PaymentRow, DbError> {
    Ok(PaymentRow {
        id: row.get(0)?,
        payer: row.get(1)?,
        method: row.get(2)?,
        state: row.get(3)?,
        amount: row.get(4)?,
        currency: row.get(5)?,
        created_at: row.get(6)?,
        expires_at: row.get(7)?,
    })
}

pub(crate) fn find_payment(rx: &mut Rx, id: PaymentId) -> Result<Option<PaymentRow>, DbError> {
    rx.opt(
        "SELECT id, payer, method, state, amount, currency, created_at, expires_at FROM payments_payment
         WHERE id = :id",
        params!["id" => id],
        payment,
    )
}

pub(crate) fn insert_payment(tx: &mut Tx, row: &PaymentRow) -> Result<(), DbError> {
    tx.later(
        "INSERT INTO payments_payment (id, payer, method, state, amount, currency, created_at, expires_at, returned)
         VALUES (:id, :payer, :method, :state, :amount, :currency, :created, :expires, 0)",
        params![
            "id" => row.id, "payer" => row.payer, "method" => &row.method, "state" => &row.state,
            "amount" => row.amount, "currency" => row.currency, "created" => row.created_at,
            "expires" => row.expires_at,
        ],
    )
}

/// Moves a payment on; `false` when it is not in one of the states before.
pub(crate) fn advance(tx: &mut Tx, id: PaymentId, from: [&str; 3], to: &str) -> Result<bool, DbError> {
    let now = tx.now();
    let [a, b, c] = from;
    let changed = tx.execute(
        "UPDATE payments_payment SET state = :to, captured_at = CASE WHEN :to = 'captured' THEN :now ELSE captured_at END
         WHERE id = :id AND state IN (:a, :b, :c)",
        params!["id" => id, "to" => to, "now" => now, "a" => a, "b" => b, "c" => c],
    )?;
    Ok(changed == 1)
}

/// What a payment pays of one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The order.
    pub order: OrderId,
    /// Its merchant.
    pub merchant: MerchantId,
    /// Minor units.
    pub amount: i64,
    /// `waiting captured returned`.
    pub state: String,
}

pub(crate) fn insert_parts(tx: &mut Tx, id: PaymentId, parts: &[Part]) -> Result<(), DbError> {
    let rows: Vec<Vec<Value>> = parts
        .iter()
        .map(|part| {
            vec![
                id.into(),
                part.order.into(),
                part.merchant.into(),
                part.amount.into(),
                part.state.as_str().into(),
            ]
        })
        .collect();
    tx.insert_later("INSERT INTO payments_part (payment, order_id, merchant, amount, state)", &rows, "")
}

pub(crate) fn parts(rx: &mut Rx, id: PaymentId) -> Result<Vec<Part>, DbError> {
    rx.list(
        "SELECT order_id, merchant, amount, state FROM payments_part WHERE payment = :id
         ORDER BY payment, order_id LIMIT 100",
        params!["id" => id],
        |row| Ok(Part { order: row.get(0)?, merchant: row.get(1)?, amount: row.get(2)?, state: row.get(3)? }),
    )
}

/// Moves a part on; `false` when it is not in the state before.
pub(crate) fn advance_part(
    tx: &mut Tx,
    id: PaymentId,
    order: OrderId,
    states: (&str, &str),
) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE payments_part SET state = :to WHERE payment = :id AND order_id = :order AND state = :from",
        params!["id" => id, "order" => order, "from" => states.0, "to" => states.1],
    )?;
    Ok(changed == 1)
}

/// Claims orders for a payment; how many were free.
pub(crate) fn claim_live(tx: &mut Tx, id: PaymentId, orders: &[OrderId]) -> Result<u64, DbError> {
    let rows: Vec<Vec<Value>> = orders.iter().map(|order| vec![(*order).into(), id.into()]).collect();
    tx.insert("INSERT INTO payments_live (order_id, payment)", &rows, "ON CONFLICT (order_id) DO NOTHING")
}

pub(crate) fn live_payment(rx: &mut Rx, order: OrderId) -> Result<Option<PaymentId>, DbError> {
    rx.opt("SELECT payment FROM payments_live WHERE order_id = :order", params!["order" => order], |row| {
        row.get(0)
    })
}

pub(crate) fn release_live(tx: &mut Tx, id: PaymentId, order: OrderId) -> Result<(), DbError> {
    tx.later(
        "DELETE FROM payments_live WHERE order_id = :order AND payment = :id",
        params!["order" => order, "id" => id],
    )
}

/// Records a notice; `false` when it was dealt with before.
pub(crate) fn record_notice(
    tx: &mut Tx,
    provider: Method,
    notice: &str,
    (payment, outcome): (Option<PaymentId>, &str),
) -> Result<bool, DbError> {
    let now = tx.now();
    let recorded = tx.execute(
        "INSERT INTO payments_notice (provider, notice, payment, outcome, at)
         VALUES (:provider, :notice, :payment, :outcome, :now) ON CONFLICT (provider, notice) DO NOTHING",
        params!["provider" => provider.word(), "notice" => notice, "payment" => payment, "outcome" => outcome, "now" => now],
    )?;
    Ok(recorded == 1)
}
