//! The marks of commits, which tell after a lost connection whether a commit took place. PostgreSQL only.

use base::Timestamp;

use crate::{DbError, Tx, params};

/// Removes at most `batch` marks made before `old`; answers how many.
///
/// # Errors
/// Whatever the engine says.
pub fn purge_commits(tx: &mut Tx, old: Timestamp, batch: i64) -> Result<u64, DbError> {
    // The ids begin with their time, so that the key serves as the index.
    let [_, _, t0, t1, t2, t3, t4, t5] = old.millis().to_be_bytes();
    let first_kept = [t0, t1, t2, t3, t4, t5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    tx.execute(
        "DELETE FROM db_commit WHERE id IN (SELECT id FROM db_commit WHERE id < :kept ORDER BY id LIMIT :batch)",
        params!["kept" => first_kept.to_vec(), "batch" => batch],
    )
}
