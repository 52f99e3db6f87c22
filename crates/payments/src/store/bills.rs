//! Bills that were compared with the books, and where they differ.

use base::{Currency, PaymentId, PersonId, RefundId, Timestamp};
use db::{DbError, Row, Rx, Tx, params};

use crate::day::Day;
use crate::method::Method;
use crate::provider::BillRow;

/// A bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bill {
    pub(crate) provider: String,
    pub(crate) day: String,
    pub(crate) currency: Currency,
    pub(crate) charged: i64,
    pub(crate) refunded: i64,
    pub(crate) lines: i64,
    pub(crate) done_at: Option<Timestamp>,
}

fn bill(row: &Row<'_>) -> Result<Bill, DbError> {
    Ok(Bill {
        provider: row.get(0)?,
        day: row.get(1)?,
        currency: row.get(2)?,
        charged: row.get(3)?,
        refunded: row.get(4)?,
        lines: row.get(5)?,
        done_at: row.get(6)?,
    })
}

/// Adds a line to a day's sums; without a line the day is just there.
pub(crate) fn add_line(
    tx: &mut Tx,
    (provider, day): (Method, Day),
    currency: Currency,
    row: Option<&BillRow>,
) -> Result<(), DbError> {
    let amount = |is_refund| row.filter(|row| row.is_refund == is_refund).map_or(0, |row| row.amount);
    tx.later(
        "INSERT INTO payments_bill (provider, day, currency, charged, refunded, lines, done_at)
         VALUES (:provider, :day, :currency, :charged, :refunded, :lines, NULL)
         ON CONFLICT (provider, day, currency) DO UPDATE SET charged = payments_bill.charged + excluded.charged,
             refunded = payments_bill.refunded + excluded.refunded, lines = payments_bill.lines + excluded.lines",
        params![
            "provider" => provider.word(), "day" => day.to_string(), "currency" => currency,
            "charged" => amount(false), "refunded" => amount(true), "lines" => i64::from(row.is_some()),
        ],
    )
}

/// Notes that every line of a day was compared.
pub(crate) fn finish(tx: &mut Tx, provider: Method, day: Day) -> Result<(), DbError> {
    let now = tx.now();
    tx.later(
        "UPDATE payments_bill SET done_at = :now WHERE provider = :provider AND day = :day AND done_at IS NULL",
        params!["provider" => provider.word(), "day" => day.to_string(), "now" => now],
    )
}

/// Whether every line of a day was compared.
pub(crate) fn is_done(rx: &mut Rx, provider: Method, day: Day) -> Result<bool, DbError> {
    let found: i64 = rx.one(
        "SELECT COUNT(*) FROM payments_bill WHERE provider = :provider AND day = :day AND done_at IS NOT NULL",
        params!["provider" => provider.word(), "day" => day.to_string()],
        |row| row.get(0),
    )?;
    Ok(found > 0)
}

/// The last day with a bill; `None` when there is none yet.
pub(crate) fn last_day(rx: &mut Rx, provider: Method) -> Result<Option<String>, DbError> {
    rx.opt(
        "SELECT day FROM payments_bill WHERE provider = :provider AND done_at IS NOT NULL
         ORDER BY provider DESC, day DESC, currency DESC LIMIT 1",
        params!["provider" => provider.word()],
        |row| row.get(0),
    )
}

/// Whether anything was ever paid through a provider.
pub(crate) fn is_used(rx: &mut Rx, provider: Method) -> Result<bool, DbError> {
    let found: Option<i64> = rx.opt(
        "SELECT 1 FROM payments_charge WHERE provider = :provider LIMIT 1 /* bounded: one, any */",
        params!["provider" => provider.word()],
        |row| row.get(0),
    )?;
    Ok(found.is_some())
}

/// Bills, newest day first.
pub(crate) fn list(
    rx: &mut Rx,
    (day, provider, currency): (&str, &str, &str),
    limit: i64,
) -> Result<Vec<Bill>, DbError> {
    rx.list(
        "SELECT provider, day, currency, charged, refunded, lines, done_at FROM payments_bill
         WHERE day < :day OR (day = :day AND (provider < :provider OR (provider = :provider AND currency < :currency)))
         ORDER BY day DESC, provider DESC, currency DESC LIMIT :limit",
        params!["day" => day, "provider" => provider, "currency" => currency, "limit" => limit],
        bill,
    )
}

