//! All SQL of the settlement.

use base::{
    AccountId, Currency, MerchantId, OrderId, PayoutId, PersonId, StatementLineId, Timestamp, TransferId,
};
use db::{DbError, Row, Rx, Tx, Value, params};

use crate::model::PayoutState;

/// A version of a fee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FeeRow {
    pub(crate) merchant: MerchantId,
    pub(crate) version: i64,
    pub(crate) rate_bp: i64,
    pub(crate) from_at: Timestamp,
    pub(crate) set_at: Timestamp,
    pub(crate) note: String,
}

fn fee(row: &Row<'_>) -> Result<FeeRow, DbError> {
    Ok(FeeRow {
        merchant: row.get(0)?,
        version: row.get(1)?,
        rate_bp: row.get(2)?,
        from_at: row.get(3)?,
        set_at: row.get(4)?,
        note: row.get(5)?,
    })
}

/// Most versions of a merchant's fee that are read.
const FEES_MAX: i64 = 200;

/// The versions of these merchants' fees, newest first.
pub(crate) fn fees(rx: &mut Rx, merchants: &[MerchantId]) -> Result<Vec<FeeRow>, DbError> {
    let keys: Vec<Value> = merchants.iter().map(|merchant| Value::from(*merchant)).collect();
    let sql = format!(
        "SELECT merchant, version, rate_bp, from_at, set_at, note FROM settlement_fee WHERE merchant IN (:in)
         ORDER BY merchant, version DESC LIMIT {FEES_MAX}"
    );
    rx.list_in(&sql, &keys, fee)
}

/// Adds a version; `false` when somebody else added one meanwhile.
pub(crate) fn insert_fee(tx: &mut Tx, row: &FeeRow, by: PersonId) -> Result<bool, DbError> {
    let inserted = tx.execute(
        "INSERT INTO settlement_fee (merchant, version, rate_bp, from_at, set_by, set_at, note)
         VALUES (:merchant, :version, :rate, :from, :by, :now, :note) ON CONFLICT (merchant, version) DO NOTHING",
        params![
            "merchant" => row.merchant, "version" => row.version, "rate" => row.rate_bp, "from" => row.from_at,
            "by" => by, "now" => row.set_at, "note" => &row.note,
        ],
    )?;
    Ok(inserted == 1)
}

/// The fee of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SplitRow {
    pub(crate) line: i64,
    pub(crate) net: i64,
    pub(crate) rate_bp: i64,
    pub(crate) fee: i64,
    pub(crate) charged: i64,
    pub(crate) reversed: i64,
}

pub(crate) fn insert_splits(tx: &mut Tx, order: OrderId, splits: &[SplitRow]) -> Result<(), DbError> {
    let rows: Vec<Vec<Value>> = splits
        .iter()
        .map(|split| {
            vec![
                order.into(),
                split.line.into(),
                split.net.into(),
                split.rate_bp.into(),
                split.fee.into(),
                0_i64.into(),
                0_i64.into(),
            ]
        })
        .collect();
    tx.insert_later(
        "INSERT INTO settlement_split (order_id, line, net, rate_bp, fee, charged, reversed)",
        &rows,
        "",
    )
}

pub(crate) fn splits(rx: &mut Rx, order: OrderId) -> Result<Vec<SplitRow>, DbError> {
    rx.list(
        "SELECT line, net, rate_bp, fee, charged, reversed FROM settlement_split WHERE order_id = :order
         ORDER BY order_id, line LIMIT 200",
        params!["order" => order],
        |row| {
            Ok(SplitRow {
                line: row.get(0)?,
                net: row.get(1)?,
                rate_bp: row.get(2)?,
                fee: row.get(3)?,
                charged: row.get(4)?,
                reversed: row.get(5)?,
            })
        },
    )
}

