//! Sign-in codes, and how often something may be tried.

use base::Timestamp;
use db::{DbError, Rx, Tx, params};

use subtle::ConstantTimeEq;

use crate::model::{Phone, code_hash};

/// A number of times within a time.
#[derive(Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) scope: &'static str,
    pub(crate) max: i64,
    pub(crate) window_s: i64,
}

/// Counts one use; `Some` with the time at which it may be tried again when there is none left.
pub(crate) fn take(tx: &mut Tx, limit: Limit, key: &str) -> Result<Option<Timestamp>, DbError> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO people_limit (scope, key, started_at, used) VALUES (:scope, :key, :now, 0)
         ON CONFLICT (scope, key) DO NOTHING",
        params!["scope" => limit.scope, "key" => key, "now" => now],
    )?;
    let taken = tx.execute(
        "UPDATE people_limit SET used = CASE WHEN started_at <= :old THEN 1 ELSE used + 1 END,
             started_at = CASE WHEN started_at <= :old THEN CAST(:now AS BIGINT) ELSE started_at END
         WHERE scope = :scope AND key = :key AND (started_at <= :old OR used < :max)",
        params![
            "scope" => limit.scope, "key" => key, "now" => now, "old" => now.plus_seconds(-limit.window_s),
            "max" => limit.max,
        ],
    )?;
    if taken == 1 {
        return Ok(None);
    }
    let started: Timestamp = tx.one(
        "SELECT started_at FROM people_limit WHERE scope = :scope AND key = :key",
        params!["scope" => limit.scope, "key" => key],
        |row| row.get(0),
    )?;
    Ok(Some(started.plus_seconds(limit.window_s)))
}

/// Gives one use back.
pub(crate) fn give_back(tx: &mut Tx, limit: Limit, key: &str) -> Result<(), DbError> {
    tx.later(
        "UPDATE people_limit SET used = used - 1 WHERE scope = :scope AND key = :key AND used > 0",
        params!["scope" => limit.scope, "key" => key],
    )
}

/// A sign-in code about to be stored.
pub(crate) struct NewCode<'a> {
    pub(crate) phone: &'a Phone,
    pub(crate) salt: [u8; 32],
    pub(crate) code_hash: [u8; 32],
    pub(crate) tries: i64,
    pub(crate) demo_code: Option<&'a str>,
    /// The code, when somebody is to send it.
    pub(crate) to_send: Option<&'a str>,
    pub(crate) expires_at: Timestamp,
    /// A code sent after this is too young to be replaced.
    pub(crate) not_after: Timestamp,
}

/// Stores the number's one live code; `Some` with the time the last was sent at when that is too young.
pub(crate) fn put_code(tx: &mut Tx, code: &NewCode<'_>) -> Result<Option<Timestamp>, DbError> {
    let now = tx.now();
    let phone = code.phone.as_str();
    let inserted = tx.execute(
        "INSERT INTO people_code (phone, salt, code_hash, tries_left, demo_code, to_send, sent_at, expires_at)
         VALUES (:phone, :salt, :hash, :tries, :demo, :to_send, :now, :expires) ON CONFLICT (phone) DO NOTHING",
        params![
            "phone" => phone, "salt" => code.salt, "hash" => code.code_hash, "tries" => code.tries,
            "demo" => code.demo_code, "to_send" => code.to_send, "now" => now, "expires" => code.expires_at,
        ],
    )?;
    if inserted == 1 {
        return Ok(None);
    }
    let changed = tx.execute(
        "UPDATE people_code SET salt = :salt, code_hash = :hash, tries_left = :tries, demo_code = :demo,
             to_send = :to_send, sent_at = :now, expires_at = :expires
         WHERE phone = :phone AND sent_at <= :not_after",
        params![
            "phone" => phone, "salt" => code.salt, "hash" => code.code_hash, "tries" => code.tries,
            "demo" => code.demo_code, "to_send" => code.to_send, "now" => now, "expires" => code.expires_at,
            "not_after" => code.not_after,
        ],
    )?;
    if changed == 1 {
        return Ok(None);
    }
    let sent = "SELECT sent_at FROM people_code WHERE phone = :phone";
    tx.one(sent, params!["phone" => phone], |row| row.get(0)).map(Some)
}

