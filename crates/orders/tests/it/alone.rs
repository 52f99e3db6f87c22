//! One buyer, no team.

use base::SkuId;
use serde_json::{Value, json};
use testkit::{App, app_test};

use crate::world::*;

app_test!(an_order_goes_from_the_cart_to_the_merchant, parts, |app| {
    let owner = owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, sku) = product(&app, "A", 1_000, 10).await;
    top_up(&app, &buyer, 10_000).await;
    let cart = app
        .call("PUT", &format!("/api/v1/cart/lines/{sku}"), &buyer.token, json!({ "qty": 3 }))
        .await
        .expect(200);
    assert_eq!(cart["total"]["amount_minor"], 3_000);
    let body = json!({
        "source": { "kind": "cart", "skus": [sku] }, "address": buyer.address, "expected_total_minor": 2_999
    });
    let refused = app.post("/api/v1/checkouts", &buyer.token, body).await;
    refused.expect_problem(409, "checkout.price_changed");
    let body = json!({
        "source": { "kind": "cart", "skus": [sku] }, "address": buyer.address, "expected_total_minor": 3_000
    });
    let placed = app.post("/api/v1/checkouts", &buyer.token, body).await.expect(201);
    let order = placed["orders"][0].as_str().unwrap().to_owned();
    assert_eq!(app.get("/api/v1/cart", &buyer.token).await.expect(200)["count"], 0);
    let payment = pay(&app, &buyer, &order, "wallet").await.expect(201);
    assert_eq!(payment["state"], "captured");
    assert_eq!(wallet(&app, &buyer).await, 7_000);
    assert_eq!(available(&app, sku).await, 7);
    app.settle().await;
    app.audit().await;
    ship(&app, &owner, &order).await;
    app.post(&format!("/api/v1/orders/{order}/receive"), &buyer.token, Value::Null).await.expect(200);
    app.pass(10 * 86_400).await;
    assert_eq!(state(&app, &buyer, &order).await, "completed");
    let balance =
        app.get(&format!("/api/v1/merchants/{}/balance", merchant()), &owner.token).await.expect(200);
    assert_eq!(balance["payable"]["amount_minor"], 3_000);
    assert_eq!(balance["escrow"]["amount_minor"], 0);
    app.audit().await;
});

// Statements are prepared once per connection, which costs a round trip each: the least of many counts.
app_test!(placing_and_paying_take_few_round_trips, parts, |app| {
    owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, sku) = product(&app, "A", 1_000, 1_000).await;
    top_up(&app, &buyer, 1_000_000).await;
    let (mut placing, mut paying) = (u64::MAX, u64::MAX);
    for _ in 0..60 {
        let cart = format!("/api/v1/cart/lines/{sku}");
        app.call("PUT", &cart, &buyer.token, json!({ "qty": 1 })).await.expect(200);
        let before = app.store.db.round_trips();
        let body = json!({
            "source": { "kind": "cart", "skus": [sku] }, "address": buyer.address, "expected_total_minor": 1_000
        });
        let placed = app.post("/api/v1/checkouts", &buyer.token, body).await.expect(201);
        let between = app.store.db.round_trips();
        pay(&app, &buyer, placed["orders"][0].as_str().unwrap(), "wallet").await.expect(201);
        let after = app.store.db.round_trips();
        placing = placing.min(between - before);
        paying = paying.min(after - between);
    }
    assert!(placing <= 12 && paying <= 12, "placing took {placing}, paying {paying}");
});

app_test!(orders_and_statements_are_walked_page_by_page, parts, |app| {
    let owner = owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, sku) = product(&app, "A", 1_000, 10).await;
    top_up(&app, &buyer, 5_000).await;
    for _ in 0..3 {
        let order = order(&app, &buyer, sku, 1, 1_000, Value::Null).await;
        pay(&app, &buyer, &order, "wallet").await.expect(201);
    }
    let shop = format!("/api/v1/merchants/{}/orders", merchant());
    let lists = [
        ("/api/v1/orders", &buyer.token, 3),
        (shop.as_str(), &owner.token, 3),
        ("/api/v1/me/wallet/entries", &buyer.token, 4),
    ];
    for (list, token, rows) in lists {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = app.get(&format!("{list}?limit=2{cursor}"), token).await.expect(200);
            seen.extend(page["items"].as_array().unwrap().iter().map(Value::to_string));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let all = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!((all, seen.len()), (rows, rows), "{list}");
        app.get(&format!("{list}?cursor=tea_1"), token).await.expect_problem(400, "query.invalid");
    }
});

