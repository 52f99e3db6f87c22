//! Coupons from the claim to the order and back, their growth, and their limits under many at once.

use serde_json::{Value, json};
use testkit::{Answer, App, app_test, join_all};

use crate::world::*;

async fn try_template(app: &App, owner: &Someone, more: Value) -> Answer {
    let mut body = json!({
        "title": "满减券", "gift": { "kind": "cash", "off_minor": 300 },
        "validity": { "kind": "days", "days": 30 },
        "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z",
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        body[key] = value.clone();
    }
    let path = format!("/api/v1/merchants/{}/coupon-templates", merchant());
    app.post(&path, &owner.token, body).await
}

async fn template(app: &App, owner: &Someone, more: Value) -> String {
    let made = try_template(app, owner, more).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

async fn try_claim(app: &App, who: &Someone, template: &str) -> Answer {
    app.post(&format!("/api/v1/coupon-templates/{template}/claim"), &who.token, json!({})).await
}

async fn claim(app: &App, who: &Someone, template: &str) -> Value {
    try_claim(app, who, template).await.expect(201)
}

async fn try_help(app: &App, link: &str, token: String) -> Answer {
    app.post(&format!("{link}/help"), &token, json!({})).await
}

async fn try_order(app: &App, who: &Someone, sku: base::SkuId, qty: i64, wanted: (&Value, i64)) -> Answer {
    let (coupon, total) = wanted;
    let body = json!({
        "source": { "kind": "now", "sku": sku, "qty": qty, "deal": null }, "address": who.address,
        "coupons": [coupon["id"]], "expected_total_minor": total,
    });
    app.post("/api/v1/checkouts", &who.token, body).await
}

async fn order_with(app: &App, who: &Someone, sku: base::SkuId, qty: i64, wanted: (&Value, i64)) -> String {
    let placed = try_order(app, who, sku, qty, wanted).await.expect(201);
    placed["orders"][0].as_str().unwrap().to_owned()
}

async fn mine(app: &App, who: &Someone, state: &str) -> Vec<Value> {
    let list = app.get(&format!("/api/v1/coupons?state={state}"), &who.token).await.expect(200);
    list["items"].as_array().unwrap().clone()
}

async fn figures(app: &App, owner: &Someone, template: &str) -> (i64, i64, i64) {
    let path = format!("/api/v1/merchants/{}/coupon-templates", merchant());
    let list = app.get(&path, &owner.token).await.expect(200);
    let one = list["items"].as_array().unwrap().iter().find(|one| one["id"] == template).unwrap();
    let number = |value: &Value| value.as_i64().unwrap();
    (number(&one["issued"]), number(&one["used"]), number(&one["cost"]["amount_minor"]))
}

fn codes(answers: &[Answer]) -> Vec<&str> {
    let refused = answers.iter().filter(|answer| answer.status.as_u16() >= 400);
    refused.map(|answer| answer.json["code"].as_str().unwrap()).collect()
}

app_test!(a_coupon_is_claimed_used_and_given_back, parts, |app| {
    let owner = owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (product, sku) = product(&app, "A", 1_000, 50).await;
    top_up(&app, &buyer, 100_000).await;
    let made = template(&app, &owner, json!({ "threshold_minor": 2_000 })).await;
    let offers = format!("/api/v1/merchants/{}/coupon-offers?product={product}", merchant());
    assert_eq!(app.get(&offers, "").await.expect(200)["items"][0]["id"], json!(made));
    let coupon = claim(&app, &buyer, &made).await;
    assert_eq!(app.get(&offers, &buyer.token).await.expect(200)["items"][0]["claimed"], 1);
    try_claim(&app, &buyer, &made).await.expect_problem(409, "coupon.had_enough");
    // The quote shows what it saves, and uses it when it is chosen.
    let items = json!([{ "sku": sku, "qty": 2 }]);
    let shown = app.post("/api/v1/quotes", &buyer.token, json!({ "items": items })).await.expect(200);
    let group = &shown["groups"][0];
    assert_eq!(group["quote"]["total"]["amount_minor"], 2_000);
    assert_eq!(
        (&group["coupons"][0]["coupon"], &group["coupons"][0]["saves"]["amount_minor"]),
        (&coupon["id"], &json!(300))
    );
    let body = json!({ "items": items, "coupons": [coupon["id"]] });
    let chosen = app.post("/api/v1/quotes", &buyer.token, body).await.expect(200);
    let quote = &chosen["groups"][0]["quote"];
    assert_eq!(quote["total"]["amount_minor"], 1_700);
    assert_eq!(quote["explanations"][1]["code"], "coupon");
    // Below its threshold it takes nothing off, and is not used up.
    order_with(&app, &buyer, sku, 1, (&coupon, 1_000)).await;
    assert_eq!(mine(&app, &buyer, "usable").await.len(), 1);
    let first = order_with(&app, &buyer, sku, 2, (&coupon, 1_700)).await;
    let view = app.get(&format!("/api/v1/orders/{first}"), &buyer.token).await.expect(200);
    assert_eq!(view["lines"][0]["discount"]["amount_minor"], 300);
    assert_eq!(mine(&app, &buyer, "used").await[0]["order"], json!(first));
    assert_eq!(figures(&app, &owner, &made).await, (1, 1, 300));
    // Once only, whatever the total says.
    try_order(&app, &buyer, sku, 2, (&coupon, 1_700)).await.expect_problem(409, "coupon.unusable");
    // Cancelled, and cancelled again: it is back once.
    let cancel = format!("/api/v1/orders/{first}/cancel");
    app.post(&cancel, &buyer.token, json!({ "reason": "改主意" })).await.expect(200);
    app.post(&cancel, &buyer.token, json!({ "reason": "改主意" })).await.expect(200);
    assert_eq!(figures(&app, &owner, &made).await, (1, 0, 0));
    // Not paid for in time: back too.
    order_with(&app, &buyer, sku, 2, (&coupon, 1_700)).await;
    app.pass(31 * 60).await;
    assert_eq!(mine(&app, &buyer, "usable").await.len(), 1);
    app.audit().await;
});

app_test!(a_part_that_goes_back_leaves_the_coupon_used_and_the_whole_returns_it, parts, |app| {
    let owner = owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, sku) = product(&app, "A", 1_000, 50).await;
    top_up(&app, &buyer, 10_000).await;
    let made = template(&app, &owner, json!({ "per_person": 2 })).await;
    let (one, two) = (claim(&app, &buyer, &made).await, claim(&app, &buyer, &made).await);
    let refund = |order: String, amount: i64| {
        let body =
            json!({ "lines": [{ "line": 1, "amount_minor": amount }], "reason": "坏果", "restock": false });
        let (app, token) = (&app, owner.token.clone());
        async move { app.post(&format!("/api/v1/orders/{order}/refunds"), &token, body).await }
    };
    let first = order_with(&app, &buyer, sku, 2, (&one, 1_700)).await;
    pay(&app, &buyer, &first, "wallet").await.expect(201);
    refund(first.clone(), 700).await.expect(201);
    assert_eq!(mine(&app, &buyer, "used").await.len(), 1);
    // Only what was paid goes back, never what the coupon took off.
    refund(first.clone(), 1_001).await.expect_problem(409, "refund.beyond_line");
    refund(first, 1_000).await.expect(201);
    assert_eq!((mine(&app, &buyer, "used").await.len(), wallet(&app, &buyer).await), (0, 10_000));
    // What was sent was bought with it.
    let sent = order_with(&app, &buyer, sku, 2, (&two, 1_700)).await;
    pay(&app, &buyer, &sent, "wallet").await.expect(201);
    ship(&app, &owner, &sent).await;
    refund(sent, 1_700).await.expect(201);
    assert_eq!((mine(&app, &buyer, "used").await.len(), wallet(&app, &buyer).await), (1, 10_000));
    app.settle().await;
    app.audit().await;
});

app_test!(a_coupon_ends_with_its_time_also_when_it_comes_back, parts, |app| {
    let owner = owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, sku) = product(&app, "A", 1_000, 50).await;
    let made = template(&app, &owner, json!({ "validity": { "kind": "days", "days": 1 } })).await;
    let coupon = claim(&app, &buyer, &made).await;
    app.pass(86_400 - 600).await;
    let placed = order_with(&app, &buyer, sku, 1, (&coupon, 700)).await;
    app.pass(600).await;
    let cancel = format!("/api/v1/orders/{placed}/cancel");
    app.post(&cancel, &buyer.token, json!({ "reason": "改主意" })).await.expect(200);
    assert_eq!((mine(&app, &buyer, "usable").await.len(), mine(&app, &buyer, "past").await.len()), (0, 1));
    try_order(&app, &buyer, sku, 1, (&coupon, 700)).await.expect_problem(409, "coupon.unusable");
    app.audit().await;
});