/// What a code is checked against.
pub(crate) struct CodeSecret {
    pub(crate) salt: [u8; 32],
    pub(crate) code_hash: [u8; 32],
}

impl CodeSecret {
    /// Whether it was made of this code; takes as long whatever differs.
    pub(crate) fn is_of(&self, phone: &Phone, code: &str) -> bool {
        code_hash(&self.salt, phone, code).ct_eq(&self.code_hash).into()
    }
}

/// Uses one try of the number's live code; `None` when there is none.
pub(crate) fn try_code(tx: &mut Tx, phone: &Phone) -> Result<Option<CodeSecret>, DbError> {
    let now = tx.now();
    let used = tx.execute(
        "UPDATE people_code SET tries_left = tries_left - 1
         WHERE phone = :phone AND tries_left > 0 AND expires_at > :now",
        params!["phone" => phone.as_str(), "now" => now],
    )?;
    if used == 0 {
        return Ok(None);
    }
    tx.opt(
        "SELECT salt, code_hash FROM people_code WHERE phone = :phone",
        params!["phone" => phone.as_str()],
        |row| Ok(CodeSecret { salt: row.get(0)?, code_hash: row.get(1)? }),
    )
}

/// Makes the number's code worthless; the row stays, since it says when the last was sent.
pub(crate) fn spend_code(tx: &mut Tx, phone: &Phone) -> Result<(), DbError> {
    tx.later(
        "UPDATE people_code SET tries_left = 0, demo_code = NULL, to_send = NULL WHERE phone = :phone",
        params!["phone" => phone.as_str()],
    )
}

pub(crate) fn demo_code(rx: &mut Rx, phone: &Phone) -> Result<Option<String>, DbError> {
    let now = rx.now();
    let found: Option<Option<String>> = rx.opt(
        "SELECT demo_code FROM people_code WHERE phone = :phone AND tries_left > 0 AND expires_at > :now",
        params!["phone" => phone.as_str(), "now" => now],
        |row| row.get(0),
    )?;
    Ok(found.flatten())
}

/// A code that waits to be sent.
pub(crate) struct Unsent {
    pub(crate) code: String,
    pub(crate) code_hash: [u8; 32],
    pub(crate) expires_at: Timestamp,
}

pub(crate) fn unsent_code(rx: &mut Rx, phone: &Phone) -> Result<Option<Unsent>, DbError> {
    rx.opt(
        "SELECT to_send, code_hash, expires_at FROM people_code WHERE phone = :phone AND to_send IS NOT NULL",
        params!["phone" => phone.as_str()],
        |row| Ok(Unsent { code: row.get(0)?, code_hash: row.get(1)?, expires_at: row.get(2)? }),
    )
}

/// Takes the clear text of a code away; that of a newer one stays.
pub(crate) fn forget_unsent(tx: &mut Tx, phone: &Phone, code_hash: &[u8; 32]) -> Result<(), DbError> {
    tx.later(
        "UPDATE people_code SET to_send = NULL WHERE phone = :phone AND code_hash = :hash",
        params!["phone" => phone.as_str(), "hash" => *code_hash],
    )
}

/// Removes codes and counts that say nothing any more, `batch` of each at most; answers how many of the more.
pub(crate) fn purge_codes(tx: &mut Tx, batch: i64) -> Result<u64, DbError> {
    let old = tx.now().plus_seconds(-2 * 86_400);
    let codes = tx.execute(
        "DELETE FROM people_code WHERE phone IN (SELECT phone FROM people_code WHERE expires_at < :old
         ORDER BY expires_at, phone LIMIT :batch)",
        params!["old" => old, "batch" => batch],
    )?;
    let counts = tx.execute(
        "DELETE FROM people_limit WHERE (scope, key) IN (SELECT scope, key FROM people_limit
         WHERE started_at < :old ORDER BY started_at, scope, key LIMIT :batch)",
        params!["old" => old, "batch" => batch],
    )?;
    Ok(codes.max(counts))
}
