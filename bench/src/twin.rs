//! The raw-limit twin: the rows of one checkout written straight into SQLite with prepared statements, 64 checkouts to
//! a commit, WAL and synchronous=FULL as in the server; no HTTP, no JSON to parse, no rule to check.

use std::time::{Duration, Instant};

use anyhow::Result;
use rusqlite::{Connection, params};

use crate::load::to_f64;

/// What one checkout writes: table, columns of 16-byte ids and of numbers, bytes of text.
const ROWS: &[(&str, usize, usize, usize)] = &[
    ("cart", 2, 2, 0),
    ("orders", 6, 14, 420),
    ("number", 1, 0, 16),
    ("line", 4, 9, 60),
    ("note", 2, 2, 8),
    ("note", 2, 2, 8),
    ("job", 0, 3, 60),
    ("outbox", 1, 3, 260),
    ("outbox", 1, 3, 320),
    ("idem", 1, 3, 330),
    ("idem", 1, 3, 380),
    ("hold", 4, 4, 8),
    ("payment", 2, 5, 20),
    ("part", 3, 1, 10),
    ("live", 2, 0, 0),
    ("transfer", 5, 4, 110),
    ("entry", 4, 3, 12),
    ("entry", 4, 3, 12),
    ("buyer", 2, 0, 0),
    ("inbox", 1, 1, 24),
];

fn create(connection: &Connection) -> Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -65_536)?;
    for table in [
        "cart", "orders", "number", "line", "note", "job", "outbox", "idem", "hold", "payment", "part",
        "live", "transfer", "entry", "buyer", "inbox",
    ] {
        connection.execute_batch(&format!(
            "CREATE TABLE {table} (id BLOB PRIMARY KEY, ids BLOB, numbers BLOB, text TEXT)"
        ))?;
    }
    // As many secondary indexes as the server keeps on these rows.
    connection.execute_batch(
        "CREATE INDEX o1 ON orders (ids, id); CREATE INDEX o2 ON orders (numbers, id); CREATE INDEX e1 ON entry (ids, id);
         CREATE INDEX e2 ON entry (numbers); CREATE INDEX h1 ON hold (ids, id); CREATE INDEX t1 ON transfer (ids);
         CREATE INDEX i1 ON idem (numbers); CREATE INDEX x1 ON outbox (numbers, id); CREATE INDEX j1 ON job (numbers, id);
         CREATE INDEX p1 ON payment (ids, id); CREATE INDEX b1 ON inbox (numbers);
         CREATE TABLE counters (id INTEGER PRIMARY KEY, n INTEGER);
         INSERT INTO counters (id, n) WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 200)
             SELECT i, 0 FROM c",
    )?;
    Ok(())
}

/// Checkouts per second that the store itself could take.
pub(crate) fn grouped_rate(seconds: u64) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    #[expect(clippy::disallowed_methods, reason = "the twin is there to do without the store's code")]
    let connection = Connection::open(folder.path().join("twin.db"))?;
    create(&connection)?;
    let end = Instant::now() + Duration::from_secs(seconds);
    let (mut done, mut id) = (0_usize, 0_u64);
    let text = "团".repeat(200);
    while Instant::now() < end {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        for _ in 0..64 {
            for (table, ids, numbers, bytes) in ROWS {
                id = id.wrapping_add(1);
                let mut key = [0_u8; 16];
                for (to, from) in key.iter_mut().zip(
                    id.to_be_bytes().into_iter().chain(id.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()),
                ) {
                    *to = from;
                }
                let sql = format!("INSERT INTO {table} (id, ids, numbers, text) VALUES (?1, ?2, ?3, ?4)");
                let text = text.get(..bytes / 3 * 3).unwrap_or("");
                connection.prepare_cached(&sql)?.execute(params![
                    key,
                    key.repeat(*ids),
                    key.repeat(numbers / 2),
                    text
                ])?;
            }
            // Rows that are changed: stock, wallet, chain, cart, order twice, published flags, sums.
            for slot in 0..9_u64 {
                let row = i64::try_from(id.wrapping_add(slot) % 200).unwrap_or(0);
                connection
                    .prepare_cached("UPDATE counters SET n = n + 1 WHERE id = ?1")?
                    .execute(params![row])?;
            }
            done += 1;
        }
        connection.execute_batch("COMMIT")?;
    }
    Ok(to_f64(done) / to_f64(usize::try_from(seconds).unwrap_or(1)))
}
