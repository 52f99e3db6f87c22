//! What is known at providers: charges and refunds.

use base::{Currency, OrderId, PaymentId, PersonId, RefundId, Timestamp};
use db::{DbError, Rx, Tx, params};

/// What is known of a payment at its provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChargeRow {
    pub(crate) payment: PaymentId,
    pub(crate) provider: String,
    pub(crate) kind: String,
    pub(crate) account: String,
    pub(crate) address: String,
    /// `waiting started refused closed`.
    pub(crate) state: String,
    /// What the page needs, JSON.
    pub(crate) page: Option<String>,
    pub(crate) reference: String,
    /// What came, in minor units.
    pub(crate) received: i64,
}

pub(crate) fn insert_charge(tx: &mut Tx, row: &ChargeRow) -> Result<(), DbError> {
    tx.later(
        "INSERT INTO payments_charge (payment, provider, kind, account, address, state, reference, received)
         VALUES (:payment, :provider, :kind, :account, :address, :state, '', 0) ON CONFLICT (payment) DO NOTHING",
        params![
            "payment" => row.payment, "provider" => &row.provider, "kind" => &row.kind,
            "account" => &row.account, "address" => &row.address, "state" => &row.state,
        ],
    )
}

pub(crate) fn find_charge(rx: &mut Rx, payment: PaymentId) -> Result<Option<ChargeRow>, DbError> {
    rx.opt(
        "SELECT payment, provider, kind, account, address, state, page, reference, received FROM payments_charge
         WHERE payment = :payment",
        params!["payment" => payment],
        |row| {
            Ok(ChargeRow {
                payment: row.get(0)?,
                provider: row.get(1)?,
                kind: row.get(2)?,
                account: row.get(3)?,
                address: row.get(4)?,
                state: row.get(5)?,
                page: row.get(6)?,
                reference: row.get(7)?,
                received: row.get(8)?,
            })
        },
    )
}

/// Writes down what the provider said when the charge was opened; once.
pub(crate) fn start_charge(
    tx: &mut Tx,
    payment: PaymentId,
    page: &str,
    reference: &str,
) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE payments_charge SET state = 'started', page = :page, reference = :reference
         WHERE payment = :payment AND state = 'waiting'",
        params!["payment" => payment, "page" => page, "reference" => reference],
    )?;
    Ok(changed == 1)
}

/// Notes that a charge was refused or closed.
pub(crate) fn end_charge(tx: &mut Tx, payment: PaymentId, state: &str) -> Result<(), DbError> {
    tx.later(
        "UPDATE payments_charge SET state = :state WHERE payment = :payment AND state IN ('waiting', 'started')",
        params!["payment" => payment, "state" => state],
    )
}

/// Notes what came for a charge, and when; `false` when it was noted before.
pub(crate) fn receive_charge(
    tx: &mut Tx,
    payment: PaymentId,
    received: i64,
    at: Timestamp,
) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE payments_charge SET received = :received, received_at = :at WHERE payment = :payment AND received = 0",
        params!["payment" => payment, "received" => received, "at" => at],
    )?;
    Ok(changed == 1)
}

/// Money on its way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefundRow {
    pub(crate) id: RefundId,
    pub(crate) payment: PaymentId,
    pub(crate) order: Option<OrderId>,
    pub(crate) amount: i64,
    pub(crate) currency: Currency,
    pub(crate) state: String,
    pub(crate) provider: String,
    pub(crate) reference: String,
}

pub(crate) fn insert_refund(tx: &mut Tx, row: &RefundRow) -> Result<bool, DbError> {
    let now = tx.now();
    let done_at = (row.state == "done").then_some(now);
    let inserted = tx.execute(
        "INSERT INTO payments_refund
             (id, payment, order_id, amount, currency, state, created_at, done_at, provider, reference)
         VALUES (:id, :payment, :order, :amount, :currency, :state, :now, :done, :provider, '')
         ON CONFLICT (id) DO NOTHING",
        params![
            "id" => row.id, "payment" => row.payment, "order" => row.order, "amount" => row.amount,
            "currency" => row.currency, "state" => &row.state, "now" => now, "done" => done_at,
            "provider" => &row.provider,
        ],
    )?;
    Ok(inserted == 1)
}

pub(crate) fn find_refund(rx: &mut Rx, id: RefundId) -> Result<Option<RefundRow>, DbError> {
    rx.opt(
        "SELECT id, payment, order_id, amount, currency, state, provider, reference FROM payments_refund
         WHERE id = :id",
        params!["id" => id],
        |row| {
            Ok(RefundRow {
                id: row.get(0)?,
                payment: row.get(1)?,
                order: row.get(2)?,
                amount: row.get(3)?,
                currency: row.get(4)?,
                state: row.get(5)?,
                provider: row.get(6)?,
                reference: row.get(7)?,
            })
        },
    )
}

/// Notes that the provider has taken a refund on.
pub(crate) fn send_refund(tx: &mut Tx, id: RefundId, reference: &str) -> Result<(), DbError> {
    tx.later(
        "UPDATE payments_refund SET state = 'sent', reference = :reference
         WHERE id = :id AND state IN ('pending', 'sent')",
        params!["id" => id, "reference" => reference],
    )
}

pub(crate) fn finish_refund(tx: &mut Tx, id: RefundId, at: Timestamp) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE payments_refund SET state = 'done', done_at = :at WHERE id = :id AND state IN ('pending', 'sent')",
        params!["id" => id, "at" => at],
    )?;
    Ok(changed == 1)
}

/// Whether a payment of the person waits for money, or money of one is on its way back.
pub(crate) fn has_open_payments(rx: &mut Rx, person: PersonId) -> Result<bool, DbError> {
    let payment: Option<PaymentId> = rx.opt(
        "SELECT id FROM payments_payment WHERE payer = :person AND state IN ('pending', 'received')
         ORDER BY id LIMIT 1",
        params!["person" => person],
        |row| row.get(0),
    )?;
    let refund: Option<RefundId> = rx.opt(
        "SELECT r.id FROM payments_payment p JOIN payments_refund r ON r.payment = p.id
         WHERE p.payer = :person AND r.state IN ('pending', 'sent') ORDER BY r.id LIMIT 1",
        params!["person" => person],
        |row| row.get(0),
    )?;
    Ok(payment.is_some() || refund.is_some())
}

/// Takes accounts, addresses and what the provider's page was told off a few payments of somebody who has left;
/// answers of how many.
pub(crate) fn forget_payer(tx: &mut Tx, person: PersonId) -> Result<u64, DbError> {
    tx.execute(
        "UPDATE payments_charge SET account = '', address = '', page = NULL WHERE payment IN (
             SELECT c.payment FROM payments_payment p JOIN payments_charge c ON c.payment = p.id
             WHERE p.payer = :person AND (c.account <> '' OR c.address <> '' OR c.page IS NOT NULL)
             ORDER BY c.payment LIMIT 200)",
        params!["person" => person],
    )
}
