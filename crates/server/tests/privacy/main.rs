//! What is kept about a person is told to the person whole, and gone after the person has left (INV-62, INV-63).
//!
//! Somebody lives in the demo world and leaves a canary in every column that holds a person's words: the list of columns
//! is beside this file, and a column that is on no list, or that got no canary, fails the test.
#![cfg(test)]

mod columns;
mod life;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use columns::{Store, listed};
use life::{CANARIES, Life, NAME, PHONE};
use serde_json::{Value, json};
use testkit::process::{Place, sign_in};

fn place(database: Option<String>) -> (tempfile::TempDir, Place) {
    let folder = tempfile::tempdir().unwrap();
    let program = PathBuf::from(env!("CARGO_BIN_EXE_tuan"));
    let place = Place { program, folder: folder.path().join("store"), database };
    place.fill();
    (folder, place)
}

fn canaries() -> Vec<String> {
    CANARIES.iter().map(|canary| (*canary).to_owned()).collect()
}

#[test]
fn every_column_of_words_is_on_the_list() {
    let (_folder, place) = place(None);
    let there: BTreeSet<String> = Store::of(&place).columns().into_iter().collect();
    let known: BTreeSet<String> = listed().into_keys().collect();
    let missing: Vec<_> = there.difference(&known).collect();
    let gone: Vec<_> = known.difference(&there).collect();
    assert!(missing.is_empty(), "say in columns.txt whose words these are: {missing:?}");
    assert!(gone.is_empty(), "columns.txt names what is no more: {gone:?}");
}

/// Every column of people's words has a canary; some come a little later.
async fn wait_until_planted(store: &Store) {
    let of_people = listed().into_iter().filter(|(_, kind)| kind == "person").map(|(column, _)| column);
    let of_people: BTreeSet<String> = of_people.collect();
    let began = Instant::now();
    loop {
        let with = store.columns_with(&canaries());
        let without: Vec<_> = of_people.difference(&with).collect();
        if without.is_empty() {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "no canary was left in {without:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn wait_until_gone(store: &Store) {
    let began = Instant::now();
    loop {
        let left = store.columns_with(&canaries());
        if left.is_empty() {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "still there: {left:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Each canary and each row of the archive that must be told.
fn check_archive(archive: &Value, store: &Store, person: &str) {
    let told = archive.to_string();
    for canary in CANARIES {
        assert!(told.contains(canary), "{canary} is not in the archive");
    }
    assert!(!told.contains("argon2"), "a password's hash is nobody's business");
    assert_eq!(archive["person"], person);
    for (part, table, column) in [
        ("orders.order", "orders_order", "buyer"),
        ("people.address", "people_address", "person"),
        ("knowledge.post", "knowledge_post", "author"),
        ("search.asked", "search_asker", "person"),
        ("deals.seat", "deals_seat", "person"),
        ("payments.payment", "payments_payment", "payer"),
        ("aftersale.case", "aftersale_case", "buyer"),
        ("reach.touch", "reach_touch", "person"),
        ("reach.attribution", "reach_attribution", "buyer"),
        ("stock.holding", "stock_holding", "person"),
    ] {
        let rows = archive["held"][part].as_array().unwrap_or_else(|| panic!("no {part}")).len();
        assert_eq!(i64::try_from(rows).unwrap(), store.count(table, column, person), "{part}");
    }
}

async fn live_and_leave(place: &Place) {
    let server = place.serve(&[]);
    let store = Store::of(place);
    let mut life = Life::begin(server.address).await;
    life.live().await;
    // What only a real provider tells of a payer.
    let told = CANARIES.last().unwrap();
    store.change(&format!(
        "UPDATE payments_charge SET account = '{told}', address = '{told}', page = '{told}'
         WHERE payment = (SELECT payment FROM payments_charge ORDER BY payment DESC LIMIT 1)"
    ));

    wait_until_planted(&store).await;

    // Whoever has not proven within ten minutes who it is gets nothing, and cannot leave.
    life.pass(11 * 60).await;
    let refused = life.own.send("POST", "/api/v1/me/archive", "", &Value::Null).await.unwrap();
    assert_eq!((refused.status, refused.code().as_str()), (403, "auth.step_up_required"));
    let refused = life.own.send("POST", "/api/v1/me/erase", "", &json!({ "word": "erase" })).await.unwrap();
    assert_eq!((refused.status, refused.code().as_str()), (403, "auth.step_up_required"));
    life.prove().await;
    let archive = life.own.send("POST", "/api/v1/me/archive", "", &Value::Null).await.unwrap();
    assert_eq!((archive.status, archive.header("content-type")), (200, Some("application/json")));
    check_archive(&archive.json(), &store, &life.person);

    // Money in the wallet and an order on its way hold a person.
    life.ask("POST", "/demo/wallet-top-ups", json!({ "amount_minor": 5 })).await;
    let privacy = life.ask("GET", "/me/privacy", Value::Null).await;
    assert_eq!(privacy["binds"], json!(["wallet.not_empty", "orders.open"]));
    let refused = life.own.send("POST", "/api/v1/me/erase", "", &json!({ "word": "erase" })).await.unwrap();
    assert_eq!((refused.status, refused.code().as_str()), (409, "me.bound"), "{}", refused.text());
    assert_eq!(life.ask("GET", "/me", Value::Null).await["name"], NAME);
    life.settle().await;
    life.prove().await;
    let refused = life.own.send("POST", "/api/v1/me/erase", "", &json!({ "word": "no" })).await.unwrap();
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert_eq!(life.ask("GET", "/me/privacy", Value::Null).await["binds"], json!([]));
    life.ask("POST", "/me/erase", json!({ "word": "erase" })).await;

    let gone = life.own.send("GET", "/api/v1/me", "", &Value::Null).await.unwrap();
    assert_eq!(gone.status, 401, "the session is over");
    // The number is free: whoever has it now is somebody else, who begins with nothing.
    let token = sign_in(server.address, PHONE).await.unwrap();
    life.own.set_token(&token);
    let anew = life.ask("GET", "/me", Value::Null).await;
    assert_ne!(anew["id"], life.person.as_str());
    assert_eq!(life.ask("GET", "/orders", Value::Null).await["items"], json!([]));
    life.prove().await;
    life.ask("POST", "/me/erase", json!({ "word": "erase" })).await;
    // Answers of a shop's staff that told of the order end after a week, as events do.
    life.pass(9 * 86_400).await;
    wait_until_gone(&store).await;
    drop(server);
    // What happened to money and goods is still there and still adds up.
    place.audit();
    assert!(store.count("orders_order", "buyer", &life.person) > 0);
    assert!(store.columns_with(&canaries()).is_empty());
    store.check_files(&place.folder, &canaries());
}

#[test]
fn a_person_takes_everything_along_and_leaves_nothing_sqlite() {
    let (_folder, place) = place(None);
    testkit::block_on(async { live_and_leave(&place).await });
}

#[test]
fn a_person_takes_everything_along_and_leaves_nothing_postgres() {
    let (_folder, place) = place(Some(testkit::fresh_database()));
    testkit::block_on(async { live_and_leave(&place).await });
}
