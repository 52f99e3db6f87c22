//! The outbox: events written in the transaction that made them true.

use serde::Serialize;

use crate::{DbError, Rx, Tx, params};

/// A fact that became true. Past tense, with ids and the numbers that mattered, no personal data beyond need.
pub trait Event: Serialize {
    /// The stable name, `module.fact`: `order.paid`.
    const KIND: &'static str;
    /// Raised when the payload's form changes.
    const VERSION: u32 = 1;
    /// What the event is about, as text; events of one aggregate are delivered in order.
    fn aggregate(&self) -> String;
}

/// An event read back from the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its id: what a subscriber records.
    pub id: base::EventId,
    /// What it is about.
    pub aggregate: String,
    /// Its place among the events of the aggregate; rises, with gaps.
    pub seq: i64,
    /// The stable name.
    pub kind: String,
    /// The payload's version.
    pub version: u32,
    /// The payload, JSON.
    pub payload: String,
    /// When it became true.
    pub at: base::Timestamp,
}

pub(crate) fn insert<E: Event>(tx: &mut Tx, event: &E) -> Result<(), DbError> {
    let payload = serde_json::to_string(event).map_err(|error| DbError::Bug(error.to_string()))?;
    let id: base::EventId = tx.new_id();
    let now = tx.now();
    // The place is the time, or one more than the last where the clock has not moved on. Two writers of one
    // aggregate at once collide on the primary key; whoever loses runs again.
    tx.later_new(
        "INSERT INTO db_outbox (aggregate, seq, id, kind, version, payload, at, published)
         SELECT :aggregate,
                CASE WHEN COALESCE(MAX(seq), 0) >= :now THEN COALESCE(MAX(seq), 0) + 1 ELSE :now END,
                :id, :kind, :version, :payload, :now, 0
         FROM db_outbox WHERE aggregate = :aggregate",
        params![
            "aggregate" => event.aggregate(),
            "now" => now,
            "id" => id,
            "kind" => E::KIND,
            "version" => E::VERSION,
            "payload" => payload,
        ],
    )
}

/// How many events wait for their subscribers.
///
/// # Errors
/// Whatever the engine says.
pub fn outbox_waiting(rx: &mut Rx) -> Result<i64, DbError> {
    rx.one("SELECT COUNT(*) FROM db_outbox WHERE published = 0", &[], |row| row.get(0))
}
