//! What happens later: subscribers of events, jobs, and timers that survive a restart.
//!
//! A subscriber sees each committed event at least once, in order per aggregate, and its effect happens once: it is
//! recorded in the same transaction. A job runs when its time has come; one that only touches the store is removed
//! in the very transaction that does its work.
#![warn(missing_docs)]

mod dispatch;
mod jobs;
mod keep;
mod tasks;
mod upkeep;
mod worker;

use db::{DbError, Migrations, StoredEvent, Tx};

pub use jobs::{Dead, JobRow, dead_jobs, enqueue, jobs_due, list_jobs, replay_job};
pub use keep::upkeep;
pub use tasks::Tasks;
pub use upkeep::{Progress, Upkeep};
pub use worker::{Worker, WorkerOptions};

/// This crate's tables.
pub const MIGRATIONS: Migrations = db::migrations!("work": 1 "work" "../migrations/0001_work.sql");

/// Why a subscriber or a job could not do its work this time. It is tried again later.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The store failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Anything else, in words.
    #[error("{0}")]
    Other(String),
}

impl Failure {
    /// A failure that reads like `error`.
    pub fn of(error: impl std::fmt::Display) -> Self {
        Self::Other(error.to_string())
    }

    /// A failure unless `result` is fine; a failed store stays one, so that the transaction is run again.
    ///
    /// # Errors
    /// What `result` says.
    pub fn check<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<T, Self> {
        result.map_err(Self::of)
    }
}

/// Reacts to events of some kinds.
#[derive(Clone, Copy)]
pub struct Subscriber {
    /// Stable: it is recorded with every event dealt with.
    pub name: &'static str,
    /// The kinds of events it wants.
    pub kinds: &'static [&'static str],
    /// Does the work, in a transaction of its own.
    pub handle: fn(&mut Tx, &StoredEvent) -> Result<(), Failure>,
}

/// How a kind of job is done.
#[derive(Clone)]
pub struct JobHandler {
    /// The kind.
    pub kind: &'static str,
    /// The work.
    pub run: JobRun,
}

/// What a job's work needs.
#[derive(Clone)]
pub enum JobRun {
    /// Only the store: it happens in the transaction that removes the job, so exactly once.
    Store(fn(&mut Tx, &JobRow) -> Result<(), Failure>),
    /// Something outside: it may happen more than once and must be safe to repeat.
    Outside(OutsideJob),
    /// Only the store, again and again: the next time is queued in the transaction that does the work.
    Upkeep(Upkeep),
}

/// A job that talks to something outside.
pub type OutsideJob = std::sync::Arc<
    dyn Fn(JobRow) -> std::pin::Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>> + Send + Sync,
>;
