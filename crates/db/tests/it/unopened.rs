//! A file that cannot be opened for a moment, as when the program has too many open, is no damage.
//!
//! SQLite only: PostgreSQL's connections that fail are in `outage`.

use base::{SystemClock, SystemRng};
use db::{Db, DbError, DbOptions, Location};

use crate::{TABLES, insert};

async fn read(db: &Db) -> Result<i64, DbError> {
    db.read(|rx| rx.one("SELECT COUNT(*) FROM probe_counter", &[], |row| row.get(0))).await
}

#[test]
fn a_connection_that_cannot_be_opened_is_refused_and_the_store_goes_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let (here, away) = (folder.path().join("store"), folder.path().join("away"));
    std::fs::create_dir(&here).unwrap();
    let (clock, rng) = (std::sync::Arc::new(SystemClock::default()), std::sync::Arc::new(SystemRng));
    let db = Db::open(DbOptions::new(Location::File(here.join("tuan.db")), clock, rng), &[TABLES]).unwrap();
    testkit::block_on(async move {
        assert_eq!(insert(&db, "a", 1).await, Ok(1));
        // Nobody has read yet, so that the first reader opens a connection, and does not find the file.
        std::fs::rename(&here, &away).unwrap();
        assert_eq!(read(&db).await, Err(DbError::Lost));
        assert_eq!(db.broken_reason(), None);
        assert_eq!(db.refusals().unreachable, 1);
        std::fs::rename(&away, &here).unwrap();
        assert_eq!(read(&db).await, Ok(1));
        assert_eq!(insert(&db, "b", 1).await, Ok(1));
        assert_eq!(read(&db).await, Ok(2));
    });
}

#[test]
fn a_store_that_cannot_be_opened_at_all_says_which_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    // A folder where the file should be.
    let file = folder.path().join("tuan.db");
    std::fs::create_dir(&file).unwrap();
    let (clock, rng) = (std::sync::Arc::new(SystemClock::default()), std::sync::Arc::new(SystemRng));
    match Db::open(DbOptions::new(Location::File(file.clone()), clock, rng), &[TABLES]) {
        Err(DbError::Broken(text)) => assert!(text.contains(&*file.to_string_lossy()), "{text}"),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("a folder is opened as a store"),
    }
}
