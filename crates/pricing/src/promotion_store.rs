//! SQL of promotions: see `store.rs` for the rest.

use base::{MerchantId, OrderId, PersonId, PromotionId, Timestamp};
use db::{DbError, Row, Rx, Tx, Value, params};
use serde::{Deserialize, Serialize};

use crate::model::{Action, Needs, Promotion, Scope};

/// Most promotions of a merchant that are live at once.
pub(crate) const LIVE_MAX: i64 = 200;

/// What is kept as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rule {
    pub(crate) scope: Scope,
    pub(crate) needs: Needs,
    pub(crate) action: Action,
}

/// A promotion as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PromotionRow {
    pub(crate) id: PromotionId,
    pub(crate) merchant: MerchantId,
    pub(crate) title: String,
    pub(crate) rule: Rule,
    pub(crate) state: String,
    pub(crate) starts_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    pub(crate) budget: Option<i64>,
    pub(crate) uses_max: Option<i64>,
    pub(crate) per_person: Option<i64>,
    pub(crate) spent: i64,
    pub(crate) used: i64,
    pub(crate) version: i64,
}

impl PromotionRow {
    /// What the quote needs to know of it.
    pub(crate) fn promotion(self) -> Promotion {
        let Rule { scope, needs, action } = self.rule;
        let left = self.budget.map(|budget| budget.saturating_sub(self.spent));
        Promotion { id: self.id, title: self.title, scope, needs, action, left_minor: left }
    }

    fn has_limit(&self) -> bool {
        self.budget.is_some() || self.uses_max.is_some()
    }
}

const PROMOTION: &str =
    "SELECT id, merchant, title, rule, state, starts_at, ends_at, budget, uses_max, per_person,
    spent, used, version FROM pricing_promotion";

fn bug(error: impl std::fmt::Display) -> DbError {
    DbError::Bug(error.to_string())
}

fn promotion(row: &Row<'_>) -> Result<PromotionRow, DbError> {
    let rule: String = row.get(3)?;
    Ok(PromotionRow {
        id: row.get(0)?,
        merchant: row.get(1)?,
        title: row.get(2)?,
        rule: serde_json::from_str(&rule).map_err(bug)?,
        state: row.get(4)?,
        starts_at: row.get(5)?,
        ends_at: row.get(6)?,
        budget: row.get(7)?,
        uses_max: row.get(8)?,
        per_person: row.get(9)?,
        spent: row.get(10)?,
        used: row.get(11)?,
        version: row.get(12)?,
    })
}

pub(crate) fn find(rx: &mut Rx, id: PromotionId) -> Result<Option<PromotionRow>, DbError> {
    rx.opt(&format!("{PROMOTION} WHERE id = :id"), params!["id" => id], promotion)
}

/// A merchant's promotions, newest first, before an id.
pub(crate) fn list(
    rx: &mut Rx,
    merchant: MerchantId,
    before: PromotionId,
    limit: i64,
) -> Result<Vec<PromotionRow>, DbError> {
    rx.list(
        &format!("{PROMOTION} WHERE merchant = :merchant AND id < :before ORDER BY id DESC LIMIT :limit"),
        params!["merchant" => merchant, "before" => before, "limit" => limit],
        promotion,
    )
}

/// The promotions that a person may use at a moment: live, in their time, with uses left in all and for this person.
pub(crate) fn usable(
    rx: &mut Rx,
    merchant: MerchantId,
    person: PersonId,
    at: Timestamp,
) -> Result<Vec<PromotionRow>, DbError> {
    rx.list(
        &format!(
            "{PROMOTION} WHERE merchant = :merchant AND state = 'live' AND starts_at <= :now AND ends_at > :now
                 AND (uses_max IS NULL OR used < uses_max) AND (budget IS NULL OR spent < budget)
                 AND (per_person IS NULL OR per_person > COALESCE((SELECT q.used FROM pricing_promotion_person q
                     WHERE q.promotion = pricing_promotion.id AND q.person = :person), 0))
             ORDER BY id LIMIT :limit"
        ),
        params!["merchant" => merchant, "person" => person, "now" => at, "limit" => LIVE_MAX],
        promotion,
    )
}

pub(crate) fn insert(tx: &mut Tx, row: &PromotionRow) -> Result<(), DbError> {
    let now = tx.now();
    tx.later(
        "INSERT INTO pricing_promotion (id, merchant, title, rule, state, starts_at, ends_at, budget, uses_max,
             per_person, spent, used, version, created_at)
         VALUES (:id, :merchant, :title, :rule, :state, :starts, :ends, :budget, :uses, :per_person, 0, 0, 1, :now)",
        params![
            "id" => row.id, "merchant" => row.merchant, "title" => &row.title,
            "rule" => serde_json::to_string(&row.rule).map_err(bug)?, "state" => &row.state,
            "starts" => row.starts_at, "ends" => row.ends_at, "budget" => row.budget, "uses" => row.uses_max,
            "per_person" => row.per_person, "now" => now,
        ],
    )
}

