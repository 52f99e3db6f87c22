//! Points from where they are earned to where they are spent and back, and under many at once.

use base::Clock;
use serde_json::{Value, json};
use testkit::{Answer, App, app_test, join_all};

use crate::world::*;

fn path() -> String {
    format!("/api/v1/merchants/{}/points", merchant())
}

/// Sets the shop's rules: ten points for a whole unit, a fen each, up to half of the goods, for 300 days.
pub(crate) async fn program(app: &App, owner: &Someone, more: Value) {
    let before = app.get(&path(), "").await.expect(200);
    let mut body = json!({ "version": before["version"], "rules": { "is_on": true, "per_unit": 10, "worth_minor": 1,
        "share_bp": 5_000, "days": 300, "check_in": 5, "streak_bonus": 20, "utc_offset_minutes": 480 } });
    for (key, value) in more.as_object().into_iter().flatten() {
        body["rules"][key] = value.clone();
    }
    app.call("PUT", &path(), &owner.token, body).await.expect(200);
}

async fn mine(app: &App, who: &Someone) -> Value {
    app.get(&format!("{}/me", path()), &who.token).await.expect(200)
}

async fn balance(app: &App, who: &Someone) -> i64 {
    mine(app, who).await["balance"].as_i64().unwrap()
}

async fn report(app: &App, owner: &Someone) -> Value {
    app.get(&format!("{}/report", path()), &owner.token).await.expect(200)
}

async fn try_order(app: &App, who: &Someone, sku: base::SkuId, qty: i64, wanted: (i64, i64)) -> Answer {
    let (points, total) = wanted;
    let points = if points > 0 { json!([{ "merchant": merchant(), "points": points }]) } else { json!([]) };
    let body = json!({
        "source": { "kind": "now", "sku": sku, "qty": qty, "deal": null }, "address": who.address,
        "points": points, "expected_total_minor": total,
    });
    app.post("/api/v1/checkouts", &who.token, body).await
}

async fn order_with(app: &App, who: &Someone, sku: base::SkuId, qty: i64, wanted: (i64, i64)) -> String {
    let placed = try_order(app, who, sku, qty, wanted).await.expect(201);
    placed["orders"][0].as_str().unwrap().to_owned()
}

/// Pays, ships, receives and waits until the order is settled.
async fn settle(app: &App, owner: &Someone, buyer: &Someone, id: &str) {
    pay(app, buyer, id, "wallet").await.expect(201);
    ship(app, owner, id).await;
    app.post(&format!("/api/v1/orders/{id}/receive"), &buyer.token, Value::Null).await.expect(200);
    app.pass(9 * 86_400).await;
}

async fn refund(app: &App, owner: &Someone, order: &str, amount: i64) {
    let body =
        json!({ "lines": [{ "line": 1, "amount_minor": amount }], "reason": "坏果", "restock": false });
    app.post(&format!("/api/v1/orders/{order}/refunds"), &owner.token, body).await.expect(201);
}

async fn cancel(app: &App, who: &Someone, order: &str) {
    let body = json!({ "reason": "改主意" });
    app.post(&format!("/api/v1/orders/{order}/cancel"), &who.token, body).await.expect(200);
}

fn codes(answers: &[Answer]) -> Vec<&str> {
    let refused = answers.iter().filter(|answer| answer.status.as_u16() >= 400);
    refused.map(|answer| answer.json["code"].as_str().unwrap()).collect()
}

/// The shop's owner, a buyer with money, and something for 10.00.
async fn shop(app: &App, more: Value) -> (Someone, Someone, base::SkuId) {
    let owner = owner(app).await;
    let buyer = someone(app, 2).await;
    let (_, sku) = product(app, "A", 1_000, 500).await;
    top_up(app, &buyer, 1_000_000).await;
    program(app, &owner, more).await;
    (owner, buyer, sku)
}

