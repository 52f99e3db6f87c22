//! PostgreSQL and what speaks its wire: worker threads, one connection each, SERIALIZABLE with retries.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base::{Moment, Rng};
use parking_lot::{Condvar, Mutex};
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::ToSql;
use postgres::{Client, NoTls, Statement};

use crate::health::Health;
use crate::queue::Queue;
use crate::sql::Parsed;
use crate::sql_log::SqlLog;
use crate::tx::Conn;
use crate::work::{Job, Outcome, Run};
use crate::{DbError, Isolation, Param, Value};

/// Waits between two runs of a closure that lost: at first at most this long, at last at most a hundred times it.
const BACKOFF_FIRST: Duration = Duration::from_millis(5);
const BACKOFF_MAX: Duration = Duration::from_millis(500);

pub(crate) struct PgConn {
    client: Client,
    prepared: HashMap<String, (Statement, Arc<Parsed>)>,
    log: Arc<SqlLog>,
}

impl PgConn {
    #[expect(clippy::disallowed_methods, reason = "the one place where PostgreSQL is connected to")]
    pub(crate) fn connect(url: &str, log: Arc<SqlLog>) -> Result<Self, DbError> {
        let mut client = Client::connect(url, NoTls).map_err(|error| match DbError::from(error) {
            DbError::Bug(text) => DbError::Broken(text),
            other => other,
        })?;
        // A statement that hangs must not hold its worker for ever; a session left open must not hold locks.
        client.batch_execute(
            "SET statement_timeout = '15s'; SET idle_in_transaction_session_timeout = '30s'; SET synchronous_commit = on",
        )?;
        Ok(Self { client, prepared: HashMap::new(), log })
    }

    fn prepare(
        &mut self,
        sql: &str,
        parse: impl Fn(&str) -> Arc<Parsed>,
    ) -> Result<(Statement, Arc<Parsed>), DbError> {
        if let Some((statement, parsed)) = self.prepared.get(sql) {
            return Ok((statement.clone(), Arc::clone(parsed)));
        }
        let parsed = parse(sql);
        self.log.note(&parsed.text);
        let statement = self.client.prepare(&parsed.text).map_err(|error| match DbError::from(error) {
            DbError::Bug(text) => DbError::Bug(format!("{text} in: {}", parsed.text)),
            other => other,
        })?;
        self.prepared.insert(sql.to_owned(), (statement.clone(), Arc::clone(&parsed)));
        Ok((statement, parsed))
    }

    pub(crate) fn query(
        &mut self,
        sql: &str,
        params: &[Param],
        each: &mut dyn FnMut(&postgres::Row) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        let (statement, parsed) = self.prepare(sql, Parsed::new)?;
        let values = parsed.bind(params)?;
        self.rows(&statement, &values, each)
    }

    pub(crate) fn query_positional(
        &mut self,
        sql: &str,
        values: &[&Value],
        each: &mut dyn FnMut(&postgres::Row) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        let (statement, _) = self.prepare(sql, verbatim)?;
        self.rows(&statement, values, each)
    }

    fn rows(
        &mut self,
        statement: &Statement,
        values: &[&Value],
        each: &mut dyn FnMut(&postgres::Row) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        let mut rows = self.client.query_raw(statement, values.iter().copied())?;
        while let Some(row) = rows.next()? {
            each(&row)?;
        }
        Ok(())
    }

    pub(crate) fn execute(&mut self, sql: &str, params: &[Param]) -> Result<u64, DbError> {
        let (statement, parsed) = self.prepare(sql, Parsed::new)?;
        let values = parsed.bind(params)?;
        self.run(&statement, &values)
    }

    pub(crate) fn execute_positional(&mut self, sql: &str, values: &[&Value]) -> Result<u64, DbError> {
        let (statement, _) = self.prepare(sql, verbatim)?;
        self.run(&statement, values)
    }

