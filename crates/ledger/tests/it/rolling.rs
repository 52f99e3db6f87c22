//! Balances without a row of their own: read from a snapshot and the entries since, whatever happens meanwhile.

use super::*;
use testkit::db_test;

fn roller(db: &Db) -> work::Worker {
    let handlers = ledger::module().jobs;
    work::Worker::new(db.clone(), work::WorkerOptions { handlers, ..Default::default() })
}

async fn number(db: &Db, sql: &'static str) -> i64 {
    db.read::<_, DbError, _>(move |rx| rx.one(sql, &[], |row| row.get(0))).await.unwrap()
}

/// Entries that no snapshot has yet.
async fn behind(db: &Db) -> i64 {
    let sql = "SELECT CAST(COALESCE(SUM(c.seq - COALESCE(r.seq, 0)), 0) AS BIGINT)
        FROM ledger_chain c LEFT JOIN ledger_rolled r ON r.chain = c.chain";
    number(db, sql).await
}

async fn roll(store: &testkit::Store, worker: &work::Worker) {
    base::Clock::advance(store.clock.as_ref(), 601_000_000);
    worker.settle().await.unwrap();
}

async fn top_up(db: &Db, n: i64) {
    let to = wallet(u8::try_from(n % 200).unwrap());
    let transfer = Transfer::simple(TransferKind::TopUp, &format!("top up {n}"), bank(), to, n);
    assert_eq!(post(db, transfer).await, Ok(Posted::Now));
}

db_test!(a_balance_is_the_same_before_and_after_a_roll, TABLES, |store| {
    let worker = roller(&store.db);
    worker.settle().await.unwrap();
    // More than two batches.
    for n in 1..=450 {
        top_up(&store.db, n).await;
    }
    let expected = -(450 * 451) / 2;
    assert_eq!(free(&store.db, bank()).await, expected);
    assert_eq!(behind(&store.db).await, 900);
    roll(&store, &worker).await;
    assert_eq!(behind(&store.db).await, 0);
    assert_eq!(free(&store.db, bank()).await, expected);
    assert_eq!(
        number(&store.db, "SELECT CAST(SUM(posted_dr) AS BIGINT) FROM ledger_snapshot").await,
        -expected
    );
    top_up(&store.db, 1_000).await;
    assert_eq!(free(&store.db, bank()).await, expected - 1_000);
    audit(&store.db).await;
    roll(&store, &worker).await;
    assert_eq!(free(&store.db, bank()).await, expected - 1_000);
    audit(&store.db).await;
});

db_test!(entries_made_during_a_roll_count_once, TABLES, |store| {
    const POSTS: i64 = 300;
    // Two nodes roll while others post and read.
    let nodes = [roller(&store.db), roller(&store.db)];
    let mut tasks = tokio::task::JoinSet::new();
    for part in 0..4 {
        let db = store.db.clone();
        tasks.spawn(async move {
            for n in 0..POSTS {
                top_up(&db, 1 + part * POSTS + n).await;
            }
        });
    }
    for worker in nodes.clone() {
        let clock = std::sync::Arc::clone(&store.clock);
        tasks.spawn(async move {
            for _ in 0..60 {
                base::Clock::advance(clock.as_ref(), 601_000_000);
                worker.settle().await.unwrap();
            }
        });
    }
    let db = store.db.clone();
    tasks.spawn(async move {
        let mut last = 0;
        for _ in 0..200 {
            // The bank only pays out: its balance never rises, unless an entry was left out or counted twice.
            let now = free(&db, bank()).await;
            assert!(now <= last, "{now} after {last}");
            // What left the bank is in the wallets at the same moment.
            let all = "SELECT CAST(SUM(posted_cr - posted_dr) AS BIGINT) FROM audit_balances";
            let sum = db.read::<Option<i64>, DbError, _>(move |rx| rx.one(all, &[], |row| row.get(0)));
            assert_eq!(sum.await.unwrap().unwrap_or(0), 0);
            last = now;
        }
    });
    tasks.join_all().await;
    let total = -(4 * POSTS) * (4 * POSTS + 1) / 2;
    assert_eq!(free(&store.db, bank()).await, total);
    audit(&store.db).await;
    roll(&store, &nodes[0]).await;
    assert_eq!((behind(&store.db).await, free(&store.db, bank()).await), (0, total));
    audit(&store.db).await;
});
