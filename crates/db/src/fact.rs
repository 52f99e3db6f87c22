//! Small facts about the store itself: the offset of its clock, whether it is a demo.

use crate::{DbError, Rx, Tx, params};

/// A fact; `None` when it was never written down.
///
/// # Errors
/// Whatever the store says.
pub fn fact(rx: &mut Rx, name: &str) -> Result<Option<i64>, DbError> {
    rx.opt("SELECT value FROM db_fact WHERE name = :name", params!["name" => name], |row| row.get(0))
}

/// Writes a fact down.
///
/// # Errors
/// Whatever the store says.
pub fn set_fact(tx: &mut Tx, name: &str, value: i64) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO db_fact (name, value) VALUES (:name, :value)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        params!["name" => name, "value" => value],
    )?;
    Ok(())
}