    fn run(&mut self, statement: &Statement, values: &[&Value]) -> Result<u64, DbError> {
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(dynamic).collect();
        Ok(self.client.execute(statement, &values)?)
    }

    pub(crate) fn client(&mut self) -> &mut Client {
        &mut self.client
    }
}

pub(crate) struct PostgresEngine {
    url: String,
    isolation: Isolation,
    log: Arc<SqlLog>,
    rng: Arc<dyn Rng>,
    pub(crate) writes: Queue,
    pub(crate) reads: Queue,
    health: Arc<Health>,
    sleeper: (Mutex<()>, Condvar),
}

/// What a job wants of its transaction.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

pub(crate) struct PostgresOptions {
    pub(crate) url: String,
    pub(crate) isolation: Isolation,
    pub(crate) log: Arc<SqlLog>,
    pub(crate) rng: Arc<dyn Rng>,
    pub(crate) health: Arc<Health>,
}

impl PostgresEngine {
    pub(crate) fn new(options: PostgresOptions, writes: Queue, reads: Queue) -> Self {
        let PostgresOptions { url, isolation, log, rng, health } = options;
        Self { url, isolation, log, rng, writes, reads, health, sleeper: (Mutex::default(), Condvar::new()) }
    }

    pub(crate) fn connect(&self) -> Result<PgConn, DbError> {
        PgConn::connect(&self.url, Arc::clone(&self.log))
    }

    /// A worker's life: one closure, one transaction, one connection that is replaced when lost.
    pub(crate) fn work_loop(&self, access: Access) {
        let queue = if access == Access::Write { &self.writes } else { &self.reads };
        let mut conn = None;
        loop {
            let Some(job) = queue.take(1).pop() else { return };
            let mut next = Some(job);
            while let Some(job) = next {
                let key = job.key;
                conn = self.serve(conn, job, access);
                next = key.and_then(|key| queue.next_of(key));
            }
        }
    }

    fn serve(&self, mut conn: Option<Box<PgConn>>, mut job: Job, access: Access) -> Option<Box<PgConn>> {
        // The marker row says after a lost connection whether the commit took place.
        let marker = Moment::new(job.moment.at(), self.rng.as_ref()).uuid_v7();
        let mut in_doubt = false;
        let mut attempt = 0_u32;
        loop {
            if job.deadline < Instant::now() {
                job.work.finish(Outcome::Failed(DbError::Busy));
                return conn;
            }
            let (back, ended) = match conn.take().map_or_else(|| self.connect().map(Box::new), Ok) {
                Ok(live) => self.attempt(live, &mut job, &Attempt { access, marker, in_doubt }),
                Err(error) => (None, Ended::Again { error, in_doubt }),
            };
            conn = back;
            match ended {
                Ended::Told(outcome) => {
                    if let Outcome::Failed(error) = &outcome {
                        self.health.note(error);
                    }
                    job.work.finish(outcome);
                    return conn;
                }
                Ended::Again { error, in_doubt: doubt } => {
                    in_doubt = doubt;
                    attempt = attempt.saturating_add(1);
                    tracing::debug!(%error, attempt, "transaction runs again");
                    self.back_off(attempt);
                }
            }
        }
    }

    /// Full jitter: a random wait below a bound that doubles.
    fn back_off(&self, attempt: u32) {
        let bound = BACKOFF_FIRST.saturating_mul(2_u32.saturating_pow(attempt.min(7))).min(BACKOFF_MAX);
        let mut drawn = [0_u8; 8];
        self.rng.fill(&mut drawn);
        let micros = u64::try_from(bound.as_micros()).unwrap_or(5_000).max(1);
        let wait = Duration::from_micros(u64::from_le_bytes(drawn) % micros);
        let (lock, never) = &self.sleeper;
        never.wait_for(&mut lock.lock(), wait);
    }

