//! Two processes on one store: refused on a file, one shop on PostgreSQL. And PostgreSQL that goes away.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::http::Http;
use testkit::market::Market;

use crate::{PRICE, USUAL, place, status, until};

#[test]
fn a_second_server_on_the_same_file_is_refused() {
    let (place, _folder) = place(None);
    let first = place.serve(&[USUAL]);
    let second = place.run(&["serve", "--listen", "127.0.0.1:0"]);
    let told = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(!second.status.success() && told.contains("in use"), "{told}");
    testkit::block_on(async move {
        assert_eq!(status(&mut Http::new(first.address, ""), "/readyz").await, 200);
    });
}

// A file has one process, as the test above shows.
#[test]
fn two_nodes_are_one_shop() {
    let (place, _folder) = place(Some(testkit::fresh_database()));
    testkit::block_on(async move {
        let (one, two) = (place.serve(&[USUAL]), place.serve(&[USUAL]));
        let mut market = Market::open(one.address).await.unwrap();
        let item = market.item("nodes", PRICE, 1_000).await.unwrap();
        // One key, sent to both at once, acts once (INV-43).
        let mut buyer = market.member(1, 100 * PRICE).await.unwrap();
        for n in 0..20 {
            let order = buyer.order(&item.sku, PRICE, &Value::Null).await.unwrap();
            let (body, key) = (json!({ "orders": [order], "method": "wallet" }), format!("both-{n}"));
            let (mut here, mut there) = (buyer.beside(one.address), buyer.beside(two.address));
            let (first, second) = tokio::join!(
                here.http.send("POST", "/api/v1/payments", &key, &body),
                there.http.send("POST", "/api/v1/payments", &key, &body),
            );
            let (first, second) = (first.unwrap(), second.unwrap());
            assert_eq!((first.status, second.status), (201, 201), "{} {}", first.text(), second.text());
            assert_eq!(first.body, second.body);
        }
        assert_eq!(buyer.wallet().await.unwrap(), 80 * PRICE);
        assert_eq!(market.available(&item).await.unwrap(), 980);
        // Teams that nobody joins are given up by one of the two workers, and paid back once (INV-52).
        let (activity, price) = market.activity(&item, 2).await.unwrap();
        let mut leaders = Vec::new();
        for number in 0..20 {
            let mut leader = market.member(100 + number, price).await.unwrap();
            let deal = json!({ "activity": activity, "team": null });
            let order = leader.order(&item.sku, price, &deal).await.unwrap();
            assert_eq!(leader.pay(&order).await.unwrap().status, 201);
            leaders.push(leader);
        }
        market.owner.must("POST", "/demo/clock/advance", &json!({ "seconds": 3_700 })).await.unwrap();
        for leader in &mut leaders {
            let wallet = tokio::sync::Mutex::new(leader.beside(two.address));
            let is_back = async || wallet.lock().await.wallet().await.unwrap() >= price;
            until("the money of a team that failed", Duration::from_secs(60), is_back).await;
        }
        for leader in &mut leaders {
            assert_eq!(leader.wallet().await.unwrap(), price, "{}", leader.name);
        }
        assert_eq!(market.available(&item).await.unwrap(), 980);
        // Who signs out on one node is out on the other (INV-60).
        let mut beside = buyer.beside(two.address);
        assert_eq!(status(&mut beside.http, "/api/v1/me").await, 200);
        buyer.must("POST", "/sessions/sign-out", &json!({})).await.unwrap();
        let beside = tokio::sync::Mutex::new(beside);
        let is_out = async || status(&mut beside.lock().await.http, "/api/v1/me").await == 401;
        until("signed out on the other node", Duration::from_secs(5), is_out).await;
        place.audit();
    });
}
