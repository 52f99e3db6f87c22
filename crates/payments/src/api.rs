//! What other modules may call. Every function takes the caller's transaction.

use base::{Currency, MerchantId, Money, OrderId, PaymentId, PersonId, RefundId, Timestamp};
use db::{DbError, Rx, Tx};
use ledger::api::{
    Account, Asset, Kind as AccountKind, Owner, Transfer, TransferError, TransferKind, natural_id, post,
    post_all,
};

pub use crate::alipay::{Alipay, AlipaySettings};
pub use crate::day::Day;
use crate::events::{PaymentFailed, PaymentReceived};
pub use crate::method::{Kind, Method};
pub use crate::provider::{
    BillRow, CallError, Charge, Means, Notice, NoticeError, Outcome, Provider, RefundOutcome, Reversal, Show,
    Started, Told,
};
pub use crate::providers::{Choice, MethodError, Providers, Wanted, choose};
pub use crate::sandbox::{Sandbox, SandboxSecret};
pub use crate::secret::{Secret, SetUpError};
use crate::store::charges::{self, ChargeRow, RefundRow};
use crate::store::{self, sandbox};
pub use crate::store::{Part, PaymentRow};
pub use crate::stripe::{Stripe, StripeSettings};
use crate::views::view_of;
pub use crate::views::{PaymentView, view};
pub use crate::wechat_pay::{
    Receiver, Share, ShareState, Transfer as WechatTransfer, TransferState, WechatPay, WechatPaySettings,
};
use crate::{jobs, reconcile};

