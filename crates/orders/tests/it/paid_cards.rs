//! Paid cards: one price everywhere while they run, terms that follow each other, and what giving them up brings.

use base::SkuId;
use serde_json::{Value, json};
use testkit::{App, app_test, join_all};

use crate::world::*;

const DAY: i64 = 86_400;

fn cards() -> String {
    format!("/api/v1/merchants/{}/membership/cards", merchant())
}

async fn card(app: &App, owner: &Someone, sku: SkuId, days: i64, off_bp: i64, version: i64) {
    let body = json!({ "title": "年卡", "days": days, "off_bp": off_bp, "is_freight_free": off_bp == 0,
        "version": version });
    app.call("PUT", &format!("{}/{sku}", cards()), &owner.token, body).await.expect(200);
}

/// A member with money, anew: sessions end while time passes.
async fn buyer(app: &App) -> Someone {
    someone(app, 2).await
}

async fn buy(app: &App, who: &Someone, sku: SkuId, total: i64) -> String {
    let id = order(app, who, sku, 1, total, Value::Null).await;
    pay(app, who, &id, "wallet").await.expect(201);
    id
}

async fn mine(app: &App, who: &Someone) -> Vec<Value> {
    let view = app.get("/api/v1/me/membership-cards", &who.token).await.expect(200);
    view["items"].as_array().unwrap().clone()
}

async fn worth(app: &App, who: &Someone) -> [i64; 4] {
    let view = app.get(&format!("{}/quit", cards()), &who.token).await.expect(200);
    let minor = |name: &str| view[name]["amount_minor"].as_i64().unwrap();
    [view["cards"].as_i64().unwrap(), minor("unused"), minor("saved"), minor("back")]
}

async fn quit(app: &App, who: &Someone, back: i64) -> testkit::Answer {
    app.post(&format!("{}/quit", cards()), &who.token, json!({ "expected_back_minor": back })).await
}

async fn price(app: &App, who: &Someone, sku: SkuId) -> i64 {
    let body = json!({ "items": [{ "sku": sku, "qty": 1 }] });
    let quote = app.post("/api/v1/quotes", &who.token, body).await.expect(200);
    quote["total"]["amount_minor"].as_i64().unwrap()
}

app_test!(a_card_gives_what_it_promised_for_its_days, parts, |app| {
    let owner = owner(&app).await;
    let who = buyer(&app).await;
    top_up(&app, &who, 1_000_000).await;
    let (_, apple) = product(&app, "A", 1_000, 50).await;
    let year = course(&app, "Y", 3_000).await;
    let refused = app
        .call(
            "PUT",
            &format!("{}/{apple}", cards()),
            &owner.token,
            json!({ "title": "卡", "days": 30, "off_bp": 100, "is_freight_free": false, "version": 0 }),
        )
        .await;
    refused.expect_problem(422, "membership.card_not_virtual");
    card(&app, &owner, year, 30, 1_000, 0).await;
    let listed = app.get(&cards(), "").await.expect(200);
    assert_eq!((&listed["items"][0]["days"], &listed["items"][0]["is_sold"]), (&json!(30), &json!(true)));
    assert_eq!(price(&app, &who, apple).await, 1_000);
    let unpaid = order(&app, &who, year, 1, 3_000, Value::Null).await;
    // What was ordered stays as it was promised; a card begins when it is paid.
    card(&app, &owner, year, 60, 5_000, 1).await;
    assert_eq!((mine(&app, &who).await.len(), price(&app, &who, apple).await), (0, 1_000));
    pay(&app, &who, &unpaid, "wallet").await.expect(201);
    let have = mine(&app, &who).await;
    assert_eq!((have.len(), &have[0]["off_bp"], &have[0]["ends_soon"]), (1, &json!(1_000), &json!(false)));
    assert_eq!(price(&app, &who, apple).await, 900);
    let id = order(&app, &who, apple, 1, 900, Value::Null).await;
    let view = app.get(&format!("/api/v1/orders/{id}"), &who.token).await.expect(200);
    let codes: Vec<&str> =
        view["explanations"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"card"), "{codes:?}");
    // A stranger pays the full price.
    assert_eq!(price(&app, &someone(&app, 3).await, apple).await, 1_000);
    app.pass(16 * DAY).await;
    let who = buyer(&app).await;
    assert_eq!(mine(&app, &who).await[0]["ends_soon"], true);
    app.pass(14 * DAY + 1).await;
    let who = buyer(&app).await;
    assert_eq!((mine(&app, &who).await.len(), price(&app, &who, apple).await), (0, 1_000));
    quit(&app, &who, 1).await.expect_problem(409, "card.none");
    app.audit().await;
});

