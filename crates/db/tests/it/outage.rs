//! A database that takes no connections for a while: never a reason to stop. What comes at first waits, what comes
//! later is refused at once, and everything goes on by itself.

use std::time::{Duration, Instant};

use base::{SystemClock, SystemRng};
use db::{Db, DbError, DbOptions, Lane, Location};
use postgres::{Client, NoTls};

use crate::{TABLES, count, insert};

/// Ends all sessions of a database and lets nobody in; or lets them in again.
#[expect(clippy::disallowed_methods, reason = "the test locks a database, it does not use the store")]
fn set_open(url: &str, is_open: bool) {
    let (server, name) = url.rsplit_once('/').unwrap();
    let mut client = Client::connect(&format!("{server}/postgres"), NoTls).unwrap();
    client.batch_execute(&format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS {is_open}")).unwrap();
    if !is_open {
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
        client.execute(sql, &[&name]).unwrap();
    }
}

async fn set(url: &str, is_open: bool) {
    let url = url.to_owned();
    tokio::task::spawn_blocking(move || set_open(&url, is_open)).await.unwrap();
}

// A file is there or the program does not start.
#[test]
fn a_database_that_lets_nobody_in_is_waited_for() {
    let url = testkit::fresh_database();
    let options = || {
        let location = Location::Postgres(url.clone());
        DbOptions::new(location, std::sync::Arc::new(SystemClock::default()), std::sync::Arc::new(SystemRng))
    };
    let db = Db::open(options(), &[TABLES]).unwrap();
    testkit::block_on(async {
        insert(&db, "before", 1).await.unwrap();
        set(&url, false).await;
        // Back before anybody's patience is over.
        let waiting = insert(&db, "waits", 2);
        let (waited, ()) = tokio::join!(waiting, async {
            let started = Instant::now();
            while db.is_reachable() {
                assert!(started.elapsed() < Duration::from_secs(4), "it is not noticed");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            set(&url, true).await;
        });
        assert_eq!(waited, Ok(1));
        assert!(db.is_reachable());
        set(&url, false).await;
        let started = Instant::now();
        assert_eq!(insert(&db, "refused", 3).await, Err(DbError::Lost));
        assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
        let at_once = Instant::now();
        assert_eq!(insert(&db, "refused", 3).await, Err(DbError::Lost));
        let read = db.read::<i64, DbError, _>(|rx| rx.one("SELECT 1", &[], |row| row.get(0))).await;
        assert_eq!(read, Err(DbError::Lost));
        assert!(at_once.elapsed() < Duration::from_secs(1), "{:?}", at_once.elapsed());
        // The background must not hold the connections' threads meanwhile, and is refused alike.
        let background = db.write::<(), DbError, _>(Lane::Background, |_| Ok(())).await;
        assert_eq!(background, Err(DbError::Lost));
        assert_eq!(db.refusals().unreachable, 4);
        assert_eq!(db.broken_reason(), None);
        set(&url, true).await;
        assert_eq!(insert(&db, "after", 4).await, Ok(1));
        for (name, n) in [("before", Some(1)), ("waits", Some(2)), ("refused", None), ("after", Some(4))] {
            assert_eq!(count(&db, name).await, n, "{name}");
        }
        assert!(db.is_reachable());
    });
    db.close();
    // At the start nobody waits, and the reason is told.
    set_open(&url, false);
    for opened in [Db::open(options(), &[TABLES]), Db::open_beside(options())] {
        let Err(DbError::Broken(why)) = opened else { panic!("it opens") };
        assert!(why.contains("not currently accepting connections"), "{why}");
    }
    set_open(&url, true);
}