/// A charge or refund, as a bill sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Booked {
    /// What came or went back; 0 when it has not.
    pub(crate) amount: i64,
    /// What it should be.
    pub(crate) wanted: i64,
    pub(crate) currency: Currency,
    /// The day of the bill that showed it.
    pub(crate) billed: Option<String>,
}

fn booked(row: &Row<'_>) -> Result<Booked, DbError> {
    Ok(Booked { amount: row.get(0)?, wanted: row.get(1)?, currency: row.get(2)?, billed: row.get(3)? })
}

pub(crate) fn booked_charge(rx: &mut Rx, provider: Method, id: PaymentId) -> Result<Option<Booked>, DbError> {
    rx.opt(
        "SELECT c.received, p.amount, p.currency, c.billed FROM payments_charge c
         JOIN payments_payment p ON p.id = c.payment WHERE c.payment = :id AND c.provider = :provider",
        params!["id" => id, "provider" => provider.word()],
        booked,
    )
}

pub(crate) fn booked_refund(rx: &mut Rx, provider: Method, id: RefundId) -> Result<Option<Booked>, DbError> {
    rx.opt(
        "SELECT CASE WHEN state = 'done' THEN amount ELSE 0 END, amount, currency, billed FROM payments_refund
         WHERE id = :id AND provider = :provider",
        params!["id" => id, "provider" => provider.word()],
        booked,
    )
}

/// Notes that a bill shows a charge; `false` when one did before.
pub(crate) fn bill_charge(tx: &mut Tx, id: PaymentId, day: Day) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE payments_charge SET billed = :day WHERE payment = :id AND billed IS NULL",
        params!["id" => id, "day" => day.to_string()],
    )?;
    Ok(changed == 1)
}

/// Notes that a bill shows a refund; `false` when one did before.
pub(crate) fn bill_refund(tx: &mut Tx, id: RefundId, day: Day) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE payments_refund SET billed = :day WHERE id = :id AND billed IS NULL",
        params!["id" => id, "day" => day.to_string()],
    )?;
    Ok(changed == 1)
}

