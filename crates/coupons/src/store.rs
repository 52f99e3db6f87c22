//! All SQL of coupons.

use base::{CouponId, CouponTemplateId, MerchantId, OrderId, PersonId, Timestamp};
use db::{DbError, Row, Rx, Tx, Value, params};

use crate::model::{Limits, Rule};

/// A template as stored.
#[derive(Clone, Debug)]
pub(crate) struct TemplateRow {
    pub(crate) id: CouponTemplateId,
    pub(crate) merchant: MerchantId,
    pub(crate) title: String,
    pub(crate) rule: Rule,
    pub(crate) state: String,
    pub(crate) starts_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    pub(crate) limits: Limits,
    pub(crate) issued: i64,
    pub(crate) promised: i64,
}

/// A coupon as stored.
#[derive(Clone, Debug)]
pub(crate) struct CouponRow {
    pub(crate) id: CouponId,
    pub(crate) template: CouponTemplateId,
    pub(crate) merchant: MerchantId,
    pub(crate) person: PersonId,
    pub(crate) state: String,
    pub(crate) order: Option<OrderId>,
    pub(crate) code: Option<String>,
    pub(crate) grown: i64,
    pub(crate) days: i64,
    pub(crate) claimed_at: Timestamp,
    pub(crate) valid_to: Timestamp,
}

const TEMPLATE: &str =
    "SELECT id, merchant, title, rule, state, starts_at, ends_at, issue_max, worth_max, per_person,
    issued, promised FROM coupons_template";
const COUPON: &str =
    "SELECT id, template, merchant, person, state, order_id, code, grown, days, claimed_at, valid_to
    FROM coupons_coupon";

fn bug(error: impl std::fmt::Display) -> DbError {
    DbError::Bug(error.to_string())
}

fn template_row(row: &Row<'_>) -> Result<TemplateRow, DbError> {
    let rule: String = row.get(3)?;
    Ok(TemplateRow {
        id: row.get(0)?,
        merchant: row.get(1)?,
        title: row.get(2)?,
        rule: serde_json::from_str(&rule).map_err(bug)?,
        state: row.get(4)?,
        starts_at: row.get(5)?,
        ends_at: row.get(6)?,
        limits: Limits { issue_max: row.get(7)?, worth_max: row.get(8)?, per_person: row.get(9)? },
        issued: row.get(10)?,
        promised: row.get(11)?,
    })
}

fn coupon_row(row: &Row<'_>) -> Result<CouponRow, DbError> {
    Ok(CouponRow {
        id: row.get(0)?,
        template: row.get(1)?,
        merchant: row.get(2)?,
        person: row.get(3)?,
        state: row.get(4)?,
        order: row.get(5)?,
        code: row.get(6)?,
        grown: row.get(7)?,
        days: row.get(8)?,
        claimed_at: row.get(9)?,
        valid_to: row.get(10)?,
    })
}

pub(crate) fn insert_template(tx: &mut Tx, row: &TemplateRow) -> Result<(), DbError> {
    let now = tx.now();
    tx.later(
        "INSERT INTO coupons_template (id, merchant, title, rule, state, starts_at, ends_at, issue_max, worth_max,
             per_person, worth_each, issued, promised, created_at)
         VALUES (:id, :merchant, :title, :rule, :state, :starts, :ends, :issue_max, :worth_max, :per_person, :each,
             0, 0, :now)",
        params![
            "id" => row.id, "merchant" => row.merchant, "title" => &row.title,
            "rule" => serde_json::to_string(&row.rule).map_err(bug)?, "state" => &row.state,
            "starts" => row.starts_at, "ends" => row.ends_at, "issue_max" => row.limits.issue_max,
            "worth_max" => row.limits.worth_max, "per_person" => row.limits.per_person,
            "each" => row.rule.worth_each(), "now" => now,
        ],
    )
}

pub(crate) fn template(rx: &mut Rx, id: CouponTemplateId) -> Result<Option<TemplateRow>, DbError> {
    rx.opt(&format!("{TEMPLATE} WHERE id = :id"), params!["id" => id], template_row)
}

