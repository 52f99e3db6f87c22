//! PostgreSQL and what speaks its wire: worker threads, one connection each; whoever loses against another runs again.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use base::{Moment, Rng};
use parking_lot::{Condvar, Mutex};
use postgres::NoTls;

use crate::freshness::Freshness;
use crate::health::Health;
use crate::outage::Outage;
use crate::postgres_conn::{PgConn, told};
use crate::queue::Queue;
use crate::sql_log::SqlLog;
use crate::tx::Conn;
use crate::work::{Job, Outcome, Run};
use crate::{DbError, Isolation};

/// Waits between two runs of a closure that lost: at first at most this long, at last at most a hundred times it.
const BACKOFF_FIRST: Duration = Duration::from_millis(5);
const BACKOFF_MAX: Duration = Duration::from_millis(500);
/// How long the database may take to answer when the store is opened.
const OPENING_MAX: Duration = Duration::from_secs(10);

pub(crate) struct PostgresEngine {
    url: String,
    isolation: Isolation,
    log: Arc<SqlLog>,
    rng: Arc<dyn Rng>,
    pub(crate) writes: Queue,
    pub(crate) reads: Queue,
    health: Arc<Health>,
    pub(crate) outage: Outage,
    sleeper: (Mutex<()>, Condvar),
    /// Round trips made, for the metrics.
    pub(crate) trips: Arc<AtomicU64>,
    pub(crate) freshness: Freshness,
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
        let (sleeper, trips) = ((Mutex::default(), Condvar::new()), Arc::default());
        Self {
            url,
            isolation,
            log,
            rng,
            writes,
            reads,
            health,
            outage: Outage::default(),
            sleeper,
            trips,
            freshness: Freshness::default(),
        }
    }

    /// A connection, unless there is none to be had at the moment.
    fn connect(&self) -> Result<Box<PgConn>, DbError> {
        let connect = || PgConn::connect(&self.url, Arc::clone(&self.log), Arc::clone(&self.trips));
        self.outage.connect(connect).map(Box::new).ok_or(DbError::Lost)
    }

    /// A connection of the kind that migrations want; the error says why there is none.
    pub(crate) fn connect_blocking(&self) -> Result<postgres::Client, DbError> {
        let connected = self.url.parse().and_then(|mut config: postgres::Config| {
            if config.get_connect_timeout().is_none() {
                config.connect_timeout(OPENING_MAX);
            }
            config.connect(NoTls)
        });
        connected.map_err(|error| DbError::Broken(format!("cannot reach the database: {}", told(&error))))
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
        let mut marker = self.new_marker(&job);
        let mut in_doubt = false;
        let mut attempt = 0_u32;
        loop {
            if job.deadline < Instant::now() {
                return self.give_up(job, in_doubt, conn);
            }
            let connected = conn.take().map_or_else(|| self.connect(), Ok);
            if connected.is_err() && self.outage.is_long() {
                return self.give_up(job, in_doubt, None);
            }
            let (back, ended) = match connected {
                Err(error) => (None, Ended::Again { error, in_doubt }),
                Ok(mut live) if in_doubt => match settle(&mut live, marker, job.deadline) {
                    Ok(true) => {
                        self.freshness.note(job.written);
                        (Some(live), Ended::Told(Outcome::Ended))
                    }
                    Ok(false) => {
                        marker = self.new_marker(&job);
                        self.attempt(live, &mut job, &Attempt { access, marker })
                    }
                    Err(error) if error.is_retryable() => (None, Ended::Again { error, in_doubt }),
                    Err(error) => {
                        self.health.note(&error);
                        (None, Ended::Told(Outcome::Failed(DbError::InDoubt)))
                    }
                },
                Ok(live) => self.attempt(live, &mut job, &Attempt { access, marker }),
            };
            conn = back;
            match ended {
                Ended::Told(outcome) => {
                    if let Outcome::Failed(error) = &outcome {
                        self.health.note(error);
                    }
                    job.work.finish(outcome);
                    return conn.and_then(|mut conn| conn.roll_back().then_some(conn));
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

    /// Tells whoever waits that there is no more time.
    fn give_up(&self, job: Job, in_doubt: bool, conn: Option<Box<PgConn>>) -> Option<Box<PgConn>> {
        let error = match (in_doubt, self.outage.is_away()) {
            (true, _) => DbError::InDoubt,
            (false, true) => DbError::Lost,
            (false, false) => DbError::Busy,
        };
        self.health.note(&error);
        job.work.finish(Outcome::Failed(error));
        conn
    }

    fn new_marker(&self, job: &Job) -> [u8; 16] {
        Moment::new(job.moment.at(), self.rng.as_ref()).uuid_v7()
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
        conn.set_deadline(job.deadline);
        conn.begin(match (how.access, self.isolation) {
            (Access::Read, _) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            (Access::Write, Isolation::Snapshot) => "BEGIN ISOLATION LEVEL REPEATABLE READ",
            (Access::Write, Isolation::Serializable) => "BEGIN ISOLATION LEVEL SERIALIZABLE",
            (Access::Write, Isolation::ReadCommitted) => "BEGIN ISOLATION LEVEL READ COMMITTED",
        });
        let Run { conn, wants_commit, failure, wrote, written } =
            job.work.run(Conn::Postgres(conn), job.moment.clone());
        let Some(Conn::Postgres(mut conn)) = conn else {
            return (
                None,
                Ended::Told(Outcome::Failed(DbError::Bug("a run kept its connection".to_owned()))),
            );
        };
        if let Some(error) = failure {
            let is_usable = !matches!(error, DbError::Lost) && conn.roll_back();
            return again(is_usable.then_some(conn), error, false);
        }
        if !wants_commit {
            // Whoever waits is told first; [`Self::serve`] takes the transaction back then.
            return (Some(conn), Ended::Told(Outcome::Ended));
        }
        let marker = if !wrote {
            String::new()
        } else {
            let id = u128::from_be_bytes(how.marker);
            format!("INSERT INTO db_commit (id, at) VALUES ('\\x{id:032x}', {});", job.moment.at().micros())
        };
        job.written = written;
        match conn.commit(&marker) {
            Ok(()) => {
                self.freshness.note(written);
                (Some(conn), Ended::Told(Outcome::Ended))
            }
            // Where nothing was written, nothing can be in doubt.
            Err(DbError::Lost) => again(None, DbError::Lost, wrote),
            Err(error) => again(conn.roll_back().then_some(conn), error, false),
        }
    }
}

struct Attempt {
    access: Access,
    marker: [u8; 16],
}

/// Whether a commit whose answer was lost took place. If not, it never can from now on: a row without a time stands
/// where its marker would have to go, and is committed before anything else is done.
fn settle(conn: &mut PgConn, marker: [u8; 16], deadline: Instant) -> Result<bool, DbError> {
    conn.set_deadline(deadline);
    let id = crate::params!["id" => marker.as_slice()];
    // Waits for the transaction in doubt, should it still be under way.
    conn.execute("INSERT INTO db_commit (id, at) VALUES (:id, 0) ON CONFLICT (id) DO NOTHING", id)?;
    let mut took_place = false;
    conn.query("SELECT at FROM db_commit WHERE id = :id", id, &mut |row| {
        took_place = row.try_get::<_, i64>(0)? != 0;
        Ok(())
    })?;
    Ok(took_place)
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
