//! A closure that waits to be run in a transaction, and who waits for its answer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use base::Moment;
use tokio::sync::oneshot;

use crate::freshness::Tables;
use crate::health::Health;
use crate::tx::Left;
use crate::{DbError, Rx, Tx};

/// What became of a closure.
pub(crate) enum Outcome {
    /// It ran, and its transaction was ended as it wished.
    Ended,
    /// It did not run, or its transaction could not be committed.
    Failed(DbError),
}

/// A closure with its type forgotten.
pub(crate) trait Work: Send {
    /// Runs the closure once more; `true` when it wants to commit.
    fn run(&mut self, conn: crate::tx::Conn, moment: Moment) -> Run;
    /// Tells whoever waits.
    fn finish(self: Box<Self>, outcome: Outcome);
}

/// What a run left behind.
pub(crate) struct Run {
    pub(crate) conn: Option<crate::tx::Conn>,
    pub(crate) wants_commit: bool,
    pub(crate) failure: Option<DbError>,
    pub(crate) wrote: bool,
    pub(crate) written: Tables,
}

/// A queued closure.
pub(crate) struct Job {
    pub(crate) work: Box<dyn Work>,
    pub(crate) moment: Moment,
    pub(crate) deadline: Instant,
    pub(crate) key: Option<u64>,
    /// The tables the last run wrote and wants to keep.
    pub(crate) written: Tables,
}

struct Task<F, T, E> {
    closure: F,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "panic".to_owned())
}

impl<F, T, E> Task<F, T, E>
where
    E: From<DbError>,
{
    fn result(self, outcome: Outcome) -> (Result<T, E>, oneshot::Sender<Result<T, E>>) {
        let result = match (outcome, self.result) {
            (Outcome::Ended, Some(result)) => result,
            (Outcome::Ended, None) => {
                Err(E::from(DbError::Bug("a closure ended without a result".to_owned())))
            }
            (Outcome::Failed(error), _) => Err(E::from(error)),
        };
        (result, self.reply)
    }

    fn conclude(self, outcome: Outcome) {
        let (result, reply) = self.result(outcome);
        // Nobody listens any more when the client has gone away: the work is done all the same.
        drop(reply.send(result));
    }
}

/// A write closure.
struct Write<F, T, E>(Task<F, T, E>);

impl<F, T, E> Work for Write<F, T, E>
where
    F: FnMut(&mut Tx) -> Result<T, E> + Send,
    T: Send,
    E: From<DbError> + Send,
{
    fn run(&mut self, conn: crate::tx::Conn, moment: Moment) -> Run {
        let mut tx = Tx::new(conn, moment);
        let ran = catch_unwind(AssertUnwindSafe(|| (self.0.closure)(&mut tx)));
        let Left { conn, failure, wrote, written } = tx.into_parts();
        match ran {
            Ok(result) => {
                let wants_commit = result.is_ok();
                self.0.result = Some(result);
                // A closure that swallowed a failed statement does not commit what is left.
                let failure = failure.map(|error| match error {
                    error
                        if error.is_retryable()
                            || matches!(error, DbError::Broken(_) | DbError::DiskFull) =>
                    {
                        error
                    }
                    error if wants_commit => {
                        tracing::error!(%error, "a command went on after a failed statement");
                        DbError::Poisoned
                    }
                    error => error,
                });
                Run { conn: Some(conn), wants_commit, failure, wrote, written }
            }
            Err(panic) => {
                let error = DbError::Bug(panic_text(panic.as_ref()));
                Run { conn: Some(conn), wants_commit: false, failure: Some(error), wrote: true, written }
            }
        }
    }

    fn finish(self: Box<Self>, outcome: Outcome) {
        self.0.conclude(outcome);
    }
}

/// A write closure whose answer nobody waits for.
struct Later<F>(Write<F, (), DbError>, Arc<Health>);

impl<F> Work for Later<F>
where
    F: FnMut(&mut Tx) -> Result<(), DbError> + Send,
{
    fn run(&mut self, conn: crate::tx::Conn, moment: Moment) -> Run {
        self.0.run(conn, moment)
    }

    fn finish(self: Box<Self>, outcome: Outcome) {
        let Self(write, health) = *self;
        if let (Err(error), _) = write.0.result(outcome) {
            health.note_dropped(&error);
        }
    }
}

/// A read closure.
struct Read<F, T, E>(Task<F, T, E>);

impl<F, T, E> Work for Read<F, T, E>
where
    F: FnMut(&mut Rx) -> Result<T, E> + Send,
    T: Send,
    E: From<DbError> + Send,
{
    fn run(&mut self, conn: crate::tx::Conn, moment: Moment) -> Run {
        let mut rx = Rx::new(conn, moment);
        let ran = catch_unwind(AssertUnwindSafe(|| (self.0.closure)(&mut rx)));
        let Left { conn, failure, wrote, written } = rx.into_parts();
        match ran {
            Ok(result) => {
                self.0.result = Some(result);
                let failure =
                    failure.filter(|error| error.is_retryable() || matches!(error, DbError::Broken(_)));
                Run { conn: Some(conn), wants_commit: false, failure, wrote, written }
            }
            Err(panic) => {
                let error = DbError::Bug(panic_text(panic.as_ref()));
                Run { conn: Some(conn), wants_commit: false, failure: Some(error), wrote, written }
            }
        }
    }

    fn finish(self: Box<Self>, outcome: Outcome) {
        self.0.conclude(outcome);
    }
}

/// The way back to whoever waits.
pub(crate) type Reply<T, E> = oneshot::Receiver<Result<T, E>>;

pub(crate) fn write_work<F, T, E>(closure: F) -> (Box<dyn Work>, Reply<T, E>)
where
    F: FnMut(&mut Tx) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<DbError> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    (Box::new(Write(Task { closure, result: None, reply })), answer)
}

/// A write whose failure is noted in `health` and told to nobody.
pub(crate) fn later_work<F>(closure: F, health: Arc<Health>) -> Box<dyn Work>
where
    F: FnMut(&mut Tx) -> Result<(), DbError> + Send + 'static,
{
    let (reply, _nobody) = oneshot::channel();
    Box::new(Later(Write(Task { closure, result: None, reply }), health))
}

pub(crate) fn read_work<F, T, E>(closure: F) -> (Box<dyn Work>, Reply<T, E>)
where
    F: FnMut(&mut Rx) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<DbError> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    (Box::new(Read(Task { closure, result: None, reply })), answer)
}
