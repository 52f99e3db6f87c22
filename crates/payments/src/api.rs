//! What other modules may call. Every function takes the caller's transaction.

use base::{Currency, MerchantId, Money, OrderId, PaymentId, PersonId, RefundId, Timestamp};
use db::{DbError, Rx, Tx};
use ledger::api::{
    Account, Asset, Kind, Owner, Transfer, TransferError, TransferKind, natural_id, post, post_all,
};

use crate::events::{PaymentFailed, PaymentReceived};
pub use crate::sandbox::SandboxSecret;
use crate::store::{self, RefundRow};
pub use crate::store::{Part, PaymentRow};
use crate::views::view_of;
pub use crate::views::{PaymentView, view};
use crate::{jobs, sandbox};

/// The provider's name in the ledger.
pub(crate) const PROVIDER: &str = "sandbox";

/// How a payment is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// From the payer's wallet, at once.
    Wallet,
    /// Through the sandbox provider, which behaves like a real one.
    Sandbox,
}

impl Method {
    fn word(self) -> &'static str {
        match self {
            Self::Wallet => "wallet",
            Self::Sandbox => "sandbox",
        }
    }
}

/// Why a payment did not begin. Nothing was changed.
#[derive(Debug, thiserror::Error, rest::Problem)]
pub enum PaymentError {
    /// Another payment of one of the orders is under way or done.
    #[error("one of the orders is being paid already; look at that payment")]
    #[problem(409, "payment.under_way")]
    UnderWay,
    /// The wallet does not cover it.
    #[error(transparent)]
    #[problem(transparent)]
    Ledger(#[from] TransferError),
    /// The store failed.
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// What is to be paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPayment {
    /// Its id.
    pub id: PaymentId,
    /// Who pays.
    pub payer: PersonId,
    /// How.
    pub method: Method,
    /// The currency.
    pub currency: Currency,
    /// What of which order.
    pub parts: Vec<(OrderId, MerchantId, i64)>,
    /// Until when what it pays for is held.
    pub expires_at: Timestamp,
}

fn clearing(currency: Currency) -> Account {
    Account::new(Owner::Provider(PROVIDER), Kind::Clearing, Asset::Money(currency))
}

fn bank(currency: Currency) -> Account {
    Account::new(Owner::Provider(PROVIDER), Kind::Bank, Asset::Money(currency))
}

/// Where the money of a merchant's unsettled orders lies.
pub fn escrow(merchant: MerchantId, currency: Currency) -> Account {
    Account::new(Owner::Merchant(merchant), Kind::Escrow, Asset::Money(currency))
}

/// What a merchant has earned.
pub fn payable(merchant: MerchantId, currency: Currency) -> Account {
    Account::new(Owner::Merchant(merchant), Kind::Payable, Asset::Money(currency))
}

/// Begins a payment. From the wallet the money moves in this transaction and the payment is captured; through a
/// provider it is pending, and [`PaymentReceived`] or [`PaymentFailed`] follows.
///
/// # Errors
/// See [`PaymentError`]; the transaction must then end.
pub fn begin(tx: &mut Tx, new: &NewPayment) -> Result<PaymentView, PaymentError> {
    let orders: Vec<OrderId> = new.parts.iter().map(|(order, ..)| *order).collect();
    let claimed = store::claim_live(tx, new.id, &orders)?;
    if usize::try_from(claimed).ok() != Some(orders.len()) {
        return Err(PaymentError::UnderWay);
    }
    let amount = new.parts.iter().map(|(.., amount)| *amount).fold(0_i64, i64::saturating_add);
    let is_wallet = new.method == Method::Wallet;
    let row = PaymentRow {
        id: new.id,
        payer: new.payer,
        method: new.method.word().to_owned(),
        state: if is_wallet { "captured" } else { "pending" }.to_owned(),
        amount,
        currency: new.currency,
        created_at: tx.now(),
        expires_at: new.expires_at,
    };
    store::insert_payment(tx, &row)?;
    let state = if is_wallet { "captured" } else { "waiting" };
    let part = |(order, merchant, amount): &(OrderId, MerchantId, i64)| Part {
        order: *order,
        merchant: *merchant,
        amount: *amount,
        state: state.to_owned(),
    };
    let mut parts: Vec<Part> = new.parts.iter().map(part).collect();
    parts.sort_by_key(|part| part.order);
    store::insert_parts(tx, new.id, &parts)?;
    if is_wallet {
        let wallet = Account::wallet(new.payer, new.currency);
        let captures: Vec<Transfer> = new
            .parts
            .iter()
            .map(|(order, merchant, amount)| capture_transfer(&row, *order, wallet, *merchant, *amount))
            .collect();
        post_all(tx, &captures)?;
    } else {
        store::insert_charge(tx, &row)?;
        work::enqueue(tx, jobs::EXPIRE, &row.id.to_string(), "", row.expires_at)?;
        // A callback may be lost: the provider is asked, soon and once more when the time is over.
        let soon = tx.now().plus_seconds(jobs::FIRST_LOOK_S);
        work::enqueue(tx, jobs::LOOK, &row.id.to_string(), "", soon)?;
    }
    Ok(view_of(row, parts))
}

fn capture_transfer(
    row: &PaymentRow,
    order: OrderId,
    from: Account,
    merchant: MerchantId,
    amount: i64,
) -> Transfer {
    let cause = format!("{} {order}", row.id);
    Transfer::simple(TransferKind::Capture, &cause, from, escrow(merchant, row.currency), amount)
        .of_order(order)
}

/// A payment.
///
/// # Errors
/// Whatever the store says.
pub fn payment(rx: &mut Rx, id: PaymentId) -> Result<Option<PaymentRow>, DbError> {
    store::find_payment(rx, id)
}

/// What a payment pays.
///
/// # Errors
/// Whatever the store says.
pub fn parts(rx: &mut Rx, id: PaymentId) -> Result<Vec<Part>, DbError> {
    store::parts(rx, id)
}

/// The payment an order is being, or was, paid with.
///
/// # Errors
/// Whatever the store says.
pub fn payment_of(rx: &mut Rx, order: OrderId) -> Result<Option<PaymentId>, DbError> {
    store::live_payment(rx, order)
}

/// Notes that a provider received `amount`. A wrong amount, or money for a payment that has got its money before,
/// goes straight back.
///
/// # Errors
/// Whatever the store or the ledger says.
pub(crate) fn receive(
    tx: &mut Tx,
    row: &PaymentRow,
    amount: Money,
    cause: &str,
) -> Result<(), TransferError> {
    let is_right = amount == Money::new(row.amount, row.currency);
    let received = Transfer::simple(
        TransferKind::Receive,
        &format!("{} {cause}", row.id),
        bank(amount.currency()),
        clearing(amount.currency()),
        amount.minor(),
    );
    post(tx, &received)?;
    // Late money counts too: the orders decide whether they can still use it.
    if is_right && store::advance(tx, row.id, ["pending", "failed", "expired"], "received")? {
        let orders = store::parts(tx, row.id)?.into_iter().map(|part| part.order).collect();
        tx.publish(&PaymentReceived { payment: row.id, orders })?;
        return Ok(());
    }
    send_back(tx, row, amount, None)
}

/// Takes the part of a received payment that belongs to `order`. `false` when it was taken or given back before.
///
/// # Errors
/// Whatever the store or the ledger says.
pub fn capture(tx: &mut Tx, row: &PaymentRow, order: OrderId) -> Result<bool, TransferError> {
    if !store::advance_part(tx, row.id, order, ("waiting", "captured"))? {
        return Ok(false);
    }
    let part = store::parts(tx, row.id)?.into_iter().find(|part| part.order == order);
    let Some(part) = part else { return Ok(false) };
    let transfer = capture_transfer(row, order, clearing(row.currency), part.merchant, part.amount);
    post(tx, &transfer)?;
    store::advance(tx, row.id, ["received", "received", "received"], "captured")?;
    Ok(true)
}

/// Gives the part of a received payment back that belongs to `order`, which cannot use it any more. `false` when it
/// was taken or given back before.
///
/// # Errors
/// Whatever the store or the ledger says.
pub fn give_back(tx: &mut Tx, row: &PaymentRow, order: OrderId) -> Result<bool, TransferError> {
    if !store::advance_part(tx, row.id, order, ("waiting", "returned"))? {
        return Ok(false);
    }
    let part = store::parts(tx, row.id)?.into_iter().find(|part| part.order == order);
    let Some(part) = part else { return Ok(false) };
    store::release_live(tx, row.id, order)?;
    send_back(tx, row, Money::new(part.amount, row.currency), Some(order))?;
    Ok(true)
}

/// Asks the provider to return money that no order uses.
fn send_back(
    tx: &mut Tx,
    row: &PaymentRow,
    amount: Money,
    order: Option<OrderId>,
) -> Result<(), TransferError> {
    let refund = RefundRow {
        id: tx.new_id(),
        payment: row.id,
        order,
        amount: amount.minor(),
        currency: amount.currency(),
        state: "pending".to_owned(),
    };
    store::insert_refund(tx, &refund)?;
    let now = tx.now();
    work::enqueue(tx, jobs::REFUND, &refund.id.to_string(), "", now)?;
    Ok(())
}

/// Money of an order that goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewRefund {
    /// Its id.
    pub id: RefundId,
    /// The order.
    pub order: OrderId,
    /// The payment it was paid with.
    pub payment: PaymentId,
    /// How much.
    pub amount: Money,
    /// Where it comes from: [`escrow`] before settlement, [`payable`] after.
    pub from: Account,
}

