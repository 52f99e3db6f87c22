//! A store from before there were providers, with money in it, becomes one with charges.
#![cfg(test)]

use std::sync::Arc;

use base::{FixedClock, Id, PaymentId, RefundId, SystemRng, Timestamp};
use db::{Db, DbError, DbOptions, Lane, Location, Migrations, Row, Rx, Tx, Value, params};
use payments::MIGRATIONS;

const BEFORE: Migrations = Migrations { module: MIGRATIONS.module, steps: MIGRATIONS.steps.split_at(1).0 };
const AT: i64 = 1_795_000_000_000_000;

/// Opens a store, making its tables what they should be. It blocks, which a test's own runtime does not like.
fn open(location: Location, tables: Migrations) -> Db {
    let clock = Arc::new(FixedClock::at(Timestamp::from_micros(AT)));
    let options = DbOptions::new(location, clock, Arc::new(SystemRng));
    std::thread::spawn(move || Db::open(options, &[tables])).join().unwrap().unwrap()
}

fn payment(n: u8) -> PaymentId {
    PaymentId::from_bytes([n; 16])
}

/// A payment as it was written then.
fn pay(tx: &mut Tx, n: u8, method: &str, state: &str, amount: i64) -> Result<(), DbError> {
    let captured: Option<Timestamp> =
        (state == "captured").then(|| Timestamp::from_micros(AT + i64::from(n)));
    tx.later(
        "INSERT INTO payments_payment (id, payer, method, state, amount, currency, created_at, expires_at, captured_at,
             returned) VALUES (:id, :payer, :method, :state, :amount, 'CNY', :at, :at, :captured, 0)",
        params![
            "id" => payment(n), "payer" => vec![9_u8; 16], "method" => method, "state" => state, "amount" => amount,
            "at" => AT, "captured" => captured,
        ],
    )?;
    if method == "sandbox" {
        tx.later(
            "INSERT INTO payments_sandbox (payment, amount, currency, paid, refunded, state)
             VALUES (:id, :amount, 'CNY', :amount, 0, 'paid')",
            params!["id" => payment(n), "amount" => amount],
        )?;
    }
    if state == "captured" {
        tx.later(
            "INSERT INTO payments_notice (provider, notice, payment, outcome, at)
             VALUES (:provider, :notice, :id, 'received', :at)",
            params!["provider" => method, "notice" => format!("n{n}"), "id" => payment(n), "at" => AT],
        )?;
    }
    Ok(())
}

fn live_before(tx: &mut Tx) -> Result<(), DbError> {
    pay(tx, 1, "wallet", "captured", 100)?;
    pay(tx, 2, "sandbox", "captured", 200)?;
    // The sandbox has the money; nobody has heard of it yet.
    pay(tx, 3, "sandbox", "pending", 300)?;
    let refund: RefundId = RefundId::from_bytes([7; 16]);
    tx.later(
        "INSERT INTO payments_refund (id, payment, order_id, amount, currency, state, created_at, done_at)
         VALUES (:id, :payment, NULL, 50, 'CNY', 'done', :at, :at)",
        params!["id" => refund, "payment" => payment(2), "at" => AT],
    )
}

type Charge = (PaymentId, String, String, i64, Option<Timestamp>, Option<String>);

fn charge(row: &Row<'_>) -> Result<Charge, DbError> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
}

async fn check(location: Location) {
    let before = open(location.clone(), BEFORE);
    before.write::<(), DbError, _>(Lane::Interactive, live_before).await.unwrap();
    drop(before);
    let db = open(location.clone(), MIGRATIONS);
    let charges = db
        .read::<_, DbError, _>(|rx: &mut Rx| {
            rx.list(
                "SELECT payment, provider, state, received, received_at, billed FROM payments_charge
                 ORDER BY payment LIMIT 10",
                &[],
                charge,
            )
        })
        .await
        .unwrap();
    let (sandbox, started) = ("sandbox".to_owned(), "started".to_owned());
    assert_eq!(
        charges,
        [
            (payment(2), sandbox.clone(), started.clone(), 200, Some(Timestamp::from_micros(AT + 2)), None),
            (payment(3), sandbox, started, 0, None, None),
        ]
    );
    let refund = db
        .read::<_, DbError, _>(|rx: &mut Rx| {
            let keys = [Value::from(RefundId::from_bytes([7; 16]))];
            rx.list_in(
                "SELECT provider, reference FROM payments_refund WHERE id IN (:in) LIMIT 1",
                &keys,
                |row| Ok((row.get::<String>(0)?, row.get::<String>(1)?)),
            )
        })
        .await
        .unwrap();
    assert_eq!(refund, [("sandbox".to_owned(), String::new())]);
    drop(db);
    // Opened once more there is nothing left to do.
    drop(open(location, MIGRATIONS));
}

#[test]
fn payments_of_before_become_charges_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    testkit::block_on(check(Location::File(folder.path().join("tuan.db"))));
}

#[test]
fn payments_of_before_become_charges_postgres() {
    testkit::block_on(check(Location::Postgres(testkit::fresh_database())));
}
