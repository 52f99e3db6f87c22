//! SQLite: one writer thread with group commit, and read connections that need no thread hop.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::freshness::{Freshness, Tables};
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
/// Memory of each connection for pages. Not more: a commit after which a tree was balanced walks through all of it.
const CACHE_KIB: i64 = 16_384;
/// The log is copied into the file when it is 16 MiB long. Pages that many orders touch are then copied once for all
/// of them; the limit is SQLite's own, kept by the writer, so that the log cannot outgrow it.
const CHECKPOINT_PAGES: i64 = 4_000;

pub(crate) struct SqliteConn {
    connection: Connection,
    parsed: HashMap<String, Arc<Parsed>, foldhash::fast::RandomState>,
    log: Arc<SqlLog>,
    /// A savepoint is set right before the first statement that writes, so refusals cost none.
    savepoint: Savepoint,
}

/// A closure in a group.
struct Waiting {
    job: Job,
    /// Whether the closure that waited for this one's key has been called.
    is_followed: bool,
}

impl Waiting {
    fn new(job: Job) -> Self {
        Self { job, is_followed: false }
    }
}

/// How a group is run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Care {
    /// Nothing is kept to go back to.
    Bold,
    /// Each closure can be taken back alone.
    Savepoints,
}

/// What became of a closure in its group.
enum One {
    /// It ran; why nothing of it stays, if so.
    Ended(Option<DbError>),
    /// What it wrote can only be taken back with the whole group.
    Spoilt,
}