app_test!(points_are_earned_spent_shown_and_given_back, parts, |app| {
    let (owner, buyer, sku) = shop(&app, json!({})).await;
    let first = order_with(&app, &buyer, sku, 3, (0, 3_000)).await;
    assert_eq!(balance(&app, &buyer).await, 0);
    settle(&app, &owner, &buyer, &first).await;
    // 30 whole units of goods, ten each.
    assert_eq!(balance(&app, &buyer).await, 300);
    assert_eq!(mine(&app, &buyer).await["worth"]["amount_minor"], 300);
    let items = json!([{ "sku": sku, "qty": 1 }]);
    let wanted = json!([{ "merchant": merchant(), "points": 9_999 }]);
    let quoted = app.post("/api/v1/quotes", &buyer.token, json!({ "items": items })).await.expect(200);
    let group = &quoted["groups"][0];
    assert_eq!((&group["points"]["balance"], &group["points"]["most"]), (&json!(300), &json!(300)));
    assert_eq!(group["quote"]["points"], Value::Null);
    let body = json!({ "items": items, "points": wanted });
    let quoted = app.post("/api/v1/quotes", &buyer.token, body).await.expect(200);
    let quote = &quoted["groups"][0]["quote"];
    assert_eq!((&quote["points"]["points"], &quote["total"]["amount_minor"]), (&json!(300), &json!(700)));
    assert_eq!(quote["explanations"][1]["code"], "points");
    assert_eq!(quoted["groups"][0]["points"]["most"], 300);
    let second = order_with(&app, &buyer, sku, 1, (250, 750)).await;
    assert_eq!(balance(&app, &buyer).await, 50);
    let view = app.get(&format!("/api/v1/orders/{second}"), &buyer.token).await.expect(200);
    assert_eq!(view["lines"][0]["discount"]["amount_minor"], 250);
    // Cancelled twice: they are back once, in their lot.
    cancel(&app, &buyer, &second).await;
    cancel(&app, &buyer, &second).await;
    assert_eq!(balance(&app, &buyer).await, 300);
    assert_eq!(mine(&app, &buyer).await["ends"].as_array().unwrap().len(), 1);
    // Not paid for in time: back too.
    order_with(&app, &buyer, sku, 1, (300, 700)).await;
    app.pass(31 * 60).await;
    assert_eq!(balance(&app, &buyer).await, 300);
    // What points paid for earns nothing: 8 whole units.
    let third = order_with(&app, &buyer, sku, 1, (120, 880)).await;
    settle(&app, &owner, &buyer, &third).await;
    assert_eq!(balance(&app, &buyer).await, 300 - 120 + 80);
    let report = report(&app, &owner).await;
    assert_eq!((&report["outstanding"], &report["worth"]["amount_minor"]), (&json!(260), &json!(260)));
    let sum = |name: &str| -> i64 {
        report["months"].as_array().unwrap().iter().map(|month| month[name].as_i64().unwrap()).sum()
    };
    assert_eq!((sum("issued"), sum("spent"), sum("returned"), sum("expired")), (380, 670, 550, 0));
    let list = app.get("/api/v1/points", &buyer.token).await.expect(200);
    assert_eq!(list["items"][0]["balance"], 260);
    app.audit().await;
});

app_test!(the_same_points_go_to_one_order, parts, |app| {
    let (owner, buyer, sku) = shop(&app, json!({})).await;
    for _ in 0..3 {
        let id = order_with(&app, &buyer, sku, 2, (0, 2_000)).await;
        settle(&app, &owner, &buyer, &id).await;
    }
    let there = balance(&app, &buyer).await;
    assert_eq!(there, 600);
    // Each wants 60 %, which two orders together do not have.
    let answers = join_all((0..12).map(|_| try_order(&app, &buyer, sku, 1, (360, 640)))).await;
    assert_eq!(
        answers.iter().filter(|answer| answer.status.as_u16() == 201).count(),
        1,
        "{:?}",
        codes(&answers)
    );
    for code in codes(&answers) {
        assert!(["points.changed", "checkout.price_changed"].contains(&code), "{code}");
    }
    assert_eq!(balance(&app, &buyer).await, 240);
    app.audit().await;
});

app_test!(a_day_gives_once_and_days_in_a_row_count, parts, |app| {
    let (owner, buyer, _) = shop(&app, json!({})).await;
    let look_in = |token: String| {
        let app = &app;
        async move { app.post(&format!("{}/check-ins", path()), &token, json!({})).await }
    };
    let calls = (0..10).map(|_| look_in(buyer.token.clone()));
    let answers = join_all(calls.collect::<Vec<_>>()).await;
    assert_eq!(answers.iter().filter(|answer| answer.status.as_u16() == 201).count(), 1);
    for code in codes(&answers) {
        assert_eq!(code, "points.checked_in");
    }
    assert_eq!((balance(&app, &buyer).await, &mine(&app, &buyer).await["check_in"]), (5, &Value::Null));
    for day in 2..=8 {
        app.pass(86_400).await;
        let wanted = if day == 7 { 25 } else { 5 };
        assert_eq!(mine(&app, &buyer).await["check_in"], wanted);
        let answer = look_in(buyer.token.clone()).await.expect(201);
        assert_eq!((&answer["points"], &answer["streak"]), (&json!(wanted), &json!(day)));
    }
    app.pass(2 * 86_400).await;
    assert_eq!(mine(&app, &buyer).await["streak"], 0);
    assert_eq!(look_in(buyer.token.clone()).await.expect(201)["streak"], 1);
    assert_eq!(balance(&app, &buyer).await, 5 * 9 + 20);
    program(&app, &owner, json!({ "check_in": 0 })).await;
    app.pass(86_400).await;
    look_in(buyer.token.clone()).await.expect_problem(409, "points.no_check_in");
    assert_eq!(balance(&app, &buyer).await, 5 * 9 + 20);
    app.audit().await;
});

