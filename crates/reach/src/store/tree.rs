//! Who brought whom.

use base::{PersonId, Timestamp};
use db::{DbError, Rx, Tx, params};

use crate::store::AUDIT_PAGE;

/// A person's place in the forest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) parent: Option<PersonId>,
    pub(crate) is_fixed: bool,
    pub(crate) is_parent: bool,
}

pub(crate) fn find_node(rx: &mut Rx, person: PersonId) -> Result<Option<Node>, DbError> {
    rx.opt(
        "SELECT parent, is_fixed, is_parent FROM reach_parent WHERE child = :person",
        params!["person" => person],
        |row| Ok(Node { parent: row.get(0)?, is_fixed: row.get(1)?, is_parent: row.get(2)? }),
    )
}

/// Makes a person's place, a root without children, when there is none.
pub(crate) fn ensure_node(tx: &mut Tx, person: PersonId) -> Result<(), DbError> {
    tx.later(
        "INSERT INTO reach_parent (child, parent, bound_at, is_fixed, is_parent, version)
         VALUES (:person, NULL, NULL, 0, 0, 0) ON CONFLICT (child) DO NOTHING",
        params!["person" => person],
    )
}

/// Notes that somebody was brought by `person`.
pub(crate) fn mark_parent(tx: &mut Tx, person: PersonId) -> Result<(), DbError> {
    tx.later(
        "UPDATE reach_parent SET is_parent = 1 WHERE child = :person AND is_parent = 0",
        params!["person" => person],
    )
}

/// Binds a root that nobody was brought by; `false` when it is no longer one.
pub(crate) fn bind_leaf(tx: &mut Tx, child: PersonId, parent: PersonId) -> Result<bool, DbError> {
    let now: Timestamp = tx.now();
    let bound = tx.execute(
        "UPDATE reach_parent SET parent = :parent, bound_at = :now, version = version + 1
         WHERE child = :child AND parent IS NULL AND is_fixed = 0 AND is_parent = 0",
        params!["child" => child, "parent" => parent, "now" => now],
    )?;
    Ok(bound == 1)
}

/// Binds a root with children; `false` when it is no longer a root.
pub(crate) fn bind_root(tx: &mut Tx, child: PersonId, parent: PersonId) -> Result<bool, DbError> {
    let now: Timestamp = tx.now();
    let bound = tx.execute(
        "UPDATE reach_parent SET parent = :parent, bound_at = :now, version = version + 1
         WHERE child = :child AND parent IS NULL AND is_fixed = 0",
        params!["child" => child, "parent" => parent, "now" => now],
    )?;
    Ok(bound == 1)
}

/// Makes sure that `root` is one and stays one until this transaction ends; `false` when it is none.
pub(crate) fn guard_root(tx: &mut Tx, root: PersonId) -> Result<bool, DbError> {
    let guarded = tx.execute(
        "UPDATE reach_parent SET version = version + 1 WHERE child = :root AND parent IS NULL",
        params!["root" => root],
    )?;
    Ok(guarded == 1)
}

/// The person has paid for an order: the place in the forest is final.
pub(crate) fn fix(tx: &mut Tx, person: PersonId) -> Result<(), DbError> {
    tx.later(
        "INSERT INTO reach_parent AS p (child, parent, bound_at, is_fixed, is_parent, version)
         VALUES (:person, NULL, NULL, 1, 0, 0)
         ON CONFLICT (child) DO UPDATE SET is_fixed = excluded.is_fixed, version = p.version + 1",
        params!["person" => person],
    )
}

pub(crate) fn remove_node(tx: &mut Tx, person: PersonId) -> Result<(), DbError> {
    tx.later("DELETE FROM reach_parent WHERE child = :person AND is_parent = 0", params!["person" => person])
}

/// Children with their parents after `after`, for the audit.
pub(crate) fn page_of_tree(
    rx: &mut Rx,
    after: PersonId,
) -> Result<Vec<(PersonId, Option<PersonId>)>, DbError> {
    rx.list(
        "SELECT child, parent FROM reach_parent WHERE child > :after ORDER BY child LIMIT :limit",
        params!["after" => after, "limit" => AUDIT_PAGE],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}
