//! A store for one test.

use std::sync::Arc;

use base::{Clock, FixedClock, SystemRng, Timestamp};
use db::{Db, DbOptions, Engine, Location, Migrations};

/// A store that lives as long as its test.
pub struct Store {
    /// The store.
    pub db: Db,
    /// Its clock; stands still until moved.
    pub clock: Arc<FixedClock>,
    _folder: tempfile::TempDir,
}

/// Opens an empty store with the tables of `modules`.
pub fn open(engine: Engine, modules: &[Migrations]) -> Store {
    let folder = tempfile::Builder::new().prefix("tuan-test-").tempdir().expect("a temporary folder");
    let clock = Arc::new(FixedClock::at(Timestamp::from_micros(1_795_000_000_000_000)));
    let options = options(engine, folder.path(), Arc::<FixedClock>::clone(&clock));
    let modules = modules.to_vec();
    // Opening blocks; PostgreSQL's client must not run inside the test's runtime.
    let opened =
        std::thread::spawn(move || Db::open(options, &modules)).join().expect("opening does not panic");
    Store { db: opened.expect("the store opens"), clock, _folder: folder }
}

fn options(engine: Engine, folder: &std::path::Path, clock: Arc<dyn Clock>) -> DbOptions {
    let location = match engine {
        Engine::Sqlite => Location::File(folder.join("tuan.db")),
        Engine::Postgres => {
            let made = std::thread::spawn(crate::fresh_database).join();
            Location::Postgres(made.expect("a database is made"))
        }
    };
    let mut options = DbOptions::new(location, clock, Arc::new(SystemRng));
    options.connections = 8;
    options.sql_log = std::env::var_os("TUAN_SQL_LOG").map(Into::into);
    if std::env::var_os("TEST_READ_COMMITTED").is_some() {
        options.isolation = db::Isolation::ReadCommitted;
    }
    options
}

/// Runs a test's future on a runtime of its own.
pub fn block_on(future: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime starts").block_on(future);
}