/// Refunds an order: to the wallet at once, through a provider as soon as it confirms. `true` when it is done.
/// Idempotent by the refund's id.
///
/// # Errors
/// Whatever the store or the ledger says.
pub fn refund(tx: &mut Tx, new: &NewRefund) -> Result<bool, TransferError> {
    let row = store::find_payment(tx, new.payment)?;
    let row = row.ok_or_else(|| DbError::Bug(format!("{} has no payment", new.order)))?;
    let is_wallet = row.method == Method::Wallet.word();
    let currency = new.amount.currency();
    let to = if is_wallet { Account::wallet(row.payer, currency) } else { clearing(currency) };
    let cause = new.id.to_string();
    let transfer =
        Transfer::simple(TransferKind::Refund, &cause, new.from, to, new.amount.minor()).of_order(new.order);
    post(tx, &transfer)?;
    let state = if is_wallet { "done" } else { "pending" };
    let refund = RefundRow {
        id: new.id,
        payment: new.payment,
        order: Some(new.order),
        amount: new.amount.minor(),
        currency,
        state: state.to_owned(),
    };
    if store::insert_refund(tx, &refund)? && !is_wallet {
        let now = tx.now();
        work::enqueue(tx, jobs::REFUND, &new.id.to_string(), "", now)?;
    }
    Ok(is_wallet)
}

