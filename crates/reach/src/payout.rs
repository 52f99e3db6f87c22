//! Commission becomes money, and is taken back.

use std::collections::BTreeMap;

use base::{Currency, MerchantId, Money, OrderId, PersonId, RefundId};
use db::{DbError, Tx};
use ledger::api::{Account, Asset, Kind, Leg, Owner, Transfer, TransferError, TransferKind};
use settlement::api::Line;

use crate::api::RefundedLine;
use crate::events::{CommissionClawedBack, CommissionReleased};
use crate::model;
use crate::store::{self, CommissionRow};

/// Where a commission is paid from, and what for.
pub(crate) struct Payout<'a> {
    pub(crate) order: OrderId,
    pub(crate) merchant: MerchantId,
    pub(crate) currency: Currency,
    /// `Escrow` at settlement, `Payable` afterwards.
    pub(crate) source: Kind,
    /// What makes the transfer one: the same cause never pays twice.
    pub(crate) cause: &'a str,
}

/// Pays a beneficiary; a debt is paid off first.
pub(crate) fn pay(
    tx: &mut Tx,
    payout: &Payout<'_>,
    level: i64,
    beneficiary: PersonId,
    amount: i64,
) -> Result<(), TransferError> {
    let currency = payout.currency;
    let account = |owner, kind| Account::new(owner, kind, Asset::Money(currency));
    let to_debt = store::owed(tx, beneficiary, currency)?.min(amount);
    if to_debt > 0 && !store::pay_off(tx, beneficiary, currency, to_debt)? {
        return Err(tx.give_up(DbError::Conflict).into());
    }
    let mut legs = vec![Leg::debit(account(Owner::Merchant(payout.merchant), payout.source), amount)];
    if to_debt > 0 {
        legs.push(Leg::credit(account(Owner::Person(beneficiary), Kind::Debt), to_debt));
    }
    let to_wallet = amount.saturating_sub(to_debt);
    if to_wallet > 0 {
        legs.push(Leg::credit(Account::wallet(beneficiary, currency), to_wallet));
    }
    if payout.source == Kind::Payable {
        // The merchant has the money already, and gives it on.
        settlement::api::take_turn(tx, payout.merchant)?;
        tell_statement(tx, payout, "commission", amount)?;
    }
    post(tx, TransferKind::Commission, payout.order, payout.cause, legs)?;
    settlement::api::income(tx, beneficiary, "commission", currency, amount)?;
    let (order, amount) = (payout.order, Money::new(amount, currency));
    tx.publish(&CommissionReleased { order, level, beneficiary, amount })?;
    Ok(())
}

fn tell_statement(
    tx: &mut Tx,
    payout: &Payout<'_>,
    kind: &'static str,
    commission: i64,
) -> Result<(), DbError> {
    let (order, reference) = (Some(payout.order), payout.cause.to_owned());
    let line = Line { kind, order, reference, gross: 0, commission, fee: 0 };
    settlement::api::note(tx, payout.merchant, payout.currency, line)?;
    Ok(())
}

fn post(
    tx: &mut Tx,
    kind: TransferKind,
    order: OrderId,
    cause: &str,
    legs: Vec<Leg>,
) -> Result<(), TransferError> {
    let id = ledger::api::natural_id(kind, cause);
    let transfer = Transfer { id, kind, order: Some(order), cause: cause.to_owned(), legs };
    match ledger::api::post(tx, &transfer) {
        Ok(_) => Ok(()),
        // The wallet was read a moment ago: somebody spent from it since, so look again.
        Err(TransferError::Insufficient) => Err(tx.give_up(DbError::Conflict).into()),
        Err(error) => Err(error),
    }
}

