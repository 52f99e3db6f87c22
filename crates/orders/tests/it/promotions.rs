//! Promotions from the draft to the order, and their limits under many at once.

use serde_json::{Value, json};
use testkit::{App, app_test, join_all};

use crate::world::*;

async fn live(app: &App, owner: &Someone, more: Value) -> String {
    let mut body = json!({
        "title": "立减", "action": { "kind": "amount_off", "off_minor": 200 },
        "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z",
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        body[key] = value.clone();
    }
    let path = format!("/api/v1/merchants/{}/promotions", merchant());
    let made = app.post(&path, &owner.token, body).await.expect(201);
    assert_eq!(made["state"], "draft");
    let id = made["id"].as_str().unwrap().to_owned();
    app.post(&format!("/api/v1/promotions/{id}/start"), &owner.token, json!({})).await.expect(200);
    id
}

async fn read(app: &App, owner: &Someone, id: &str) -> Value {
    app.get(&format!("/api/v1/promotions/{id}"), &owner.token).await.expect(200)
}

app_test!(an_order_is_placed_under_the_promotion_it_was_quoted_with, parts, |app| {
    let owner = owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, sku) = product(&app, "A", 1_000, 50).await;
    top_up(&app, &buyer, 100_000).await;
    let id = live(&app, &owner, json!({ "per_person": 1, "budget_minor": 500 })).await;
    let first = order(&app, &buyer, sku, 2, 1_800, Value::Null).await;
    let view = app.get(&format!("/api/v1/orders/{first}"), &buyer.token).await.expect(200);
    assert_eq!(view["explanations"][1]["params"]["title"], "立减");
    assert_eq!(view["lines"][0]["discount"]["amount_minor"], 200);
    // Once per person: the next costs what it costs.
    let second = order(&app, &buyer, sku, 2, 2_000, Value::Null).await;
    // Who does not buy after all has not used it.
    let cancel = format!("/api/v1/orders/{first}/cancel");
    app.post(&cancel, &buyer.token, json!({ "reason": "改主意" })).await.expect(200);
    app.post(&cancel, &buyer.token, json!({ "reason": "改主意" })).await.expect(200);
    assert_eq!(read(&app, &owner, &id).await["used"], 0);
    let third = order(&app, &buyer, sku, 1, 800, Value::Null).await;
    pay(&app, &buyer, &third, "wallet").await.expect(201);
    pay(&app, &buyer, &second, "wallet").await.expect(201);
    let whole = json!({ "lines": [{ "line": 1, "amount_minor": 800 }], "reason": "全退", "restock": true });
    app.post(&format!("/api/v1/orders/{third}/refunds"), &owner.token, whole).await.expect(201);
    assert_eq!(read(&app, &owner, &id).await["used"], 0);
    app.settle().await;
    app.audit().await;
});

app_test!(a_promotion_ends_when_its_time_is_over, parts, |app| {
    let owner = owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, sku) = product(&app, "A", 1_000, 50).await;
    let id = live(
        &app,
        &owner,
        json!({ "ends_at": base::Clock::now(app.store.clock.as_ref()).plus_seconds(3_600) }),
    )
    .await;
    let placed = order(&app, &buyer, sku, 1, 800, Value::Null).await;
    app.pass(3_599).await;
    assert_eq!(read(&app, &owner, &id).await["state"], "live");
    app.pass(1).await;
    assert_eq!(read(&app, &owner, &id).await["state"], "ended");
    order(&app, &buyer, sku, 1, 1_000, Value::Null).await;
    let start = format!("/api/v1/promotions/{id}/start");
    app.post(&start, &owner.token, json!({})).await.expect_problem(409, "promotion.state");
    let view = app.get(&format!("/api/v1/orders/{placed}"), &buyer.token).await.expect(200);
    assert_eq!(view["total"]["amount_minor"], 800);
    app.audit().await;
});

