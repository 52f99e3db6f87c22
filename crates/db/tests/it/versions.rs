//! A store of another version of the program is refused, and left as it is.

use base::{SystemClock, SystemRng};
use db::{Db, DbError, DbOptions, Location, Migration, Migrations};

use crate::{TABLES, count, insert};

const OTHERS: Migrations = Migrations {
    module: "probe",
    steps: &[Migration {
        number: 1,
        name: "counters",
        sql: "CREATE TABLE probe_other (id BIGINT PRIMARY KEY)",
    }],
};
const NONE: Migrations = Migrations { module: "probe", steps: &[] };

fn open(location: &Location, tables: Migrations) -> Result<Db, DbError> {
    let (clock, rng) = (std::sync::Arc::new(SystemClock::default()), std::sync::Arc::new(SystemRng));
    Db::open(DbOptions::new(location.clone(), clock, rng), &[tables])
}

fn must_be_refused(location: &Location) {
    let db = open(location, TABLES).unwrap();
    testkit::block_on(async { assert_eq!(insert(&db, "kept", 1).await, Ok(1)) });
    db.close();
    drop(db);
    for (tables, word) in [(OTHERS, "earlier"), (NONE, "newer")] {
        match open(location, tables) {
            Err(DbError::OtherVersion(text)) => {
                assert!(text.contains(word) && text.contains("probe"), "{text}")
            }
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("a store with other tables is opened"),
        }
    }
    let db = open(location, TABLES).unwrap();
    testkit::block_on(async { assert_eq!(count(&db, "kept").await, Some(1)) });
}

#[test]
fn a_store_of_another_version_is_refused_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    must_be_refused(&Location::File(folder.path().join("tuan.db")));
}

#[test]
fn a_store_of_another_version_is_refused_postgres() {
    must_be_refused(&Location::Postgres(testkit::fresh_database()));
}