app_test!(what_is_over_expires_once_and_what_is_left_is_spent, parts, |app| {
    let (owner, buyer, sku) = shop(&app, json!({})).await;
    let first = order_with(&app, &buyer, sku, 4, (0, 4_000)).await;
    settle(&app, &owner, &buyer, &first).await;
    // A second lot that ends first.
    program(&app, &owner, json!({ "days": 1 })).await;
    let second = order_with(&app, &buyer, sku, 4, (0, 4_000)).await;
    settle(&app, &owner, &buyer, &second).await;
    let end: base::Timestamp =
        mine(&app, &buyer).await["ends"][0]["expires_at"].as_str().unwrap().parse().unwrap();
    let buyer = someone(&app, 2).await;
    let now = app.store.clock.now();
    assert!(end > now);
    assert_eq!(balance(&app, &buyer).await, 800);
    // The moment is over, the job has not run: many spend what is left while it does.
    app.store.clock.advance(end.micros_since(now) + 600_000_000);
    let buyer = someone(&app, 2).await;
    assert_eq!(balance(&app, &buyer).await, 400);
    let spend = async {
        let answers = join_all((0..6).map(|_| try_order(&app, &buyer, sku, 1, (300, 700)))).await;
        answers.iter().filter(|answer| answer.status.as_u16() == 201).count()
    };
    let expire = async {
        app.settle().await;
        app.settle().await;
    };
    let (spent, ()) = tokio::join!(spend, expire);
    assert_eq!(spent, 1);
    app.pass(1_200).await;
    let buyer = someone(&app, 2).await;
    assert_eq!(balance(&app, &buyer).await, 100);
    let log = mine(&app, &buyer).await["log"].clone();
    let expired: Vec<&Value> =
        log.as_array().unwrap().iter().filter(|line| line["kind"] == "expire").collect();
    assert_eq!((expired.len(), &expired[0]["amount"]), (1, &json!(-400)));
    app.audit().await;
});

app_test!(parts_give_back_parts_and_take_back_what_they_earned, parts, |app| {
    let (owner, buyer, sku) = shop(&app, json!({})).await;
    let first = order_with(&app, &buyer, sku, 10, (0, 10_000)).await;
    settle(&app, &owner, &buyer, &first).await;
    assert_eq!(balance(&app, &buyer).await, 1_000);
    // 7.00 in money and 3.00 in points.
    let second = order_with(&app, &buyer, sku, 1, (300, 700)).await;
    settle(&app, &owner, &buyer, &second).await;
    assert_eq!(balance(&app, &buyer).await, 770);
    // Half the money: half the points come back; 3.50 earn 30, not 70.
    refund(&app, &owner, &second, 350).await;
    assert_eq!(balance(&app, &buyer).await, 770 + 150 - 40);
    refund(&app, &owner, &second, 350).await;
    assert_eq!(balance(&app, &buyer).await, 1_000);
    // All of the first goes back after its points were spent: what is missing is owed.
    let third = order_with(&app, &buyer, sku, 2, (800, 1_200)).await;
    pay(&app, &buyer, &third, "wallet").await.expect(201);
    refund(&app, &owner, &first, 10_000).await;
    let view = mine(&app, &buyer).await;
    assert_eq!((&view["balance"], &view["owed"]), (&json!(0), &json!(800)));
    assert_eq!(report(&app, &owner).await["owed"], 800);
    app.audit().await;
    // What is earned next fills it first; what comes back is the person's own.
    let fourth = order_with(&app, &buyer, sku, 5, (0, 5_000)).await;
    settle(&app, &owner, &buyer, &fourth).await;
    let view = mine(&app, &buyer).await;
    assert_eq!((&view["balance"], &view["owed"]), (&json!(0), &json!(300)));
    cancel(&app, &buyer, &third).await;
    let view = mine(&app, &buyer).await;
    assert_eq!((&view["balance"], &view["owed"]), (&json!(800), &json!(300)));
    let fifth = order_with(&app, &buyer, sku, 4, (0, 4_000)).await;
    settle(&app, &owner, &buyer, &fifth).await;
    let view = mine(&app, &buyer).await;
    assert_eq!((&view["balance"], &view["owed"]), (&json!(900), &json!(0)));
    app.audit().await;
});

