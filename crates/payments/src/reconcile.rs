//! Bills and books, compared day by day.
//!
//! Each line of a provider's bill is dealt with once, whatever happens in between: the charge or refund it shows is
//! marked, or a difference is written down, in the transaction that adds the line to the day's sums. What a bill shows
//! otherwise than the books lies in the provider's parked account until somebody has found out why; nothing is booked
//! as if it were understood.

use base::{Currency, Id, PaymentId, RefundId};
use db::{DbError, Rx, Tx};
use ledger::api::{Account, Asset, Kind, Owner, Transfer, TransferError, TransferKind, post};
use work::{Failure, JobRow, Progress};

use crate::api::bank;
use crate::day::Day;
use crate::jobs::{Desk, look_again, look_back};
use crate::method::{self, Method, number};
use crate::provider::BillRow;
use crate::store::PaymentRow;
use crate::store::bills::{self, Booked, Difference};

/// The bill of a provider and day is fetched and compared.
pub(crate) const BILL: &str = "payments.bill";

/// Lines compared in one transaction.
const LINES: usize = 5;
/// Bills are there half past ten, at the latest.
const READY_S: i64 = 10 * 3_600 + 1_800;
/// How many days are caught up at a time.
const DAYS_MAX: i64 = 31;

/// Queues the bills of days that are over and were not compared yet.
pub(crate) fn queue(tx: &mut Tx, _: &str) -> Result<Progress, Failure> {
    let now = tx.now();
    let last_ready = Day::of(now.plus_seconds(-READY_S)).plus(-1);
    for provider in Method::PROVIDERS {
        if !bills::is_used(tx, provider)? {
            continue;
        }
        let last = bills::last_day(tx, provider)?.and_then(|day| Day::of_text(&day));
        let mut day = last.map_or(last_ready, |last| last.plus(1)).max(last_ready.plus(-DAYS_MAX));
        while day <= last_ready {
            work::enqueue(tx, BILL, &format!("{} {day}", provider.word()), "", now)?;
            day = day.plus(1);
        }
    }
    Ok(Progress::Done)
}

/// Fetches a bill and compares it with the books. A second time it does nothing.
pub(crate) fn reconcile(desk: &Desk, job: &JobRow) -> Result<(), Failure> {
    let (provider, day) = job.key.split_once(' ').ok_or_else(|| Failure::of("malformed key"))?;
    let method = Method::of_word(provider).ok_or_else(|| Failure::of("no such provider"))?;
    let day = Day::of_text(day).ok_or_else(|| Failure::of("malformed day"))?;
    let is_done = desk.db.read_blocking::<_, DbError, _>(move |rx| bills::is_done(rx, method, day))?;
    if is_done {
        return Ok(());
    }
    let Some(provider) = desk.providers.of(method) else {
        tracing::warn!(provider = method.word(), %day, "no bill: the provider is not set up any more");
        return Ok(());
    };
    if !provider.has_bill() {
        return Ok(());
    }
    let rows: Vec<BillRow> =
        Failure::check(provider.bill(day))?.into_iter().filter(|row| row.amount > 0).collect();
    let currency = rows.first().map_or(Currency::CNY, |row| row.currency);
    desk.db.write_blocking::<_, DbError, _>(move |tx| bills::add_line(tx, (method, day), currency, None))?;
    for lines in rows.chunks(LINES) {
        for row in lines {
            ask_first(desk, method, row)?;
        }
        let lines = lines.to_vec();
        desk.db.write_blocking(move |tx| {
            lines.iter().try_for_each(|row| Failure::check(compare(tx, (method, day), row)))
        })?;
    }
    desk.db.write_blocking::<_, DbError, _>(move |tx| bills::finish(tx, method, day))?;
    // A line may stand on the bill of the day after: what is on neither is missing.
    for missing in [day.plus(-1), day] {
        note_missing(desk, method, missing)?;
    }
    Ok(())
}

/// A notice may have been lost: before a line counts as a difference, the provider is asked.
fn ask_first(desk: &Desk, method: Method, row: &BillRow) -> Result<(), Failure> {
    let line = row.clone();
    let found = desk.db.read_blocking::<_, DbError, _>(move |rx| find(rx, method, &line))?;
    if found.is_none_or(|found| found.amount > 0) {
        return Ok(());
    }
    match (row.is_refund, method::payment_of(&row.number), method::refund_of(&row.number)) {
        (false, Some(id), _) => look_again(desk, id),
        (true, _, Some(id)) => look_back(desk, id),
        _ => Ok(()),
    }
}

