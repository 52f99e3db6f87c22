//! The store: transaction closures over SQLite and PostgreSQL, one code path and one SQL text.
//!
//! `db.write(lane, |tx| command(tx, …)).await` runs a closure in a transaction and answers after the commit;
//! `db.read(|rx| …).await` runs one over a snapshot. A closure may run more than once, so it touches only the
//! transaction and what it captured. See `docs/adr/0001`.
#![warn(missing_docs)]

mod backup;
mod commits;
mod error;
mod fact;
mod freshness;
mod health;
mod lock;
mod migrate;
mod options;
mod outage;
mod outbox;
mod postgres_conn;
mod postgres_engine;
mod postgres_tools;
mod queue;
mod sql;
mod sql_log;
mod sqlite_engine;
mod store;
mod tx;
mod value;
mod work;

pub use backup::copy_sqlite;
pub use commits::purge_commits;
pub use error::DbError;
pub use fact::{fact, set_fact};
pub use freshness::{Mark, Tables};
pub use health::Refusals;
pub use migrate::{Migration, Migrations, STORE, StepStatus, migration_status};
pub use options::{DbOptions, Engine, Isolation, Lane, Location};
pub use outbox::{Event, StoredEvent, outbox_waiting};
pub use postgres_tools::{postgres_environment, postgres_forget_fact, postgres_is_empty};
pub use store::Db;
pub use tx::{Rx, Tx};
pub use value::{FromColumn, Param, Row, Value};