app_test!(a_paid_order_is_cancelled_and_everything_is_back, parts, |app| {
    owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, sku) = product(&app, "A", 1_000, 10).await;
    top_up(&app, &buyer, 5_000).await;
    let order = order(&app, &buyer, sku, 2, 2_000, Value::Null).await;
    pay(&app, &buyer, &order, "wallet").await.expect(201);
    let path = format!("/api/v1/orders/{order}/cancel");
    let cancel = || app.post(&path, &buyer.token, json!({ "reason": "改主意" }));
    assert_eq!(cancel().await.expect(200)["state"], "refunded");
    assert_eq!(cancel().await.expect(200)["state"], "refunded");
    assert_eq!(wallet(&app, &buyer).await, 5_000);
    assert_eq!(available(&app, sku).await, 10);
    app.settle().await;
    app.audit().await;
});

app_test!(an_order_nobody_pays_ends_by_itself, parts, |app| {
    owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, sku) = product(&app, "A", 1_000, 1).await;
    let order = order(&app, &buyer, sku, 1, 1_000, Value::Null).await;
    pay(&app, &buyer, &order, "sandbox").await.expect(201);
    assert_eq!(available(&app, sku).await, 0);
    app.pass(31 * 60).await;
    assert_eq!(state(&app, &buyer, &order).await, "cancelled");
    assert_eq!(available(&app, sku).await, 1);
    app.audit().await;
});

app_test!(lines_are_refunded_up_to_what_they_cost, parts, |app| {
    let owner = owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, sku) = product(&app, "A", 1_000, 10).await;
    top_up(&app, &buyer, 5_000).await;
    let order = order(&app, &buyer, sku, 3, 3_000, Value::Null).await;
    let path = format!("/api/v1/orders/{order}/refunds");
    let refund = |amount: i64| {
        let body =
            json!({ "lines": [{ "line": 1, "amount_minor": amount }], "reason": "坏果", "restock": true });
        app.post(&path, &owner.token, body)
    };
    refund(1).await.expect_problem(409, "order.not_paid");
    pay(&app, &buyer, &order, "wallet").await.expect(201);
    refund(0).await.expect_problem(422, "refund.lines");
    refund(3_001).await.expect_problem(409, "refund.beyond_line");
    assert_eq!(refund(500).await.expect(201)["state"], "done");
    refund(2_501).await.expect_problem(409, "refund.beyond_line");
    assert_eq!(wallet(&app, &buyer).await, 2_500);
    assert_eq!(available(&app, sku).await, 7);
    refund(2_500).await.expect(201);
    assert_eq!(state(&app, &buyer, &order).await, "refunded");
    assert_eq!(available(&app, sku).await, 10);
    let stranger = someone(&app, 3).await;
    let body = json!({ "lines": [{ "line": 1, "amount_minor": 1 }], "reason": "x", "restock": false });
    app.post(&path, &stranger.token, body).await.expect_problem(404, "not_found");
    app.settle().await;
    app.audit().await;
});

app_test!(the_same_key_answers_the_same_and_acts_once, parts, |app| {
    owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, sku) = product(&app, "A", 1_000, 10).await;
    top_up(&app, &buyer, 5_000).await;
    let order = order(&app, &buyer, sku, 1, 1_000, Value::Null).await;
    let body = json!({ "orders": [order], "method": "wallet" });
    let path = "/api/v1/payments";
    let first = app.call_with_key("POST", path, &buyer.token, "k1", body.clone()).await;
    let again = app.call_with_key("POST", path, &buyer.token, "k1", body.clone()).await;
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    let other = json!({ "orders": [order], "method": "sandbox" });
    app.call_with_key("POST", path, &buyer.token, "k1", other)
        .await
        .expect_problem(422, "idempotency.key_reused");
    app.call_with_key("POST", path, &buyer.token, "k2", body).await.expect_problem(409, "order.not_payable");
    assert_eq!(wallet(&app, &buyer).await, 4_000);
    app.audit().await;
});