/// What became of a group.
enum Group {
    /// Everybody was told; these wait for the next.
    Ended(VecDeque<Waiting>),
    /// Nothing stays, nobody was told; all run again.
    Spoilt(VecDeque<Waiting>),
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
        connection.pragma_update(None, "cache_size", CACHE_KIB.saturating_neg())?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.pragma_update(None, "mmap_size", 268_435_456_i64)?;
        if !is_writer {
            connection.pragma_update(None, "query_only", true)?;
        }
        Ok(Self { connection, parsed: HashMap::default(), log, savepoint: Savepoint::NotWanted })
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

/// What becomes of a failure when nothing was open before: whoever opens a store wants to know which could not be.
pub(crate) fn not_there(path: &Path, error: DbError) -> DbError {
    match error {
        DbError::Lost => DbError::Broken(format!("{} cannot be opened", path.display())),
        error => error,
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
    pub(crate) freshness: Freshness,
}

impl SqliteEngine {
    pub(crate) fn open(
        path: PathBuf,
        log: Arc<SqlLog>,
        health: Arc<Health>,
        queue: Queue,
    ) -> Result<(Arc<Self>, Box<SqliteConn>), DbError> {
        let writer =
            SqliteConn::open(&path, Arc::clone(&log), true).map_err(|error| not_there(&path, error))?;
        let long_reads = tokio::sync::Semaphore::new(4);
        let engine = Self {
            path,
            log,
            readers: Mutex::default(),
            queue,
            long_reads,
            health,
            freshness: Freshness::default(),
        };
        Ok((Arc::new(engine), Box::new(writer)))
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
        let mut line: VecDeque<Waiting> = VecDeque::new();
        loop {
            if line.is_empty() {
                line = self.queue.take(GROUP_MAX).into_iter().map(Waiting::new).collect();
            }
            if line.is_empty() {
                return;
            }
            (conn, line) = self.group(conn, line);
            if self.health.is_broken() {
                // Whatever is still queued is not acknowledged.
                self.queue.close();
                let left = line.into_iter().map(|waiting| waiting.job);
                for job in left.chain(self.queue.take(usize::MAX)) {
                    job.work.finish(Outcome::Failed(DbError::Broken("the store has failed".to_owned())));
                }
                return;
            }
        }
    }

    /// Runs one group; gives back what has to wait for the next.
    ///
    /// At first without savepoints, which cost more than a tenth of the writer's time. A closure that takes back what
    /// it wrote is rare: then the whole group is rolled back and run again with a savepoint for each.
    fn group(&self, conn: Box<SqliteConn>, line: VecDeque<Waiting>) -> (Box<SqliteConn>, VecDeque<Waiting>) {
        match self.run_group(conn, line, Care::Bold) {
            (conn, Group::Ended(left)) => (conn, left),
            (conn, Group::Spoilt(line)) => {
                let (conn, ended) = self.run_group(conn, line, Care::Savepoints);
                let (Group::Ended(left) | Group::Spoilt(left)) = ended;
                (conn, left)
            }
        }
    }

    fn run_group(
        &self,
        mut conn: Box<SqliteConn>,
        mut line: VecDeque<Waiting>,
        care: Care,
    ) -> (Box<SqliteConn>, Group) {
        if let Err(error) = conn.control("BEGIN IMMEDIATE") {
            let mut told = Vec::with_capacity(line.len());
            while let Some(mut waiting) = line.pop_front() {
                self.follow(&mut waiting, &mut line);
                told.push((waiting, None));
            }
            self.end(told, Some(&error));
            return (conn, Group::Ended(line));
        }
        let mut done: Vec<(Waiting, Option<DbError>)> = Vec::with_capacity(line.len());
        let started = Instant::now();
        while let Some(mut waiting) = line.pop_front() {
            if waiting.job.deadline < started {
                self.follow(&mut waiting, &mut line);
                done.push((waiting, Some(DbError::Busy)));
                continue;
            }
            let (back, failed) = match Self::run_one(conn, &mut waiting.job, care) {
                (Some(back), One::Ended(failed)) => (back, failed),
                (Some(back), One::Spoilt) => {
                    back.roll_back();
                    line.push_front(waiting);
                    for (waiting, _) in done.into_iter().rev() {
                        line.push_front(waiting);
                    }
                    return (back, Group::Spoilt(line));
                }
                (None, _) => self.lost(done, waiting),
            };
            conn = back;
            self.follow(&mut waiting, &mut line);
            done.push((waiting, failed));
            if conn.connection.is_autocommit() {
                // The engine has taken back the whole group, as it does when the disk is full. What comes after
                // gets a transaction of its own.
                let error = done.last().and_then(|(_, failed)| failed.clone());
                self.end(done, Some(&error.unwrap_or(DbError::Poisoned)));
                return (conn, Group::Ended(line));
            }
        }
        let committed = conn.control("COMMIT");
        if let Err(error) = &committed {
            tracing::error!(%error, jobs = done.len(), "commit failed");
            conn.roll_back();
        }
        self.end(done, committed.err().as_ref());
        (conn, Group::Ended(line))
    }

    /// Runs one closure of the group; what it wrote and does not want is taken back, or spoils the group.
    fn run_one(mut conn: Box<SqliteConn>, job: &mut Job, care: Care) -> (Option<Box<SqliteConn>>, One) {
        let before = conn.connection.total_changes();
        conn.savepoint = if care == Care::Savepoints { Savepoint::Wanted } else { Savepoint::NotWanted };
        let run = job.work.run(Conn::Sqlite(conn), job.moment.clone());
        let Some(Conn::Sqlite(mut conn)) = run.conn else { return (None, One::Spoilt) };
        let keep = run.wants_commit && run.failure.is_none();
        job.written = if keep { run.written } else { Tables::default() };
        let is_dirty = conn.connection.total_changes() != before;
        let savepoint = std::mem::replace(&mut conn.savepoint, Savepoint::NotWanted);
        if conn.connection.is_autocommit() || (savepoint != Savepoint::Set && (keep || !is_dirty)) {
            return (Some(conn), One::Ended(run.failure));
        }
        if savepoint != Savepoint::Set {
            return (Some(conn), One::Spoilt);
        }
        let released = if keep { Ok(()) } else { conn.control("ROLLBACK TO one") };
        let released = released.and_then(|()| conn.control("RELEASE one"));
        (Some(conn), One::Ended(run.failure.or_else(|| released.err())))
    }

    /// Tells everybody in the group.
    fn end(&self, done: Vec<(Waiting, Option<DbError>)>, all: Option<&DbError>) {
        for (waiting, failed) in done {
            let failed = failed.or_else(|| all.cloned());
            match &failed {
                Some(error) => self.health.note(error),
                None => self.freshness.note(waiting.job.written),
            }
            waiting.job.work.finish(failed.map_or(Outcome::Ended, Outcome::Failed));
        }
    }

    /// Keyed closures that waited for this one come right after it.
    fn follow(&self, waiting: &mut Waiting, line: &mut VecDeque<Waiting>) {
        if std::mem::replace(&mut waiting.is_followed, true) {
            return;
        }
        if let Some(next) = waiting.job.key.and_then(|key| self.queue.next_of(key)) {
            line.push_front(Waiting::new(next));
        }
    }

    fn lost(&self, done: Vec<(Waiting, Option<DbError>)>, waiting: Waiting) -> ! {
        // Cannot happen: a run always gives its connection back. Should it ever, nothing was committed.
        let error = DbError::Broken("the writer lost its connection".to_owned());
        self.health.note(&error);
        waiting.job.work.finish(Outcome::Failed(error.clone()));
        self.end(done, Some(&error));
        #[expect(clippy::panic, reason = "the store is marked broken and the program stops")]
        {
            panic!("the writer lost its connection")
        }
    }
}