app_test!(a_budget_that_does_not_cover_it_gives_nothing, parts, |app| {
    let owner = owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, sku) = product(&app, "A", 1_000, 50).await;
    let id = live(&app, &owner, json!({ "budget_minor": 500 })).await;
    for total in [800, 800, 1_000] {
        order(&app, &buyer, sku, 1, total, Value::Null).await;
    }
    let view = read(&app, &owner, &id).await;
    assert_eq!((&view["used"], &view["spent"]["amount_minor"]), (&json!(2), &json!(400)));
    // Nobody pays: half an hour later it is all there again.
    app.pass(31 * 60).await;
    assert_eq!(read(&app, &owner, &id).await["used"], 0);
    app.audit().await;
});

app_test!(the_last_uses_go_to_as_many_as_there_are, parts, |app| {
    let owner = owner(&app).await;
    let (_, sku) = product(&app, "A", 1_000, 500).await;
    let id = live(&app, &owner, json!({ "uses_max": 3 })).await;
    let mut buyers = Vec::new();
    for number in 2..26 {
        buyers.push(someone(&app, number).await);
    }
    let calls = buyers.iter().map(|who| {
        let body = json!({
            "source": { "kind": "now", "sku": sku, "qty": 1, "deal": null },
            "address": who.address, "expected_total_minor": 800,
        });
        app.post("/api/v1/checkouts", &who.token, body)
    });
    let answers = join_all(calls).await;
    let placed = answers.iter().filter(|answer| answer.status.as_u16() == 201).count();
    assert_eq!(placed, 3);
    for answer in answers.iter().filter(|answer| answer.status.as_u16() != 201) {
        let code = answer.json["code"].as_str().unwrap();
        assert!(["promotion.used_up", "checkout.price_changed"].contains(&code), "{code}");
    }
    assert_eq!(read(&app, &owner, &id).await["used"], 3);
    app.audit().await;
});

app_test!(one_person_uses_it_as_often_as_allowed_from_many_sessions, parts, |app| {
    let owner = owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, sku) = product(&app, "A", 1_000, 500).await;
    live(&app, &owner, json!({ "per_person": 1 })).await;
    let calls = (0..16).map(|_| {
        let body = json!({
            "source": { "kind": "now", "sku": sku, "qty": 1, "deal": null },
            "address": buyer.address, "expected_total_minor": 800,
        });
        app.post("/api/v1/checkouts", &buyer.token, body)
    });
    let answers = join_all(calls).await;
    assert_eq!(answers.iter().filter(|answer| answer.status.as_u16() == 201).count(), 1);
    app.audit().await;
});

app_test!(a_cart_is_tried_before_a_promotion_is_live, parts, |app| {
    let owner = owner(&app).await;
    let (first, sku) = product(&app, "A", 1_000, 50).await;
    let base = format!("/api/v1/merchants/{}/promotions", merchant());
    let draft = json!({
        "title": "新客第二件半价", "scope": { "products": [first] }, "needs": { "new_buyers_only": true },
        "action": { "kind": "nth_off", "nth": 2, "off_bp": 5_000 },
        "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z",
    });
    let draft = app.post(&base, &owner.token, draft).await.expect(201);
    let simulate = format!("{base}/simulate");
    let cart = |more: Value| {
        let mut body = json!({ "items": [{ "sku": sku, "qty": 2 }], "also": [draft["id"]] });
        for (key, value) in more.as_object().into_iter().flatten() {
            body[key] = value.clone();
        }
        app.post(&simulate, &owner.token, body)
    };
    let old = cart(json!({})).await.expect(200);
    assert_eq!(
        (&old["quote"]["total"]["amount_minor"], &old["promotions"][0]["unmet"]),
        (&json!(2_000), &json!("new_buyers"))
    );
    let new = cart(json!({ "is_new_buyer": true })).await.expect(200);
    assert_eq!(
        (&new["quote"]["total"]["amount_minor"], &new["promotions"][0]["off_minor"]),
        (&json!(1_500), &json!(500))
    );
    let stranger = someone(&app, 9).await;
    app.post(&simulate, &stranger.token, json!({ "items": [{ "sku": sku, "qty": 1 }] }))
        .await
        .expect_problem(404, "not_found");
    // Nothing of it is live.
    order(&app, &stranger, sku, 2, 2_000, Value::Null).await;
    app.audit().await;
});