/// Changes what was charged of a line and what went back of it.
///
/// # Errors
/// [`DbError::Conflict`] when somebody else did meanwhile; the transaction runs again.
pub(crate) fn update_split(
    tx: &mut Tx,
    order: OrderId,
    before: &SplitRow,
    (charged, reversed): (i64, i64),
) -> Result<(), DbError> {
    tx.later_one(
        "UPDATE settlement_split SET charged = :charged, reversed = :reversed
         WHERE order_id = :order AND line = :line AND charged = :old_charged AND reversed = :old_reversed",
        params![
            "order" => order, "line" => before.line, "charged" => charged, "reversed" => reversed,
            "old_charged" => before.charged, "old_reversed" => before.reversed,
        ],
    )
}

/// Makes whatever takes from what a merchant has earned come one after the other.
pub(crate) fn take_turn(tx: &mut Tx, merchant: MerchantId) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO settlement_turn AS t (merchant, turns, deposit_due) VALUES (:merchant, 1, 0)
         ON CONFLICT (merchant) DO UPDATE SET turns = t.turns + excluded.turns",
        params!["merchant" => merchant],
    )?;
    Ok(())
}

pub(crate) fn deposit_due(rx: &mut Rx, merchant: MerchantId) -> Result<i64, DbError> {
    let due = rx.opt(
        "SELECT deposit_due FROM settlement_turn WHERE merchant = :merchant",
        params!["merchant" => merchant],
        |row| row.get(0),
    )?;
    Ok(due.unwrap_or(0))
}

/// Sets the pledge that is asked for; the merchant's turn has been taken.
pub(crate) fn set_deposit_due(tx: &mut Tx, merchant: MerchantId, due: i64) -> Result<(), DbError> {
    tx.later_one(
        "UPDATE settlement_turn SET deposit_due = :due WHERE merchant = :merchant",
        params!["merchant" => merchant, "due" => due],
    )
}

/// One line of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LineRow {
    pub(crate) id: StatementLineId,
    pub(crate) merchant: MerchantId,
    pub(crate) at: Timestamp,
    pub(crate) kind: String,
    pub(crate) order: Option<OrderId>,
    pub(crate) reference: String,
    pub(crate) gross: i64,
    pub(crate) commission: i64,
    pub(crate) fee: i64,
    pub(crate) net: i64,
    pub(crate) currency: Currency,
}

pub(crate) fn insert_line(tx: &mut Tx, row: &LineRow) -> Result<(), DbError> {
    tx.later(
        "INSERT INTO settlement_line (id, merchant, at, kind, order_id, reference, gross, commission, fee, net,
             currency)
         VALUES (:id, :merchant, :at, :kind, :order, :reference, :gross, :commission, :fee, :net, :currency)",
        params![
            "id" => row.id, "merchant" => row.merchant, "at" => row.at, "kind" => &row.kind, "order" => row.order,
            "reference" => &row.reference, "gross" => row.gross, "commission" => row.commission,
            "fee" => row.fee, "net" => row.net, "currency" => row.currency,
        ],
    )
}

/// A merchant's lines in a span of time, before an id, newest first; ids rise with time.
pub(crate) fn list_lines(
    rx: &mut Rx,
    merchant: MerchantId,
    (from, to): (Timestamp, Timestamp),
    before: StatementLineId,
    limit: i64,
) -> Result<Vec<LineRow>, DbError> {
    rx.list(
        "SELECT id, merchant, at, kind, order_id, reference, gross, commission, fee, net, currency
         FROM settlement_line WHERE merchant = :merchant AND id < :before AND at >= :from AND at < :to
         ORDER BY merchant DESC, id DESC LIMIT :limit",
        params!["merchant" => merchant, "before" => before, "from" => from, "to" => to, "limit" => limit],
        |row| {
            Ok(LineRow {
                id: row.get(0)?,
                merchant: row.get(1)?,
                at: row.get(2)?,
                kind: row.get(3)?,
                order: row.get(4)?,
                reference: row.get(5)?,
                gross: row.get(6)?,
                commission: row.get(7)?,
                fee: row.get(8)?,
                net: row.get(9)?,
                currency: row.get(10)?,
            })
        },
    )
}