fn find(rx: &mut Rx, provider: Method, row: &BillRow) -> Result<Option<Booked>, DbError> {
    match (row.is_refund, method::payment_of(&row.number), method::refund_of(&row.number)) {
        (false, Some(id), _) => bills::booked_charge(rx, provider, id),
        (true, _, Some(id)) => bills::booked_refund(rx, provider, id),
        _ => Ok(None),
    }
}

/// What is wrong with a line, and how much of it the books do not know; `None` when nothing is.
fn verdict(found: Option<&Booked>, row: &BillRow, day: &str) -> Option<(&'static str, i64)> {
    let Some(found) = found else { return Some(("missing_here", row.amount)) };
    match &found.billed {
        Some(before) if before != day => Some(("billed_twice", row.amount)),
        _ if found.currency != row.currency => Some(("currency", row.amount)),
        _ if found.amount == 0 && row.is_refund && found.wanted == row.amount => Some(("state", 0)),
        _ if found.amount == 0 && !row.is_refund => Some(("state", row.amount)),
        _ if found.amount == row.amount => None,
        _ => Some(("amount", row.amount.saturating_sub(found.wanted_or_amount(row.is_refund)))),
    }
}

impl Booked {
    /// What the books hold of it, now or as soon as it is done.
    fn wanted_or_amount(&self, is_refund: bool) -> i64 {
        if is_refund { self.wanted } else { self.amount }
    }
}

/// Deals with one line of a bill, once.
fn compare(tx: &mut Tx, (provider, day): (Method, Day), row: &BillRow) -> Result<(), TransferError> {
    let found = find(tx, provider, row)?;
    let text = day.to_string();
    // The first line marks what it shows; the same line again finds the mark and does nothing.
    let is_marked = match &found {
        Some(Booked { billed: None, currency, .. }) if *currency == row.currency => mark(tx, row, day)?,
        Some(Booked { billed: Some(before), .. }) if *before == text => return Ok(()),
        _ => false,
    };
    let Some((kind, unknown)) = verdict(found.as_ref(), row, &text) else {
        return if is_marked {
            Ok(bills::add_line(tx, (provider, day), row.currency, Some(row))?)
        } else {
            Ok(())
        };
    };
    let ours = found.as_ref().map_or(0, |found| found.amount);
    // What came is more with the provider, what went back is less.
    let parked = if row.is_refund { unknown.saturating_neg() } else { unknown };
    let difference = Difference { ours, theirs: row.amount, parked, ..blank(tx, provider, day, row, kind) };
    if differ(tx, provider, &difference)? {
        bills::add_line(tx, (provider, day), row.currency, Some(row))?;
    }
    Ok(())
}

fn mark(tx: &mut Tx, row: &BillRow, day: Day) -> Result<bool, DbError> {
    match (row.is_refund, method::payment_of(&row.number), method::refund_of(&row.number)) {
        (false, Some(id), _) => bills::bill_charge(tx, id, day),
        (true, _, Some(id)) => bills::bill_refund(tx, id, day),
        _ => Ok(false),
    }
}

fn blank(tx: &Tx, provider: Method, day: Day, row: &BillRow, kind: &str) -> Difference {
    Difference {
        provider: provider.word().to_owned(),
        day: day.to_string(),
        number: row.number.clone(),
        kind: kind.to_owned(),
        is_refund: row.is_refund,
        currency: row.currency,
        ours: 0,
        theirs: 0,
        parked: 0,
        found_at: tx.now(),
        handled_at: None,
        handled_by: None,
        note: None,
    }
}

fn parked(provider: Method, currency: Currency) -> Account {
    Account::new(Owner::Provider(provider.word()), Kind::Parked, Asset::Money(currency))
}

/// Writes a difference down and parks its money; `false` when it was written down before.
fn differ(tx: &mut Tx, provider: Method, difference: &Difference) -> Result<bool, TransferError> {
    if !bills::insert_difference(tx, difference)? {
        return Ok(false);
    }
    tracing::warn!(
        provider = difference.provider,
        day = difference.day,
        number = difference.number,
        kind = difference.kind,
        ours = difference.ours,
        theirs = difference.theirs,
        "a bill and the books differ"
    );
    move_parked(tx, provider, difference, TransferKind::Park, difference.parked)?;
    Ok(true)
}

