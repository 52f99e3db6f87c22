//! A copy of a SQLite store, taken while a server works on it.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::DbError;
use crate::sqlite_engine::not_there;

/// Copies the store at `from` into the new file `to`: one snapshot, compacted, checked for damage.
///
/// # Errors
/// [`DbError::Broken`] when `from` cannot be read, `to` exists, or the copy is damaged.
pub fn copy_sqlite(from: &Path, to: &Path) -> Result<(), DbError> {
    if to.exists() {
        return Err(DbError::Broken(format!("{} exists already", to.display())));
    }
    let open = |path: &Path| {
        let opened = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
        opened.map_err(|error| not_there(path, error.into()))
    };
    let source = open(from)?;
    source.execute("VACUUM INTO ?1", [to.to_string_lossy()]).map_err(|error| not_there(to, error.into()))?;
    let copy = open(to)?;
    let said: String = copy.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    if said == "ok" { Ok(()) } else { Err(DbError::Broken(format!("the copy is damaged: {said}"))) }
}
