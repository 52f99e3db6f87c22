//! The loops that deliver events and run due jobs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use db::{Db, DbError, Engine, Lane};
use tokio::sync::watch;

use crate::{JobHandler, Subscriber, dispatch, jobs, upkeep};

/// Jobs taken in one round.
const JOBS_MAX: i64 = 128;
/// Wait when there is nothing to do. The look costs one index read in process, a round trip on PostgreSQL.
const IDLE_SQLITE: Duration = Duration::from_millis(15);
const IDLE_POSTGRES: Duration = Duration::from_millis(60);
/// Wait after the store could not be read.
const AFTER_ERROR: Duration = Duration::from_millis(500);

/// Who reacts to what.
#[derive(Clone, Default)]
pub struct WorkerOptions {
    /// Subscribers of all modules.
    pub subscribers: Vec<Subscriber>,
    /// Job handlers of all modules.
    pub handlers: Vec<JobHandler>,
}

/// Delivers events and runs jobs. Several workers on several nodes do no harm: every effect is guarded by a row.
#[derive(Clone)]
pub struct Worker {
    db: Db,
    options: WorkerOptions,
    /// Whether the upkeep is queued.
    has_begun: Arc<AtomicBool>,
}

impl Worker {
    /// A worker on `db`.
    pub fn new(db: Db, options: WorkerOptions) -> Self {
        Self { db, options, has_begun: Arc::default() }
    }

    /// Works until told to stop.
    pub async fn run(self, mut stopping: watch::Receiver<bool>) {
        let idle = if self.db.engine() == Engine::Sqlite { IDLE_SQLITE } else { IDLE_POSTGRES };
        while !*stopping.borrow() {
            let pause = match self.round().await {
                Ok(0) => idle,
                Ok(_) => continue,
                Err(DbError::Closed) => return,
                Err(error) => {
                    tracing::error!(%error, "the worker cannot use the store");
                    AFTER_ERROR
                }
            };
            if tokio::time::timeout(pause, stopping.changed()).await.is_ok() {
                return;
            }
        }
    }

    /// Works until nothing is due any more; for tests and for the command line.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn settle(&self) -> Result<(), DbError> {
        let mut idle_rounds = 0;
        while idle_rounds < 2 {
            idle_rounds = if self.round().await? == 0 { idle_rounds + 1 } else { 0 };
        }
        Ok(())
    }

    /// One look at both queues; answers how much was done.
    async fn round(&self) -> Result<usize, DbError> {
        if !self.has_begun.load(Ordering::Relaxed) {
            upkeep::begin(&self.db, &self.options.handlers).await?;
            self.has_begun.store(true, Ordering::Relaxed);
        }
        let published = dispatch::round(&self.db, &self.options.subscribers).await?;
        let due = self.db.read_in(Lane::Background, |rx| jobs::due(rx, JOBS_MAX)).await?;
        let count = due.len();
        let mut running = tokio::task::JoinSet::new();
        for job in due {
            let handler = self.options.handlers.iter().find(|handler| handler.kind == job.kind).cloned();
            let db = self.db.clone();
            running.spawn(async move { jobs::run_one(&db, handler.as_ref(), job).await });
        }
        let mut ended = Ok(published.saturating_add(count));
        while let Some(done) = running.join_next().await {
            match done {
                Ok(Ok(())) => {}
                // The others are waited for all the same.
                Ok(Err(error)) => ended = Err(error),
                Err(error) => tracing::error!(%error, "a job panicked"),
            }
        }
        ended
    }
}
