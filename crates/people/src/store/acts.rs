//! The log of acts.

use base::{ActId, MerchantId, PersonId, Timestamp};
use db::{DbError, Row, Rx, Tx, params};

/// An act about to be written down.
pub(crate) struct NewAct<'a> {
    pub(crate) id: ActId,
    pub(crate) merchant: Option<MerchantId>,
    pub(crate) actor: PersonId,
    pub(crate) action: &'a str,
    pub(crate) target: &'a str,
    pub(crate) detail: &'a str,
}

pub(crate) fn insert_act(tx: &mut Tx, act: &NewAct<'_>) -> Result<(), DbError> {
    let now = tx.now();
    tx.later(
        "INSERT INTO people_act (id, merchant, actor, action, target, detail, at)
         VALUES (:id, :merchant, :actor, :action, :target, :detail, :now)",
        params![
            "id" => act.id, "merchant" => act.merchant, "actor" => act.actor, "action" => act.action,
            "target" => act.target, "detail" => act.detail, "now" => now,
        ],
    )
}

/// An act as it was written down.
pub(crate) struct ActRow {
    pub(crate) id: ActId,
    pub(crate) merchant: Option<MerchantId>,
    pub(crate) actor: PersonId,
    pub(crate) actor_name: Option<String>,
    pub(crate) action: String,
    pub(crate) target: String,
    pub(crate) detail: String,
    pub(crate) at: Timestamp,
}

fn act(row: &Row<'_>) -> Result<ActRow, DbError> {
    Ok(ActRow {
        id: row.get(0)?,
        merchant: row.get(1)?,
        actor: row.get(2)?,
        actor_name: row.get(3)?,
        action: row.get(4)?,
        target: row.get(5)?,
        detail: row.get(6)?,
        at: row.get(7)?,
    })
}

/// Acts at one shop, newest first; ids rise with time.
pub(crate) fn list_acts(
    rx: &mut Rx,
    merchant: MerchantId,
    before: ActId,
    limit: i64,
) -> Result<Vec<ActRow>, DbError> {
    rx.list(
        "SELECT a.id, a.merchant, a.actor, p.name, a.action, a.target, a.detail, a.at
         FROM people_act a LEFT JOIN people_person p ON p.id = a.actor
         WHERE a.merchant = :merchant AND a.id < :before ORDER BY a.id DESC LIMIT :limit",
        params!["merchant" => merchant, "before" => before, "limit" => limit],
        act,
    )
}

/// All acts, newest first.
pub(crate) fn list_all_acts(rx: &mut Rx, before: ActId, limit: i64) -> Result<Vec<ActRow>, DbError> {
    rx.list(
        "SELECT a.id, a.merchant, a.actor, p.name, a.action, a.target, a.detail, a.at
         FROM people_act a LEFT JOIN people_person p ON p.id = a.actor
         WHERE a.id < :before ORDER BY a.id DESC LIMIT :limit",
        params!["before" => before, "limit" => limit],
        act,
    )
}

/// Acts done to one thing, newest first.
pub(crate) fn list_acts_on(
    rx: &mut Rx,
    target: &str,
    before: ActId,
    limit: i64,
) -> Result<Vec<ActRow>, DbError> {
    rx.list(
        "SELECT a.id, a.merchant, a.actor, p.name, a.action, a.target, a.detail, a.at
         FROM people_act a LEFT JOIN people_person p ON p.id = a.actor
         WHERE a.target = :target AND a.id < :before ORDER BY a.id DESC LIMIT :limit",
        params!["target" => target, "before" => before, "limit" => limit],
        act,
    )
}
