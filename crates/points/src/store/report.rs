//! What a shop has promised, and what became of it.

use base::{MerchantId, PersonId};
use db::{DbError, Rx, params};

/// What happened in a month, by kind.
#[derive(Clone, Debug)]
pub(crate) struct MonthRow {
    pub(crate) month: i64,
    pub(crate) kind: String,
    /// What the shop has promised more.
    pub(crate) change: i64,
}

/// One person's points with one shop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeldRow {
    pub(crate) merchant: MerchantId,
    pub(crate) balance: i64,
}

/// What is in lots, by the last month in which it counts.
pub(crate) fn by_expiry(rx: &mut Rx, merchant: MerchantId, limit: i64) -> Result<Vec<(i64, i64)>, DbError> {
    rx.list(
        "SELECT expires_month, CAST(SUM(remaining) AS BIGINT) FROM points_lot
         WHERE merchant = :merchant AND remaining > 0 GROUP BY expires_month ORDER BY expires_month LIMIT :limit",
        params!["merchant" => merchant, "limit" => limit],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// What was taken back and had been spent already, of all people together.
pub(crate) fn owed(rx: &mut Rx, merchant: MerchantId) -> Result<i64, DbError> {
    rx.one(
        "SELECT CAST(COALESCE(SUM(owed), 0) AS BIGINT) FROM points_purse WHERE merchant = :merchant",
        params!["merchant" => merchant],
        |row| row.get(0),
    )
}

/// Changes from a month on, by month and kind; the last months in front.
pub(crate) fn by_month(
    rx: &mut Rx,
    merchant: MerchantId,
    from: i64,
    limit: i64,
) -> Result<Vec<MonthRow>, DbError> {
    rx.list(
        "SELECT month, kind, CAST(SUM(amount - owed) AS BIGINT) FROM points_log
         WHERE merchant = :merchant AND month >= :from
         GROUP BY month, kind ORDER BY month DESC, kind LIMIT :limit",
        params!["merchant" => merchant, "from" => from, "limit" => limit],
        |row| Ok(MonthRow { month: row.get(0)?, kind: row.get(1)?, change: row.get(2)? }),
    )
}

/// The shops with which a person has had points, after one of them.
pub(crate) fn of_person(
    rx: &mut Rx,
    person: PersonId,
    (after, at): (MerchantId, base::Timestamp),
    limit: i64,
) -> Result<Vec<HeldRow>, DbError> {
    rx.list(
        "SELECT p.merchant, (SELECT CAST(COALESCE(SUM(l.remaining), 0) AS BIGINT) FROM points_lot l
             WHERE l.merchant = p.merchant AND l.person = p.person AND l.remaining > 0 AND l.expires_at > :at)
         FROM points_purse p WHERE p.person = :person AND p.merchant > :after ORDER BY p.merchant LIMIT :limit",
        params!["person" => person, "after" => after, "at" => at, "limit" => limit],
        |row| Ok(HeldRow { merchant: row.get(0)?, balance: row.get(1)? }),
    )
}

/// What a person has with a shop, by when it ends, the nearest in front.
pub(crate) fn ends(
    rx: &mut Rx,
    holder: super::Holder,
    at: base::Timestamp,
    limit: i64,
) -> Result<Vec<(base::Timestamp, i64)>, DbError> {
    rx.list(
        "SELECT expires_at, CAST(SUM(remaining) AS BIGINT) FROM points_lot
         WHERE merchant = :merchant AND person = :person AND remaining > 0 AND expires_at > :at
         GROUP BY expires_at ORDER BY expires_at LIMIT :limit",
        params!["merchant" => holder.merchant, "person" => holder.person, "at" => at, "limit" => limit],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}
