//! The handle that everything else holds.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use base::{Clock, Moment, Rng};
use parking_lot::Mutex;

use crate::freshness::{Freshness, Mark, Tables};
use crate::health::Health;
use crate::lock::FileLock;
use crate::postgres_engine::{Access, PostgresEngine, PostgresOptions};
use crate::queue::Queue;
use crate::sql_log::SqlLog;
use crate::sqlite_engine::SqliteEngine;
use crate::work::{Job, Outcome, Reply, Work, later_work, read_work, write_work};
use crate::{DbError, DbOptions, Engine, Lane, Location, Migrations, Refusals, Rx, Tx, migrate};

/// How long a request may wait for its transaction.
const INTERACTIVE_DEADLINE: Duration = Duration::from_secs(10);
const BACKGROUND_DEADLINE: Duration = Duration::from_secs(60);
const BACKGROUND_WAITING_MAX: usize = 16_384;

/// The store. Cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    engine: EngineOf,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    health: Arc<Health>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    _lock: Option<FileLock>,
}

enum EngineOf {
    Sqlite(Arc<SqliteEngine>),
    Postgres(Arc<PostgresEngine>),
}

impl Db {
    /// Opens the store, brings its tables up to date and starts its threads. Blocks; call it outside of async code.
    ///
    /// # Errors
    /// [`DbError::Broken`] when the store cannot be opened, is in use, or its engine is too old;
    /// [`DbError::Bug`] when a migration fails.
    pub fn open(options: DbOptions, modules: &[Migrations]) -> Result<Self, DbError> {
        let log =
            SqlLog::new(options.sql_log.as_deref()).map_err(|error| DbError::Broken(error.to_string()))?;
        let log = Arc::new(log);
        let health = Arc::new(Health::default());
        let mut all = vec![crate::STORE];
        all.extend_from_slice(modules);
        let waiting_max = options.waiting_max.max(1);
        let queue = || Queue::new(waiting_max, BACKGROUND_WAITING_MAX);
        let mut threads = Vec::new();
        let (engine, lock) = match options.location {
            Location::File(path) => {
                let lock = FileLock::take(&path)?;
                let (engine, mut writer) = SqliteEngine::open(path, log, Arc::clone(&health), queue())?;
                migrate::sqlite(&mut writer, &all)?;
                let own = Arc::clone(&engine);
                threads.push(spawn("sqlite-writer".to_owned(), move || own.write_loop(writer))?);
                (EngineOf::Sqlite(engine), Some(lock))
            }
            Location::Postgres(url) => {
                let own = PostgresOptions {
                    url,
                    isolation: options.isolation,
                    log,
                    rng: Arc::clone(&options.rng),
                    health: Arc::clone(&health),
                };
                let engine = Arc::new(PostgresEngine::new(own, queue(), queue()));
                migrate::postgres(&mut engine.connect_blocking()?, &all)?;
                for number in 0..options.connections.max(1) {
                    let own = Arc::clone(&engine);
                    threads.push(spawn(format!("postgres-write-{number}"), move || {
                        own.work_loop(Access::Write);
                    })?);
                }
                for number in 0..options.connections.div_ceil(2) {
                    let own = Arc::clone(&engine);
                    threads
                        .push(spawn(format!("postgres-read-{number}"), move || own.work_loop(Access::Read))?);
                }
                (EngineOf::Postgres(engine), None)
            }
        };
        let threads = Mutex::new(threads);
        Ok(Self(Arc::new(Inner {
            engine,
            clock: options.clock,
            rng: options.rng,
            health,
            threads,
            _lock: lock,
        })))
    }

    /// Opens the store beside a server that may be running on it: reads only, no lock, no migrations. Every write is
    /// answered with [`DbError::Closed`].
    ///
    /// # Errors
    /// [`DbError::Broken`] when there is no store, or it cannot be opened.
    pub fn open_beside(options: DbOptions) -> Result<Self, DbError> {
        let log = Arc::new(SqlLog::default());
        let health = Arc::new(Health::default());
        let waiting_max = options.waiting_max.max(1);
        let queue = || Queue::new(waiting_max, BACKGROUND_WAITING_MAX);
        let mut threads = Vec::new();
        let engine = match options.location {
            Location::File(path) => {
                if !path.exists() {
                    return Err(DbError::Broken(format!("{} does not exist", path.display())));
                }
                let (engine, _) = SqliteEngine::open(path, log, Arc::clone(&health), queue())?;
                engine.queue.close();
                EngineOf::Sqlite(engine)
            }
            Location::Postgres(url) => {
                let rng = Arc::clone(&options.rng);
                let own = PostgresOptions {
                    url,
                    isolation: options.isolation,
                    log,
                    rng,
                    health: Arc::clone(&health),
                };
                let engine = Arc::new(PostgresEngine::new(own, queue(), queue()));
                // Whoever opens it so wants to know at once why it cannot be reached.
                drop(engine.connect_blocking()?);
                engine.writes.close();
                let own = Arc::clone(&engine);
                threads.push(spawn("postgres-read-0".to_owned(), move || own.work_loop(Access::Read))?);
                EngineOf::Postgres(engine)
            }
        };
        let (clock, rng, threads) = (options.clock, options.rng, Mutex::new(threads));
        Ok(Self(Arc::new(Inner { engine, clock, rng, health, threads, _lock: None })))
    }