/// What a merchant had earned in all before a moment.
pub(crate) fn sum_before(rx: &mut Rx, merchant: MerchantId, at: Timestamp) -> Result<i64, DbError> {
    rx.one(
        "SELECT CAST(COALESCE(SUM(net), 0) AS BIGINT) FROM settlement_line WHERE merchant = :merchant AND at < :at",
        params!["merchant" => merchant, "at" => at],
        |row| row.get(0),
    )
}

/// Sums of gross, commission, fee and net in a span of time.
pub(crate) fn sums(
    rx: &mut Rx,
    merchant: MerchantId,
    (from, to): (Timestamp, Timestamp),
) -> Result<[i64; 4], DbError> {
    rx.one(
        "SELECT CAST(COALESCE(SUM(gross), 0) AS BIGINT), CAST(COALESCE(SUM(commission), 0) AS BIGINT),
                CAST(COALESCE(SUM(fee), 0) AS BIGINT), CAST(COALESCE(SUM(net), 0) AS BIGINT)
         FROM settlement_line WHERE merchant = :merchant AND at >= :from AND at < :to",
        params!["merchant" => merchant, "from" => from, "to" => to],
        |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]),
    )
}

/// A payout as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PayoutRow {
    pub(crate) id: PayoutId,
    pub(crate) merchant: MerchantId,
    pub(crate) account: AccountId,
    pub(crate) transfer: TransferId,
    pub(crate) amount: i64,
    pub(crate) currency: Currency,
    pub(crate) state: PayoutState,
    pub(crate) destination: String,
    pub(crate) requested_by: PersonId,
    pub(crate) decided_by: Option<PersonId>,
    pub(crate) reference: Option<String>,
    pub(crate) requested_at: Timestamp,
    pub(crate) decided_at: Option<Timestamp>,
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) version: i64,
}

const PAYOUT: &str =
    "SELECT id, merchant, account, transfer, amount, currency, state, destination, requested_by,
    decided_by, reference, requested_at, decided_at, ended_at, version FROM settlement_payout";

fn payout(row: &Row<'_>) -> Result<PayoutRow, DbError> {
    let state: String = row.get(6)?;
    Ok(PayoutRow {
        id: row.get(0)?,
        merchant: row.get(1)?,
        account: row.get(2)?,
        transfer: row.get(3)?,
        amount: row.get(4)?,
        currency: row.get(5)?,
        state: PayoutState::of(&state).ok_or_else(|| DbError::Bug(format!("payout state {state}")))?,
        destination: row.get(7)?,
        requested_by: row.get(8)?,
        decided_by: row.get(9)?,
        reference: row.get(10)?,
        requested_at: row.get(11)?,
        decided_at: row.get(12)?,
        ended_at: row.get(13)?,
        version: row.get(14)?,
    })
}

pub(crate) fn find_payout(rx: &mut Rx, id: PayoutId) -> Result<Option<PayoutRow>, DbError> {
    rx.opt(&format!("{PAYOUT} WHERE id = :id"), params!["id" => id], payout)
}

pub(crate) fn list_payouts(
    rx: &mut Rx,
    merchant: MerchantId,
    before: PayoutId,
    limit: i64,
) -> Result<Vec<PayoutRow>, DbError> {
    rx.list(
        &format!("{PAYOUT} WHERE merchant = :merchant AND id < :before ORDER BY merchant DESC, id DESC LIMIT :limit"),
        params!["merchant" => merchant, "before" => before, "limit" => limit],
        payout,
    )
}

pub(crate) fn list_payouts_in(
    rx: &mut Rx,
    state: PayoutState,
    before: PayoutId,
    limit: i64,
) -> Result<Vec<PayoutRow>, DbError> {
    rx.list(
        &format!("{PAYOUT} WHERE state = :state AND id < :before ORDER BY state DESC, id DESC LIMIT :limit"),
        params!["state" => state.word(), "before" => before, "limit" => limit],
        payout,
    )
}

