//! One process per SQLite file: a lock of our own beside it, which other programs may ignore when they only read.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::DbError;

/// Held as long as the store is open; the operating system frees it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct FileLock {
    _file: File,
}

impl FileLock {
    pub(crate) fn take(store: &Path) -> Result<Self, DbError> {
        let path = store.with_extension("lock");
        let broken = |error: std::io::Error| DbError::Broken(format!("{}: {error}", path.display()));
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(broken)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(DbError::Broken(format!(
                "{} is in use by another process; stop it first",
                store.display()
            ))),
            Err(TryLockError::Error(error)) => Err(broken(error)),
        }
    }
}
