//! More at once than may wait: what does not fit is refused before anything is done, and the rest is done.

use std::time::Duration;

use serde_json::Value;
use testkit::http::Http;
use testkit::market::Market;
use testkit::shopper::Shopper;
use tokio::task::JoinSet;

use crate::{PRICE, USUAL, figure, place, says_not_now};

const CROWD: usize = 48;
const BUYS_EACH: usize = 12;
const FUNDS: i64 = 1_000_000;
const UNITS: i64 = 100_000;

/// Everybody buys at the same moment, again and again.
async fn rush(crowd: Vec<Shopper>) -> Vec<Shopper> {
    let mut tasks = JoinSet::new();
    for mut shopper in crowd {
        tasks.spawn(async move {
            for _ in 0..BUYS_EACH {
                shopper.buy().await.unwrap();
            }
            shopper
        });
    }
    tasks.join_all().await
}

async fn too_many(database: Option<String>) {
    let (place, _folder) = tokio::task::spawn_blocking(move || place(database)).await.unwrap();
    let few = [USUAL, ("TUAN_WAITING_MAX", "4"), ("TUAN_DATABASE_CONNECTIONS", "2")];
    let server = place.serve(&few);
    let mut market = Market::open(server.address).await.unwrap();
    let item = market.item("rush", PRICE, UNITS).await.unwrap();
    let mut crowd = Vec::new();
    for number in 0..CROWD {
        crowd.push(market.member(number, FUNDS).await.unwrap().into_shopper(&item, FUNDS));
    }
    crowd = rush(crowd).await;
    let mut refused = 0;
    for shopper in &mut crowd {
        for refusal in &shopper.refusals {
            says_not_now(refusal, &["store.busy"], Duration::from_secs(5));
            refused += 1;
        }
        // Asks again for all that was refused: it is taken now, and what was acknowledged is there once.
        shopper.check().await;
    }
    assert!(refused >= 20, "only {refused} were refused");
    let metrics =
        Http::new(server.address, "").send("GET", "/metrics", "", &Value::Null).await.unwrap().text();
    let counted = figure(&metrics, "tuan_store_refused_total{reason=\"busy\"}").unwrap();
    assert!(counted >= refused, "{counted} counted, {refused} seen");
    for shopper in &mut crowd {
        shopper.buy().await.unwrap();
        assert!(shopper.refusals.is_empty(), "refused after the rush");
        shopper.check().await;
    }
    let paid: i64 = crowd.iter().map(|shopper| shopper.paid).sum();
    assert!(paid > i64::try_from(CROWD).unwrap(), "{paid} paid");
    assert_eq!(market.available(&item).await.unwrap(), UNITS - paid);
    println!("{paid} paid, {refused} refused");
    place.audit();
    server.kill();
}

#[test]
fn what_does_not_fit_is_refused_and_may_come_again_sqlite() {
    testkit::block_on(too_many(None));
}

#[test]
fn what_does_not_fit_is_refused_and_may_come_again_postgres() {
    let database = testkit::fresh_database();
    testkit::block_on(too_many(Some(database)));
}
