//! Whether the store can still be trusted. A damaged store stops the program; it is never worked around.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::DbError;

/// The store's condition.
#[derive(Debug, Default)]
pub(crate) struct Health {
    broken: Mutex<Option<String>>,
    is_broken: AtomicBool,
    disk_full: AtomicI64,
    changed: Notify,
}

impl Health {
    pub(crate) fn note(&self, error: &DbError) {
        if let DbError::Broken(what) = error {
            tracing::error!(what, "the store is damaged; no write is acknowledged any more");
            self.broken.lock().get_or_insert_with(|| what.clone());
            self.is_broken.store(true, Ordering::SeqCst);
            self.changed.notify_waiters();
        }
        if matches!(error, DbError::DiskFull) {
            self.disk_full.fetch_add(1, Ordering::Relaxed);
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
