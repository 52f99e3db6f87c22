//! More work than there is room for: what does not fit is refused at once, and what was taken in is done.

use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use db::{Db, DbError, Lane};
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

db_test!(what_does_not_fit_is_refused_at_once, &[TABLES], |store| {
    insert(&store.db, "done", 0).await.unwrap();
    // Every executor waits for the gate.
    let (open, gate) = mpsc::channel::<()>();
    let gate = Arc::new(Mutex::new(gate));
    let mut held = JoinSet::new();
    for _ in 0..HELD {
        let (db, gate) = (store.db.clone(), Arc::clone(&gate));
        held.spawn(async move {
            db.write::<(), DbError, _>(Lane::Interactive, move |_| {
                gate.lock().recv().ok();
                Ok(())
            })
            .await
        });
    }
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
    // The room is free again.
    assert_eq!(add(store.db.clone()).await, Ok(1));
});
