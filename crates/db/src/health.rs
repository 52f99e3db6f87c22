//! Whether the store can still be trusted. A damaged store stops the program; it is never worked around.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::DbError;

/// How often the store has refused to do something, since the program started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refusals {
    /// Writes, because the disk was full.
    pub disk_full: u64,
    /// Reads and writes, because too many waited or they waited too long.
    pub busy: u64,
    /// Reads and writes, because the database could not be reached.
    pub unreachable: u64,
    /// Writes that nobody waited for and that failed, for whatever reason.
    pub dropped: u64,
}

/// The store's condition.
#[derive(Debug, Default)]
pub(crate) struct Health {
    broken: Mutex<Option<String>>,
    is_broken: AtomicBool,
    disk_full: AtomicU64,
    busy: AtomicU64,
    unreachable: AtomicU64,
    dropped: AtomicU64,
    changed: Notify,
}

impl Health {
    /// Notes a failure that somebody is told of.
    pub(crate) fn note(&self, error: &DbError) {
        if let DbError::Broken(what) = error {
            tracing::error!(what, "the store is damaged; no write is acknowledged any more");
            self.broken.lock().get_or_insert_with(|| what.clone());
            self.is_broken.store(true, Ordering::SeqCst);
            self.changed.notify_waiters();
        }
        let count = match error {
            DbError::DiskFull => &self.disk_full,
            DbError::Busy | DbError::TooLong => &self.busy,
            DbError::Lost | DbError::InDoubt => &self.unreachable,
            _ => return,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that a write failed that nobody waits for.
    pub(crate) fn note_dropped(&self, error: &DbError) {
        tracing::warn!(%error, "a write that nobody waits for was dropped");
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn refusals(&self) -> Refusals {
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Refusals {
            disk_full: count(&self.disk_full),
            busy: count(&self.busy),
            unreachable: count(&self.unreachable),
            dropped: count(&self.dropped),
        }
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.is_broken.load(Ordering::SeqCst)
    }

    pub(crate) fn reason(&self) -> Option<String> {
        self.broken.lock().clone()
    }

    pub(crate) async fn broken(&self) -> String {
        loop {
            let changed = self.changed.notified();
            if let Some(reason) = self.reason() {
                return reason;
            }
            changed.await;
        }
    }
}