/// Ends a payment that was not made; does nothing to one that was.
///
/// # Errors
/// Whatever the store says.
pub fn fail(tx: &mut Tx, id: PaymentId, state: &str) -> Result<bool, DbError> {
    if !store::advance(tx, id, ["pending", "pending", "pending"], state)? {
        return Ok(false);
    }
    let orders: Vec<OrderId> = store::parts(tx, id)?.into_iter().map(|part| part.order).collect();
    for order in &orders {
        store::release_live(tx, id, *order)?;
    }
    tx.publish(&PaymentFailed { payment: id, orders })?;
    Ok(true)
}

/// Whether money of a refund has arrived.
///
/// # Errors
/// Whatever the store says.
pub fn is_refund_done(rx: &mut Rx, id: RefundId) -> Result<bool, DbError> {
    Ok(store::find_refund(rx, id)?.is_some_and(|refund| refund.state == "done"))
}

/// The provider has confirmed that money went back.
pub(crate) fn confirm_refund(tx: &mut Tx, id: RefundId) -> Result<(), TransferError> {
    let Some(refund) = store::find_refund(tx, id)? else { return Ok(()) };
    if !store::finish_refund(tx, id)? {
        return Ok(());
    }
    let (from, to) = (clearing(refund.currency), bank(refund.currency));
    let transfer = Transfer {
        id: natural_id(TransferKind::Return, &id.to_string()),
        ..Transfer::simple(TransferKind::Return, &id.to_string(), from, to, refund.amount)
    };
    post(tx, &transfer)?;
    Ok(())
}

/// The sandbox provider's signature over a notice; for tests and for programs that play the provider.
pub fn sandbox_signature(secret: &str, timestamp: &str, nonce: &str, body: &[u8]) -> String {
    sandbox::sign(secret, timestamp, nonce, body)
}
