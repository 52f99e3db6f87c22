//! What the sandbox provider remembers. A real provider keeps this on its side.

use base::{Currency, PaymentId, RefundId, Timestamp};
use db::{DbError, Rx, Tx, params};

use crate::store::PaymentRow;

/// What the sandbox provider remembers of a payment.
pub(crate) struct Open {
    pub(crate) amount: i64,
    pub(crate) currency: Currency,
    pub(crate) paid: i64,
    pub(crate) state: String,
    pub(crate) paid_at: Option<Timestamp>,
}

pub(crate) fn open(tx: &mut Tx, payment: &PaymentRow) -> Result<(), DbError> {
    tx.later(
        "INSERT INTO payments_sandbox (payment, amount, currency, paid, refunded, state)
         VALUES (:payment, :amount, :currency, 0, 0, 'open') ON CONFLICT (payment) DO NOTHING",
        params!["payment" => payment.id, "amount" => payment.amount, "currency" => payment.currency],
    )
}

pub(crate) fn find(rx: &mut Rx, payment: PaymentId) -> Result<Option<Open>, DbError> {
    rx.opt(
        "SELECT amount, currency, paid, state, paid_at FROM payments_sandbox WHERE payment = :payment",
        params!["payment" => payment],
        |row| {
            Ok(Open {
                amount: row.get(0)?,
                currency: row.get(1)?,
                paid: row.get(2)?,
                state: row.get(3)?,
                paid_at: row.get(4)?,
            })
        },
    )
}

pub(crate) fn pay(tx: &mut Tx, payment: PaymentId, paid: i64) -> Result<bool, DbError> {
    let now = tx.now();
    let changed = tx.execute(
        "UPDATE payments_sandbox SET paid = :paid, state = 'paid', paid_at = :now
         WHERE payment = :payment AND state = 'open'",
        params!["payment" => payment, "paid" => paid, "now" => now],
    )?;
    Ok(changed == 1)
}

pub(crate) fn fail(tx: &mut Tx, payment: PaymentId) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE payments_sandbox SET state = 'failed' WHERE payment = :payment AND state = 'open'",
        params!["payment" => payment],
    )?;
    Ok(changed == 1)
}

/// The provider's side of a refund; idempotent by its id, never above what was paid.
pub(crate) fn refund(tx: &mut Tx, id: RefundId, payment: PaymentId, amount: i64) -> Result<bool, DbError> {
    let now = tx.now();
    let inserted = tx.execute(
        "INSERT INTO payments_sandbox_refund (id, payment, amount, at) VALUES (:id, :payment, :amount, :now)
         ON CONFLICT (id) DO NOTHING",
        params!["id" => id, "payment" => payment, "amount" => amount, "now" => now],
    )?;
    if inserted == 0 {
        return Ok(true);
    }
    let changed = tx.execute(
        "UPDATE payments_sandbox SET refunded = refunded + :amount
         WHERE payment = :payment AND refunded + :amount <= paid",
        params!["payment" => payment, "amount" => amount],
    )?;
    Ok(changed == 1)
}

/// When a refund was made; `None` when the provider has never heard of it.
pub(crate) fn refunded_at(rx: &mut Rx, id: RefundId) -> Result<Option<Timestamp>, DbError> {
    let found: Option<Option<Timestamp>> =
        rx.opt("SELECT at FROM payments_sandbox_refund WHERE id = :id", params!["id" => id], |row| {
            row.get(0)
        })?;
    Ok(found.map(|at| at.unwrap_or(Timestamp::from_micros(0))))
}

/// What was paid between two times, a page of it.
pub(crate) fn paid_between(
    rx: &mut Rx,
    (from, to): (Timestamp, Timestamp),
    (after_at, after): (Timestamp, PaymentId),
) -> Result<Vec<(Timestamp, PaymentId, i64, Currency)>, DbError> {
    rx.list(
        "SELECT paid_at, payment, paid, currency FROM payments_sandbox
         WHERE paid_at >= :from AND paid_at < :to
           AND (paid_at > :after_at OR (paid_at = :after_at AND payment > :after))
         ORDER BY paid_at, payment LIMIT 500",
        params!["from" => from, "to" => to, "after_at" => after_at, "after" => after],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
    )
}

/// What went back between two times, a page of it.
pub(crate) fn refunded_between(
    rx: &mut Rx,
    (from, to): (Timestamp, Timestamp),
    (after_at, after): (Timestamp, RefundId),
) -> Result<Vec<(Timestamp, RefundId, i64, Currency)>, DbError> {
    rx.list(
        "SELECT r.at, r.id, r.amount, s.currency FROM payments_sandbox_refund r
         JOIN payments_sandbox s ON s.payment = r.payment
         WHERE r.at >= :from AND r.at < :to AND (r.at > :after_at OR (r.at = :after_at AND r.id > :after))
         ORDER BY r.at, r.id LIMIT 500",
        params!["from" => from, "to" => to, "after_at" => after_at, "after" => after],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
    )
}