/// Writes a promotion back as it was changed since it was read.
///
/// # Errors
/// [`DbError::Conflict`] when somebody else changed it meanwhile; the transaction runs again.
pub(crate) fn update(tx: &mut Tx, row: &PromotionRow) -> Result<(), DbError> {
    tx.later_one(
        "UPDATE pricing_promotion SET title = :title, rule = :rule, state = :state, starts_at = :starts,
             ends_at = :ends, budget = :budget, uses_max = :uses, per_person = :per_person, version = version + 1
         WHERE id = :id AND version = :version",
        params![
            "id" => row.id, "version" => row.version, "title" => &row.title,
            "rule" => serde_json::to_string(&row.rule).map_err(bug)?, "state" => &row.state,
            "starts" => row.starts_at, "ends" => row.ends_at, "budget" => row.budget, "uses" => row.uses_max,
            "per_person" => row.per_person,
        ],
    )
}

/// Counts a merchant's live promotions anew; `false` when that would be too many.
pub(crate) fn count_live(tx: &mut Tx, merchant: MerchantId, change: i64) -> Result<bool, DbError> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO pricing_rules (merchant, full_reductions, freight_base, freight_free_from, version, updated_at)
         VALUES (:merchant, '[]', 0, NULL, 1, :now) ON CONFLICT (merchant) DO NOTHING",
        params!["merchant" => merchant, "now" => now],
    )?;
    let changed = tx.execute(
        "UPDATE pricing_rules SET live = live + :change
         WHERE merchant = :merchant AND live + :change >= 0 AND live + :change <= :most",
        params!["merchant" => merchant, "change" => change, "most" => LIVE_MAX],
    )?;
    Ok(changed == 1)
}

/// Takes one use of a promotion for an order; `false` when there is none left for this person or at all.
pub(crate) fn take(
    tx: &mut Tx,
    row: &PromotionRow,
    (order, person): (OrderId, PersonId),
    off: i64,
) -> Result<bool, DbError> {
    if row.has_limit() {
        let taken = tx.execute(
            "UPDATE pricing_promotion SET spent = spent + :off, used = used + 1
             WHERE id = :id AND state = 'live' AND (budget IS NULL OR spent + :off <= budget)
                 AND (uses_max IS NULL OR used < uses_max)",
            params!["id" => row.id, "off" => off],
        )?;
        if taken == 0 {
            return Ok(false);
        }
    }
    if let Some(most) = row.per_person {
        tx.execute(
            "INSERT INTO pricing_promotion_person (promotion, person, used) VALUES (:promotion, :person, 0)
             ON CONFLICT (promotion, person) DO NOTHING",
            params!["promotion" => row.id, "person" => person],
        )?;
        let taken = tx.execute(
            "UPDATE pricing_promotion_person SET used = used + 1
             WHERE promotion = :promotion AND person = :person AND used < :most",
            params!["promotion" => row.id, "person" => person, "most" => most],
        )?;
        if taken == 0 {
            return Ok(false);
        }
    }
    let now = tx.now();
    tx.later(
        "INSERT INTO pricing_promotion_use (order_id, promotion, person, off, state, at)
         VALUES (:order, :promotion, :person, :off, 'taken', :now)",
        params!["order" => order, "promotion" => row.id, "person" => person, "off" => off, "now" => now],
    )?;
    Ok(true)
}

/// The uses of an order that were not given back.
pub(crate) fn taken(rx: &mut Rx, order: OrderId) -> Result<Vec<(PromotionId, PersonId, i64)>, DbError> {
    rx.list(
        "SELECT promotion, person, off FROM pricing_promotion_use WHERE order_id = :order AND state = 'taken'
         ORDER BY order_id, promotion LIMIT 500",
        params!["order" => order],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

/// Gives one use back; `false` when it was given back before.
pub(crate) fn release(
    tx: &mut Tx,
    order: OrderId,
    (promotion, person, off): (PromotionId, PersonId, i64),
) -> Result<bool, DbError> {
    let released = tx.execute(
        "UPDATE pricing_promotion_use SET state = 'released'
         WHERE order_id = :order AND promotion = :promotion AND state = 'taken'",
        params!["order" => order, "promotion" => promotion],
    )?;
    if released == 0 {
        return Ok(false);
    }
    // One whose limits were set after this use has not counted it.
    tx.execute(
        "UPDATE pricing_promotion SET spent = spent - :off, used = used - 1
         WHERE id = :id AND spent >= :off AND used > 0",
        params!["id" => promotion, "off" => off],
    )?;
    tx.execute(
        "UPDATE pricing_promotion_person SET used = used - 1
         WHERE promotion = :promotion AND person = :person AND used > 0",
        params!["promotion" => promotion, "person" => person],
    )?;
    Ok(true)
}

/// How often promotions were used and not given back, and what they took off.
pub(crate) fn totals(
    rx: &mut Rx,
    promotions: &[PromotionId],
) -> Result<Vec<(PromotionId, i64, i64)>, DbError> {
    let keys: Vec<Value> = promotions.iter().map(|promotion| Value::from(*promotion)).collect();
    rx.list_in(
        "SELECT promotion, COUNT(*), CAST(SUM(off) AS BIGINT) FROM pricing_promotion_use
         WHERE state = 'taken' AND promotion IN (:in) GROUP BY promotion ORDER BY promotion LIMIT 500",
        &keys,
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}