/// What came through a provider between two times, by its clock, and is on no bill: ids and amounts.
pub(crate) fn unbilled_charges(
    rx: &mut Rx,
    provider: Method,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<(PaymentId, i64, Currency)>, DbError> {
    rx.list(
        "SELECT c.payment, c.received, p.currency FROM payments_charge c
         JOIN payments_payment p ON p.id = c.payment
         WHERE c.provider = :provider AND c.received_at >= :from AND c.received_at < :to AND c.billed IS NULL
           AND c.received > 0 ORDER BY c.received_at, c.payment LIMIT 5",
        params!["provider" => provider.word(), "from" => from, "to" => to],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

/// What went back through a provider between two times, and is on no bill: ids and amounts.
pub(crate) fn unbilled_refunds(
    rx: &mut Rx,
    provider: Method,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<(RefundId, i64, Currency)>, DbError> {
    rx.list(
        "SELECT id, amount, currency FROM payments_refund
         WHERE provider = :provider AND done_at >= :from AND done_at < :to AND billed IS NULL AND state = 'done'
         ORDER BY done_at, id LIMIT 5",
        params!["provider" => provider.word(), "from" => from, "to" => to],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

/// Where a bill and the books differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) provider: String,
    pub(crate) day: String,
    pub(crate) number: String,
    pub(crate) kind: String,
    pub(crate) is_refund: bool,
    pub(crate) currency: Currency,
    pub(crate) ours: i64,
    pub(crate) theirs: i64,
    pub(crate) parked: i64,
    pub(crate) found_at: Timestamp,
    pub(crate) handled_at: Option<Timestamp>,
    pub(crate) handled_by: Option<PersonId>,
    pub(crate) note: Option<String>,
}

const COLUMNS: &str = "provider, day, number, kind, is_refund, currency, ours, theirs, parked, found_at, handled_at, \
    handled_by, note";

fn difference(row: &Row<'_>) -> Result<Difference, DbError> {
    Ok(Difference {
        provider: row.get(0)?,
        day: row.get(1)?,
        number: row.get(2)?,
        kind: row.get(3)?,
        is_refund: row.get::<i64>(4)? != 0,
        currency: row.get(5)?,
        ours: row.get(6)?,
        theirs: row.get(7)?,
        parked: row.get(8)?,
        found_at: row.get(9)?,
        handled_at: row.get(10)?,
        handled_by: row.get(11)?,
        note: row.get(12)?,
    })
}

/// Writes a difference down; `false` when it was before.
pub(crate) fn insert_difference(tx: &mut Tx, row: &Difference) -> Result<bool, DbError> {
    let inserted = tx.execute(
        "INSERT INTO payments_difference
             (provider, day, number, kind, is_refund, currency, ours, theirs, parked, found_at)
         VALUES (:provider, :day, :number, :kind, :is_refund, :currency, :ours, :theirs, :parked, :found_at)
         ON CONFLICT (provider, day, number) DO NOTHING",
        params![
            "provider" => &row.provider, "day" => &row.day, "number" => &row.number, "kind" => &row.kind,
            "is_refund" => row.is_refund, "currency" => row.currency, "ours" => row.ours, "theirs" => row.theirs,
            "parked" => row.parked, "found_at" => row.found_at,
        ],
    )?;
    Ok(inserted == 1)
}

pub(crate) fn find_difference(
    rx: &mut Rx,
    (provider, day, number): (&str, &str, &str),
) -> Result<Option<Difference>, DbError> {
    rx.opt(
        &format!(
            "SELECT {COLUMNS} FROM payments_difference WHERE provider = :provider AND day = :day AND number = :number"
        ),
        params!["provider" => provider, "day" => day, "number" => number],
        difference,
    )
}

/// Notes that what was parked has come into the books by itself.
pub(crate) fn unpark(tx: &mut Tx, row: &Difference) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE payments_difference SET parked = 0 WHERE provider = :provider AND day = :day AND number = :number
         AND parked <> 0",
        params!["provider" => &row.provider, "day" => &row.day, "number" => &row.number],
    )?;
    Ok(changed == 1)
}

/// The day of the bill that showed a charge.
pub(crate) fn billed_on(rx: &mut Rx, id: PaymentId) -> Result<Option<String>, DbError> {
    let found: Option<Option<String>> =
        rx.opt("SELECT billed FROM payments_charge WHERE payment = :id", params!["id" => id], |row| {
            row.get(0)
        })?;
    Ok(found.flatten())
}

/// Notes that somebody has dealt with a difference; `false` when somebody had before.
pub(crate) fn handle(
    tx: &mut Tx,
    (provider, day, number): (&str, &str, &str),
    person: PersonId,
    note: &str,
) -> Result<bool, DbError> {
    let now = tx.now();
    let changed = tx.execute(
        "UPDATE payments_difference SET handled_at = :now, handled_by = :person, note = :note
         WHERE provider = :provider AND day = :day AND number = :number AND handled_at IS NULL",
        params![
            "provider" => provider, "day" => day, "number" => number, "now" => now, "person" => person,
            "note" => note,
        ],
    )?;
    Ok(changed == 1)
}

/// Differences, newest day first; those that wait for somebody, or all.
pub(crate) fn list_differences(
    rx: &mut Rx,
    is_open: bool,
    (day, provider, number): (&str, &str, &str),
    limit: i64,
) -> Result<Vec<Difference>, DbError> {
    rx.list(
        &format!(
            "SELECT {COLUMNS} FROM payments_difference
             WHERE (:open = 0 OR handled_at IS NULL) AND (day < :day OR (day = :day AND (provider < :provider
                 OR (provider = :provider AND number < :number))))
             ORDER BY day DESC, provider DESC, number DESC LIMIT :limit"
        ),
        params!["open" => is_open, "day" => day, "provider" => provider, "number" => number, "limit" => limit],
        difference,
    )
}