app_test!(terms_follow_each_other, parts, |app| {
    let owner = owner(&app).await;
    let who = buyer(&app).await;
    top_up(&app, &who, 1_000_000).await;
    let month = course(&app, "M", 3_000).await;
    card(&app, &owner, month, 30, 0, 0).await;
    let mut orders = Vec::new();
    for _ in 0..5 {
        orders.push(order(&app, &who, month, 1, 3_000, Value::Null).await);
    }
    let paid = join_all(orders.iter().map(|order| pay(&app, &who, order, "wallet"))).await;
    assert!(paid.iter().all(|answer| answer.status.as_u16() == 201));
    let have = mine(&app, &who).await;
    assert_eq!(have.len(), 5);
    for (one, next) in have.iter().zip(have.iter().skip(1)) {
        assert_eq!(one["ends_at"], next["starts_at"]);
    }
    // One in the middle goes back: the others move up.
    let third = have[2]["order"].as_str().unwrap();
    let body =
        json!({ "lines": [{ "line": 1, "amount_minor": 3_000 }], "reason": "买多了", "restock": true });
    app.post(&format!("/api/v1/orders/{third}/refunds"), &owner.token, body).await.expect(201);
    let now = mine(&app, &who).await;
    assert_eq!(now.len(), 4);
    assert_eq!(now[2]["starts_at"], have[2]["starts_at"]);
    assert_eq!(now[3]["ends_at"], have[3]["ends_at"]);
    app.audit().await;
});

app_test!(giving_up_brings_the_days_less_what_was_saved, parts, |app| {
    let owner = owner(&app).await;
    let who = buyer(&app).await;
    top_up(&app, &who, 1_000_000).await;
    let (_, apple) = product(&app, "A", 1_000, 50).await;
    let month = course(&app, "M", 3_000).await;
    card(&app, &owner, month, 30, 1_000, 0).await;
    buy(&app, &who, month, 3_000).await;
    // A renewal is bought at the card's own price.
    buy(&app, &who, month, 2_700).await;
    buy(&app, &who, apple, 900).await;
    // One that was cancelled saved nothing.
    let cancelled = order(&app, &who, apple, 1, 900, Value::Null).await;
    app.post(&format!("/api/v1/orders/{cancelled}/cancel"), &who.token, json!({ "reason": "不要了" }))
        .await
        .expect(200);
    let before = wallet(&app, &who).await;
    assert_eq!(worth(&app, &who).await, [2, 5_700, 400, 5_300]);
    // After ten days and the return window the money is the shop's: it comes from there.
    app.pass(10 * DAY).await;
    let who = buyer(&app).await;
    assert_eq!(worth(&app, &who).await, [2, 4_700, 400, 4_300]);
    quit(&app, &who, 4_299).await.expect_problem(409, "card.changed");
    assert_eq!((wallet(&app, &who).await, mine(&app, &who).await.len()), (before, 2));
    let answers = join_all((0..6).map(|_| quit(&app, &who, 4_300))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status.as_u16() == 200).count(), 1);
    assert_eq!((wallet(&app, &who).await, mine(&app, &who).await.len()), (before + 4_300, 0));
    assert_eq!(price(&app, &who, apple).await, 1_000);
    app.settle().await;
    app.audit().await;
});

app_test!(who_has_saved_more_than_is_left_keeps_the_card, parts, |app| {
    let owner = owner(&app).await;
    let who = buyer(&app).await;
    top_up(&app, &who, 10_000_000).await;
    let (_, gold) = product(&app, "G", 100_000, 50).await;
    let month = course(&app, "M", 3_000).await;
    card(&app, &owner, month, 30, 1_000, 0).await;
    buy(&app, &who, month, 3_000).await;
    buy(&app, &who, gold, 90_000).await;
    assert_eq!(worth(&app, &who).await, [1, 3_000, 10_000, 0]);
    quit(&app, &who, 1).await.expect_problem(409, "card.nothing_back");
    assert_eq!(price(&app, &who, gold).await, 90_000);
});

