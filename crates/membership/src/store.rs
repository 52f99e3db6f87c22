//! All SQL of membership.

use base::{MerchantId, OrderId, PersonId, Timestamp};
use db::{DbError, Row, Rx, Tx, params};

use crate::model::Tier;

/// A merchant's program as stored.
#[derive(Clone, Debug)]
pub(crate) struct ProgramRow {
    pub(crate) factor: i64,
    pub(crate) days: i64,
    pub(crate) tiers: Vec<Tier>,
    pub(crate) version: i64,
}

/// What a settled order is worth.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OrderRow {
    pub(crate) order: OrderId,
    pub(crate) merchant: MerchantId,
    pub(crate) person: PersonId,
    pub(crate) unit: i64,
    pub(crate) factor: i64,
    pub(crate) paid: i64,
    pub(crate) back: i64,
    pub(crate) growth: i64,
}

/// A line of the log.
pub(crate) struct GrowthRow {
    pub(crate) order: OrderId,
    pub(crate) cause: String,
    pub(crate) amount: i64,
    pub(crate) at: Timestamp,
}

fn bug(error: impl std::fmt::Display) -> DbError {
    DbError::Bug(error.to_string())
}

pub(crate) fn program(rx: &mut Rx, merchant: MerchantId) -> Result<Option<ProgramRow>, DbError> {
    rx.opt(
        "SELECT factor, days, tiers, version FROM membership_program WHERE merchant = :merchant",
        params!["merchant" => merchant],
        program_row,
    )
}

/// The first four columns as a program.
pub(crate) fn program_row(row: &Row<'_>) -> Result<ProgramRow, DbError> {
    let tiers: String = row.get(2)?;
    let tiers = serde_json::from_str(&tiers).map_err(bug)?;
    Ok(ProgramRow { factor: row.get(0)?, days: row.get(1)?, tiers, version: row.get(3)? })
}

/// Puts a program in the place of the one with the version; answers whether that was still there.
pub(crate) fn put_program(tx: &mut Tx, merchant: MerchantId, program: &ProgramRow) -> Result<bool, DbError> {
    let tiers = serde_json::to_string(&program.tiers).map_err(bug)?;
    let now = tx.now();
    let (factor, days) = (program.factor, program.days);
    let written = if program.version == 0 {
        tx.execute(
            "INSERT INTO membership_program (merchant, factor, days, tiers, version, updated_at)
             VALUES (:merchant, :factor, :days, :tiers, 1, :now) ON CONFLICT DO NOTHING",
            params!["merchant" => merchant, "factor" => factor, "days" => days, "tiers" => tiers, "now" => now],
        )?
    } else {
        tx.execute(
            "UPDATE membership_program SET factor = :factor, days = :days, tiers = :tiers,
                 version = version + 1, updated_at = :now
             WHERE merchant = :merchant AND version = :version",
            params![
                "merchant" => merchant, "factor" => factor, "days" => days, "tiers" => tiers, "now" => now,
                "version" => program.version,
            ],
        )?
    };
    Ok(written == 1)
}

/// What a person's orders since then are worth together.
pub(crate) fn growth_since(
    rx: &mut Rx,
    merchant: MerchantId,
    person: PersonId,
    since: Timestamp,
) -> Result<i64, DbError> {
    rx.one(
        "SELECT CAST(COALESCE(SUM(growth), 0) AS BIGINT) FROM membership_order
         WHERE merchant = :merchant AND person = :person AND earned_at > :since",
        params!["merchant" => merchant, "person" => person, "since" => since],
        |row| row.get(0),
    )
}

/// Answers whether the order was not there yet.
pub(crate) fn insert_order(tx: &mut Tx, row: &OrderRow) -> Result<bool, DbError> {
    let now = tx.now();
    let written = tx.execute(
        "INSERT INTO membership_order (order_id, merchant, person, unit, factor, paid, back, growth, earned_at)
         VALUES (:order, :merchant, :person, :unit, :factor, :paid, 0, :growth, :now) ON CONFLICT DO NOTHING",
        params![
            "order" => row.order, "merchant" => row.merchant, "person" => row.person, "unit" => row.unit,
            "factor" => row.factor, "paid" => row.paid, "growth" => row.growth, "now" => now,
        ],
    )?;
    Ok(written == 1)
}

pub(crate) fn order(rx: &mut Rx, order: OrderId) -> Result<Option<OrderRow>, DbError> {
    rx.opt(
        "SELECT order_id, merchant, person, unit, factor, paid, back, growth FROM membership_order
         WHERE order_id = :order",
        params!["order" => order],
        |row| {
            Ok(OrderRow {
                order: row.get(0)?,
                merchant: row.get(1)?,
                person: row.get(2)?,
                unit: row.get(3)?,
                factor: row.get(4)?,
                paid: row.get(5)?,
                back: row.get(6)?,
                growth: row.get(7)?,
            })
        },
    )
}

/// Writes what went back; answers whether the row was still as it was read.
pub(crate) fn update_order(tx: &mut Tx, before: &OrderRow, back: i64, growth: i64) -> Result<bool, DbError> {
    let written = tx.execute(
        "UPDATE membership_order SET back = :back, growth = :growth WHERE order_id = :order AND back = :before",
        params!["order" => before.order, "back" => back, "growth" => growth, "before" => before.back],
    )?;
    Ok(written == 1)
}

/// Answers whether this cause was not counted yet.
pub(crate) fn insert_growth(tx: &mut Tx, of: &OrderRow, cause: &str, amount: i64) -> Result<bool, DbError> {
    let now = tx.now();
    let written = tx.execute(
        "INSERT INTO membership_growth (order_id, cause, merchant, person, amount, at)
         VALUES (:order, :cause, :merchant, :person, :amount, :now) ON CONFLICT DO NOTHING",
        params![
            "order" => of.order, "cause" => cause, "merchant" => of.merchant, "person" => of.person,
            "amount" => amount, "now" => now,
        ],
    )?;
    Ok(written == 1)
}

/// The last changes of a person's growth, newest first.
pub(crate) fn log(
    rx: &mut Rx,
    merchant: MerchantId,
    person: PersonId,
    limit: i64,
) -> Result<Vec<GrowthRow>, DbError> {
    rx.list(
        "SELECT order_id, cause, amount, at FROM membership_growth
         WHERE merchant = :merchant AND person = :person ORDER BY at DESC, order_id DESC, cause LIMIT :limit",
        params!["merchant" => merchant, "person" => person, "limit" => limit],
        |row| Ok(GrowthRow { order: row.get(0)?, cause: row.get(1)?, amount: row.get(2)?, at: row.get(3)? }),
    )
}