app_test!(each_coupon_goes_to_one_order_of_its_owner, parts, |app| {
    let owner = owner(&app).await;
    let buyer = someone(&app, 2).await;
    let other = someone(&app, 3).await;
    let (_, sku) = product(&app, "A", 1_000, 500).await;
    let made = template(&app, &owner, json!({ "per_person": 2 })).await;
    let (coupon, second) = (claim(&app, &buyer, &made).await, claim(&app, &buyer, &made).await);
    try_order(&app, &other, sku, 1, (&coupon, 700)).await.expect_problem(409, "coupon.unusable");
    let both = json!({ "items": [{ "sku": sku, "qty": 1 }], "coupons": [coupon["id"], second["id"]] });
    app.post("/api/v1/quotes", &buyer.token, both).await.expect_problem(422, "coupon.one_per_shop");
    let calls = (0..16).map(|_| try_order(&app, &buyer, sku, 1, (&coupon, 700)));
    let answers = join_all(calls).await;
    assert_eq!(answers.iter().filter(|answer| answer.status.as_u16() == 201).count(), 1);
    for code in codes(&answers) {
        assert!(["coupon.unusable", "coupon.changed"].contains(&code), "{code}");
    }
    assert_eq!(figures(&app, &owner, &made).await, (2, 1, 300));
    app.audit().await;
});