app_test!(buying_at_the_cards_price_and_giving_it_up_take_turns, parts, |app| {
    let owner = owner(&app).await;
    let who = buyer(&app).await;
    top_up(&app, &who, 10_000_000).await;
    let (_, gold) = product(&app, "G", 10_000, 50).await;
    let month = course(&app, "M", 3_000).await;
    card(&app, &owner, month, 30, 1_000, 0).await;
    buy(&app, &who, month, 3_000).await;
    let body = json!({ "source": { "kind": "now", "sku": gold, "qty": 1 }, "address": who.address,
        "expected_total_minor": 9_000 });
    let (placed, left) =
        tokio::join!(app.post("/api/v1/checkouts", &who.token, body), quit(&app, &who, 3_000));
    match (placed.status.as_u16(), left.status.as_u16()) {
        // First bought: what was saved is taken off, and the person is told so.
        (201, 409) => assert_eq!(left.json["code"], "card.changed"),
        // First given up: the price is the catalogue's.
        (409, 200) => assert_eq!(placed.json["code"], "checkout.price_changed"),
        other => panic!("both cannot be: {other:?}"),
    }
    app.audit().await;
});

app_test!(the_better_of_tier_and_card_is_the_price_everywhere, parts, |app| {
    let owner = owner(&app).await;
    let who = buyer(&app).await;
    top_up(&app, &who, 100_000_000).await;
    let (_, first) = product(&app, "first", 10_000, 9).await;
    let tiers = format!("/api/v1/merchants/{}/membership", merchant());
    let tier = |off_bp: i64, version: i64| {
        json!({ "factor": 1, "days": 365, "version": version, "tiers": [
            { "code": "gold", "title": "金", "threshold": 1, "off_bp": off_bp, "is_freight_free": false }] })
    };
    app.call("PUT", &tiers, &owner.token, tier(500, 0)).await.expect(200);
    let id = buy(&app, &who, first, 10_000).await;
    ship(&app, &owner, &id).await;
    app.post(&format!("/api/v1/orders/{id}/receive"), &who.token, Value::Null).await.expect(200);
    app.pass(9 * DAY).await;
    let who = buyer(&app).await;
    let month = course(&app, "M", 10_000).await;
    card(&app, &owner, month, 300, 777, 0).await;
    buy(&app, &who, month, 9_500).await;
    for (version, (off_bp, price)) in
        [(500_i64, 1_i64), (777, 99_999), (3_000, 12_345), (0, 777)].into_iter().enumerate()
    {
        let version = i64::try_from(version).unwrap() + 1;
        app.call("PUT", &tiers, &owner.token, tier(off_bp, version)).await.expect(200);
        let (product, sku) = product(&app, &format!("P{version}"), price, 9).await;
        let due = price - price * off_bp.max(777) / 10_000;
        let list =
            app.get(&format!("/api/v1/member-prices?products={product}"), &who.token).await.expect(200);
        let shown = list["items"][0]["unit"]["amount_minor"].as_i64().unwrap_or(price);
        let line = json!({ "lines": [{ "sku": sku, "qty": 1 }] });
        let cart = app.call("PUT", "/api/v1/cart/lines", &who.token, line).await.expect(200);
        assert_eq!((shown, &cart["total"]["amount_minor"]), (due, &json!(due)));
        assert_eq!(self::price(&app, &who, sku).await, due);
        order(&app, &who, sku, 1, due, Value::Null).await;
        app.call("PUT", "/api/v1/cart/lines", &who.token, json!({ "lines": [] })).await.expect(200);
    }
    app.audit().await;
});

app_test!(a_shop_has_no_more_cards_than_it_may, parts, |app| {
    let owner = owner(&app).await;
    let mut skus = Vec::new();
    for number in 0..24 {
        skus.push(course(&app, &format!("C{number}"), 3_000).await);
    }
    let body = json!({ "title": "卡", "days": 30, "off_bp": 100, "is_freight_free": false, "version": 0 });
    let put = |sku: &SkuId| {
        let (app, token, body, path) = (&app, &owner.token, body.clone(), format!("{}/{sku}", cards()));
        async move { app.call("PUT", &path, token, body).await }
    };
    let answers = join_all(skus.iter().map(put)).await;
    assert_eq!(answers.iter().filter(|answer| answer.status.as_u16() == 200).count(), 20);
    for answer in answers.iter().filter(|answer| answer.status.as_u16() != 200) {
        assert_eq!(answer.json["code"], "membership.bad_card");
    }
    let listed = app.get(&cards(), "").await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 20);
});
