//! The raw-limit twin: the rows that checkouts have written, written again straight into SQLite.
//!
//! The server carries out real checkouts between two copies of its store. What they differ in is what a checkout
//! writes: rows that are new, and rows that are changed or gone. The twin replays them into a copy of the earlier
//! store, with its tables and indexes, in the order of their keys: prepared statements, as many to a commit as the
//! server takes at the most, its durability; no HTTP, no JSON, nothing read, no rule checked.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rusqlite::Connection;
use rusqlite::types::Value;

use crate::load::to_f64;

/// Checkouts that share one commit: 64 requests of three each, the most the server lets share one.
const GROUP: usize = 21;

/// What is written to one table.
struct Table {
    insert: String,
    new: Vec<Vec<Value>>,
    /// Columns that are not of the key, then the key.
    update: String,
    changed: Vec<Vec<Value>>,
    delete: String,
    gone: Vec<Vec<Value>>,
}

/// Checkouts to be written again.
pub(crate) struct Twin {
    before: PathBuf,
    tables: Vec<Table>,
    checkouts: usize,
    _folder: tempfile::TempDir,
}

#[expect(clippy::disallowed_methods, reason = "the twin is there to do without the store's code")]
fn open(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path)?;
    connection.set_prepared_statement_cache_capacity(512);
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -16_384)?;
    connection.pragma_update(None, "wal_autocheckpoint", 4_000)?;
    Ok(connection)
}

fn rows(connection: &Connection, sql: &str) -> Result<Vec<Vec<Value>>> {
    let mut statement = connection.prepare(sql)?;
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| (0..columns).map(|at| row.get(at)).collect())?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Waits until every event of a store has been delivered, so that what follows from them is there.
pub(crate) fn settled(path: &Path) -> Result<()> {
    let connection = open(path)?;
    while !rows(&connection, "SELECT 1 FROM db_outbox WHERE published = 0 LIMIT 1")?.is_empty() {
        std::thread::yield_now();
    }
    Ok(())
}

/// Which of a table's columns are of its key, in the order of the table.
fn columns(connection: &Connection, table: &str) -> Result<Vec<(String, bool)>> {
    let mut statement = connection.prepare(&format!("PRAGMA main.table_info({table})"))?;
    let rows = statement.query_map([], |row| Ok((row.get(1)?, row.get::<_, i64>(5)? > 0)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What differs in one table between the store at hand and `later`.
fn difference(connection: &Connection, table: &str) -> Result<Table> {
    let columns = columns(connection, table)?;
    let (key, rest): (Vec<_>, Vec<_>) = columns.into_iter().partition(|(_, is_key)| *is_key);
    let names = |columns: &[(String, bool)]| {
        columns.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>().join(", ")
    };
    let each = |columns: &[(String, bool)], join: &str| {
        let named = columns.iter().map(|(name, _)| format!("{name} = ?"));
        named.collect::<Vec<_>>().join(join)
    };
    let (key_names, all) = (names(&key), names(&rest.iter().chain(&key).cloned().collect::<Vec<_>>()));
    let marks = vec!["?"; rest.len() + key.len()].join(", ");
    let differ = format!("SELECT {all} FROM later.{table} EXCEPT SELECT {all} FROM main.{table}");
    let known = |of: &str| format!("({key_names}) IN (SELECT {key_names} FROM {of}.{table})");
    let (known_before, known_later) = (known("main"), known("later"));
    let order = format!("ORDER BY {key_names}");
    Ok(Table {
        insert: format!("INSERT INTO {table} ({all}) VALUES ({marks})"),
        new: rows(connection, &format!("SELECT * FROM ({differ}) WHERE NOT {known_before} {order}"))?,
        update: format!("UPDATE {table} SET {} WHERE {}", each(&rest, ", "), each(&key, " AND ")),
        changed: rows(connection, &format!("SELECT * FROM ({differ}) WHERE {known_before} {order}"))?,
        delete: format!("DELETE FROM {table} WHERE {}", each(&key, " AND ")),
        gone: rows(connection, &format!("SELECT {key_names} FROM {table} WHERE NOT {known_later} {order}"))?,
    })
}

/// The `n`th of `parts` equal shares of some rows.
fn share(rows: &[Vec<Value>], n: usize, parts: usize) -> &[Vec<Value>] {
    let bound = |n: usize| rows.len() * n / parts.max(1);
    rows.get(bound(n)..bound(n + 1)).unwrap_or_default()
}

impl Twin {
    /// What checkouts changed between two copies of a store, which lie in `folder`.
    pub(crate) fn of(folder: tempfile::TempDir, before: PathBuf, later: &Path) -> Result<Self> {
        let connection = open(&before)?;
        connection.execute("ATTACH ?1 AS later", [later.to_string_lossy()])?;
        let names = rows(
            &connection,
            "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
        )?;
        let (mut tables, mut checkouts) = (Vec::new(), 0);
        for name in names {
            let Some(Value::Text(name)) = name.into_iter().next() else { continue };
            let table = difference(&connection, &name).with_context(|| name.clone())?;
            if name == "orders_order" {
                checkouts = table.new.len();
            }
            if !(table.new.is_empty() && table.changed.is_empty() && table.gone.is_empty()) {
                tables.push(table);
            }
        }
        drop(connection);
        anyhow::ensure!(checkouts >= GROUP, "the server has made {checkouts} orders only");
        Ok(Self { before, tables, checkouts, _folder: folder })
    }

    /// How many rows a checkout leaves or changes, for the reader.
    pub(crate) fn rows_each(&self) -> f64 {
        let rows = |table: &Table| {
            // A row that all checkouts change, like a balance, is changed once by each.
            let changed = if table.changed.is_empty() { 0 } else { self.checkouts };
            table.new.len() + table.gone.len() + changed
        };
        to_f64(self.tables.iter().map(rows).sum()) / to_f64(self.checkouts)
    }

    /// Checkouts per second that the store itself could take.
    pub(crate) fn grouped_rate(&self, seconds: u64) -> Result<f64> {
        let (mut done, mut spent) = (0_usize, Duration::ZERO);
        while spent < Duration::from_secs(seconds) {
            let folder = tempfile::tempdir()?;
            let path = folder.path().join("twin.db");
            std::fs::copy(&self.before, &path)?;
            let connection = open(&path)?;
            for first in (0..self.checkouts).step_by(GROUP) {
                let started = Instant::now();
                connection.execute_batch("BEGIN IMMEDIATE")?;
                for checkout in first..self.checkouts.min(first + GROUP) {
                    self.write(&connection, checkout)?;
                    done += 1;
                }
                connection.execute_batch("COMMIT")?;
                spent += started.elapsed();
            }
        }
        Ok(to_f64(done) / spent.as_secs_f64())
    }

    fn write(&self, connection: &Connection, checkout: usize) -> Result<()> {
        for table in &self.tables {
            for row in share(&table.new, checkout, self.checkouts) {
                connection.prepare_cached(&table.insert)?.execute(rusqlite::params_from_iter(row))?;
            }
            for row in share(&table.gone, checkout, self.checkouts) {
                connection.prepare_cached(&table.delete)?.execute(rusqlite::params_from_iter(row))?;
            }
            if let Some(row) = table.changed.get(checkout % table.changed.len().max(1)) {
                connection.prepare_cached(&table.update)?.execute(rusqlite::params_from_iter(row))?;
            }
        }
        Ok(())
    }
}
