//! Flash sales: one price everywhere, one row that nobody passes twice, and what is given back.

use base::{Clock, ProductId, SkuId};
use serde_json::{Value, json};
use testkit::{App, app_test, join_all};

use crate::world::*;

struct Sale {
    id: String,
    product: ProductId,
    sku: SkuId,
}

async fn sale(app: &App, owner: &Someone, quota: i64, per_person: Option<i64>) -> Sale {
    let (product, sku) = product(app, "F", 1_000, 1_000).await;
    let id = make(app, owner, (product, sku), quota, per_person).await.expect(201);
    Sale { id: id["id"].as_str().unwrap().to_owned(), product, sku }
}

async fn make(
    app: &App,
    owner: &Someone,
    (product, sku): (ProductId, SkuId),
    quota: i64,
    per_person: Option<i64>,
) -> testkit::Answer {
    let now = app.store.clock.now();
    let body = json!({ "product": product, "title": "整点秒杀", "starts_at": now.plus_seconds(-1),
        "ends_at": now.plus_seconds(3_600), "per_person": per_person,
        "skus": [{ "sku": sku, "price_minor": 600, "quota": quota }] });
    app.post(&format!("/api/v1/merchants/{}/flash-sales", merchant()), &owner.token, body).await
}

async fn place(app: &App, who: &Someone, sku: SkuId, qty: i64, total: i64) -> testkit::Answer {
    let source = json!({ "kind": "now", "sku": sku, "qty": qty });
    let body = json!({ "source": source, "address": who.address, "expected_total_minor": total });
    app.post("/api/v1/checkouts", &who.token, body).await
}

async fn price(app: &App, who: &Someone, sku: SkuId, qty: i64) -> i64 {
    let body = json!({ "items": [{ "sku": sku, "qty": qty }] });
    let quote = app.post("/api/v1/quotes", &who.token, body).await.expect(200);
    quote["total"]["amount_minor"].as_i64().unwrap()
}

async fn left(app: &App, sale: &Sale) -> i64 {
    let view = app.get(&format!("/api/v1/products/{}/flash-sale", sale.product), "").await.expect(200);
    view["sale"]["skus"][0]["left"].as_i64().unwrap()
}

async fn step(app: &App, owner: &Someone, sale: &Sale, verb: &str) -> testkit::Answer {
    app.post(&format!("/api/v1/flash-sales/{}/{verb}", sale.id), &owner.token, json!({})).await
}

app_test!(list_product_cart_quote_and_order_show_one_price, parts, |app| {
    let owner = owner(&app).await;
    let who = someone(&app, 2).await;
    let sale = sale(&app, &owner, 10, None).await;
    let shown = app.get(&format!("/api/v1/products/{}/flash-sale", sale.product), "").await.expect(200);
    assert_eq!(
        (&shown["sale"]["state"], &shown["sale"]["skus"][0]["price"]["amount_minor"]),
        (&json!("running"), &json!(600))
    );
    let open = app.get("/api/v1/flash-sales", "").await.expect(200);
    assert_eq!(open["items"][0]["id"], sale.id.as_str());
    let card = app.get("/api/v1/products", "").await.expect(200)["items"][0].clone();
    assert_eq!(card["flash"]["price"]["amount_minor"], 600);
    let line = json!({ "lines": [{ "sku": sale.sku, "qty": 2 }] });
    let cart = app.call("PUT", "/api/v1/cart/lines", &who.token, line).await.expect(200);
    assert_eq!(cart["total"]["amount_minor"], 1_200);
    assert_eq!(price(&app, &who, sale.sku, 2).await, 1_200);
    let placed = place(&app, &who, sale.sku, 2, 1_200).await.expect(201);
    let order = placed["orders"][0].as_str().unwrap();
    let order = app.get(&format!("/api/v1/orders/{order}"), &who.token).await.expect(200);
    let codes: Vec<&str> =
        order["explanations"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"flash"), "{codes:?}");
    assert_eq!(left(&app, &sale).await, 8);
    // The time over, the price is the catalogue's, and the product is free for another sale.
    app.pass(3_600).await;
    assert_eq!(price(&app, &who, sale.sku, 1).await, 1_000);
    assert_eq!(app.get("/api/v1/flash-sales", "").await.expect(200)["items"], json!([]));
    make(&app, &owner, (sale.product, sale.sku), 5, None).await.expect(201);
    make(&app, &owner, (sale.product, sale.sku), 5, None).await.expect_problem(409, "flash.there_is_one");
    app.audit().await;
});

