//! What is past its time goes, in batches, once.

use super::*;
use work::{Progress, Upkeep};

const DAY: i64 = 86_400_000_000;

/// Counts how often it ran; three batches each time.
fn tick(tx: &mut Tx, place: &str) -> Result<Progress, Failure> {
    let broken: Option<i64> =
        tx.opt("SELECT n FROM probe_switch WHERE name = 'broken'", &[], |row| row.get(0))?;
    if broken == Some(1) {
        return Err(Failure::of("as the test wants"));
    }
    let n: i64 = if place.is_empty() { 0 } else { Failure::check(place.parse())? };
    tx.execute(
        "INSERT INTO probe_seen (place, who, n) SELECT COALESCE(MAX(place), 0) + 1, 'tick', :n FROM probe_seen",
        params!["n" => n],
    )?;
    Ok(if n < 2 { Progress::More((n + 1).to_string()) } else { Progress::Done })
}

/// A node with its subscriber, the store's own upkeep and one of the test's.
fn node(db: &Db) -> Worker {
    let subscribers = vec![Subscriber { name: "probe", kinds: &["probe.counted"], handle: see }];
    let mut handlers = work::upkeep();
    handlers.push(Upkeep { kind: "probe.tick", every_s: 3_600, run: tick }.into());
    Worker::new(db.clone(), WorkerOptions { subscribers, handlers })
}

async fn number(db: &Db, sql: &'static str) -> i64 {
    db.read::<_, DbError, _>(move |rx| rx.one(sql, &[], |row| row.get(0))).await.unwrap()
}

/// Marks in the inbox whose event has gone.
async fn orphans(db: &Db) -> i64 {
    let sql = "SELECT COUNT(*) FROM audit_inbox i LEFT JOIN audit_outbox o ON o.event_id = i.event_id
        WHERE o.event_id IS NULL";
    number(db, sql).await
}

db_test!(two_nodes_do_the_upkeep_once, TABLES, |store| {
    let (one, two) = (node(&store.db), node(&store.db));
    one.settle().await.unwrap();
    two.settle().await.unwrap();
    assert!(seen(&store.db).await.is_empty(), "not before its time");
    for round in 1..=3 {
        store.clock.advance(3_600_000_000);
        let (first, second) = tokio::join!(one.settle(), two.settle());
        first.unwrap();
        second.unwrap();
        let batches: Vec<i64> = seen(&store.db).await.into_iter().map(|(_, n)| n).collect();
        assert_eq!(batches, [0, 1, 2].repeat(round));
    }
    // After a long pause it runs once, not once for each time it was missed.
    store.clock.advance(90 * DAY);
    one.settle().await.unwrap();
    assert_eq!(seen(&store.db).await.len(), 12);
});

db_test!(upkeep_that_fails_is_never_given_up, TABLES, |store| {
    let node = node(&store.db);
    node.settle().await.unwrap();
    switch(&store, 1).await;
    for _ in 0..20 {
        store.clock.advance(3_700_000_000);
        node.settle().await.unwrap();
    }
    assert!(store.db.read::<_, DbError, _>(work::dead_jobs).await.unwrap().is_empty());
    switch(&store, 0).await;
    store.clock.advance(3_700_000_000);
    node.settle().await.unwrap();
    assert_eq!(seen(&store.db).await.len(), 3);
});

db_test!(events_stay_a_week_after_their_delivery_and_go_with_their_marks, TABLES, |store| {
    let node = node(&store.db);
    // More than two batches, and one that cannot be delivered.
    for n in 0..200 {
        publish(&store.db, &format!("a{}", n % 7), n).await;
    }
    switch(&store, 1_000).await;
    publish(&store.db, "stuck", 1_000).await;
    node.settle().await.unwrap();
    store.clock.advance(6 * DAY);
    node.settle().await.unwrap();
    publish(&store.db, "late", 300).await;
    node.settle().await.unwrap();
    let rows = "SELECT COUNT(*) FROM db_outbox";
    assert_eq!(number(&store.db, rows).await, 202);
    store.clock.advance(DAY + 2 * 3_600_000_000);
    let (other, db) = (node_of(&store), store.db.clone());
    let watching = async move {
        for _ in 0..50 {
            assert_eq!(orphans(&db).await, 0);
        }
    };
    let (first, second, ()) = tokio::join!(node.settle(), other.settle(), watching);
    first.unwrap();
    second.unwrap();
    assert_eq!(number(&store.db, rows).await, 2, "the late one and the one nobody could deal with");
    assert_eq!(number(&store.db, "SELECT COUNT(*) FROM work_inbox").await, 1);
    assert_eq!(orphans(&store.db).await, 0);
    // Set aside for a person: it stays as long as it is.
    for _ in 0..10 {
        store.clock.advance(DAY);
        node.settle().await.unwrap();
    }
    let kept = "SELECT COUNT(*) FROM db_outbox o JOIN work_stuck s ON s.event = o.id WHERE s.state = 'dead'";
    assert_eq!((number(&store.db, rows).await, number(&store.db, kept).await), (1, 1));
    // What comes after the purge still comes in order.
    publish(&store.db, "a1", 400).await;
    node.settle().await.unwrap();
    assert_eq!(seen(&store.db).await.last(), Some(&("a1".to_owned(), 400)));
});

fn node_of(store: &Store) -> Worker {
    node(&store.db)
}

// Marks of commits are written on PostgreSQL only; on SQLite the same upkeep finds none.
db_test!(marks_of_commits_go_after_a_day, TABLES, |store| {
    let node = node(&store.db);
    for n in 0..30 {
        publish(&store.db, "x", n).await;
    }
    node.settle().await.unwrap();
    let before = number(&store.db, "SELECT COUNT(*) FROM db_commit").await;
    assert_eq!(before >= 30, store.db.engine() == db::Engine::Postgres);
    let old = store.clock.now();
    store.clock.advance(DAY + 1_000);
    node.settle().await.unwrap();
    let left = store.db.read::<i64, DbError, _>(move |rx| {
        rx.one("SELECT COUNT(*) FROM db_commit WHERE at <= :old", params!["old" => old], |row| row.get(0))
    });
    assert_eq!(left.await.unwrap(), 0);
    assert_eq!(number(&store.db, "SELECT COUNT(*) FROM db_outbox").await, 30);
});
