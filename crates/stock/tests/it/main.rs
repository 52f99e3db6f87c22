//! The stock's promises, on both engines.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use base::{Clock, Id, MerchantId, OrderId, PersonId, SkuId};
use db::{Db, DbError, Lane};
use stock::api::{self, Change, StockError, Want};
use testkit::db_test;

const TABLES: &[db::Migrations] = &[work::MIGRATIONS, stock::MIGRATIONS];

fn sku() -> SkuId {
    SkuId::from_bytes([7; 16])
}

fn merchant() -> MerchantId {
    MerchantId::from_bytes([1; 16])
}

fn order(n: u32) -> OrderId {
    OrderId::from_bytes(u128::from(n).to_be_bytes())
}

fn person(n: u32) -> PersonId {
    PersonId::from_bytes(u128::from(n).to_be_bytes())
}

async fn stocked(db: &Db, units: i64) {
    let change = Change {
        sku: sku(),
        merchant: merchant(),
        delta: units,
        reason: "stocking",
        note: None,
        actor: None,
    };
    db.write(Lane::Interactive, move |tx| api::adjust(tx, &change)).await.unwrap();
}

async fn available(db: &Db) -> i64 {
    db.read::<_, DbError, _>(|rx| api::available(rx, &[sku()]))
        .await
        .unwrap()
        .get(&sku())
        .copied()
        .unwrap_or(0)
}

async fn hold(db: &Db, n: u32, buyer: u32, lines: Vec<(SkuId, i64)>) -> Result<(), StockError> {
    let until = db.clock().now().plus_seconds(900);
    db.write(Lane::Interactive, move |tx| {
        let want = Want { order: order(n), person: person(buyer), merchant: merchant(), lines: &lines };
        api::hold(tx, &want, until)
    })
    .await
}

async fn audit(db: &Db) {
    for audit in stock::module().audits {
        let failures = db.read_long::<_, DbError, _>(move |rx| (audit.run)(rx)).await.unwrap();
        assert!(failures.is_empty(), "{} {}: {failures:?}", audit.id, audit.title);
    }
}

db_test!(the_same_sku_twice_counts_as_the_sum, TABLES, |store| {
    stocked(&store.db, 5).await;
    let refused = hold(&store.db, 1, 1, vec![(sku(), 3), (sku(), 3)]).await;
    assert_eq!(refused, Err(StockError::Short { sku: sku(), available: 5 }));
    assert_eq!(available(&store.db).await, 5);
    hold(&store.db, 2, 1, vec![(sku(), 3), (sku(), 2)]).await.unwrap();
    assert_eq!(available(&store.db).await, 0);
    audit(&store.db).await;
});

db_test!(a_hold_ends_once, TABLES, |store| {
    stocked(&store.db, 5).await;
    hold(&store.db, 1, 1, vec![(sku(), 2)]).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..24 {
        let db = store.db.clone();
        tasks.spawn(async move {
            db.write::<_, DbError, _>(Lane::Interactive, move |tx| match n % 3 {
                0 => api::consume(tx, order(1)),
                1 => api::release(tx, order(1)),
                _ => api::expire(tx, order(1)),
            })
            .await
            .unwrap()
        });
    }
    let ended = tasks.join_all().await.into_iter().filter(|ended| *ended).count();
    assert_eq!(ended, 1);
    audit(&store.db).await;
});

db_test!(what_is_not_paid_in_time_comes_back, TABLES, |store| {
    stocked(&store.db, 5).await;
    hold(&store.db, 1, 1, vec![(sku(), 5)]).await.unwrap();
    assert_eq!(available(&store.db).await, 0);
    store.clock.advance(900_000_000);
    let options = work::WorkerOptions { handlers: stock::module().jobs, ..Default::default() };
    work::Worker::new(store.db.clone(), options).settle().await.unwrap();
    assert_eq!(available(&store.db).await, 5);
    audit(&store.db).await;
});

db_test!(the_last_units_go_to_as_many_as_there_are, TABLES, |store| {
    stocked(&store.db, 10).await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..64 {
        let db = store.db.clone();
        tasks.spawn(async move { hold(&db, n, n, vec![(sku(), 1)]).await });
    }
    let held = tasks.join_all().await.into_iter().filter(Result::is_ok).count();
    assert_eq!(held, 10);
    assert_eq!(available(&store.db).await, 0);
    audit(&store.db).await;
});

db_test!(nobody_locks_a_shop_with_unpaid_orders, TABLES, |store| {
    stocked(&store.db, 1_000).await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..40 {
        let db = store.db.clone();
        tasks.spawn(async move { hold(&db, n, 1, vec![(sku(), 1)]).await });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 20);
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(()) | Err(StockError::TooManyHolds))));
    audit(&store.db).await;
});

db_test!(no_more_comes_back_than_was_sold, TABLES, |store| {
    stocked(&store.db, 5).await;
    hold(&store.db, 1, 1, vec![(sku(), 3)]).await.unwrap();
    store.db.write::<_, DbError, _>(Lane::Interactive, |tx| api::consume(tx, order(1))).await.unwrap();
    let back = |qty| {
        let db = store.db.clone();
        async move { db.write(Lane::Interactive, move |tx| api::put_back(tx, order(1), &[(sku(), qty)])).await }
    };
    assert_eq!(back(2).await, Ok(()));
    assert_eq!(back(2).await, Err(StockError::Beyond));
    assert_eq!(back(1).await, Ok(()));
    assert_eq!(available(&store.db).await, 5);
    audit(&store.db).await;
});