app_test!(as_many_are_issued_as_there_are_and_each_gets_as_many_as_allowed, parts, |app| {
    let owner = owner(&app).await;
    let mut people = Vec::new();
    for number in 2..12 {
        people.push(someone(&app, number).await);
    }
    // Five by number; four by what they may take off.
    for (more, wanted) in [(json!({ "issue_max": 5 }), 5), (json!({ "worth_max_minor": 1_499 }), 4)] {
        let made = template(&app, &owner, more).await;
        let calls = people.iter().flat_map(|who| [try_claim(&app, who, &made), try_claim(&app, who, &made)]);
        let answers = join_all(calls.collect::<Vec<_>>()).await;
        assert_eq!(answers.iter().filter(|answer| answer.status.as_u16() == 201).count(), wanted);
        for code in codes(&answers) {
            assert!(["coupon.not_offered", "coupon.had_enough"].contains(&code), "{code}");
        }
        assert_eq!(figures(&app, &owner, &made).await.0, i64::try_from(wanted).unwrap());
    }
    let made = template(&app, &owner, json!({ "per_person": 3 })).await;
    let answers = join_all((0..12).map(|_| try_claim(&app, &people[0], &made))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status.as_u16() == 201).count(), 3);
    app.audit().await;
});

app_test!(friends_let_a_coupon_grow_each_once_and_get_one_too, parts, |app| {
    let owner = owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, sku) = product(&app, "A", 1_000, 50).await;
    let growth = json!({ "per_friend_minor": 100, "per_day_minor": 50, "to_minor": 720 });
    let made = template(&app, &owner, json!({ "growth": growth })).await;
    let coupon = claim(&app, &buyer, &made).await;
    let link = format!("/api/v1/coupon-links/{}", coupon["code"].as_str().unwrap());
    let help = |who: &Someone| try_help(&app, &link, who.token.clone());
    help(&buyer).await.expect_problem(409, "coupon.own");
    let mut friends = Vec::new();
    for number in 3..13 {
        friends.push(someone(&app, number).await);
    }
    let first = help(&friends[0]).await.expect(200);
    assert_eq!((&first["added"]["amount_minor"], &first["own"]["template"]), (&json!(100), &json!(made)));
    help(&friends[0]).await.expect_problem(409, "coupon.helped");
    // Ten at once, one of whom has helped: up to the cap, the last one by what is left.
    let answers = join_all(friends.iter().map(help)).await;
    assert_eq!(answers.iter().filter(|answer| answer.status.as_u16() == 200).count(), 4);
    for code in codes(&answers) {
        assert!(["coupon.helped", "coupon.grows_no_more"].contains(&code), "{code}");
    }
    let shown = app.get(&link, &friends[0].token).await.expect(200);
    assert_eq!((&shown["gift"]["off_minor"], &shown["adds"]["amount_minor"]), (&json!(720), &json!(0)));
    assert_eq!((&shown["has_helped"], shown["log"].as_array().unwrap().len()), (&json!(true), 5));
    order_with(&app, &buyer, sku, 1, (&coupon, 280)).await;
    assert_eq!(mine(&app, &friends[0], "usable").await.len(), 1);
    app.get("/api/v1/coupon-links/none", "").await.expect_problem(404, "not_found");
    app.audit().await;
});