app_test!(of_many_buyers_as_many_get_it_as_there_are, parts, |app| {
    let owner = owner(&app).await;
    let sale = sale(&app, &owner, 7, None).await;
    let mut crowd = Vec::new();
    for number in 2..26 {
        crowd.push(someone(&app, number).await);
    }
    let answers = join_all(crowd.iter().map(|who| place(&app, who, sale.sku, 1, 600))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status.as_u16() == 201).count(), 7);
    for answer in answers.iter().filter(|answer| answer.status.as_u16() != 201) {
        assert_eq!(answer.json["code"], "flash.sold_out");
    }
    assert_eq!(left(&app, &sale).await, 0);
    // Who comes later pays what everybody pays.
    assert_eq!(price(&app, &crowd[0], sale.sku, 1).await, 1_000);
    // Nobody pays: it can be had again.
    app.pass(1_801).await;
    assert_eq!(left(&app, &sale).await, 7);
    app.audit().await;
});

app_test!(a_person_has_no_more_than_the_sale_says, parts, |app| {
    let owner = owner(&app).await;
    let who = someone(&app, 2).await;
    top_up(&app, &who, 1_000_000).await;
    let sale = sale(&app, &owner, 100, Some(3)).await;
    place(&app, &who, sale.sku, 4, 2_400).await.expect_problem(409, "flash.limit");
    let answers = join_all((0..6).map(|_| place(&app, &who, sale.sku, 1, 600))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status.as_u16() == 201).count(), 3);
    let refused = answers.iter().find(|answer| answer.status.as_u16() != 201).unwrap();
    assert_eq!(refused.json["code"], "flash.limit");
    assert_eq!(left(&app, &sale).await, 97);
    assert_eq!(price(&app, &who, sale.sku, 1).await, 1_000);
    // One is cancelled, one refunded in full before it goes out: both can be had again, once.
    let orders: Vec<String> = answers
        .iter()
        .filter(|answer| answer.status.as_u16() == 201)
        .map(|answer| answer.json["orders"][0].as_str().unwrap().to_owned())
        .collect();
    let reason = json!({ "reason": "不要了" });
    let cancel = format!("/api/v1/orders/{}/cancel", orders[0]);
    app.post(&cancel, &who.token, reason.clone()).await.expect(200);
    app.post(&cancel, &who.token, reason.clone()).await;
    pay(&app, &who, &orders[1], "wallet").await.expect(201);
    let back = json!({ "lines": [{ "line": 1, "amount_minor": 600 }], "reason": "缺货", "restock": true });
    app.post(&format!("/api/v1/orders/{}/refunds", orders[1]), &owner.token, back).await.expect(201);
    assert_eq!(left(&app, &sale).await, 99);
    assert_eq!(price(&app, &who, sale.sku, 2).await, 1_200);
    app.audit().await;
});

app_test!(a_paused_or_coming_sale_gives_no_price, parts, |app| {
    let owner = owner(&app).await;
    let who = someone(&app, 2).await;
    let sale = sale(&app, &owner, 10, None).await;
    step(&app, &owner, &sale, "resume").await.expect_problem(409, "flash.state");
    step(&app, &owner, &sale, "pause").await.expect(200);
    assert_eq!(price(&app, &who, sale.sku, 1).await, 1_000);
    place(&app, &who, sale.sku, 1, 600).await.expect_problem(409, "checkout.price_changed");
    step(&app, &owner, &sale, "resume").await.expect(200);
    assert_eq!(price(&app, &who, sale.sku, 1).await, 600);
    step(&app, &owner, &sale, "end").await.expect(200);
    step(&app, &owner, &sale, "end").await.expect_problem(409, "flash.state");
    assert_eq!(price(&app, &who, sale.sku, 1).await, 1_000);
    let now = app.store.clock.now();
    let body = |starts: i64, ends: i64, price: i64| {
        json!({ "product": sale.product, "title": "明天", "starts_at": now.plus_seconds(starts),
            "ends_at": now.plus_seconds(ends), "skus": [{ "sku": sale.sku, "price_minor": price, "quota": 5 }] })
    };
    let path = format!("/api/v1/merchants/{}/flash-sales", merchant());
    for (starts, ends) in [(10, 10), (-20, -10), (0, 40 * 86_400)] {
        app.post(&path, &owner.token, body(starts, ends, 600)).await.expect_problem(422, "flash.bad_times");
    }
    app.post(&path, &owner.token, body(0, 60, 1_000)).await.expect_problem(422, "flash.bad_prices");
    let coming = app.post(&path, &owner.token, body(600, 1_200, 500)).await.expect(201);
    assert_eq!(coming["state"], "coming");
    assert_eq!(price(&app, &who, sale.sku, 1).await, 1_000);
    let card = app.get("/api/v1/products", "").await.expect(200)["items"][0].clone();
    assert_eq!(card["flash"], Value::Null);
    // From its first moment on, to its last.
    app.pass(600).await;
    assert_eq!(price(&app, &who, sale.sku, 1).await, 500);
    app.pass(599).await;
    assert_eq!(price(&app, &who, sale.sku, 1).await, 500);
    app.pass(1).await;
    assert_eq!(price(&app, &who, sale.sku, 1).await, 1_000);
    app.audit().await;
});
