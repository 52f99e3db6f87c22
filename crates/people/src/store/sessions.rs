//! Sessions.

use base::{Id, PersonId, SessionId, Timestamp};
use db::{DbError, Rx, Tx, params};

use crate::model::Way;

/// A session about to be stored.
pub(crate) struct NewSession {
    pub(crate) token_hash: [u8; 32],
    pub(crate) id: SessionId,
    pub(crate) person: PersonId,
    pub(crate) way: Way,
    pub(crate) user_agent: String,
    pub(crate) expires_at: Timestamp,
    /// When the person proved who it is; a guest never does.
    pub(crate) stepped_up_at: Option<Timestamp>,
}

pub(crate) fn insert_session(tx: &mut Tx, session: &NewSession) -> Result<(), DbError> {
    let now = tx.now();
    tx.later(
        "INSERT INTO people_session (token_hash, id, person, way, user_agent, created_at, seen_at, expires_at,
             ended_at, stepped_up_at)
         VALUES (:hash, :id, :person, :way, :agent, :now, :now, :expires, NULL, :proven)",
        params![
            "hash" => session.token_hash, "id" => session.id, "person" => session.person,
            "way" => session.way.word(), "agent" => &session.user_agent, "now" => now,
            "expires" => session.expires_at, "proven" => session.stepped_up_at,
        ],
    )
}

/// Who a live session belongs to.
pub(crate) struct SessionPerson {
    pub(crate) session: SessionId,
    pub(crate) person: PersonId,
    pub(crate) state: String,
    pub(crate) is_operator: bool,
    pub(crate) seen_at: Timestamp,
    pub(crate) stepped_up_at: Option<Timestamp>,
}

pub(crate) fn find_live(rx: &mut Rx, token_hash: [u8; 32]) -> Result<Option<SessionPerson>, DbError> {
    let now = rx.now();
    rx.opt(
        "SELECT s.id, s.person, p.state, p.is_operator, s.seen_at, s.stepped_up_at
         FROM people_session s JOIN people_person p ON p.id = s.person
         WHERE s.token_hash = :hash AND s.ended_at IS NULL AND s.expires_at > :now",
        params!["hash" => token_hash, "now" => now],
        |row| {
            Ok(SessionPerson {
                session: row.get(0)?,
                person: row.get(1)?,
                state: row.get(2)?,
                is_operator: row.get(3)?,
                seen_at: row.get(4)?,
                stepped_up_at: row.get(5)?,
            })
        },
    )
}

/// A live session, for the list of devices.
pub(crate) struct SessionRow {
    pub(crate) id: SessionId,
    pub(crate) created_at: Timestamp,
    pub(crate) seen_at: Timestamp,
    pub(crate) user_agent: String,
}

/// Live sessions of a person, newest first, after the place `before`.
pub(crate) fn list_sessions(
    rx: &mut Rx,
    person: PersonId,
    before: (Timestamp, SessionId),
    limit: i64,
) -> Result<Vec<SessionRow>, DbError> {
    let now = rx.now();
    rx.list(
        "SELECT /* unchecked: ids are unique */ id, created_at, seen_at, user_agent FROM people_session
         WHERE person = :person AND ended_at IS NULL AND expires_at > :now
           AND (created_at < :created OR (created_at = :created AND id < :id))
         ORDER BY created_at DESC, id DESC LIMIT :limit",
        params!["person" => person, "now" => now, "created" => before.0, "id" => before.1, "limit" => limit],
        |row| {
            Ok(SessionRow {
                id: row.get(0)?,
                created_at: row.get(1)?,
                seen_at: row.get(2)?,
                user_agent: row.get(3)?,
            })
        },
    )
}

/// When and how a session began, and when it was last seen.
pub(crate) struct SessionStart {
    pub(crate) way: String,
    pub(crate) created_at: Timestamp,
    pub(crate) seen_at: Timestamp,
}

pub(crate) fn find_session(
    rx: &mut Rx,
    person: PersonId,
    id: SessionId,
) -> Result<Option<SessionStart>, DbError> {
    rx.opt(
        "SELECT /* bounded: ids are unique */ way, created_at, seen_at FROM people_session WHERE person = :person AND id = :id",
        params!["person" => person, "id" => id],
        |row| Ok(SessionStart { way: row.get(0)?, created_at: row.get(1)?, seen_at: row.get(2)? }),
    )
}

pub(crate) fn touch_session(
    tx: &mut Tx,
    person: PersonId,
    id: SessionId,
    expires_at: Timestamp,
) -> Result<(), DbError> {
    let now = tx.now();
    tx.later(
        "UPDATE people_session SET seen_at = :now, expires_at = :expires
         WHERE person = :person AND id = :id AND ended_at IS NULL AND expires_at > :now",
        params!["person" => person, "id" => id, "now" => now, "expires" => expires_at],
    )
}

/// Notes that the person proved in a session who it is.
pub(crate) fn step_up(tx: &mut Tx, person: PersonId, id: SessionId) -> Result<(), DbError> {
    let now = tx.now();
    tx.later(
        "UPDATE people_session SET stepped_up_at = :now WHERE person = :person AND id = :id AND ended_at IS NULL",
        params!["person" => person, "id" => id, "now" => now],
    )
}

/// Ends a session; one that has ended stays as it is.
pub(crate) fn end_session(tx: &mut Tx, person: PersonId, id: SessionId) -> Result<(), DbError> {
    let now = tx.now();
    tx.later(
        "UPDATE people_session SET ended_at = :now WHERE person = :person AND id = :id AND ended_at IS NULL",
        params!["person" => person, "id" => id, "now" => now],
    )
}

/// Ends all sessions of a person but one.
pub(crate) fn end_other_sessions(
    tx: &mut Tx,
    person: PersonId,
    kept: Option<SessionId>,
) -> Result<(), DbError> {
    let now = tx.now();
    let kept = kept.unwrap_or_else(|| SessionId::from_bytes([0; 16]));
    tx.later(
        "UPDATE people_session SET ended_at = :now WHERE person = :person AND id <> :kept AND ended_at IS NULL",
        params!["person" => person, "kept" => kept, "now" => now],
    )
}

/// Removes sessions that ended by themselves a while ago, `batch` at most; answers how many.
pub(crate) fn purge_sessions(tx: &mut Tx, batch: i64) -> Result<u64, DbError> {
    let old = tx.now().plus_seconds(-7 * 86_400);
    tx.execute(
        "DELETE FROM people_session WHERE token_hash IN (SELECT token_hash FROM people_session
         WHERE expires_at < :old ORDER BY expires_at, token_hash LIMIT :batch)",
        params!["old" => old, "batch" => batch],
    )
}
