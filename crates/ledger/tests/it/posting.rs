use super::*;
use testkit::db_test;

db_test!(a_transfer_happens_once, TABLES, |store| {
    fund(&store.db, wallet(1), 1_000).await;
    let pay = Transfer::simple(TransferKind::TopUp, "gift", wallet(1), wallet(2), 300);
    assert_eq!(post(&store.db, pay.clone()).await, Ok(Posted::Now));
    assert_eq!(post(&store.db, pay.clone()).await, Ok(Posted::Before));
    let mut other = Transfer::simple(TransferKind::TopUp, "gift", wallet(1), wallet(2), 301);
    other.id = pay.id;
    assert_eq!(post(&store.db, other).await, Err(TransferError::ExistsDifferent));
    assert_eq!((free(&store.db, wallet(1)).await, free(&store.db, wallet(2)).await), (700, 300));
    audit(&store.db).await;
});

db_test!(a_wallet_never_falls_below_zero, TABLES, |store| {
    fund(&store.db, wallet(1), 100).await;
    let pay = |amount| Transfer::simple(TransferKind::TopUp, "too much", wallet(1), wallet(2), amount);
    assert_eq!(post(&store.db, pay(101)).await, Err(TransferError::Insufficient));
    assert_eq!(post(&store.db, pay(100)).await, Ok(Posted::Now));
    assert_eq!(free(&store.db, wallet(1)).await, 0);
    audit(&store.db).await;
});

db_test!(sixty_four_parallel_spends_of_most_of_a_wallet_leave_one, TABLES, |store| {
    fund(&store.db, wallet(1), 1_000).await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..64 {
        let db = store.db.clone();
        let spend = Transfer::simple(TransferKind::TopUp, &format!("spend {n}"), wallet(1), wallet(2), 600);
        tasks.spawn(async move { post(&db, spend).await });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Ok(Posted::Now)).count(), 1);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Err(TransferError::Insufficient)).count(), 63);
    assert_eq!(free(&store.db, wallet(1)).await, 400);
    audit(&store.db).await;
});

db_test!(the_same_transfer_from_many_sides_happens_once, TABLES, |store| {
    fund(&store.db, wallet(1), 1_000).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let db = store.db.clone();
        let spend = Transfer::simple(TransferKind::TopUp, "once", wallet(1), wallet(2), 10);
        tasks.spawn(async move { post(&db, spend).await });
    }
    let now = tasks.join_all().await.into_iter().filter(|outcome| *outcome == Ok(Posted::Now)).count();
    assert_eq!(now, 1);
    assert_eq!(free(&store.db, wallet(1)).await, 990);
    audit(&store.db).await;
});

db_test!(a_changed_entry_is_found, TABLES, |store| {
    fund(&store.db, wallet(1), 1_000).await;
    fund(&store.db, wallet(2), 500).await;
    store
        .db
        .write::<_, DbError, _>(Lane::Interactive, |tx| {
            tx.execute("UPDATE ledger_entry SET amount = amount + 1 WHERE seq = 1", &[])
        })
        .await
        .unwrap();
    let chains = ledger::module().audits.into_iter().find(|audit| audit.id == "INV-5").unwrap();
    let failures = store.db.read_long::<_, DbError, _>(move |rx| (chains.run)(rx)).await.unwrap();
    assert!(!failures.is_empty());
});
