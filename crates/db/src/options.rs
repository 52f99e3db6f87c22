//! What a store is opened with.

use std::path::PathBuf;
use std::sync::Arc;

use base::{Clock, Rng};

/// Closures with somebody who waits for them, unless the options say otherwise.
const WAITING_MAX: usize = 4_096;

/// Which engine runs underneath.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Embedded.
    Sqlite,
    /// PostgreSQL or what speaks its wire.
    Postgres,
}

/// Who waits for the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// A person.
    Interactive,
    /// A job, a subscriber, an import.
    Background,
}

/// The isolation level of writes on PostgreSQL. Commands are right under both; the tests run under both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// REPEATABLE READ: every statement sees the same state, and of two who change a row at once one runs again.
    /// The default; see `docs/adr/0005`.
    Snapshot,
    /// Every set of transactions is as if they had run one after the other, for many more that run again.
    Serializable,
    /// To prove that no command leans on more.
    ReadCommitted,
}

/// Where the store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A SQLite file; made when it is not there.
    File(PathBuf),
    /// A `postgres://` address.
    Postgres(String),
}

/// What opening a store takes.
pub struct DbOptions {
    /// Where it is.
    pub location: Location,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub rng: Arc<dyn Rng>,
    /// Isolation of writes on PostgreSQL.
    pub isolation: Isolation,
    /// Connections for writes, and as many halves for reads, on PostgreSQL.
    pub connections: usize,
    /// Requests that may wait for their transaction at a time; on PostgreSQL reads and writes each.
    pub waiting_max: usize,
    /// Where to write down every distinct statement; for the portability check.
    pub sql_log: Option<PathBuf>,
}

impl DbOptions {
    /// The usual options for a store at `location`.
    pub fn new(location: Location, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Self {
        Self {
            location,
            clock,
            rng,
            isolation: Isolation::Snapshot,
            connections: 8,
            waiting_max: WAITING_MAX,
            sql_log: None,
        }
    }
}
