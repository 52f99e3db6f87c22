//! More work than there is room for: what does not fit is refused at once, and what was taken in is done.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use base::{SystemClock, SystemRng};
use db::{Db, DbError, DbOptions, Engine, Lane, Location};
use parking_lot::Mutex;
use testkit::db_test;
use tokio::task::JoinSet;

use crate::{TABLES, count, insert};

/// More than there are executors on either engine.
const HELD: usize = 16;
/// More than any lane takes in.
const SENT: usize = 6_000;

async fn add(db: Db) -> Result<u64, DbError> {
    let add = |tx: &mut db::Tx| tx.execute("UPDATE probe_counter SET n = n + 1 WHERE name = 'done'", &[]);
    db.write_keyed(Lane::Interactive, "done", add).await
}

/// Makes every executor wait until the sender is dropped.
async fn hold(db: &Db) -> (mpsc::Sender<()>, JoinSet<Result<(), DbError>>) {
    let executors = if db.engine() == Engine::Sqlite { 1 } else { 8 };
    let (open, gate) = mpsc::channel::<()>();
    let (gate, waiting) = (Arc::new(Mutex::new(gate)), Arc::new(AtomicU64::new(0)));
    let mut held = JoinSet::new();
    for _ in 0..HELD {
        let (db, gate, waiting) = (db.clone(), Arc::clone(&gate), Arc::clone(&waiting));
        let wait = move |_: &mut db::Tx| {
            waiting.fetch_add(1, Ordering::SeqCst);
            gate.lock().recv().ok();
            Ok(())
        };
        held.spawn(async move { db.write(Lane::Interactive, wait).await });
    }
    let started = Instant::now();
    while waiting.load(Ordering::SeqCst) < executors {
        assert!(started.elapsed() < Duration::from_secs(10), "{waiting:?} wait");
        tokio::task::yield_now().await;
    }
    (open, held)
}

db_test!(what_does_not_fit_is_refused_at_once, &[TABLES], |store| {
    insert(&store.db, "done", 0).await.unwrap();
    let (open, held) = hold(&store.db).await;
    let mut sent = JoinSet::new();
    for _ in 0..SENT {
        sent.spawn(add(store.db.clone()));
    }
    let started = Instant::now();
    let first = sent.join_next().await.unwrap().unwrap();
    assert_eq!(first, Err(DbError::Busy), "the refused are answered first");
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    drop(open);
    held.join_all().await.into_iter().for_each(Result::unwrap);
    let (mut done, mut refused) = (0, 1);
    for answer in sent.join_all().await {
        match answer {
            Ok(changed) => done += i64::try_from(changed).unwrap(),
            Err(error) => {
                assert_eq!(error, DbError::Busy);
                refused += 1;
            }
        }
    }
    assert!(done > 0 && refused > 0, "{done} done, {refused} refused");
    assert_eq!(count(&store.db, "done").await, Some(done));
    let counted = i64::try_from(store.db.refusals().busy).unwrap();
    assert_eq!(counted, refused);
    // The room is free again.
    assert_eq!(add(store.db.clone()).await, Ok(1));
});

/// More than the lane of the background takes in.
const SENT_LATER: u64 = 20_000;

db_test!(what_nobody_waits_for_is_counted_when_it_is_dropped, &[TABLES], |store| {
    let (open, held) = hold(&store.db).await;
    let done = Arc::new(AtomicU64::new(0));
    for _ in 0..SENT_LATER {
        let done = Arc::clone(&done);
        store.db.write_later(move |_| {
            done.fetch_add(1, Ordering::SeqCst);
            Ok(())
        });
    }
    let dropped = store.db.refusals().dropped;
    assert!(dropped > 0, "all of them fitted");
    drop(open);
    held.join_all().await.into_iter().for_each(Result::unwrap);
    // One that fails by itself is counted too, and comes after the others.
    store.db.write_later(|_| Err(DbError::Bug("as the test wants".to_owned())));
    let started = Instant::now();
    while done.load(Ordering::SeqCst) + dropped < SENT_LATER || store.db.refusals().dropped == dropped {
        assert!(started.elapsed() < Duration::from_secs(30), "{done:?} done");
        tokio::task::yield_now().await;
    }
    assert_eq!(done.load(Ordering::SeqCst) + dropped, SENT_LATER);
    assert_eq!(store.db.refusals().dropped, dropped + 1);
});

/// Reads that wait in the background, behind one connection for reads.
const BEHIND: usize = 40;

// An embedded store has no queue for reads: they run where they are asked for.
#[test]
fn what_reads_in_the_background_takes_no_room_from_people_postgres() {
    let location = Location::Postgres(testkit::fresh_database());
    let mut options = DbOptions::new(location, Arc::new(SystemClock::default()), Arc::new(SystemRng));
    (options.connections, options.waiting_max) = (2, 1);
    let db = Db::open(options, &[TABLES]).unwrap();
    testkit::block_on(async {
        let (open, gate) = mpsc::channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        let mut behind = JoinSet::new();
        for _ in 0..BEHIND {
            let (db, gate) = (db.clone(), Arc::clone(&gate));
            let wait = move |_: &mut db::Rx| {
                gate.lock().recv().ok();
                Ok::<_, DbError>(())
            };
            behind.spawn(async move { db.read_in(Lane::Background, wait).await });
        }
        // They have come in when the last of them has been polled.
        tokio::task::yield_now().await;
        let mut asked = JoinSet::new();
        asked.spawn({
            let db = db.clone();
            async move { count(&db, "nobody").await }
        });
        drop(open);
        assert_eq!(asked.join_all().await, [None]);
        behind.join_all().await.into_iter().for_each(Result::unwrap);
    });
    db.close();
}
