//! SQLite: one writer thread with group commit, and read connections that need no thread hop.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::health::Health;
use crate::queue::Queue;
use crate::sql::Parsed;
use crate::sql_log::SqlLog;
use crate::tx::Conn;
use crate::work::{Job, Outcome, Run};
use crate::{DbError, Param, Value};

/// The oldest SQLite whose WAL recovery is known to be right (WAL-reset bug, fixed in 3.51.3).
const VERSION_MIN: i32 = 3_051_003;
/// Closures that share one commit. Take what waits, never wait for more: docs/performance.md.
const GROUP_MAX: usize = 64;
const STATEMENTS_CACHED: usize = 512;

pub(crate) struct SqliteConn {
    connection: Connection,
    parsed: HashMap<String, Arc<Parsed>>,
    log: Arc<SqlLog>,
    /// A savepoint is set right before the first statement that writes, so refusals cost none.
    savepoint: Savepoint,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Savepoint {
    NotWanted,
    Wanted,
    Set,
}

impl SqliteConn {
    #[expect(clippy::disallowed_methods, reason = "the one place where SQLite files are opened")]
    fn open(path: &Path, log: Arc<SqlLog>, is_writer: bool) -> Result<Self, DbError> {
        if rusqlite::version_number() < VERSION_MIN {
            return Err(DbError::Broken(format!(
                "SQLite {} is too old, 3.51.3 is needed",
                rusqlite::version()
            )));
        }
        let connection = Connection::open(path)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // A plan is made once per statement. Else one that compares with the column of a partial index is parsed
        // and planned anew whenever a parameter changes: a quarter of the writer's time, as measured.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.pragma_update(None, "cache_size", -65_536)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.pragma_update(None, "mmap_size", 268_435_456_i64)?;
        if !is_writer {
            connection.pragma_update(None, "query_only", true)?;
        }
        Ok(Self { connection, parsed: HashMap::new(), log, savepoint: Savepoint::NotWanted })
    }

    fn parsed(&mut self, sql: &str) -> Arc<Parsed> {
        if let Some(parsed) = self.parsed.get(sql) {
            return Arc::clone(parsed);
        }
        let parsed = Parsed::new(sql);
        self.log.note(&parsed.text);
        self.parsed.insert(sql.to_owned(), Arc::clone(&parsed));
        parsed
    }