/// Why a payment did not begin. Nothing was changed.
#[derive(Debug, thiserror::Error, rest::Problem)]
pub enum PaymentError {
    /// Another payment of one of the orders is under way or done.
    #[error("one of the orders is being paid already; look at that payment")]
    #[problem(409, "payment.under_way")]
    UnderWay,
    /// The provider does not take the currency.
    #[error("this method does not take the currency of the orders")]
    #[problem(422, "payment.currency_not_taken")]
    Currency,
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
#[derive(Clone)]
pub struct NewPayment {
    /// Its id.
    pub id: PaymentId,
    /// Who pays.
    pub payer: PersonId,
    /// How.
    pub choice: Choice,
    /// The currency.
    pub currency: Currency,
    /// What of which order.
    pub parts: Vec<(OrderId, MerchantId, i64)>,
    /// Until when what it pays for is held.
    pub expires_at: Timestamp,
}

pub(crate) fn clearing(provider: Method, currency: Currency) -> Account {
    Account::new(Owner::Provider(provider.word()), AccountKind::Clearing, Asset::Money(currency))
}

pub(crate) fn bank(provider: Method, currency: Currency) -> Account {
    Account::new(Owner::Provider(provider.word()), AccountKind::Bank, Asset::Money(currency))
}

/// The cash in a merchant's till.
pub fn till(merchant: MerchantId, currency: Currency) -> Account {
    Account::new(Owner::Merchant(merchant), AccountKind::Cash, Asset::Money(currency))
}

/// Where the money of a merchant's unsettled orders lies.
pub fn escrow(merchant: MerchantId, currency: Currency) -> Account {
    Account::new(Owner::Merchant(merchant), AccountKind::Escrow, Asset::Money(currency))
}

/// What a merchant has earned.
pub fn payable(merchant: MerchantId, currency: Currency) -> Account {
    Account::new(Owner::Merchant(merchant), AccountKind::Payable, Asset::Money(currency))
}

/// Begins a payment. From the wallet and in cash the money moves in this transaction and the payment is captured;
/// through a provider it is pending, and [`PaymentReceived`] or [`PaymentFailed`] follows.
///
/// # Errors
/// See [`PaymentError`]; the transaction must then end.
pub fn begin(tx: &mut Tx, new: &NewPayment) -> Result<PaymentView, PaymentError> {
    let choice = &new.choice;
    if choice.provider.as_ref().is_some_and(|provider| !provider.takes(new.currency)) {
        return Err(PaymentError::Currency);
    }
    let orders: Vec<OrderId> = new.parts.iter().map(|(order, ..)| *order).collect();
    let claimed = store::claim_live(tx, new.id, &orders)?;
    if usize::try_from(claimed).ok() != Some(orders.len()) {
        return Err(PaymentError::UnderWay);
    }
    let amount = new.parts.iter().map(|(.., amount)| *amount).fold(0_i64, i64::saturating_add);
    let is_at_once = choice.is_at_once();
    let row = PaymentRow {
        id: new.id,
        payer: new.payer,
        method: choice.method.word().to_owned(),
        state: if is_at_once { "captured" } else { "pending" }.to_owned(),
        amount,
        currency: new.currency,
        created_at: tx.now(),
        expires_at: new.expires_at,
    };
    store::insert_payment(tx, &row)?;
    let state = if is_at_once { "captured" } else { "waiting" };
    let part = |(order, merchant, amount): &(OrderId, MerchantId, i64)| Part {
        order: *order,
        merchant: *merchant,
        amount: *amount,
        state: state.to_owned(),
    };
    let mut parts: Vec<Part> = new.parts.iter().map(part).collect();
    parts.sort_by_key(|part| part.order);
    store::insert_parts(tx, new.id, &parts)?;
    if is_at_once {
        let captures: Vec<Transfer> = new
            .parts
            .iter()
            .map(|(order, merchant, amount)| {
                let from = match choice.method {
                    Method::Cash => till(*merchant, new.currency),
                    Method::Wallet
                    | Method::Sandbox
                    | Method::WechatPay
                    | Method::Alipay
                    | Method::Stripe => Account::wallet(new.payer, new.currency),
                };
                capture_transfer(&row, *order, from, *merchant, *amount)
            })
            .collect();
        post_all(tx, &captures)?;
    } else {
        open_charge(tx, &row, choice)?;
    }
    Ok(view_of(row, parts, None))
}

/// What a job tells the provider, and when it is asked.
fn open_charge(tx: &mut Tx, row: &PaymentRow, choice: &Choice) -> Result<(), DbError> {
    let is_sandbox = choice.method == Method::Sandbox;
    let charge = ChargeRow {
        payment: row.id,
        provider: row.method.clone(),
        kind: choice.kind.word().to_owned(),
        account: choice.account.clone(),
        address: choice.address.clone(),
        state: if is_sandbox { "started" } else { "waiting" }.to_owned(),
        page: None,
        reference: String::new(),
        received: 0,
    };
    charges::insert_charge(tx, &charge)?;
    let (now, id) = (tx.now(), row.id.to_string());
    if is_sandbox {
        // It lives beside us and opens its charge at once.
        sandbox::open(tx, row)?;
    } else {
        work::enqueue(tx, jobs::START, &id, "", now)?;
    }
    work::enqueue(tx, jobs::EXPIRE, &id, "", row.expires_at)?;
    // A callback may be lost: the provider is asked, soon and once more when the time is over.
    work::enqueue(tx, jobs::LOOK, &id, "", now.plus_seconds(jobs::FIRST_LOOK_S))
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

/// Notes that a provider received `amount` for a payment, `at` by its clock; once, however often it is told. A wrong
/// amount, or money for a payment that has got its money before, goes straight back.
///
/// # Errors
/// Whatever the store or the ledger says.
pub(crate) fn receive(
    tx: &mut Tx,
    (row, provider): (&PaymentRow, Method),
    amount: Money,
    at: Timestamp,
) -> Result<(), TransferError> {
    // The charge, not what is told of it, is what was paid: a notice and an answer are one payment.
    let is_first = amount.minor() > 0 && charges::receive_charge(tx, row.id, amount.minor(), at)?;
    if !is_first {
        return Ok(());
    }
    let is_right = amount == Money::new(row.amount, row.currency);
    let received = Transfer::simple(
        TransferKind::Receive,
        &format!("{} paid", row.id),
        bank(provider, amount.currency()),
        clearing(provider, amount.currency()),
        amount.minor(),
    );
    post(tx, &received)?;
    reconcile::unpark(tx, row, provider)?;
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
    let from = clearing(provider_of(row)?, row.currency);
    let transfer = capture_transfer(row, order, from, part.merchant, part.amount);
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

/// The method of a payment that went through a provider.
pub(crate) fn provider_of(row: &PaymentRow) -> Result<Method, DbError> {
    let found = Method::of_word(&row.method).filter(|method| !method.is_at_once());
    found.ok_or_else(|| DbError::Bug(format!("{} went through no provider", row.id)))
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
        provider: row.method.clone(),
        reference: String::new(),
    };
    charges::insert_refund(tx, &refund)?;
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
    /// Its merchant.
    pub merchant: MerchantId,
    /// The payment it was paid with.
    pub payment: PaymentId,
    /// How much.
    pub amount: Money,
    /// Where it comes from: [`escrow`] before settlement, [`payable`] after.
    pub from: Account,
}

/// Refunds an order: to the wallet and out of the till at once, through a provider as soon as it confirms. `true`
/// when it is done. Idempotent by the refund's id. Whoever refunds cash has handed it over: only a person can.
///
/// # Errors
/// Whatever the store or the ledger says.
pub fn refund(tx: &mut Tx, new: &NewRefund) -> Result<bool, TransferError> {
    let row = store::find_payment(tx, new.payment)?;
    let row = row.ok_or_else(|| DbError::Bug(format!("{} has no payment", new.order)))?;
    let method = Method::of_word(&row.method);
    let method = method.ok_or_else(|| DbError::Bug(format!("{} was paid in no known way", row.id)))?;
    let currency = new.amount.currency();
    let to = match method {
        Method::Wallet => Account::wallet(row.payer, currency),
        Method::Cash => till(new.merchant, currency),
        Method::Sandbox | Method::WechatPay | Method::Alipay | Method::Stripe => clearing(method, currency),
    };
    let cause = new.id.to_string();
    let transfer =
        Transfer::simple(TransferKind::Refund, &cause, new.from, to, new.amount.minor()).of_order(new.order);
    post(tx, &transfer)?;
    let is_done = method.is_at_once();
    let refund = RefundRow {
        id: new.id,
        payment: new.payment,
        order: Some(new.order),
        amount: new.amount.minor(),
        currency,
        state: if is_done { "done" } else { "pending" }.to_owned(),
        provider: row.method,
        reference: String::new(),
    };
    if charges::insert_refund(tx, &refund)? && !is_done {
        let now = tx.now();
        work::enqueue(tx, jobs::REFUND, &new.id.to_string(), "", now)?;
    }
    Ok(is_done)
}

/// Whether a payment was made in cash.
///
/// # Errors
/// Whatever the store says.
pub fn is_cash(rx: &mut Rx, id: PaymentId) -> Result<bool, DbError> {
    Ok(store::find_payment(rx, id)?.is_some_and(|row| row.method == Method::Cash.word()))
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
    // Money that came now would only go back: the provider is asked to take none.
    let now = tx.now();
    work::enqueue(tx, jobs::CLOSE, &id.to_string(), "", now)?;
    Ok(true)
}

/// Whether money of a refund has arrived.
///
/// # Errors
/// Whatever the store says.
pub fn is_refund_done(rx: &mut Rx, id: RefundId) -> Result<bool, DbError> {
    Ok(charges::find_refund(rx, id)?.is_some_and(|refund| refund.state == "done"))
}

/// The provider has confirmed that money went back, `at` by its clock.
pub(crate) fn confirm_refund(tx: &mut Tx, id: RefundId, at: Timestamp) -> Result<(), TransferError> {
    let Some(refund) = charges::find_refund(tx, id)? else { return Ok(()) };
    let row = store::find_payment(tx, refund.payment)?;
    let row = row.ok_or_else(|| DbError::Bug(format!("{id} has no payment")))?;
    if !charges::finish_refund(tx, id, at)? {
        return Ok(());
    }
    let provider = provider_of(&row)?;
    let (from, to) = (clearing(provider, refund.currency), bank(provider, refund.currency));
    let transfer = Transfer {
        id: natural_id(TransferKind::Return, &id.to_string()),
        ..Transfer::simple(TransferKind::Return, &id.to_string(), from, to, refund.amount)
    };
    post(tx, &transfer)?;
    Ok(())
}

/// The sandbox provider's signature over a notice; for tests and for programs that play the provider.
pub fn sandbox_signature(secret: &str, timestamp: &str, nonce: &str, body: &[u8]) -> String {
    crate::sandbox::sign(secret, timestamp, nonce, body)
}
