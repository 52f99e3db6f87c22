//! Growth from settled orders, and one price for a member everywhere.

use serde_json::{Value, json};
use testkit::{App, app_test, join_all};

use crate::world::*;

fn path() -> String {
    format!("/api/v1/merchants/{}/membership", merchant())
}

async fn tiers(app: &App, owner: &Someone, version: i64, tiers: &[(i64, i64, bool)]) -> i64 {
    let tier = |(place, (threshold, off_bp, free)): (usize, &(i64, i64, bool))| {
        json!({ "code": format!("t{place}"), "title": format!("第 {place} 级"), "threshold": threshold,
            "off_bp": off_bp, "is_freight_free": free })
    };
    let tiers: Vec<Value> = tiers.iter().enumerate().map(tier).collect();
    let body = json!({ "factor": 2, "days": 365, "tiers": tiers, "version": version });
    app.call("PUT", &path(), &owner.token, body).await.expect(200)["version"].as_i64().unwrap()
}

async fn mine(app: &App, who: &Someone) -> Value {
    app.get(&format!("{}/me", path()), &who.token).await.expect(200)
}

/// Buys, receives and waits until the order is settled.
async fn buy(app: &App, owner: &Someone, buyer: &Someone, sku: base::SkuId, qty: i64, total: i64) -> String {
    let id = order(app, buyer, sku, qty, total, Value::Null).await;
    pay(app, buyer, &id, "wallet").await.expect(201);
    ship(app, owner, &id).await;
    app.post(&format!("/api/v1/orders/{id}/receive"), &buyer.token, Value::Null).await.expect(200);
    app.pass(9 * 86_400).await;
    id
}

async fn refund(app: &App, owner: &Someone, order: &str, amount: i64) {
    let body =
        json!({ "lines": [{ "line": 1, "amount_minor": amount }], "reason": "坏果", "restock": false });
    app.post(&format!("/api/v1/orders/{order}/refunds"), &owner.token, body).await.expect(201);
}

app_test!(growth_comes_with_settlement_and_goes_with_refunds, parts, |app| {
    let owner = owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, sku) = product(&app, "A", 1_050, 50).await;
    top_up(&app, &buyer, 1_000_000).await;
    tiers(&app, &owner, 0, &[(40, 1_000, false), (60, 2_000, true)]).await;
    let first = buy(&app, &owner, &buyer, sku, 2, 2_100).await;
    let view = mine(&app, &buyer).await;
    assert_eq!(
        (&view["growth"], &view["tier"]["code"], &view["missing"]),
        (&json!(42), &json!("t0"), &json!(18))
    );
    // 1.01 back of 21.00 leaves 19 whole units.
    refund(&app, &owner, &first, 101).await;
    let view = mine(&app, &buyer).await;
    assert_eq!((&view["growth"], &view["tier"], &view["missing"]), (&json!(38), &Value::Null, &json!(2)));
    assert_eq!((&view["log"][0]["amount"], &view["log"][0]["is_back"]), (&json!(-4), &json!(true)));
    refund(&app, &owner, &first, 1_999).await;
    assert_eq!(mine(&app, &buyer).await["growth"], 0);
    // What was earned counts for as long as the program says.
    buy(&app, &owner, &buyer, sku, 2, 2_100).await;
    assert_eq!(mine(&app, &buyer).await["growth"], 42);
    app.pass(366 * 86_400).await;
    // The session is over by then, the person is the same.
    let again = someone(&app, 2).await;
    assert_eq!((again.person, &mine(&app, &again).await["growth"]), (buyer.person, &json!(0)));
    app.audit().await;
});

app_test!(many_refunds_at_once_take_back_exactly, parts, |app| {
    let owner = owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, sku) = product(&app, "A", 1_000, 50).await;
    top_up(&app, &buyer, 1_000_000).await;
    tiers(&app, &owner, 0, &[(1_000, 0, false)]).await;
    let id = buy(&app, &owner, &buyer, sku, 3, 3_000).await;
    join_all((0..8).map(|_| refund(&app, &owner, &id, 150))).await;
    // 18.00 are left.
    assert_eq!(mine(&app, &buyer).await["growth"], 36);
    app.audit().await;
});