    pub(crate) fn query(
        &mut self,
        sql: &str,
        params: &[Param],
        each: &mut dyn FnMut(&rusqlite::Row<'_>) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        let parsed = self.parsed(sql);
        let values = parsed.bind(params)?;
        self.rows(&parsed.text, &values, each)
    }

    pub(crate) fn query_positional(
        &mut self,
        sql: &str,
        values: &[&Value],
        each: &mut dyn FnMut(&rusqlite::Row<'_>) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        self.log.note(sql);
        self.rows(sql, values, each)
    }

    fn rows(
        &self,
        sql: &str,
        values: &[&Value],
        each: &mut dyn FnMut(&rusqlite::Row<'_>) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(rusqlite::params_from_iter(values))?;
        while let Some(row) = rows.next()? {
            each(row)?;
        }
        Ok(())
    }

    pub(crate) fn execute(&mut self, sql: &str, params: &[Param]) -> Result<u64, DbError> {
        let parsed = self.parsed(sql);
        let values = parsed.bind(params)?;
        self.run(&parsed.text, &values)
    }

    pub(crate) fn execute_positional(&mut self, sql: &str, values: &[&Value]) -> Result<u64, DbError> {
        self.log.note(sql);
        self.run(sql, values)
    }

    fn run(&mut self, sql: &str, values: &[&Value]) -> Result<u64, DbError> {
        if self.savepoint == Savepoint::Wanted {
            self.control("SAVEPOINT one")?;
            self.savepoint = Savepoint::Set;
        }
        let mut statement = self.connection.prepare_cached(sql)?;
        let changed = statement.execute(rusqlite::params_from_iter(values))?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    fn control(&self, sql: &str) -> Result<(), DbError> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    fn roll_back(&self) {
        // After some failures SQLite has rolled back already.
        if !self.connection.is_autocommit()
            && let Err(error) = self.control("ROLLBACK")
        {
            tracing::error!(%error, "rollback failed");
        }
    }

    pub(crate) fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

/// What both halves of the engine share.
pub(crate) struct SqliteEngine {
    path: PathBuf,
    log: Arc<SqlLog>,
    #[expect(clippy::vec_box, reason = "a connection moves between owners; the box moves as a pointer")]
    readers: Mutex<Vec<Box<SqliteConn>>>,
    pub(crate) queue: Queue,
    pub(crate) long_reads: tokio::sync::Semaphore,
    health: Arc<Health>,
}

impl SqliteEngine {
    pub(crate) fn open(
        path: PathBuf,
        log: Arc<SqlLog>,
        health: Arc<Health>,
        queue: Queue,
    ) -> Result<(Arc<Self>, Box<SqliteConn>), DbError> {
        let writer = Box::new(SqliteConn::open(&path, Arc::clone(&log), true)?);
        let long_reads = tokio::sync::Semaphore::new(4);
        let engine = Self { path, log, readers: Mutex::default(), queue, long_reads, health };
        Ok((Arc::new(engine), writer))
    }

    /// Runs a read closure on this thread.
    pub(crate) fn read(&self, mut job: Job) {
        let reader = self.readers.lock().pop();
        let reader = match reader
            .map_or_else(|| SqliteConn::open(&self.path, Arc::clone(&self.log), false).map(Box::new), Ok)
        {
            Ok(reader) => reader,
            Err(error) => {
                self.health.note(&error);
                return job.work.finish(Outcome::Failed(error));
            }
        };
        if let Err(error) = reader.control("BEGIN") {
            self.health.note(&error);
            return job.work.finish(Outcome::Failed(error));
        }
        let Run { conn, failure, .. } = job.work.run(Conn::Sqlite(reader), job.moment.clone());
        if let Some(Conn::Sqlite(reader)) = conn {
            reader.roll_back();
            self.readers.lock().push(reader);
        }
        match failure {
            Some(error) => {
                self.health.note(&error);
                job.work.finish(Outcome::Failed(error));
            }
            None => job.work.finish(Outcome::Ended),
        }
    }

    /// The writer's life: takes what waits, runs it in one transaction, answers after the commit.
    pub(crate) fn write_loop(&self, mut conn: Box<SqliteConn>) {
        loop {
            let jobs = self.queue.take(GROUP_MAX);
            if jobs.is_empty() {
                return;
            }
            conn = self.group(conn, jobs);
            if self.health.is_broken() {
                // Whatever is still queued is not acknowledged.
                self.queue.close();
                for job in self.queue.take(usize::MAX) {
                    job.work.finish(Outcome::Failed(DbError::Broken("the store has failed".to_owned())));
                }
                return;
            }
        }
    }

    fn group(&self, mut conn: Box<SqliteConn>, jobs: Vec<Job>) -> Box<SqliteConn> {
        if let Err(error) = conn.control("BEGIN IMMEDIATE") {
            self.health.note(&error);
            for job in jobs {
                job.work.finish(Outcome::Failed(error.clone()));
            }
            return conn;
        }
        let mut done = Vec::with_capacity(jobs.len());
        let mut line: std::collections::VecDeque<Job> = jobs.into();
        let started = Instant::now();
        while let Some(mut job) = line.pop_front() {
            if job.deadline < started {
                self.follow(&job, &mut line);
                done.push((job, Some(DbError::Busy)));
                continue;
            }
            conn.savepoint = Savepoint::Wanted;
            let run = job.work.run(Conn::Sqlite(conn), job.moment.clone());
            let Some(Conn::Sqlite(back)) = run.conn else { return self.lost(done, job) };
            conn = back;
            let failed = run.failure.or_else(|| Self::end_one(&conn, run.wants_commit).err());
            if failed.is_some()
                && let Err(error) = Self::end_one(&conn, false)
            {
                self.health.note(&error);
            }
            conn.savepoint = Savepoint::NotWanted;
            self.follow(&job, &mut line);
            done.push((job, failed));
        }
        let committed = conn.control("COMMIT");
        if let Err(error) = &committed {
            tracing::error!(%error, jobs = done.len(), "commit failed");
            self.health.note(error);
            conn.roll_back();
        }
        for (job, failed) in done {
            let failed = failed.or_else(|| committed.clone().err());
            if let Some(error) = &failed {
                self.health.note(error);
            }
            job.work.finish(failed.map_or(Outcome::Ended, Outcome::Failed));
        }
        conn
    }

    /// Keyed closures that waited for this one come right after it.
    fn follow(&self, job: &Job, line: &mut std::collections::VecDeque<Job>) {
        if let Some(next) = job.key.and_then(|key| self.queue.next_of(key)) {
            line.push_front(next);
        }
    }

    fn end_one(conn: &SqliteConn, keep: bool) -> Result<(), DbError> {
        if conn.savepoint != Savepoint::Set || conn.connection.is_autocommit() {
            return Ok(());
        }
        if !keep {
            conn.control("ROLLBACK TO one")?;
        }
        conn.control("RELEASE one")
    }

    fn lost(&self, done: Vec<(Job, Option<DbError>)>, job: Job) -> Box<SqliteConn> {
        // Cannot happen: a run always gives its connection back. Should it ever, nothing was committed.
        let error = DbError::Broken("the writer lost its connection".to_owned());
        self.health.note(&error);
        job.work.finish(Outcome::Failed(error.clone()));
        for (job, _) in done {
            job.work.finish(Outcome::Failed(error.clone()));
        }
        #[expect(clippy::panic, reason = "the store is marked broken and the program stops")]
        {
            panic!("the writer lost its connection")
        }
    }
}