    /// Runs `closure` in a write transaction and answers after the commit.
    ///
    /// `Err` from the closure rolls everything back. The closure may run more than once, with the same time and
    /// the same ids.
    ///
    /// # Errors
    /// What the closure says, or a [`DbError`] turned into its error: [`DbError::Busy`] when too many wait.
    pub async fn write<T, E, F>(&self, lane: Lane, closure: F) -> Result<T, E>
    where
        F: FnMut(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (work, answer) = write_work(closure);
        self.submit_write(lane, None, work);
        receive(answer).await
    }

    /// Queues `closure` as a write of the background and does not wait: for what may be lost without harm. A failure,
    /// for want of room too, is logged and counted: [`Refusals::dropped`].
    pub fn write_later<F>(&self, closure: F)
    where
        F: FnMut(&mut Tx) -> Result<(), DbError> + Send + 'static,
    {
        let work = later_work(closure, Arc::clone(&self.0.health));
        self.submit_write(Lane::Background, None, work);
    }

    /// Like [`Db::write`], one after the other for closures with the same key, so that a hot row is not fought over.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn write_keyed<T, E, F>(&self, lane: Lane, key: impl Hash, closure: F) -> Result<T, E>
    where
        F: FnMut(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let (work, answer) = write_work(closure);
        self.submit_write(lane, Some(hasher.finish()), work);
        receive(answer).await
    }

    /// [`Db::write`] for code that is not async: the command line, start-up.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub fn write_blocking<T, E, F>(&self, closure: F) -> Result<T, E>
    where
        F: FnMut(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (work, answer) = write_work(closure);
        self.submit_write(Lane::Background, None, work);
        answer.blocking_recv().unwrap_or_else(|_| Err(E::from(DbError::Closed)))
    }

    /// Runs `closure` over a snapshot. On SQLite it runs on this very thread: for short reads only.
    ///
    /// # Errors
    /// What the closure says, or a [`DbError`] turned into its error.
    pub async fn read<T, E, F>(&self, closure: F) -> Result<T, E>
    where
        F: FnMut(&mut Rx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.read_in(Lane::Interactive, closure).await
    }

    /// [`Db::read`] for who waits in `lane`: what works in the background takes no room from people.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn read_in<T, E, F>(&self, lane: Lane, closure: F) -> Result<T, E>
    where
        F: FnMut(&mut Rx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (work, answer) = read_work(closure);
        match &self.0.engine {
            EngineOf::Sqlite(engine) => engine.read(self.job(work, lane, None)),
            EngineOf::Postgres(engine) => self.submit(&engine.reads, lane, None, work),
        }
        receive(answer).await
    }

    /// Runs a long `closure` over a snapshot, away from the threads that serve requests.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn read_long<T, E, F>(&self, closure: F) -> Result<T, E>
    where
        F: FnMut(&mut Rx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (work, answer) = read_work(closure);
        match &self.0.engine {
            EngineOf::Sqlite(engine) => {
                let Ok(_permit) = engine.long_reads.acquire().await else {
                    return Err(E::from(DbError::Closed));
                };
                let (engine, job) = (Arc::clone(engine), self.job(work, Lane::Background, None));
                if tokio::task::spawn_blocking(move || engine.read(job)).await.is_err() {
                    return Err(E::from(DbError::Bug("a read panicked".to_owned())));
                }
            }
            EngineOf::Postgres(engine) => self.submit(&engine.reads, Lane::Background, None, work),
        }
        receive(answer).await
    }

    /// [`Db::read`] for code that is not async.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub fn read_blocking<T, E, F>(&self, closure: F) -> Result<T, E>
    where
        F: FnMut(&mut Rx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (work, answer) = read_work(closure);
        match &self.0.engine {
            EngineOf::Sqlite(engine) => engine.read(self.job(work, Lane::Background, None)),
            EngineOf::Postgres(engine) => self.submit(&engine.reads, Lane::Background, None, work),
        }
        answer.blocking_recv().unwrap_or_else(|_| Err(E::from(DbError::Closed)))
    }

    /// Where [`Db::mark`] counts from; taken before the read.
    pub fn commits_seen(&self) -> (u64, Instant) {
        (self.freshness().all(), Instant::now())
    }

