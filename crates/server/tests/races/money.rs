//! One wallet, one order's money, one key.

use std::time::Instant;

use serde_json::{Value, json};
use testkit::market::{Item, Member};

use crate::{World, all_at_once, finish, is_made};

const SPENDERS: usize = 64;
const REFUNDS: usize = 32;
const TWINS: usize = 3;
/// Times each is run.
const ROUNDS: usize = 5;
const KEYS: usize = 40;

pub(crate) async fn all(world: &mut World) {
    let started = Instant::now();
    let item = world.market.item("money", 600, 1_000_000).await.unwrap();
    for round in 0..ROUNDS {
        one_wallet(world, &item, round).await;
    }
    finish(world, "one wallet, 64 spend 60 % of it", started);
    let started = Instant::now();
    for round in 0..ROUNDS {
        one_order(world, &item, round).await;
    }
    finish(world, "one order, 32 refunds", started);
    let started = Instant::now();
    one_key(world, &item).await;
    finish(world, "one key, three at once", started);
}

/// Sixty-four payments of sixty percent of a wallet: it pays one.
async fn one_wallet(world: &World, item: &Item, round: usize) {
    let address = world.market.address;
    let mut buyer = world.market.member(2_000 + round, item.price * 10 / 6).await.unwrap();
    let mut payers: Vec<(Member, String)> = Vec::new();
    for _ in 0..SPENDERS {
        let order = buyer.order(&item.sku, item.price, &Value::Null).await.unwrap();
        payers.push((buyer.beside(address), order));
    }
    let replies = all_at_once(payers, |(mut payer, order)| async move { payer.pay(&order).await.unwrap() });
    let made = replies.await.iter().filter(|reply| is_made(reply, &["ledger.insufficient"])).count();
    assert_eq!(made, 1);
    assert_eq!(buyer.wallet().await.unwrap(), item.price * 10 / 6 - item.price);
}

/// Thirty-two refunds of thirty percent of what was paid: three are made.
async fn one_order(world: &mut World, item: &Item, round: usize) {
    let address = world.market.address;
    let mut buyer = world.market.member(2_100 + round, item.price).await.unwrap();
    let order = buyer.order(&item.sku, item.price, &Value::Null).await.unwrap();
    assert_eq!(buyer.pay(&order).await.unwrap().status, 201);
    let (path, part) = (format!("/orders/{order}/refunds"), item.price * 3 / 10);
    let sellers: Vec<Member> = (0..REFUNDS).map(|_| world.market.owner.beside(address)).collect();
    let replies = all_at_once(sellers, |mut seller| {
        let body =
            json!({ "lines": [{ "line": 1, "amount_minor": part }], "reason": "坏果", "restock": false });
        let path = path.clone();
        async move { seller.ask("POST", &path, &body).await.unwrap() }
    });
    let made = replies.await.iter().filter(|reply| is_made(reply, &["refund.beyond_line"])).count();
    assert_eq!(made, 3);
    assert_eq!(buyer.wallet().await.unwrap(), 3 * part);
}

/// The same key three times at once acts once: whoever is not told the answer is told to ask again, and then it is
/// the same to the byte. With another body the key is refused.
async fn one_key(world: &World, item: &Item) {
    let address = world.market.address;
    let mut buyer = world.market.member(2_200, 1_000_000).await.unwrap();
    for key in 0..KEYS {
        let key = format!("twin-{key}");
        let body = buyer.order_body(&item.sku, item.price, &Value::Null);
        let twins: Vec<Member> = (0..TWINS).map(|_| buyer.beside(address)).collect();
        let replies = all_at_once(twins, |mut twin| {
            let (key, body) = (key.clone(), body.clone());
            async move { twin.http.send("POST", "/api/v1/checkouts", &key, &body).await.unwrap() }
        })
        .await;
        let again = buyer.http.send("POST", "/api/v1/checkouts", &key, &body).await.unwrap();
        assert_eq!(again.status, 201, "{}", again.text());
        for reply in &replies {
            if is_made(reply, &["idempotency.in_flight"]) {
                assert_eq!(reply.body, again.body);
            } else {
                assert!(reply.header("retry-after").is_some(), "{}", reply.text());
            }
        }
        let mut other = body.clone();
        other["source"]["qty"] = json!(2);
        let other = buyer.http.send("POST", "/api/v1/checkouts", &key, &other).await.unwrap();
        assert_eq!((other.status, other.code().as_str()), (422, "idempotency.key_reused"));
    }
    let mut orders = 0;
    let mut page = buyer.get("/orders?limit=100").await.unwrap();
    loop {
        orders += page["items"].as_array().unwrap().len();
        let Some(next) = page["next_cursor"].as_str() else { break };
        page = buyer.get(&format!("/orders?limit=100&cursor={next}")).await.unwrap();
    }
    assert_eq!(orders, KEYS);
}