app_test!(many_refunds_at_once_move_each_point_once, parts, |app| {
    let (owner, buyer, sku) = shop(&app, json!({})).await;
    let first = order_with(&app, &buyer, sku, 10, (0, 10_000)).await;
    settle(&app, &owner, &buyer, &first).await;
    let second = order_with(&app, &buyer, sku, 4, (1_000, 3_000)).await;
    settle(&app, &owner, &buyer, &second).await;
    assert_eq!(balance(&app, &buyer).await, 300);
    join_all((0..8).map(|_| refund(&app, &owner, &second, 250))).await;
    // 20.00 of 30.00 are back: 666 points return, and 10 whole units still earn.
    assert_eq!(balance(&app, &buyer).await, 666 + 100);
    app.audit().await;
});

app_test!(points_of_a_lot_that_is_over_come_back_for_a_short_time, parts, |app| {
    let (owner, buyer, sku) = shop(&app, json!({ "days": 1 })).await;
    let first = order_with(&app, &buyer, sku, 4, (0, 4_000)).await;
    settle(&app, &owner, &buyer, &first).await;
    let end: base::Timestamp =
        mine(&app, &buyer).await["ends"][0]["expires_at"].as_str().unwrap().parse().unwrap();
    let second = order_with(&app, &buyer, sku, 1, (400, 600)).await;
    pay(&app, &buyer, &second, "wallet").await.expect(201);
    app.pass(end.micros_since(app.store.clock.now()) / 1_000_000 + 3_600).await;
    let buyer = someone(&app, 2).await;
    assert_eq!(balance(&app, &buyer).await, 0);
    cancel(&app, &buyer, &second).await;
    let view = mine(&app, &buyer).await;
    assert_eq!(view["balance"], 400);
    let again: base::Timestamp = view["ends"][0]["expires_at"].as_str().unwrap().parse().unwrap();
    let days = again.micros_since(app.store.clock.now()) / 86_400_000_000;
    assert!((15..=46).contains(&days), "{days}");
    app.audit().await;
    app.pass(47 * 86_400).await;
    let buyer = someone(&app, 2).await;
    assert_eq!(balance(&app, &buyer).await, 0);
    app.audit().await;
});

app_test!(what_cannot_be_meant_is_refused_and_changes_nothing, parts, |app| {
    let owner = owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (ids, sku) = product(&app, "A", 1_000, 50).await;
    let before = app.get(&path(), "").await.expect(200);
    assert_eq!((&before["rules"]["is_on"], &before["version"]), (&json!(false), &json!(0)));
    for (key, value) in
        [("worth_minor", 0), ("share_bp", 9_001), ("days", 0), ("per_unit", 1_001), ("check_in", -1)]
    {
        let mut body = before.clone();
        body["rules"][key] = json!(value);
        app.call("PUT", &path(), &owner.token, body).await.expect_problem(422, "points.bad_program");
    }
    assert_eq!(app.get(&path(), "").await.expect(200), before);
    // No program: no offer, and points that are wanted are none.
    let items = json!([{ "sku": sku, "qty": 1 }]);
    let wanted = json!([{ "merchant": merchant(), "points": 5 }]);
    let quote = |body: Value| {
        let (app, token) = (&app, buyer.token.clone());
        async move { app.post("/api/v1/quotes", &token, body).await }
    };
    let quoted = quote(json!({ "items": items, "points": wanted })).await.expect(200);
    assert_eq!(
        (&quoted["groups"][0]["points"], &quoted["total"]["amount_minor"]),
        (&Value::Null, &json!(1_000))
    );
    program(&app, &owner, json!({})).await;
    let place = path();
    let body = app.get(&path(), "").await.expect(200);
    let calls = (0..4).map(|_| app.call("PUT", &place, &owner.token, body.clone()));
    let answers = join_all(calls.collect::<Vec<_>>()).await;
    assert_eq!(answers.iter().filter(|answer| answer.status.as_u16() == 200).count(), 1);
    for code in codes(&answers) {
        assert_eq!(code, "points.version_conflict");
    }
    let twice = json!([{ "merchant": merchant(), "points": 5 }, { "merchant": merchant(), "points": 6 }]);
    let none = json!([{ "merchant": merchant(), "points": 0 }]);
    let other = json!([{ "merchant": "mer_00000000000000000000000000000001", "points": 1 }]);
    for points in [twice, none, other] {
        quote(json!({ "items": items, "points": points })).await.expect_problem(422, "points.wanted");
    }
    let activity = activity(&app, &owner, (ids, sku), 2, json!({})).await;
    let deal = json!({ "activity": activity, "team": null });
    let body = json!({ "items": items, "deal": deal, "points": wanted });
    quote(body).await.expect_problem(422, "points.not_with_deal");
    assert_eq!(balance(&app, &buyer).await, 0);
    app.audit().await;
});