pub(crate) fn templates(rx: &mut Rx, ids: &[CouponTemplateId]) -> Result<Vec<TemplateRow>, DbError> {
    let keys: Vec<Value> = ids.iter().map(|id| Value::from(*id)).collect();
    rx.list_in(&format!("{TEMPLATE} WHERE id IN (:in) ORDER BY id LIMIT 500"), &keys, template_row)
}

/// A merchant's templates, newest first, before an id.
pub(crate) fn list_templates(
    rx: &mut Rx,
    merchant: MerchantId,
    before: CouponTemplateId,
    limit: i64,
) -> Result<Vec<TemplateRow>, DbError> {
    rx.list(
        &format!("{TEMPLATE} WHERE merchant = :merchant AND id < :before ORDER BY id DESC LIMIT :limit"),
        params!["merchant" => merchant, "before" => before, "limit" => limit],
        template_row,
    )
}

/// A merchant's templates that may be claimed at a moment, newest first.
pub(crate) fn offered(
    rx: &mut Rx,
    merchant: MerchantId,
    at: Timestamp,
    limit: i64,
) -> Result<Vec<TemplateRow>, DbError> {
    rx.list(
        &format!(
            "{TEMPLATE} WHERE merchant = :merchant AND state = 'live' AND starts_at <= :now AND ends_at > :now
                 AND (issue_max IS NULL OR issued < issue_max)
                 AND (worth_max IS NULL OR promised + worth_each <= worth_max)
             ORDER BY id DESC LIMIT :limit"
        ),
        params!["merchant" => merchant, "now" => at, "limit" => limit],
        template_row,
    )
}

/// Moves a template on; answers whether it was in the state it was read in.
pub(crate) fn set_state(tx: &mut Tx, row: &TemplateRow, to: &str) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE coupons_template SET state = :to WHERE id = :id AND state = :from",
        params!["id" => row.id, "from" => &row.state, "to" => to],
    )?;
    Ok(changed == 1)
}