pub(crate) fn insert_payout(tx: &mut Tx, row: &PayoutRow) -> Result<(), DbError> {
    tx.later(
        "INSERT INTO settlement_payout (id, merchant, account, transfer, amount, currency, state, destination,
             requested_by, requested_at, version)
         VALUES (:id, :merchant, :account, :transfer, :amount, :currency, :state, :destination, :by, :at, 1)",
        params![
            "id" => row.id, "merchant" => row.merchant, "account" => row.account, "transfer" => row.transfer,
            "amount" => row.amount, "currency" => row.currency, "state" => row.state.word(),
            "destination" => &row.destination, "by" => row.requested_by, "at" => row.requested_at,
        ],
    )
}

/// Writes a payout back as it was changed since it was read.
///
/// # Errors
/// [`DbError::Conflict`] when somebody else changed it meanwhile; the transaction runs again.
pub(crate) fn update_payout(tx: &mut Tx, row: &PayoutRow) -> Result<(), DbError> {
    tx.later_one(
        "UPDATE settlement_payout SET state = :state, transfer = :transfer, decided_by = :by, decided_at = :decided,
             reference = :reference, ended_at = :ended, version = version + 1
         WHERE id = :id AND version = :version",
        params![
            "id" => row.id, "version" => row.version, "state" => row.state.word(), "transfer" => row.transfer,
            "by" => row.decided_by, "decided" => row.decided_at, "reference" => row.reference.clone(),
            "ended" => row.ended_at,
        ],
    )
}

/// What a person earned of one kind in one quarter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IncomeRow {
    pub(crate) person: PersonId,
    pub(crate) quarter: i64,
    pub(crate) kind: String,
    pub(crate) currency: Currency,
    pub(crate) paid: i64,
    pub(crate) taken_back: i64,
    pub(crate) payments: i64,
}

/// Adds to what a person earned.
pub(crate) fn add_income(tx: &mut Tx, row: &IncomeRow) -> Result<(), DbError> {
    tx.later(
        "INSERT INTO settlement_income AS i (person, quarter, kind, currency, paid, taken_back, payments)
         VALUES (:person, :quarter, :kind, :currency, :paid, :back, :payments)
         ON CONFLICT (person, quarter, kind, currency) DO UPDATE SET paid = i.paid + excluded.paid,
             taken_back = i.taken_back + excluded.taken_back, payments = i.payments + excluded.payments",
        params![
            "person" => row.person, "quarter" => row.quarter, "kind" => &row.kind, "currency" => row.currency,
            "paid" => row.paid, "back" => row.taken_back, "payments" => row.payments,
        ],
    )
}

fn income(row: &Row<'_>) -> Result<IncomeRow, DbError> {
    Ok(IncomeRow {
        person: row.get(0)?,
        quarter: row.get(1)?,
        kind: row.get(2)?,
        currency: row.get(3)?,
        paid: row.get(4)?,
        taken_back: row.get(5)?,
        payments: row.get(6)?,
    })
}

/// What people earned in a quarter, after a person, by their ids.
pub(crate) fn list_income(
    rx: &mut Rx,
    quarter: i64,
    after: PersonId,
    limit: i64,
) -> Result<Vec<IncomeRow>, DbError> {
    rx.list(
        "SELECT person, quarter, kind, currency, paid, taken_back, payments FROM settlement_income
         WHERE quarter = :quarter AND person > :after ORDER BY quarter, person, kind, currency LIMIT :limit",
        params!["quarter" => quarter, "after" => after, "limit" => limit],
        income,
    )
}

/// What a person earned, newest quarter first.
pub(crate) fn income_of(rx: &mut Rx, person: PersonId) -> Result<Vec<IncomeRow>, DbError> {
    rx.list(
        "SELECT person, quarter, kind, currency, paid, taken_back, payments FROM settlement_income
         WHERE person = :person ORDER BY person DESC, quarter DESC, kind DESC, currency DESC LIMIT 100",
        params!["person" => person],
        income,
    )
}
