//! Search beside other nodes, and through a sudden end.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::Engine;
use testkit::http::Http;
use testkit::market::Market;

use crate::{PRICE, USUAL, place};

/// Searches until `query` finds so many; answers how long that took.
async fn until_found(address: SocketAddr, query: &str, wanted: u64) -> Duration {
    let (begun, mut http) = (Instant::now(), Http::new(address, ""));
    loop {
        let path = format!("/api/v1/search?q={query}");
        let found = http.send("GET", &path, "", &Value::Null).await.unwrap().json();
        // Something alike is not what was looked for.
        let is_meant = found["is_loose"] == false;
        if found["total"] == wanted && is_meant {
            return begun.elapsed();
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{query}: {found}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

const SOON: Duration = Duration::from_secs(2);

// A file has one process.
#[test]
fn what_one_node_sells_the_other_finds() {
    let (place, _folder) = place(Some(testkit::fresh_database()));
    testkit::block_on(async move {
        let (one, two) = (place.serve(&[USUAL]), place.serve(&[USUAL]));
        let mut market = Market::open(one.address).await.unwrap();
        market.item("zzfirst", PRICE, 1).await.unwrap();
        until_found(two.address, "zzfirst", 1).await;
        for n in 0..5 {
            let name = format!("zzitem{n}");
            let item = market.item(&name, PRICE, 1).await.unwrap();
            assert!(until_found(two.address, &name, 1).await < SOON);
            let path = format!("/products/{}/archive", item.product);
            market.owner.must("POST", &path, &json!({})).await.unwrap();
            // It is shown no more at once, and counted no more soon.
            let (mut http, path) = (Http::new(two.address, ""), format!("/api/v1/search?q={name}"));
            let found = http.send("GET", &path, "", &Value::Null).await.unwrap();
            assert_eq!(found.json()["items"], json!([]));
            assert!(until_found(two.address, &name, 0).await < SOON);
        }
    });
}

fn nothing_is_lost(engine: Engine) {
    let database = (engine == Engine::Postgres).then(testkit::fresh_database);
    let (place, _folder) = place(database);
    testkit::block_on(async move {
        let mut server = place.serve(&[USUAL]);
        let mut market = Market::open(server.address).await.unwrap();
        for round in 0..4_u64 {
            for n in 0..10 {
                market.item(&format!("zzcrash r{round} n{n}"), PRICE, 1).await.unwrap();
            }
            // At once, after some milliseconds more each time: before, in and after a commit of the index.
            tokio::time::sleep(Duration::from_millis(round * 30)).await;
            server.kill();
            server = place.serve(&[USUAL]);
            market.owner = market.owner.beside(server.address);
            until_found(server.address, "zzcrash", (round + 1) * 10).await;
        }
    });
}

#[test]
fn what_was_sold_before_a_sudden_end_is_found_after_it() {
    nothing_is_lost(Engine::Sqlite);
}

#[test]
fn what_was_sold_before_a_sudden_end_is_found_after_it_on_postgres() {
    nothing_is_lost(Engine::Postgres);
}
