//! A provider that tells late, twice, wrongly or not at all (INV-18, INV-50).

use serde_json::{Value, json};
use testkit::app_test;

use crate::world::*;

app_test!(told_twice_is_paid_once, parts, |app| {
    owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, sku) = product(&app, "A", 1_000, 10).await;
    let order = order(&app, &buyer, sku, 1, 1_000, Value::Null).await;
    let payment = pay(&app, &buyer, &order, "sandbox").await.expect(201);
    assert_eq!(payment["state"], "pending");
    act(&app, &payment, "pay_twice").await.expect(202);
    app.settle().await;
    assert_eq!(state(&app, &buyer, &order).await, "confirmed");
    assert_eq!(available(&app, sku).await, 9);
    app.audit().await;
});

app_test!(a_wrong_amount_goes_back_and_pays_nothing, parts, |app| {
    owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, sku) = product(&app, "A", 1_000, 10).await;
    let order = order(&app, &buyer, sku, 1, 1_000, Value::Null).await;
    let payment = pay(&app, &buyer, &order, "sandbox").await.expect(201);
    act(&app, &payment, "pay_wrong_amount").await.expect(202);
    app.settle().await;
    assert_eq!(state(&app, &buyer, &order).await, "unpaid");
    app.pass(3_600).await;
    assert_eq!(state(&app, &buyer, &order).await, "cancelled");
    app.audit().await;
});

app_test!(a_lost_notice_is_found_by_asking, parts, |app| {
    owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, sku) = product(&app, "A", 1_000, 10).await;
    let order = order(&app, &buyer, sku, 1, 1_000, Value::Null).await;
    let payment = pay(&app, &buyer, &order, "sandbox").await.expect(201);
    act(&app, &payment, "pay_lost").await.expect(202);
    app.settle().await;
    assert_eq!(state(&app, &buyer, &order).await, "unpaid");
    app.pass(60).await;
    assert_eq!(state(&app, &buyer, &order).await, "confirmed");
    app.audit().await;
});

app_test!(late_money_takes_the_stock_again_or_goes_back, parts, |app| {
    owner(&app).await;
    let (first, second) = (someone(&app, 2).await, someone(&app, 3).await);
    let (_, sku) = product(&app, "A", 1_000, 1).await;
    let early = order(&app, &first, sku, 1, 1_000, Value::Null).await;
    let early_payment = pay(&app, &first, &early, "sandbox").await.expect(201);
    // The hold ends after 15 minutes, the order after 30.
    app.pass(16 * 60).await;
    assert_eq!(available(&app, sku).await, 1);
    let late = order(&app, &second, sku, 1, 1_000, Value::Null).await;
    let late_payment = pay(&app, &second, &late, "sandbox").await.expect(201);
    act(&app, &late_payment, "pay").await.expect(202);
    act(&app, &early_payment, "pay").await.expect(202);
    app.settle().await;
    assert_eq!(state(&app, &second, &late).await, "confirmed");
    assert_eq!(state(&app, &first, &early).await, "unpaid");
    let id = early_payment["id"].as_str().unwrap();
    let view = app.get(&format!("/api/v1/payments/{id}"), &first.token).await.expect(200);
    assert_eq!(view["state"], "returned");
    app.audit().await;
    app.pass(3_600).await;
    app.audit().await;
});

app_test!(forged_and_stale_notices_are_refused, parts, |app| {
    owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, sku) = product(&app, "A", 1_000, 10).await;
    let order = order(&app, &buyer, sku, 1, 1_000, Value::Null).await;
    let payment = pay(&app, &buyer, &order, "sandbox").await.expect(201);
    let body = json!({
        "id": "n1", "kind": "payment.succeeded", "payment": payment["id"], "amount_minor": 1_000, "currency": "CNY"
    })
    .to_string();
    let now = base::Clock::now(app.store.clock.as_ref()).micros() / 1_000_000;
    let send = |timestamp: i64, secret: &str| {
        let (timestamp, nonce) = (timestamp.to_string(), "n");
        let signature = payments::api::sandbox_signature(secret, &timestamp, nonce, body.as_bytes());
        let request = axum::http::Request::post("/api/v1/providers/sandbox/notices")
            .header("sandbox-timestamp", timestamp)
            .header("sandbox-nonce", nonce)
            .header("sandbox-signature", signature)
            .body(axum::body::Body::from(body.clone()));
        app.send(request.unwrap())
    };
    send(now, "wrong").await.expect_problem(401, "callback.forged");
    send(now - 301, "tuan-sandbox").await.expect_problem(401, "callback.forged");
    app.settle().await;
    assert_eq!(state(&app, &buyer, &order).await, "unpaid");
    send(now, "tuan-sandbox").await.expect(204);
    send(now, "tuan-sandbox").await.expect(204);
    app.settle().await;
    assert_eq!(state(&app, &buyer, &order).await, "confirmed");
    app.audit().await;
});