app_test!(a_coupon_grows_by_days_without_anybody, parts, |app| {
    let owner = owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, sku) = product(&app, "A", 1_000, 50).await;
    let growth = json!({ "per_friend_minor": 100, "per_day_minor": 50, "to_minor": 460 });
    let made = template(&app, &owner, json!({ "growth": growth })).await;
    let coupon = claim(&app, &buyer, &made).await;
    app.pass(2 * 86_400).await;
    let placed = order_with(&app, &buyer, sku, 1, (&coupon, 600)).await;
    let cancel = format!("/api/v1/orders/{placed}/cancel");
    app.post(&cancel, &buyer.token, json!({ "reason": "改主意" })).await.expect(200);
    app.audit().await;
    // It goes on growing from where it was, up to its cap.
    app.pass(86_400).await;
    let placed = order_with(&app, &buyer, sku, 1, (&coupon, 550)).await;
    app.post(&format!("/api/v1/orders/{placed}/cancel"), &buyer.token, json!({ "reason": "改主意" }))
        .await
        .expect(200);
    app.pass(5 * 86_400).await;
    order_with(&app, &buyer, sku, 1, (&coupon, 540)).await;
    let link = format!("/api/v1/coupon-links/{}", coupon["code"].as_str().unwrap());
    let friend = someone(&app, 3).await;
    let help = app.post(&format!("{link}/help"), &friend.token, json!({})).await;
    help.expect_problem(409, "coupon.grows_no_more");
    assert_eq!(app.get(&link, "").await.expect(200)["log"].as_array().unwrap().len(), 3);
    assert_eq!(mine(&app, &friend, "usable").await.len(), 0);
    app.audit().await;
});

app_test!(what_a_merchant_cannot_mean_is_refused_and_what_was_claimed_stays, parts, |app| {
    let owner = owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (ids, sku) = product(&app, "A", 1_000, 50).await;
    let bad = [
        (json!({ "threshold_minor": 299 }), "coupon.bad"),
        (json!({ "gift": { "kind": "percent", "off_bp": 10_000, "cap_minor": 1 } }), "coupon.bad"),
        (json!({ "growth": { "per_friend_minor": 0, "per_day_minor": 0, "to_minor": 400 } }), "coupon.bad"),
        (json!({ "worth_max_minor": 299 }), "coupon.limits"),
        (json!({ "per_person": 0 }), "coupon.limits"),
        (json!({ "ends_at": "2020-01-01T00:00:00Z" }), "coupon.times"),
        (json!({ "validity": { "kind": "until", "until": "2098-01-01T00:00:00Z" } }), "coupon.times"),
    ];
    for (more, code) in bad {
        try_template(&app, &owner, more).await.expect_problem(422, code);
    }
    let path = format!("/api/v1/merchants/{}/coupon-templates", merchant());
    assert_eq!(app.get(&path, &owner.token).await.expect(200)["items"], json!([]));
    let made = template(&app, &owner, json!({ "per_person": 2 })).await;
    let coupon = claim(&app, &buyer, &made).await;
    let step = |verb: &'static str| {
        let (app, path, token) =
            (&app, format!("/api/v1/coupon-templates/{made}/{verb}"), owner.token.clone());
        async move { app.post(&path, &token, json!({})).await }
    };
    step("pause").await.expect(200);
    try_claim(&app, &buyer, &made).await.expect_problem(409, "coupon.not_offered");
    step("resume").await.expect(200);
    step("stop").await.expect(200);
    step("resume").await.expect_problem(409, "coupon.stopped");
    try_claim(&app, &buyer, &made).await.expect_problem(409, "coupon.not_offered");
    assert_eq!(figures(&app, &owner, &made).await.0, 1);
    // Not with the price of a team.
    let activity = activity(&app, &owner, (ids, sku), 2, json!({})).await;
    let body = json!({ "items": [{ "sku": sku, "qty": 1 }], "deal": { "activity": activity, "team": null },
        "coupons": [coupon["id"]] });
    app.post("/api/v1/quotes", &buyer.token, body).await.expect_problem(422, "coupon.not_with_deal");
    order_with(&app, &buyer, sku, 1, (&coupon, 700)).await;
    app.audit().await;
});