    fn attempt(&self, mut conn: Box<PgConn>, job: &mut Job, how: &Attempt) -> (Option<Box<PgConn>>, Ended) {
        let begin = match (how.access, self.isolation) {
            (Access::Read, _) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            (Access::Write, Isolation::Serializable) => "BEGIN ISOLATION LEVEL SERIALIZABLE",
            (Access::Write, Isolation::ReadCommitted) => "BEGIN ISOLATION LEVEL READ COMMITTED",
        };
        if let Err(error) = conn.client.batch_execute(begin) {
            return again(None, DbError::from(error), how.in_doubt);
        }
        if how.in_doubt {
            // The first run may or may not have been committed. Either its marker is there, then its result
            // stands; or ours is now, and the first can never be committed any more.
            match conn.client.execute(
                "INSERT INTO db_commit (id, at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
                &[&how.marker.as_slice(), &job.moment.at().micros()],
            ) {
                Ok(0) => {
                    let conn = conn.client.batch_execute("ROLLBACK").ok().map(|()| conn);
                    return (conn, Ended::Told(Outcome::Ended));
                }
                Ok(_) => {}
                Err(error) => return again(None, DbError::from(error), true),
            }
        }
        let Run { conn, wants_commit, failure, wrote } =
            job.work.run(Conn::Postgres(conn), job.moment.clone());
        let Some(Conn::Postgres(mut conn)) = conn else {
            return (
                None,
                Ended::Told(Outcome::Failed(DbError::Bug("a run kept its connection".to_owned()))),
            );
        };
        if let Some(error) = failure {
            let rolled_back =
                !matches!(error, DbError::Lost) && conn.client.batch_execute("ROLLBACK").is_ok();
            let conn = rolled_back.then_some(conn);
            return if error.is_retryable() {
                again(conn, error, how.in_doubt)
            } else {
                (conn, Ended::Told(Outcome::Failed(error)))
            };
        }
        if !wants_commit || !wrote {
            let end = if wants_commit { "COMMIT" } else { "ROLLBACK" };
            return match conn.client.batch_execute(end) {
                Ok(()) => (Some(conn), Ended::Told(Outcome::Ended)),
                // Nothing was written, so nothing can be in doubt.
                Err(error) if wants_commit => again(None, DbError::from(error), how.in_doubt),
                Err(_) => (None, Ended::Told(Outcome::Ended)),
            };
        }
        let marker = if how.in_doubt {
            String::new()
        } else {
            let id = u128::from_be_bytes(how.marker);
            format!("INSERT INTO db_commit (id, at) VALUES ('\\x{id:032x}', {});", job.moment.at().micros())
        };
        // One round trip for both.
        match conn.client.batch_execute(&format!("{marker}COMMIT")) {
            Ok(()) => (Some(conn), Ended::Told(Outcome::Ended)),
            Err(error) => match DbError::from(error) {
                DbError::Lost => again(None, DbError::Lost, true),
                error => {
                    let conn = conn.client.batch_execute("ROLLBACK").ok().map(|()| conn);
                    if error.is_retryable() {
                        again(conn, error, how.in_doubt)
                    } else {
                        (conn, Ended::Told(Outcome::Failed(error)))
                    }
                }
            },
        }
    }
}

/// For statements whose parameters are `$n` already.
fn verbatim(sql: &str) -> Arc<Parsed> {
    Arc::new(Parsed { text: sql.to_owned(), names: Vec::new() })
}

fn dynamic<'a>(value: &&'a Value) -> &'a (dyn ToSql + Sync) {
    *value
}

struct Attempt {
    access: Access,
    marker: [u8; 16],
    in_doubt: bool,
}

enum Ended {
    Told(Outcome),
    Again { error: DbError, in_doubt: bool },
}

fn again(conn: Option<Box<PgConn>>, error: DbError, in_doubt: bool) -> (Option<Box<PgConn>>, Ended) {
    if error.is_retryable() {
        (conn, Ended::Again { error, in_doubt })
    } else {
        (conn, Ended::Told(Outcome::Failed(error)))
    }
}

impl Drop for PgConn {
    fn drop(&mut self) {
        self.prepared.clear();
    }
}
