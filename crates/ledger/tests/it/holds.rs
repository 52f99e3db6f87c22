use super::*;
use ledger::api::{Resolution, ResolveError, natural_id};
use testkit::db_test;

fn held(amount: i64) -> Transfer {
    Transfer::simple(TransferKind::Receive, "hold", wallet(1), wallet(2), amount)
}

fn resolution(cause: &str, amount: i64) -> Resolution {
    let kind = TransferKind::Receive;
    Resolution {
        pending: held(1).id,
        id: natural_id(kind, cause),
        kind,
        legs: (wallet(1), wallet(2)),
        amount,
    }
}

async fn hold(store: &testkit::Store, amount: i64) -> Result<Posted, TransferError> {
    let until = base::Clock::now(store.clock.as_ref()).plus_seconds(60);
    store.db.write(Lane::Interactive, move |tx| api::hold(tx, &held(amount), until)).await
}

async fn post_hold(db: &Db, cause: &str, amount: i64) -> Result<Posted, ResolveError> {
    let resolution = resolution(cause, amount);
    db.write(Lane::Interactive, move |tx| api::post_hold(tx, &resolution)).await
}

async fn void_hold(db: &Db, cause: &str) -> Result<Posted, ResolveError> {
    let resolution = resolution(cause, 1);
    db.write(Lane::Interactive, move |tx| api::void_hold(tx, &resolution)).await
}

db_test!(held_value_cannot_be_spent_twice, TABLES, |store| {
    fund(&store.db, wallet(1), 100).await;
    assert_eq!(hold(&store, 80).await, Ok(Posted::Now));
    assert_eq!(hold(&store, 80).await, Ok(Posted::Before));
    assert_eq!(free(&store.db, wallet(1)).await, 20);
    let spend = Transfer::simple(TransferKind::TopUp, "spend", wallet(1), wallet(2), 21);
    assert_eq!(post(&store.db, spend).await, Err(TransferError::Insufficient));
    assert_eq!(post_hold(&store.db, "post", 81).await, Err(ResolveError::Amount));
    assert_eq!(post_hold(&store.db, "post", 50).await, Ok(Posted::Now));
    assert_eq!(post_hold(&store.db, "post", 50).await, Ok(Posted::Before));
    assert_eq!(post_hold(&store.db, "again", 50).await, Err(ResolveError::AlreadyPosted));
    assert_eq!(void_hold(&store.db, "void").await, Err(ResolveError::AlreadyPosted));
    assert_eq!((free(&store.db, wallet(1)).await, free(&store.db, wallet(2)).await), (50, 50));
    audit(&store.db).await;
});

db_test!(a_voided_hold_gives_everything_back, TABLES, |store| {
    fund(&store.db, wallet(1), 100).await;
    hold(&store, 80).await.unwrap();
    assert_eq!(void_hold(&store.db, "void").await, Ok(Posted::Now));
    assert_eq!(void_hold(&store.db, "void").await, Ok(Posted::Before));
    assert_eq!(post_hold(&store.db, "post", 80).await, Err(ResolveError::AlreadyVoided));
    assert_eq!(free(&store.db, wallet(1)).await, 100);
    audit(&store.db).await;
});

db_test!(nothing_posts_after_its_time, TABLES, |store| {
    fund(&store.db, wallet(1), 100).await;
    hold(&store, 80).await.unwrap();
    base::Clock::advance(store.clock.as_ref(), 60_000_000);
    assert_eq!(post_hold(&store.db, "post", 80).await, Err(ResolveError::Expired));
    assert_eq!(free(&store.db, wallet(1)).await, 20);
    let options = work::WorkerOptions { handlers: ledger::module().jobs, ..Default::default() };
    work::Worker::new(store.db.clone(), options).settle().await.unwrap();
    assert_eq!(free(&store.db, wallet(1)).await, 100);
    audit(&store.db).await;
});

db_test!(post_and_void_race_and_one_wins, TABLES, |store| {
    fund(&store.db, wallet(1), 100).await;
    hold(&store, 80).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..32 {
        let db = store.db.clone();
        tasks.spawn(async move {
            let cause = format!("race {n}");
            if n % 2 == 0 { post_hold(&db, &cause, 80).await } else { void_hold(&db, &cause).await }
        });
    }
    let won = tasks.join_all().await.into_iter().filter(|outcome| *outcome == Ok(Posted::Now)).count();
    assert_eq!(won, 1);
    audit(&store.db).await;
});
