//! What other modules may call. Every function takes the caller's transaction.

use base::{Currency, Id, MerchantId, OrderId, PersonId, RefundId};
use db::{DbError, Tx};
use ledger::api::{Account, Asset, Kind, Owner, Transfer, TransferError, TransferKind};

use crate::model;
use crate::store::{self, IncomeRow, LineRow, SplitRow};

/// The merchant whose fee is everybody's: none.
pub(crate) fn everybody() -> MerchantId {
    MerchantId::from_bytes([0; 16])
}

/// What a merchant has earned.
pub(crate) fn payable(merchant: MerchantId, currency: Currency) -> Account {
    Account::new(Owner::Merchant(merchant), Kind::Payable, Asset::Money(currency))
}

/// The platform's fees.
pub(crate) fn fees(currency: Currency) -> Account {
    Account::new(Owner::Platform, Kind::Fee, Asset::Money(currency))
}

/// Promises the platform's share of each line, by the fee of this moment. Later changes of the fee touch nothing that
/// was placed before.
///
/// # Errors
/// Whatever the store says.
pub fn freeze(
    tx: &mut Tx,
    order: OrderId,
    merchant: MerchantId,
    lines: &[(i64, i64)],
) -> Result<(), DbError> {
    let now = tx.now();
    let fees = store::fees(tx, &[everybody(), merchant])?;
    let current = |of: MerchantId| fees.iter().find(|fee| fee.merchant == of && fee.from_at <= now);
    let rate_bp = current(merchant).or_else(|| current(everybody())).map_or(0, |fee| fee.rate_bp);
    if rate_bp == 0 {
        return Ok(());
    }
    let split = |(line, net): &(i64, i64)| {
        let fee = model::fee(*net, rate_bp);
        SplitRow { line: *line, net: *net, rate_bp, fee, charged: 0, reversed: 0 }
    };
    store::insert_splits(tx, order, &lines.iter().map(split).collect::<Vec<_>>())
}

/// A line and what went back of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineBack {
    /// Which.
    pub line: i64,
    /// What of it has gone back in all, this time included.
    pub refunded: i64,
}

/// An order that is settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled<'a> {
    /// Which.
    pub order: OrderId,
    /// What people call it.
    pub number: &'a str,
    /// Who sold.
    pub merchant: MerchantId,
    /// The currency of all amounts.
    pub currency: Currency,
    /// What the buyer paid and kept, delivery included.
    pub gross: i64,
    /// What those who brought the buyer get of it.
    pub commission: i64,
    /// Its lines.
    pub lines: &'a [LineBack],
}

/// Takes the promised fee out of the merchant's escrow and writes the line of the statement; answers what is the
/// merchant's. The caller moves that much to [`Kind::Payable`] in the same transaction.
///
/// # Errors
/// Whatever the ledger says.
pub fn settle(tx: &mut Tx, settled: &Settled<'_>) -> Result<i64, TransferError> {
    let mut sum = 0_i64;
    for split in store::splits(tx, settled.order)? {
        let refunded =
            settled.lines.iter().find(|line| line.line == split.line).map_or(0, |line| line.refunded);
        let charged = model::due(split.fee, split.net, refunded);
        store::update_split(tx, settled.order, &split, (charged, 0))?;
        sum = sum.saturating_add(charged);
    }
    if sum > 0 {
        let escrow =
            Account::new(Owner::Merchant(settled.merchant), Kind::Escrow, Asset::Money(settled.currency));
        let (cause, to) = (settled.order.to_string(), fees(settled.currency));
        let fee = Transfer::simple(TransferKind::Fee, &cause, escrow, to, sum).of_order(settled.order);
        ledger::api::post(tx, &fee)?;
    }
    let line = Line {
        kind: "settled",
        order: Some(settled.order),
        reference: settled.number.to_owned(),
        gross: settled.gross,
        commission: settled.commission,
        fee: sum,
    };
    Ok(note(tx, settled.merchant, settled.currency, line)?)
}