fn move_parked(
    tx: &mut Tx,
    provider: Method,
    difference: &Difference,
    kind: TransferKind,
    amount: i64,
) -> Result<(), TransferError> {
    let (bank, parked) = (bank(provider, difference.currency), parked(provider, difference.currency));
    let (from, to) = if amount > 0 { (bank, parked) } else { (parked, bank) };
    if amount != 0 {
        let cause = format!("{} {} {}", difference.provider, difference.day, difference.number);
        post(tx, &Transfer::simple(kind, &cause, from, to, amount.saturating_abs()))?;
    }
    Ok(())
}

/// Money that a bill showed before anybody told of it has come: it is not parked any more.
pub(crate) fn unpark(tx: &mut Tx, payment: &PaymentRow, provider: Method) -> Result<(), TransferError> {
    let Some(day) = bills::billed_on(tx, payment.id)? else { return Ok(()) };
    let number = number(payment.id);
    let Some(difference) = bills::find_difference(tx, (provider.word(), &day, &number))? else {
        return Ok(());
    };
    if difference.kind == "state" && bills::unpark(tx, &difference)? {
        move_parked(tx, provider, &difference, TransferKind::Unpark, difference.parked.saturating_neg())?;
    }
    Ok(())
}

/// Writes down what the books have of a day and neither its bill nor the next one shows.
fn note_missing(desk: &Desk, provider: Method, day: Day) -> Result<(), Failure> {
    let both = move |rx: &mut Rx| {
        Ok::<_, DbError>(bills::is_done(rx, provider, day)? && bills::is_done(rx, provider, day.plus(1))?)
    };
    if !desk.db.read_blocking(both)? {
        return Ok(());
    }
    loop {
        let noted = desk.db.write_blocking(move |tx| Failure::check(note_some_missing(tx, provider, day)))?;
        if noted == 0 {
            return Ok(());
        }
    }
}

fn note_some_missing(tx: &mut Tx, provider: Method, day: Day) -> Result<usize, TransferError> {
    let span = (day.starts_at(), day.ends_at());
    let charges = bills::unbilled_charges(tx, provider, span)?;
    let refunds: Vec<(RefundId, i64, Currency)> =
        if charges.is_empty() { bills::unbilled_refunds(tx, provider, span)? } else { Vec::new() };
    let all = charges
        .into_iter()
        .map(|(id, amount, currency)| (id.bytes(), amount, currency, false))
        .chain(refunds.into_iter().map(|(id, amount, currency)| (id.bytes(), amount, currency, true)));
    let mut count = 0_usize;
    for (bytes, amount, currency, is_refund) in all {
        let row = BillRow { is_refund, number: number(PaymentId::from_bytes(bytes)), amount, currency };
        mark(tx, &row, day)?;
        let parked = if is_refund { amount } else { amount.saturating_neg() };
        let missing = Difference { ours: amount, parked, ..blank(tx, provider, day, &row, "missing_there") };
        differ(tx, provider, &missing)?;
        count = count.saturating_add(1);
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_line() {
        let found = |amount, billed: Option<&str>| Booked {
            amount,
            wanted: 100,
            currency: Currency::CNY,
            billed: billed.map(str::to_owned),
        };
        let row = |is_refund, amount| BillRow {
            is_refund,
            number: "n".to_owned(),
            amount,
            currency: Currency::CNY,
        };
        let day = "2026-11-22";
        assert_eq!(verdict(Some(&found(100, None)), &row(false, 100), day), None);
        assert_eq!(verdict(None, &row(false, 100), day), Some(("missing_here", 100)));
        assert_eq!(verdict(Some(&found(100, None)), &row(false, 90), day), Some(("amount", -10)));
        assert_eq!(verdict(Some(&found(0, None)), &row(false, 100), day), Some(("state", 100)));
        assert_eq!(verdict(Some(&found(0, None)), &row(true, 100), day), Some(("state", 0)));
        assert_eq!(verdict(Some(&found(0, None)), &row(true, 90), day), Some(("amount", -10)));
        let twice = verdict(Some(&found(100, Some("2026-11-21"))), &row(false, 100), day);
        assert_eq!(twice, Some(("billed_twice", 100)));
        let yen = BillRow { currency: "JPY".parse().unwrap(), ..row(false, 100) };
        assert_eq!(verdict(Some(&found(100, None)), &yen, day), Some(("currency", 100)));
    }
}
