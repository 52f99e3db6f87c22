//! Second factors and recovery codes.

use base::{PersonId, Timestamp};
use db::{DbError, Rx, Tx, params};

/// A person's second factor.
pub(crate) struct TotpRow {
    /// Encrypted.
    pub(crate) secret: Vec<u8>,
    pub(crate) confirmed_at: Option<Timestamp>,
}

pub(crate) fn find_totp(rx: &mut Rx, person: PersonId) -> Result<Option<TotpRow>, DbError> {
    rx.opt(
        "SELECT secret, confirmed_at FROM people_totp WHERE person = :person",
        params!["person" => person],
        |row| Ok(TotpRow { secret: row.get(0)?, confirmed_at: row.get(1)? }),
    )
}

/// Stores a secret that is yet to be confirmed, in the place of another such; `false` when one is confirmed.
pub(crate) fn put_totp(tx: &mut Tx, person: PersonId, secret: &[u8]) -> Result<bool, DbError> {
    let now = tx.now();
    let inserted = tx.execute(
        "INSERT INTO people_totp (person, secret, last_step, created_at, confirmed_at)
         VALUES (:person, :secret, 0, :now, NULL) ON CONFLICT (person) DO NOTHING",
        params!["person" => person, "secret" => secret, "now" => now],
    )?;
    if inserted == 1 {
        return Ok(true);
    }
    let changed = tx.execute(
        "UPDATE people_totp SET secret = :secret, created_at = :now WHERE person = :person AND confirmed_at IS NULL",
        params!["person" => person, "secret" => secret, "now" => now],
    )?;
    Ok(changed == 1)
}

/// Confirms the secret that was read as `secret`; `false` when it is another by now, or confirmed.
pub(crate) fn confirm_totp(tx: &mut Tx, person: PersonId, secret: &[u8], step: i64) -> Result<bool, DbError> {
    let now = tx.now();
    let changed = tx.execute(
        "UPDATE people_totp SET confirmed_at = :now, last_step = :step
         WHERE person = :person AND secret = :secret AND confirmed_at IS NULL",
        params!["person" => person, "secret" => secret, "step" => step, "now" => now],
    )?;
    Ok(changed == 1)
}

/// Takes the code of a step; `false` when it, or a later one, was taken already.
pub(crate) fn take_step(tx: &mut Tx, person: PersonId, step: i64) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE people_totp SET last_step = :step WHERE person = :person AND last_step < :step",
        params!["person" => person, "step" => step],
    )?;
    Ok(changed == 1)
}

/// Removes a second factor and its recovery codes; `false` when there is none.
pub(crate) fn delete_totp(tx: &mut Tx, person: PersonId) -> Result<bool, DbError> {
    tx.later("DELETE FROM people_recovery WHERE person = :person", params!["person" => person])?;
    let gone = tx.execute("DELETE FROM people_totp WHERE person = :person", params!["person" => person])?;
    Ok(gone == 1)
}

/// Puts new recovery codes in the place of the old.
pub(crate) fn put_recovery(tx: &mut Tx, person: PersonId, hashes: &[[u8; 32]]) -> Result<(), DbError> {
    tx.later("DELETE FROM people_recovery WHERE person = :person", params!["person" => person])?;
    for hash in hashes {
        tx.later(
            "INSERT INTO people_recovery (person, code_hash) VALUES (:person, :hash)",
            params!["person" => person, "hash" => *hash],
        )?;
    }
    Ok(())
}

/// Uses a recovery code up; `false` when there is no such, or no more.
pub(crate) fn take_recovery(tx: &mut Tx, person: PersonId, hash: [u8; 32]) -> Result<bool, DbError> {
    let gone = tx.execute(
        "DELETE FROM people_recovery WHERE person = :person AND code_hash = :hash",
        params!["person" => person, "hash" => hash],
    )?;
    Ok(gone == 1)
}

pub(crate) fn count_recovery(rx: &mut Rx, person: PersonId) -> Result<i64, DbError> {
    rx.one(
        "SELECT COUNT(*) FROM people_recovery WHERE person = :person",
        params!["person" => person],
        |row| row.get(0),
    )
}