/// A refund of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refunded<'a> {
    /// Which order.
    pub order: OrderId,
    /// What people call it.
    pub number: &'a str,
    /// Which refund.
    pub refund: RefundId,
    /// Who sold.
    pub merchant: MerchantId,
    /// The currency of all amounts.
    pub currency: Currency,
    /// What went back.
    pub amount: i64,
    /// The lines it was part of.
    pub lines: &'a [LineBack],
}

/// Begins a refund that is paid from what the merchant has earned: nobody pays that out at the same time.
///
/// # Errors
/// Whatever the store says.
pub fn take_turn(tx: &mut Tx, merchant: MerchantId) -> Result<(), DbError> {
    store::take_turn(tx, merchant)
}

/// A settled order has given money back: the platform gives back its share of the fee, and the statement says both.
/// The caller has taken the merchant's turn, and moves the money of the refund in the same transaction.
///
/// # Errors
/// Whatever the ledger says.
pub fn refund_settled(tx: &mut Tx, refunded: &Refunded<'_>) -> Result<(), TransferError> {
    let mut sum = 0_i64;
    for split in store::splits(tx, refunded.order)? {
        let Some(line) = refunded.lines.iter().find(|line| line.line == split.line) else { continue };
        let due = model::due(split.fee, split.net, line.refunded);
        let reversed = split.charged.saturating_sub(due).max(split.reversed);
        let now = reversed.saturating_sub(split.reversed);
        if now > 0 {
            store::update_split(tx, refunded.order, &split, (split.charged, reversed))?;
            sum = sum.saturating_add(now);
        }
    }
    let (merchant, currency) = (refunded.merchant, refunded.currency);
    if sum > 0 {
        let cause = refunded.refund.to_string();
        let back = Transfer::simple(
            TransferKind::FeeReversal,
            &cause,
            fees(currency),
            payable(merchant, currency),
            sum,
        );
        ledger::api::post(tx, &back.of_order(refunded.order))?;
    }
    let line = Line {
        kind: "refund",
        order: Some(refunded.order),
        reference: refunded.number.to_owned(),
        gross: refunded.amount.saturating_neg(),
        commission: 0,
        fee: sum.saturating_neg(),
    };
    note(tx, merchant, currency, line)?;
    Ok(())
}

/// A line of a merchant's statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Why what the merchant has earned changed: `settled`, `refund`, `commission`, `commission_back`, `payout`, ….
    pub kind: &'static str,
    /// The order it belongs to.
    pub order: Option<OrderId>,
    /// What people look it up by.
    pub reference: String,
    /// What came in; below zero, what went out.
    pub gross: i64,
    /// What of it is others' commission.
    pub commission: i64,
    /// What of it is the platform's.
    pub fee: i64,
}

/// Writes a line of a merchant's statement; answers by how much what it has earned changed. Whoever moves money of
/// [`Kind::Payable`] does this in the same transaction.
///
/// # Errors
/// Whatever the store says.
pub fn note(tx: &mut Tx, merchant: MerchantId, currency: Currency, line: Line) -> Result<i64, DbError> {
    let Line { kind, order, reference, gross, commission, fee } = line;
    let net = gross.saturating_sub(commission).saturating_sub(fee);
    let row = LineRow {
        id: tx.new_id(),
        merchant,
        at: tx.now(),
        kind: kind.to_owned(),
        order,
        reference,
        gross,
        commission,
        fee,
        net,
        currency,
    };
    store::insert_line(tx, &row)?;
    Ok(net)
}

/// Counts what a person was paid, for the quarter's report; below zero, what was taken back.
///
/// # Errors
/// Whatever the store says.
pub fn income(
    tx: &mut Tx,
    person: PersonId,
    kind: &str,
    currency: Currency,
    amount: i64,
) -> Result<(), DbError> {
    let quarter = model::quarter(tx.now());
    let (paid, taken_back) = (amount.max(0), amount.saturating_neg().max(0));
    let payments = i64::from(amount > 0);
    let kind = kind.to_owned();
    store::add_income(tx, &IncomeRow { person, quarter, kind, currency, paid, taken_back, payments })
}
