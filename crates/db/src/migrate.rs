//! Migrations: small SQL files, a list per module, each recorded in the module's own table.

use std::time::{Duration, Instant};

use refinery::error::Kind;
use refinery::{Migration as Step, Runner};

use crate::{Db, DbError, Engine, sql, sqlite_engine::SqliteConn};

/// One migration of a module, in the common subset of SQL (see `docs/adr/0001`).
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its number within the module, from 1 without gaps.
    pub number: i32,
    /// What it does, in a word or two.
    pub name: &'static str,
    /// The statements.
    pub sql: &'static str,
}

/// The migrations of one module, oldest first.
#[derive(Clone, Copy, Debug)]
pub struct Migrations {
    /// The module; its tables start with this name.
    pub module: &'static str,
    /// The steps.
    pub steps: &'static [Migration],
}

/// Declares a module's migrations from its `migrations/` folder.
#[macro_export]
macro_rules! migrations {
    ($module:literal: $($number:literal $name:literal $file:literal),+ $(,)?) => {
        $crate::Migrations {
            module: $module,
            steps: &[$($crate::Migration { number: $number, name: $name, sql: include_str!($file) }),+],
        }
    };
}

/// The store's own tables.
pub const STORE: Migrations = crate::migrations!(
    "db": 1 "store" "../migrations/0001_store.sql", 2 "published at" "../migrations/0002_published_at.sql"
);

fn steps(engine: Engine, migrations: &Migrations) -> Result<Vec<Step>, DbError> {
    let step = |step: &Migration| {
        let name = format!("V{}__{}", step.number, step.name.replace(' ', "_"));
        Step::unapplied(&name, &sql::definition(engine, step.sql))
            .map_err(|error| DbError::Bug(error.to_string()))
    };
    migrations.steps.iter().map(step).collect()
}

fn runner(engine: Engine, migrations: &Migrations) -> Result<Runner, DbError> {
    let mut runner = Runner::new(&steps(engine, migrations)?);
    runner.set_migration_table_name(format!("{}_migration", migrations.module));
    Ok(runner)
}

fn failed(module: &str, error: &refinery::Error) -> DbError {
    match error.kind() {
        Kind::DivergentVersion(step, _) => DbError::OtherVersion(format!(
            "the store was made by an earlier version whose tables of {module} were others ({step}); name a new store, \
             or remove this one when nothing in it is needed"
        )),
        Kind::MissingVersion(step) => DbError::OtherVersion(format!(
            "the store was made by a newer version ({module} has {step}); start that version"
        )),
        _ => {
            let source = std::error::Error::source(error).map(|source| format!(": {source}"));
            DbError::Bug(format!("migration of {module} failed: {error}{}", source.unwrap_or_default()))
        }
    }
}

pub(crate) fn sqlite(conn: &mut SqliteConn, modules: &[Migrations]) -> Result<Vec<String>, DbError> {
    let mut applied = Vec::new();
    for module in modules {
        let report = runner(Engine::Sqlite, module)?
            .run(conn.connection())
            .map_err(|error| failed(module.module, &error))?;
        applied.extend(report.applied_migrations().iter().map(|step| format!("{} {step}", module.module)));
    }
    Ok(applied)
}

/// Nodes that start together take turns: a lease row, taken over when its holder has died.
pub(crate) fn postgres(
    client: &mut postgres::Client,
    modules: &[Migrations],
) -> Result<Vec<String>, DbError> {
    let lease = lease(client)?;
    let applied: Result<Vec<String>, DbError> = modules.iter().try_fold(Vec::new(), |mut applied, module| {
        let report =
            runner(Engine::Postgres, module)?.run(client).map_err(|error| failed(module.module, &error))?;
        applied.extend(report.applied_migrations().iter().map(|step| format!("{} {step}", module.module)));
        Ok(applied)
    });
    // After a failure too: whoever tries again need not wait until it runs out.
    let freed = client.execute("DELETE FROM db_lease WHERE name = 'migrate' AND holder = $1", &[&lease]);
    let applied = applied?;
    freed?;
    Ok(applied)
}

fn lease(client: &mut postgres::Client) -> Result<String, DbError> {
    let created = "CREATE TABLE IF NOT EXISTS db_lease (name TEXT PRIMARY KEY, holder TEXT NOT NULL, until BIGINT NOT NULL)";
    // Two nodes that create it at once collide inside the catalogue; the second look finds it.
    if client.batch_execute(created).is_err() {
        client.batch_execute(created)?;
    }
    let holder = format!("{}-{:p}", std::process::id(), client);
    let started = Instant::now();
    loop {
        let taken = client.execute(
            "INSERT INTO db_lease AS l (name, holder, until)
             VALUES ('migrate', $1, CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS BIGINT) + 120)
             ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
             WHERE l.until < CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS BIGINT)",
            &[&holder],
        )?;
        if taken == 1 {
            return Ok(holder);
        }
        if started.elapsed() > Duration::from_secs(180) {
            return Err(DbError::Busy);
        }
        #[expect(clippy::disallowed_methods, reason = "start-up, on a thread of its own")]
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A step and whether a store has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepStatus {
    /// The module.
    pub module: &'static str,
    /// The step's number.
    pub number: i32,
    /// What it does.
    pub name: &'static str,
    /// Whether the store has it.
    pub is_applied: bool,
}

/// Which steps of `modules` a store has.
///
/// # Errors
/// Whatever the store says.
pub fn migration_status(db: &Db, modules: &[Migrations]) -> Result<Vec<StepStatus>, DbError> {
    let mut all = vec![STORE];
    all.extend_from_slice(modules);
    let mut steps = Vec::new();
    for Migrations { module, steps: known } in all {
        let sql =
            format!("SELECT CAST(version AS BIGINT) FROM {module}_migration ORDER BY version LIMIT 1000");
        // A module whose table is missing has no step.
        let applied: Vec<i64> =
            db.read_blocking(move |rx| rx.list(&sql, &[], |row| row.get(0))).unwrap_or_default();
        steps.extend(known.iter().map(|step| StepStatus {
            module,
            number: step.number,
            name: step.name,
            is_applied: applied.contains(&i64::from(step.number)),
        }));
    }
    Ok(steps)
}