app_test!(new_buyers_are_known_by_what_they_bought, parts, |app| {
    let owner = owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, sku) = product(&app, "A", 1_000, 50).await;
    top_up(&app, &buyer, 100_000).await;
    live(&app, &owner, json!({ "needs": { "new_buyers_only": true } })).await;
    let first = order(&app, &buyer, sku, 1, 800, Value::Null).await;
    pay(&app, &buyer, &first, "wallet").await.expect(201);
    order(&app, &buyer, sku, 1, 1_000, Value::Null).await;
    app.audit().await;
});

app_test!(what_was_promised_is_not_changed_under_way, parts, |app| {
    let owner = owner(&app).await;
    let id = live(&app, &owner, json!({ "budget_minor": 1_000 })).await;
    let path = format!("/api/v1/promotions/{id}");
    let body = |version: i64, off: i64, budget: i64| {
        json!({ "version": version, "promotion": {
            "title": "立减", "action": { "kind": "amount_off", "off_minor": off }, "budget_minor": budget,
            "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z",
        } })
    };
    let put = |body: Value| app.call("PUT", &path, &owner.token, body);
    put(body(2, 200, 2_000)).await.expect_problem(409, "promotion.state");
    app.post(&format!("{path}/pause"), &owner.token, json!({})).await.expect(200);
    put(body(2, 200, 2_000)).await.expect_problem(409, "promotion.version_conflict");
    put(body(3, 300, 2_000)).await.expect_problem(409, "promotion.used");
    let view = put(body(3, 200, 2_000)).await.expect(200);
    assert_eq!(view["budget"]["amount_minor"], 2_000);
    app.post(&format!("{path}/end"), &owner.token, json!({})).await.expect(200);
    app.post(&format!("{path}/start"), &owner.token, json!({})).await.expect_problem(409, "promotion.state");
    let bad = json!({
        "title": "x", "action": { "kind": "percent_off", "off_bp": 10_001, "cap_minor": null },
        "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z",
    });
    let base = format!("/api/v1/merchants/{}/promotions", merchant());
    app.post(&base, &owner.token, bad).await.expect_problem(422, "promotion.bad");
    app.audit().await;
});

app_test!(an_order_that_costs_nothing_is_not_placed, parts, |app| {
    let owner = owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, sku) = product(&app, "A", 800, 50).await;
    live(&app, &owner, json!({ "action": { "kind": "amount_off", "off_minor": 1_000 } })).await;
    let body = json!({
        "source": { "kind": "now", "sku": sku, "qty": 1, "deal": null },
        "address": buyer.address, "expected_total_minor": 0,
    });
    let refused = app.post("/api/v1/checkouts", &buyer.token, body).await;
    refused.expect_problem(409, "checkout.nothing_to_pay");
    order(&app, &buyer, sku, 2, 600, Value::Null).await;
    app.audit().await;
});

app_test!(a_new_buyer_is_new_once_and_a_limit_does_not_fall, parts, |app| {
    let owner = owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, sku) = product(&app, "A", 1_000, 50).await;
    let id = live(&app, &owner, json!({ "needs": { "new_buyers_only": true } })).await;
    assert_eq!(read(&app, &owner, &id).await["per_person"], 1);
    // Placed and not paid for: nothing was bought yet, and still it counts.
    order(&app, &buyer, sku, 1, 800, Value::Null).await;
    order(&app, &buyer, sku, 1, 1_000, Value::Null).await;
    let twice = live(&app, &owner, json!({ "per_person": 2 })).await;
    let path = format!("/api/v1/promotions/{twice}");
    app.post(&format!("{path}/pause"), &owner.token, json!({})).await.expect(200);
    let lower = json!({ "version": 3, "promotion": {
        "title": "立减", "action": { "kind": "amount_off", "off_minor": 200 }, "per_person": 1,
        "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z",
    } });
    app.call("PUT", &path, &owner.token, lower).await.expect_problem(409, "promotion.below_used");
    app.audit().await;
});
