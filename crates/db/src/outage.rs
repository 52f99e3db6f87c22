//! Whether the database can be reached. A short absence is waited for; in a long one whoever wants something is told
//! so at once, and one at a time looks whether it is back.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// How long the database may be away before nobody waits for it any more.
const PATIENCE: Duration = Duration::from_secs(5);

/// The present absence, if there is one.
#[derive(Debug, Default)]
pub(crate) struct Outage {
    since: Mutex<Option<Instant>>,
    is_away: AtomicBool,
    somebody_looks: AtomicBool,
}

impl Outage {
    /// Connects with `connect`; `None` when that fails, or when the outage is long and somebody else looks already.
    pub(crate) fn connect<T>(&self, connect: impl FnOnce() -> Result<T, String>) -> Option<T> {
        let is_long = self.is_long();
        if is_long && self.somebody_looks.swap(true, Ordering::SeqCst) {
            return None;
        }
        let started = Instant::now();
        let connected = connect();
        if is_long {
            self.somebody_looks.store(false, Ordering::SeqCst);
        }
        match connected {
            Ok(connection) => {
                self.end();
                Some(connection)
            }
            Err(why) => {
                self.begin(started, &why);
                None
            }
        }
    }

    fn begin(&self, at: Instant, why: &str) {
        let mut since = self.since.lock();
        if since.is_none() {
            *since = Some(at);
            self.is_away.store(true, Ordering::SeqCst);
            tracing::error!(why, "the database cannot be reached");
        }
    }

    fn end(&self) {
        if !self.is_away() {
            return;
        }
        if let Some(since) = self.since.lock().take() {
            self.is_away.store(false, Ordering::SeqCst);
            tracing::info!(seconds = since.elapsed().as_secs_f64(), "the database is back");
        }
    }

    /// Whether the last attempt to connect failed.
    pub(crate) fn is_away(&self) -> bool {
        self.is_away.load(Ordering::SeqCst)
    }

    /// Whether it has been so for longer than anybody should wait.
    pub(crate) fn is_long(&self) -> bool {
        self.is_away() && self.since.lock().is_some_and(|since| since.elapsed() >= PATIENCE)
    }
}