/// See [`crate::api::release`].
pub(crate) fn release(
    tx: &mut Tx,
    order: OrderId,
    merchant: MerchantId,
    currency: Currency,
) -> Result<i64, TransferError> {
    store::set_settled(tx, order)?;
    let released = store::release_frozen(tx, order)?;
    let mut sum = 0_i64;
    for (level, beneficiary, amount) in store::paid_from_escrow(tx, order)? {
        sum = sum.saturating_add(amount);
        if released > 0 && amount > 0 {
            let cause = format!("{order} level {level}");
            let payout = Payout { order, merchant, currency, source: Kind::Escrow, cause: &cause };
            pay(tx, &payout, level, beneficiary, amount)?;
        }
    }
    Ok(sum)
}

/// One refund.
pub(crate) struct Claw<'a> {
    pub(crate) order: OrderId,
    pub(crate) refund: RefundId,
    pub(crate) merchant: MerchantId,
    pub(crate) currency: Currency,
    pub(crate) lines: &'a [RefundedLine],
}

/// See [`crate::api::claw_back`].
pub(crate) fn claw_back(tx: &mut Tx, claw: &Claw<'_>) -> Result<(), TransferError> {
    if !store::claim_refund(tx, claw.refund, claw.order)? {
        return Ok(());
    }
    // By level and beneficiary: what was paid out and has to come back.
    let mut paid_back: BTreeMap<(i64, PersonId), i64> = BTreeMap::new();
    for row in store::commissions_of(tx, claw.order)? {
        let part = part_of(&row, claw.lines);
        if part == 0 || row.state == "cancelled" || row.state == "clawed_back" {
            continue;
        }
        if !store::claw(tx, &row, part)? {
            return Err(tx.give_up(DbError::Conflict).into());
        }
        if row.state == "released" {
            let sum = paid_back.entry((row.level, row.beneficiary)).or_default();
            *sum = sum.saturating_add(part);
        }
    }
    for ((level, beneficiary), amount) in paid_back {
        take_back(tx, claw, level, beneficiary, amount)?;
    }
    Ok(())
}

/// The share of a commission that a refund takes back: the difference of two cumulative amounts, so that the parts
/// of all refunds of a line sum to the whole, whatever their order.
fn part_of(row: &CommissionRow, lines: &[RefundedLine]) -> i64 {
    lines.iter().filter(|line| line.line == row.line).fold(0_i64, |sum, line| {
        let before = line.refunded_before;
        let after = before.saturating_add(line.refunded_now);
        let part = model::clawed_at(row.amount, line.net, after)
            .saturating_sub(model::clawed_at(row.amount, line.net, before));
        sum.saturating_add(part)
    })
}

fn take_back(
    tx: &mut Tx,
    claw: &Claw<'_>,
    level: i64,
    beneficiary: PersonId,
    amount: i64,
) -> Result<(), TransferError> {
    let currency = claw.currency;
    let wallet = Account::wallet(beneficiary, currency);
    let account = |owner, kind| Account::new(owner, kind, Asset::Money(currency));
    let from_wallet = ledger::api::balance(tx, &wallet)?.free().clamp(0, amount);
    let from_debt = amount.saturating_sub(from_wallet);
    let mut legs = vec![Leg::credit(account(Owner::Merchant(claw.merchant), Kind::Payable), amount)];
    if from_wallet > 0 {
        legs.push(Leg::debit(wallet, from_wallet));
    }
    if from_debt > 0 {
        store::owe(tx, beneficiary, currency, from_debt)?;
        legs.push(Leg::debit(account(Owner::Person(beneficiary), Kind::Debt), from_debt));
    }
    let cause = format!("{} level {level}", claw.refund);
    post(tx, TransferKind::CommissionReversal, claw.order, &cause, legs)?;
    settlement::api::income(tx, beneficiary, "commission", currency, amount.saturating_neg())?;
    let (order, merchant) = (claw.order, claw.merchant);
    let back = Payout { order, merchant, currency, source: Kind::Payable, cause: &cause };
    tell_statement(tx, &back, "commission_back", amount.saturating_neg())?;
    let (order, refund, amount) = (claw.order, claw.refund, Money::new(amount, currency));
    tx.publish(&CommissionClawedBack { order, refund, level, beneficiary, amount })?;
    Ok(())
}