    /// A mark for what was read of `tables` since `start`: [`Db::holds`] then tells whether it still holds. `None`
    /// when something was written meanwhile.
    pub fn mark(&self, start: (u64, Instant), tables: Tables) -> Option<Mark> {
        self.freshness().mark(start.0, start.1, tables)
    }

    /// Whether what was read is what a read would find now: no commit of this node wrote one of its tables since,
    /// and it is not older than a second, for the sake of other nodes.
    pub fn holds(&self, mark: &Mark) -> bool {
        self.freshness().holds(mark)
    }

    fn freshness(&self) -> &Freshness {
        match &self.0.engine {
            EngineOf::Sqlite(engine) => &engine.freshness,
            EngineOf::Postgres(engine) => &engine.freshness,
        }
    }

    /// The engine underneath.
    pub fn engine(&self) -> Engine {
        match self.0.engine {
            EngineOf::Sqlite(_) => Engine::Sqlite,
            EngineOf::Postgres(_) => Engine::Postgres,
        }
    }

    /// The clock transactions take their time from.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    /// The randomness ids are made of.
    pub fn rng(&self) -> &Arc<dyn Rng> {
        &self.0.rng
    }

    /// A fresh moment: the present time and a seed for ids.
    pub fn moment(&self) -> Moment {
        Moment::new(self.0.clock.now(), self.0.rng.as_ref())
    }

    /// Why the store cannot be trusted any more; `None` while it can.
    pub fn broken_reason(&self) -> Option<String> {
        self.0.health.reason()
    }

    /// Waits until the store is damaged; the server then exits with an error.
    pub async fn broken(&self) -> String {
        self.0.health.broken().await
    }

    /// Round trips made to PostgreSQL so far; 0 on SQLite, which has none.
    pub fn round_trips(&self) -> u64 {
        match &self.0.engine {
            EngineOf::Sqlite(_) => 0,
            EngineOf::Postgres(engine) => engine.trips.load(Ordering::Relaxed),
        }
    }

    /// Closures that wait for the writer.
    pub fn writes_waiting(&self) -> usize {
        match &self.0.engine {
            EngineOf::Sqlite(engine) => engine.queue.waiting(),
            EngineOf::Postgres(engine) => engine.writes.waiting(),
        }
    }

    /// How often the store has refused something.
    pub fn refusals(&self) -> Refusals {
        self.0.health.refusals()
    }

    /// Whether the last attempt to reach the database succeeded; on SQLite there is nothing to reach.
    pub fn is_reachable(&self) -> bool {
        match &self.0.engine {
            EngineOf::Sqlite(_) => true,
            EngineOf::Postgres(engine) => !engine.outage.is_away(),
        }
    }

    /// Takes nothing more, finishes what waits, and ends the threads. Blocks.
    pub fn close(&self) {
        match &self.0.engine {
            EngineOf::Sqlite(engine) => engine.queue.close(),
            EngineOf::Postgres(engine) => {
                engine.writes.close();
                engine.reads.close();
            }
        }
        for thread in std::mem::take(&mut *self.0.threads.lock()) {
            if thread.join().is_err() {
                tracing::error!("a store thread panicked");
            }
        }
    }

    fn submit_write(&self, lane: Lane, key: Option<u64>, work: Box<dyn Work>) {
        match &self.0.engine {
            EngineOf::Sqlite(engine) => self.submit(&engine.queue, lane, key, work),
            EngineOf::Postgres(engine) => self.submit(&engine.writes, lane, key, work),
        }
    }

    fn submit(&self, queue: &Queue, lane: Lane, key: Option<u64>, work: Box<dyn Work>) {
        if let Err(refused) = queue.push(lane, self.job(work, lane, key)) {
            let (job, error) = *refused;
            self.0.health.note(&error);
            job.work.finish(Outcome::Failed(error));
        }
    }

    fn job(&self, work: Box<dyn Work>, lane: Lane, key: Option<u64>) -> Job {
        let wait = match lane {
            Lane::Interactive => INTERACTIVE_DEADLINE,
            Lane::Background => BACKGROUND_DEADLINE,
        };
        let now = Instant::now();
        Job {
            work,
            moment: self.moment(),
            deadline: now.checked_add(wait).unwrap_or(now),
            key,
            written: Tables::default(),
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        match &self.engine {
            EngineOf::Sqlite(engine) => engine.queue.close(),
            EngineOf::Postgres(engine) => {
                engine.writes.close();
                engine.reads.close();
            }
        }
    }
}

async fn receive<T, E: From<DbError>>(answer: Reply<T, E>) -> Result<T, E> {
    answer.await.unwrap_or_else(|_| Err(E::from(DbError::Closed)))
}

fn spawn(name: String, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, DbError> {
    std::thread::Builder::new().name(name).spawn(body).map_err(|error| DbError::Broken(error.to_string()))
}