app_test!(two_who_change_the_program_do_not_overwrite_each_other, parts, |app| {
    let owner = owner(&app).await;
    let version = tiers(&app, &owner, 0, &[(10, 100, false)]).await;
    let body = |code: &str| {
        json!({ "factor": 1, "days": 30, "version": version, "tiers": [
            { "code": code, "title": "金", "threshold": 5, "off_bp": 0, "is_freight_free": false }] })
    };
    let place = path();
    let calls = ["a", "b", "c", "d"].map(|code| app.call("PUT", &place, &owner.token, body(code)));
    let answers = join_all(calls).await;
    assert_eq!(answers.iter().filter(|answer| answer.status.as_u16() == 200).count(), 1);
    for answer in answers.iter().filter(|answer| answer.status.as_u16() != 200) {
        assert_eq!(answer.json["code"], "membership.version_conflict");
    }
    let mut bad = body("a");
    bad["tiers"][0]["threshold"] = json!(0);
    let refused = app.call("PUT", &place, &owner.token, bad).await.expect(422);
    assert_eq!(refused["code"], "membership.bad_program");
});

app_test!(list_cart_quote_and_order_show_one_price, parts, |app| {
    let owner = owner(&app).await;
    let buyer = someone(&app, 2).await;
    let stranger = someone(&app, 3).await;
    top_up(&app, &buyer, 100_000_000).await;
    let (_, first) = product(&app, "first", 10_000, 9).await;
    let mut version = tiers(&app, &owner, 0, &[(100, 0, false)]).await;
    buy(&app, &owner, &buyer, first, 1, 10_000).await;
    let mut dice = 7_u64;
    let mut roll = |below: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((dice >> 33) % below).unwrap()
    };
    for number in 0..12 {
        let (price, off_bp, qty) = (1 + roll(99_999), roll(9_001), 1 + roll(5));
        version = tiers(&app, &owner, version, &[(50, off_bp, roll(2) == 1)]).await;
        let (product, sku) = product(&app, &format!("P{number}"), price, 99).await;
        // The share is rounded down: worked out here once more, by itself.
        let unit = price - price * off_bp / 10_000;
        let read = |who: String| {
            let app = &app;
            async move { app.get(&format!("/api/v1/member-prices?products={product}"), &who).await.expect(200) }
        };
        let listed = read(buyer.token.clone()).await;
        let shown = listed["items"][0]["unit"]["amount_minor"].as_i64().unwrap_or(price);
        assert_eq!(shown, unit, "{price} {off_bp}");
        assert_eq!(read(stranger.token.clone()).await["items"], json!([]));
        let items = json!([{ "sku": sku, "qty": qty }]);
        let quoted = app.post("/api/v1/quotes", &buyer.token, json!({ "items": items })).await.expect(200);
        assert_eq!(quoted["groups"][0]["quote"]["lines"][0]["unit"]["amount_minor"], unit);
        let in_cart = format!("/api/v1/cart/lines/{sku}");
        app.call("PUT", &in_cart, &buyer.token, json!({ "qty": qty })).await.expect(200);
        let cart = app.get("/api/v1/cart", &buyer.token).await.expect(200);
        let groups = cart["groups"].as_array().unwrap();
        let lines = groups.iter().flat_map(|group| group["lines"].as_array().unwrap());
        let line = lines.into_iter().find(|line| line["sku"] == json!(sku)).unwrap();
        assert_eq!(line["unit"]["amount_minor"], unit);
        let placed = order(&app, &buyer, sku, qty, unit * qty, Value::Null).await;
        let placed = app.get(&format!("/api/v1/orders/{placed}"), &buyer.token).await.expect(200);
        assert_eq!(placed["lines"][0]["unit"]["amount_minor"], unit);
        assert_eq!(placed["total"]["amount_minor"], unit * qty);
    }
    app.audit().await;
});
