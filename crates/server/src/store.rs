//! Opening the store with the server's clock and all modules' tables.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use base::{Clock, SystemClock, SystemRng};
use db::{Db, DbError, DbOptions, Isolation, Location, Migrations, Rx, Tx};

use crate::config::{self, Config};

/// How many microseconds the store's clock is ahead; the test clock of a demo.
pub(crate) const CLOCK_OFFSET: &str = "clock_offset";
/// 1 in a demo.
pub(crate) const DEMO: &str = "demo";

/// 1 as soon as somebody has begun to make the store a demo.
const DEMO_BEGUN: &str = "demo_begun";

/// What the store says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Whether it is a demo.
    pub(crate) is_demo: bool,
}

fn options(config: &Config, clock: Arc<dyn Clock>) -> Result<DbOptions> {
    let mut options = DbOptions::new(config.location(), clock, Arc::new(SystemRng));
    options.connections = usize::try_from(config.number("database_connections")?)?;
    options.waiting_max = usize::try_from(config.number("waiting_max")?)?;
    options.isolation = match config.text("database_isolation") {
        "snapshot" => Isolation::Snapshot,
        "serializable" => Isolation::Serializable,
        other => bail!("database_isolation must be `snapshot` or `serializable`, not `{other}`"),
    };
    options.sql_log = config::sql_log();
    Ok(options)
}

/// Opens the store, brings its tables up to date and sets the clock as the store says.
///
/// # Errors
/// When it cannot be opened or migrated.
pub(crate) fn open(config: &Config, tables: &[Migrations]) -> Result<(Db, Facts)> {
    if let Location::File(path) = config.location()
        && let Some(folder) = path.parent()
    {
        std::fs::create_dir_all(folder).with_context(|| format!("make the folder {}", folder.display()))?;
    }
    let db = Db::open(options(config, Arc::new(SystemClock::default()))?, tables)?;
    let facts = set_up(&db)?;
    Ok((db, facts))
}

/// Opens the store with this clock, for building a world.
///
/// # Errors
/// As [`open`].
pub(crate) fn open_with(config: &Config, tables: &[Migrations], clock: Arc<dyn Clock>) -> Result<Db> {
    if let Location::File(path) = config.location()
        && let Some(folder) = path.parent()
    {
        std::fs::create_dir_all(folder).with_context(|| format!("make the folder {}", folder.display()))?;
    }
    Ok(Db::open(options(config, clock)?, tables)?)
}

/// Opens the store for reading, beside a server that may be running.
///
/// # Errors
/// When there is none, or it cannot be opened.
pub(crate) fn open_beside(config: &Config) -> Result<Db> {
    let db = Db::open_beside(options(config, Arc::new(SystemClock::default()))?)?;
    set_up(&db)?;
    Ok(db)
}

fn set_up(db: &Db) -> Result<Facts, DbError> {
    let (offset, demo) = db.read_blocking::<_, DbError, _>(|rx| {
        Ok((db::fact(rx, CLOCK_OFFSET)?.unwrap_or(0), db::fact(rx, DEMO)?.unwrap_or(0)))
    })?;
    db.clock().advance(offset);
    Ok(Facts { is_demo: demo == 1 })
}

/// Whether the store is a demo's.
///
/// # Errors
/// Whatever the store says.
pub(crate) fn is_demo(db: &Db) -> Result<bool, DbError> {
    Ok(db.read_blocking::<_, DbError, _>(|rx| db::fact(rx, DEMO))? == Some(1))
}

/// Notes that the store is being filled.
///
/// # Errors
/// Whatever the store says.
pub(crate) fn begin_demo(db: &Db) -> Result<(), DbError> {
    db.write_blocking(|tx: &mut Tx| db::set_fact(tx, DEMO_BEGUN, 1))
}

/// Notes that the store is a demo, whole.
///
/// # Errors
/// Whatever the store says.
pub(crate) fn end_demo(db: &Db) -> Result<(), DbError> {
    db.write_blocking(|tx: &mut Tx| db::set_fact(tx, DEMO, 1))
}

/// What is in the place where a demo is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing, or only tables.
    Nothing,
    /// A demo.
    Demo,
    /// A demo that was not finished.
    HalfDemo,
    /// A store that is no demo.
    Other,
}

/// Looks what is there, without changing it.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn look(config: &Config) -> Result<Found> {
    if let Location::File(path) = config.location()
        && !path.exists()
    {
        return Ok(Found::Nothing);
    }
    let db = Db::open_beside(options(config, Arc::new(SystemClock::default()))?)?;
    let read = |rx: &mut Rx| Ok((db::fact(rx, DEMO)?, db::fact(rx, DEMO_BEGUN)?));
    // A database without our tables is empty.
    let Ok((demo, begun)) = db.read_blocking::<_, DbError, _>(read) else { return Ok(Found::Nothing) };
    Ok(match (demo, begun) {
        (Some(1), _) => Found::Demo,
        (_, Some(1)) => Found::HalfDemo,
        _ => Found::Other,
    })
}