/// How many coupons of templates are used, and what they took off.
pub(crate) fn used(
    rx: &mut Rx,
    templates: &[CouponTemplateId],
) -> Result<Vec<(CouponTemplateId, i64, i64)>, DbError> {
    let keys: Vec<Value> = templates.iter().map(|template| Value::from(*template)).collect();
    rx.list_in(
        "SELECT template, COUNT(*), CAST(SUM(off) AS BIGINT) FROM coupons_use
         WHERE state = 'used' AND template IN (:in) GROUP BY template ORDER BY template LIMIT 500",
        &keys,
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

/// How many of a template a person has claimed.
pub(crate) fn claimed(rx: &mut Rx, template: CouponTemplateId, person: PersonId) -> Result<i64, DbError> {
    let found = rx.opt(
        "SELECT claimed FROM coupons_person WHERE template = :template AND person = :person",
        params!["template" => template, "person" => person],
        |row| row.get(0),
    )?;
    Ok(found.unwrap_or(0))
}

/// Takes one of what a person may claim; `false` when there is none left.
pub(crate) fn take_of_person(tx: &mut Tx, row: &TemplateRow, person: PersonId) -> Result<bool, DbError> {
    tx.execute(
        "INSERT INTO coupons_person (template, person, claimed) VALUES (:template, :person, 0)
         ON CONFLICT (template, person) DO NOTHING",
        params!["template" => row.id, "person" => person],
    )?;
    let taken = tx.execute(
        "UPDATE coupons_person SET claimed = claimed + 1
         WHERE template = :template AND person = :person AND claimed < :most",
        params!["template" => row.id, "person" => person, "most" => row.limits.per_person],
    )?;
    Ok(taken == 1)
}

/// Undoes [`take_of_person`].
pub(crate) fn give_back_to_person(tx: &mut Tx, row: &TemplateRow, person: PersonId) -> Result<(), DbError> {
    tx.execute(
        "UPDATE coupons_person SET claimed = claimed - 1
         WHERE template = :template AND person = :person AND claimed > 0",
        params!["template" => row.id, "person" => person],
    )?;
    Ok(())
}

/// Takes one of what is issued; `false` when there is none left, or it is not offered.
pub(crate) fn take_of_issue(tx: &mut Tx, row: &TemplateRow) -> Result<bool, DbError> {
    let now = tx.now();
    let taken = tx.execute(
        "UPDATE coupons_template SET issued = issued + 1, promised = promised + worth_each
         WHERE id = :id AND state = 'live' AND starts_at <= :now AND ends_at > :now
             AND (issue_max IS NULL OR issued < issue_max)
             AND (worth_max IS NULL OR promised + worth_each <= worth_max)",
        params!["id" => row.id, "now" => now],
    )?;
    Ok(taken == 1)
}

pub(crate) fn insert_coupon(tx: &mut Tx, row: &CouponRow) -> Result<(), DbError> {
    tx.later(
        "INSERT INTO coupons_coupon (id, template, merchant, person, state, order_id, code, grown, days, claimed_at,
             valid_to)
         VALUES (:id, :template, :merchant, :person, 'usable', NULL, :code, 0, 0, :claimed, :valid_to)",
        params![
            "id" => row.id, "template" => row.template, "merchant" => row.merchant, "person" => row.person,
            "code" => row.code.clone(), "claimed" => row.claimed_at, "valid_to" => row.valid_to,
        ],
    )?;
    let Some(code) = &row.code else { return Ok(()) };
    tx.later_new(
        "INSERT INTO coupons_code (code, coupon) VALUES (:code, :coupon)",
        params!["code" => code, "coupon" => row.id],
    )
}

pub(crate) fn coupon(rx: &mut Rx, id: CouponId) -> Result<Option<CouponRow>, DbError> {
    rx.opt(&format!("{COUPON} WHERE id = :id"), params!["id" => id], coupon_row)
}

pub(crate) fn by_code(rx: &mut Rx, code: &str) -> Result<Option<CouponRow>, DbError> {
    let found: Option<CouponId> =
        rx.opt("SELECT coupon FROM coupons_code WHERE code = :code", params!["code" => code], |row| {
            row.get(0)
        })?;
    match found {
        None => Ok(None),
        Some(id) => coupon(rx, id),
    }
}

/// A person's coupons of a merchant that may be used at a moment, those that end first in front.
pub(crate) fn usable(
    rx: &mut Rx,
    person: PersonId,
    merchant: MerchantId,
    at: Timestamp,
    limit: i64,
) -> Result<Vec<CouponRow>, DbError> {
    rx.list(
        &format!(
            "{COUPON} WHERE person = :person AND merchant = :merchant AND state = 'usable' AND valid_to > :now
             ORDER BY valid_to, id LIMIT :limit"
        ),
        params!["person" => person, "merchant" => merchant, "now" => at, "limit" => limit],
        coupon_row,
    )
}

/// Which of a person's coupons are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    Usable,
    Used,
    Past,
}

/// A person's coupons, newest first, before an id.
pub(crate) fn of_person(
    rx: &mut Rx,
    person: PersonId,
    (which, at): (Which, Timestamp),
    before: CouponId,
    limit: i64,
) -> Result<Vec<CouponRow>, DbError> {
    let filter = match which {
        Which::Usable => "state = 'usable' AND valid_to > :now",
        Which::Used => "state = 'used' AND claimed_at <= :now",
        Which::Past => "state = 'usable' AND valid_to <= :now",
    };
    rx.list(
        &format!(
            "{COUPON} WHERE person = :person AND {filter} AND id < :before ORDER BY person DESC, id DESC LIMIT :limit"
        ),
        params!["person" => person, "now" => at, "before" => before, "limit" => limit],
        coupon_row,
    )
}

/// Answers whether this cause was not counted yet.
pub(crate) fn insert_growth(
    tx: &mut Tx,
    coupon: CouponId,
    cause: &str,
    amount: i64,
) -> Result<bool, DbError> {
    let now = tx.now();
    let written = tx.execute(
        "INSERT INTO coupons_growth (coupon, cause, amount, at) VALUES (:coupon, :cause, :amount, :now)
         ON CONFLICT (coupon, cause) DO NOTHING",
        params!["coupon" => coupon, "cause" => cause, "amount" => amount, "now" => now],
    )?;
    Ok(written == 1)
}