async fn stocked(app: &App, owner: &Someone, sku: SkuId, delta: i64) {
    let body = json!({ "delta": delta, "reason": "stocking" });
    app.post(&format!("/api/v1/skus/{sku}/stock/adjust"), &owner.token, body).await.expect(200);
}

app_test!(what_is_sold_out_is_refused_when_it_is_ordered_and_the_refusal_is_repeated, parts, |app| {
    let owner = owner(&app).await;
    let (first, second) = (someone(&app, 2).await, someone(&app, 3).await);
    let (_, sku) = product(&app, "A", 1_000, 1).await;
    top_up(&app, &first, 5_000).await;
    top_up(&app, &second, 5_000).await;
    let late = order(&app, &second, sku, 1, 1_000, Value::Null).await;
    let sold = order(&app, &first, sku, 1, 1_000, Value::Null).await;
    pay(&app, &first, &sold, "wallet").await.expect(201);
    // The order was placed in time; the payment is not made in time.
    let body = json!({ "orders": [late], "method": "wallet" });
    let try_to_pay =
        |key: &'static str| app.call_with_key("POST", "/api/v1/payments", &second.token, key, body.clone());
    let refused = try_to_pay("late").await;
    assert!(!refused.headers.contains_key("idempotency-replayed"));
    let refused = refused.expect_problem(409, "stock.short");
    // A new order is refused at once, and what was to be ordered stays in the cart.
    let cart = format!("/api/v1/cart/lines/{sku}");
    app.call("PUT", &cart, &second.token, json!({ "qty": 1 })).await.expect(200);
    let wanted = json!({
        "source": { "kind": "cart", "skus": [sku] }, "address": second.address, "expected_total_minor": 1_000
    });
    let try_to_order = |key: &'static str| {
        app.call_with_key("POST", "/api/v1/checkouts", &second.token, key, wanted.clone())
    };
    let not_ordered = try_to_order("none").await.expect_problem(409, "stock.short");
    assert_eq!(app.get("/api/v1/cart", &second.token).await.expect(200)["groups"][0]["lines"][0]["qty"], 1);
    assert_eq!(
        app.get("/api/v1/orders", &second.token).await.expect(200)["items"].as_array().unwrap().len(),
        1
    );
    // With more in stock the refusals hold for their keys, and for no other.
    stocked(&app, &owner, sku, 2).await;
    let again = try_to_pay("late").await;
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(again.expect_problem(409, "stock.short"), refused);
    let again = try_to_order("none").await;
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(again.expect_problem(409, "stock.short"), not_ordered);
    assert_eq!(wallet(&app, &second).await, 5_000);
    try_to_pay("now").await.expect(201);
    try_to_order("one").await.expect(201);
    assert_eq!((wallet(&app, &second).await, available(&app, sku).await), (4_000, 1));
    app.settle().await;
    app.audit().await;
});

app_test!(a_key_that_was_forgotten_moves_no_money_again, parts, |app| {
    owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, sku) = product(&app, "A", 1_000, 10).await;
    top_up(&app, &buyer, 10_000).await;
    let body = json!({
        "source": { "kind": "now", "sku": sku, "qty": 1 }, "address": buyer.address, "expected_total_minor": 1_000
    });
    let placed = app.post("/api/v1/checkouts", &buyer.token, body).await.expect(201);
    let pay = json!({ "orders": placed["orders"], "method": "wallet" });
    let send = || app.call_with_key("POST", "/api/v1/payments", &buyer.token, "the-same-key", pay.clone());
    let first = send().await.expect(201);
    let kept = || async {
        let sql = "SELECT COUNT(*) FROM rest_idempotency WHERE key = 'the-same-key'";
        let count = app.store.db.read::<i64, db::DbError, _>(move |rx| rx.one(sql, &[], |row| row.get(0)));
        count.await.unwrap()
    };
    app.pass(7 * 86_400).await;
    assert_eq!(kept().await, 1);
    let again = send().await;
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(again.expect(201), first);
    app.pass(2 * 3_600).await;
    assert_eq!(kept().await, 0);
    let refused = send().await;
    assert_eq!(refused.status, 409, "{}", refused.json);
    assert!(!refused.headers.contains_key("idempotency-replayed"));
    assert_eq!(wallet(&app, &buyer).await, 9_000);
    app.settle().await;
    app.audit().await;
});