/// Lets a coupon grow; answers whether it was as it was read, and may still grow.
pub(crate) fn grow(tx: &mut Tx, row: &CouponRow, amount: i64, most: i64) -> Result<bool, DbError> {
    let now = tx.now();
    let grown = tx.execute(
        "UPDATE coupons_coupon SET grown = grown + :amount
         WHERE id = :id AND grown = :before AND grown + :amount <= :most AND state = 'usable' AND valid_to > :now",
        params!["id" => row.id, "before" => row.grown, "amount" => amount, "most" => most, "now" => now],
    )?;
    Ok(grown == 1)
}

/// The growth of a coupon, newest first.
pub(crate) fn growth(
    rx: &mut Rx,
    coupon: CouponId,
    limit: i64,
) -> Result<Vec<(String, i64, Timestamp)>, DbError> {
    rx.list(
        "SELECT cause, amount, at FROM coupons_growth WHERE coupon = :coupon ORDER BY at DESC, cause LIMIT :limit",
        params!["coupon" => coupon, "limit" => limit],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

/// Whether a cause has let a coupon grow.
pub(crate) fn has_grown_by(rx: &mut Rx, coupon: CouponId, cause: &str) -> Result<bool, DbError> {
    let found: Option<i64> = rx.opt(
        "SELECT amount FROM coupons_growth WHERE coupon = :coupon AND cause = :cause",
        params!["coupon" => coupon, "cause" => cause],
        |row| row.get(0),
    )?;
    Ok(found.is_some())
}

/// Takes a coupon for an order, with what days have added; `false` when it is not as it was read any more.
pub(crate) fn take(
    tx: &mut Tx,
    row: &CouponRow,
    order: OrderId,
    (days, added): (i64, i64),
) -> Result<bool, DbError> {
    let now = tx.now();
    let taken = tx.execute(
        "UPDATE coupons_coupon SET state = 'used', order_id = :order, grown = grown + :added, days = :days
         WHERE id = :id AND person = :person AND state = 'usable' AND valid_to > :now AND grown = :grown
             AND days = :written",
        params![
            "id" => row.id, "person" => row.person, "order" => order, "added" => added, "days" => days, "now" => now,
            "grown" => row.grown, "written" => row.days,
        ],
    )?;
    Ok(taken == 1)
}

pub(crate) fn insert_use(tx: &mut Tx, row: &CouponRow, order: OrderId, off: i64) -> Result<(), DbError> {
    let now = tx.now();
    tx.later(
        "INSERT INTO coupons_use (order_id, coupon, template, person, off, state, at)
         VALUES (:order, :coupon, :template, :person, :off, 'used', :now)",
        params![
            "order" => order, "coupon" => row.id, "template" => row.template, "person" => row.person, "off" => off,
            "now" => now,
        ],
    )
}

/// The coupon an order has taken and not given back.
pub(crate) fn taken(rx: &mut Rx, order: OrderId) -> Result<Option<CouponId>, DbError> {
    rx.opt(
        "SELECT coupon FROM coupons_use WHERE order_id = :order AND state = 'used'",
        params!["order" => order],
        |row| row.get(0),
    )
}

/// Gives an order's coupon back, once.
pub(crate) fn release(tx: &mut Tx, order: OrderId, coupon: CouponId) -> Result<(), DbError> {
    let released = tx.execute(
        "UPDATE coupons_use SET state = 'released' WHERE order_id = :order AND state = 'used'",
        params!["order" => order],
    )?;
    if released == 0 {
        return Ok(());
    }
    tx.execute(
        "UPDATE coupons_coupon SET state = 'usable', order_id = NULL WHERE id = :id AND order_id = :order",
        params!["id" => coupon, "order" => order],
    )?;
    Ok(())
}

/// Ends some of the links by which friends help a person; answers how many.
pub(crate) fn end_links(tx: &mut Tx, person: PersonId) -> Result<u64, DbError> {
    tx.execute(
        "DELETE FROM coupons_code WHERE coupon IN (SELECT id FROM coupons_coupon
             WHERE person = :person AND code IS NOT NULL ORDER BY id LIMIT 500)",
        params!["person" => person],
    )?;
    tx.execute(
        "UPDATE coupons_coupon SET code = NULL WHERE id IN (SELECT id FROM coupons_coupon
             WHERE person = :person AND code IS NOT NULL ORDER BY id LIMIT 500)",
        params!["person" => person],
    )
}
