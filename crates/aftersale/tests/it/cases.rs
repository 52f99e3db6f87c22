//! Refunds asked for, returns, price protection, disputes.

use base::Clock;
use catalog::api::{NewProduct, NewSku};
use db::Lane;
use serde_json::{Value, json};
use testkit::app_test;

use crate::shop::*;
use crate::world::{available, merchant, pay, someone, state, wallet};

const DAY: i64 = 86_400;

app_test!(goods_go_back_without_a_reason_within_seven_days, parts, |app| {
    let shop = shop(&app).await;
    let order = received(&app, &shop, 3).await;
    let case = ask_units(&app, &shop, &order, ("return", "no_reason"), 2).await.expect(201);
    assert_eq!(case["state"], "awaiting_goods", "nobody is asked");
    assert_eq!(case["return_address"]["street"], "二号库");
    assert_eq!(case["amount"]["amount_minor"], 2_000);
    let done = back(&app, &shop, &id(&case), "refund", 1).await.expect(200);
    assert_eq!((&done["state"], &done["refunded"]["amount_minor"]), (&json!("done"), &json!(2_000)));
    assert_eq!(wallet(&app, &shop.buyer).await, FUNDS - 1_000);
    // One of the two can be sold again.
    assert_eq!(available(&app, shop.sku).await, 8);
    app.pass(12 * DAY).await;
    assert_eq!(state(&app, &shop.buyer, &order).await, "completed");
    assert_eq!(balance(&app, &shop).await, (0, 1_000));
    app.audit().await;
});

app_test!(after_seven_days_a_reason_is_needed, parts, |app| {
    let mut shop = shop(&app).await;
    let order = received(&app, &shop, 1).await;
    let path = format!("/api/v1/orders/{order}/after-sale-options");
    let options = app.get(&path, &shop.buyer.token).await.expect(200);
    assert_eq!(options["kinds"], json!(["refund", "return", "exchange"]));
    let until: base::Timestamp = options["no_reason_until"].as_str().unwrap().parse().unwrap();
    app.pass(until.micros_since(app.store.clock.now()) / 1_000_000).await;
    let late = ask_units(&app, &shop, &order, ("return", "no_reason"), 1).await;
    late.expect_problem(409, "aftersale.too_late");
    assert_eq!(app.get(&path, &shop.buyer.token).await.expect(200)["no_reason_until"], Value::Null);
    let case = ask_units(&app, &shop, &order, ("return", "faulty"), 1).await.expect(201);
    assert_eq!(case["state"], "requested");
    app.pass(90 * DAY).await;
    sign_in(&app, &mut shop).await;
    let order = received(&app, &shop, 1).await;
    app.pass(91 * DAY).await;
    sign_in(&app, &mut shop).await;
    ask_units(&app, &shop, &order, ("return", "faulty"), 1).await.expect_problem(409, "aftersale.not_now");
    app.audit().await;
});

app_test!(what_may_not_come_back_is_confirmed_one_by_one, parts, |app| {
    let shop = shop(&app).await;
    let categories = app.get("/api/v1/categories", "").await.expect(200);
    let new = NewProduct {
        title: "鲜虾".to_owned(),
        description: String::new(),
        category: categories["items"][0]["id"].as_str().unwrap().parse().unwrap(),
        options: Vec::new(),
        attributes: Vec::new(),
        no_reason_return: false,
        is_virtual: false,
        pictures: Vec::new(),
        skus: vec![NewSku {
            code: "F".to_owned(),
            option_values: Vec::new(),
            price_minor: 500,
            compare_price_minor: None,
            stock: Some(5),
        }],
    };
    let made = app.store.db.write(Lane::Interactive, move |tx| {
        let id = catalog::api::create_product(tx, merchant(), &new)?;
        catalog::api::publish(tx, id)?;
        Ok::<_, catalog::api::ProductError>(catalog::api::product(tx, id)?.map(|info| info.skus))
    });
    let fresh = made.await.unwrap().unwrap()[0];
    let mut body = json!({
        "source": { "kind": "now", "sku": fresh, "qty": 1 },
        "address": shop.buyer.address, "expected_total_minor": 500,
    });
    let refused = app.post("/api/v1/checkouts", &shop.buyer.token, body.clone()).await;
    refused.expect_problem(409, "checkout.no_return_unconfirmed");
    body["no_return_confirmed"] = json!([fresh]);
    let placed = app.post("/api/v1/checkouts", &shop.buyer.token, body).await.expect(201);
    let order = placed["orders"][0].as_str().unwrap().to_owned();
    pay(&app, &shop.buyer, &order, "wallet").await.expect(201);
    crate::world::ship(&app, &shop.owner, &order).await;
    let refused = ask_units(&app, &shop, &order, ("return", "no_reason"), 1).await;
    refused.expect_problem(409, "aftersale.no_return");
    // What is wrong with it is another matter.
    ask_units(&app, &shop, &order, ("refund", "faulty"), 1).await.expect(201);
    app.audit().await;
});

app_test!(a_shop_that_does_not_answer_agrees, parts, |app| {
    let shop = shop(&app).await;
    let order = bought(&app, &shop, 3).await;
    let case = ask_units(&app, &shop, &order, ("refund", "no_reason"), 1).await.expect(201);
    assert_eq!(case["state"], "requested");
    app.pass(2 * DAY).await;
    let case = app.get(&format!("/api/v1/after-sales/{}", id(&case)), &shop.buyer.token).await.expect(200);
    assert_eq!(case["state"], "done");
    assert_eq!(wallet(&app, &shop.buyer).await, FUNDS - 2_000);
    // It had not gone out.
    assert_eq!(available(&app, shop.sku).await, 8);
    let rest = ask_units(&app, &shop, &order, ("refund", "no_reason"), 2).await.expect(201);
    let done = act(&app, &shop.owner, &id(&rest), "agree", json!({})).await.expect(200);
    assert_eq!(done["state"], "done");
    assert_eq!(state(&app, &shop.buyer, &order).await, "refunded");
    assert_eq!((wallet(&app, &shop.buyer).await, available(&app, shop.sku).await), (FUNDS, 10));
    app.settle().await;
    app.audit().await;
});

app_test!(goods_nobody_looks_at_are_paid_back_and_those_not_sent_stay, parts, |app| {
    let shop = shop(&app).await;
    let order = received(&app, &shop, 2).await;
    let first = ask_units(&app, &shop, &order, ("return", "no_reason"), 1).await.expect(201);
    let second = ask_units(&app, &shop, &order, ("return", "no_reason"), 1).await.expect(201);
    let parcel = json!({ "carrier": "顺丰", "tracking": "SF2" });
    act(&app, &shop.buyer, &id(&first), "send", parcel.clone()).await.expect(200);
    app.pass(7 * DAY).await;
    let read = |case: &Value| {
        let path = format!("/api/v1/after-sales/{}", id(case));
        let (app, token) = (&app, &shop.buyer.token);
        async move { app.get(&path, token).await.expect(200)["state"].clone() }
    };
    assert_eq!((read(&first).await, read(&second).await), (json!("goods_sent"), json!("rejected")));
    act(&app, &shop.buyer, &id(&second), "send", parcel).await.expect_problem(409, "aftersale.state");
    app.pass(3 * DAY).await;
    assert_eq!(read(&first).await, json!("done"));
    // Nobody counted what came back.
    assert_eq!((wallet(&app, &shop.buyer).await, available(&app, shop.sku).await), (FUNDS - 1_000, 8));
    app.audit().await;
});

app_test!(an_order_is_not_settled_while_a_case_is_open, parts, |app| {
    let shop = shop(&app).await;
    let order = received(&app, &shop, 1).await;
    app.pass(6 * DAY).await;
    let case = ask_units(&app, &shop, &order, ("return", "faulty"), 1).await.expect(201);
    let no = json!({ "words": "看不出问题" });
    act(&app, &shop.owner, &id(&case), "decline", no).await.expect(200);
    app.pass(6 * DAY).await;
    assert_eq!(state(&app, &shop.buyer, &order).await, "received");
    // The no stands after a week, and the order is settled at once.
    app.pass(DAY).await;
    assert_eq!(state(&app, &shop.buyer, &order).await, "completed");
    assert_eq!(balance(&app, &shop).await, (0, 1_000));
    // Something that breaks later is paid back from what the shop earned.
    let case = ask_units(&app, &shop, &order, ("refund", "faulty"), 1).await.expect(201);
    act(&app, &shop.owner, &id(&case), "agree", json!({})).await.expect(200);
    assert_eq!((balance(&app, &shop).await, wallet(&app, &shop.buyer).await), ((0, 0), FUNDS));
    app.audit().await;
});

app_test!(the_platform_decides_what_the_two_cannot, parts, |app| {
    let shop = shop(&app).await;
    let operator = someone(&app, 77).await;
    let person = operator.person;
    app.store.db.write(Lane::Interactive, move |tx| people::api::ensure_operator(tx, person)).await.unwrap();
    let order = received(&app, &shop, 2).await;
    let body = json!({
        "kind": "refund", "reason": "not_as_described", "words": "图片是红的",
        "items": [{ "line": 1, "units": 0, "amount_minor": 1_500 }],
    });
    let case = id(&ask(&app, &shop.buyer, &order, body).await.expect(201));
    let stranger = someone(&app, 5).await;
    app.get(&format!("/api/v1/after-sales/{case}"), &stranger.token).await.expect_problem(404, "not_found");
    let words = json!({ "words": "不同意" });
    act(&app, &shop.buyer, &case, "dispute", words.clone()).await.expect_problem(409, "aftersale.state");
    act(&app, &shop.buyer, &case, "decline", words.clone()).await.expect_problem(404, "not_found");
    act(&app, &shop.owner, &case, "decline", words.clone()).await.expect(200);
    act(&app, &shop.buyer, &case, "dispute", words.clone()).await.expect(200);
    act(&app, &shop.owner, &case, "turns", json!({ "words": "照片在此" })).await.expect(200);
    act(&app, &stranger, &case, "turns", words.clone()).await.expect_problem(404, "not_found");
    let verdict = json!({ "verdict": "refund", "amount_minor": 700, "words": "各让一步" });
    act(&app, &shop.owner, &case, "decide", verdict.clone()).await.expect_problem(403, "auth.forbidden");
    let list = app.get("/api/v1/disputes", &operator.token).await.expect(200);
    assert_eq!(list["items"][0]["may"], json!(["decide", "say"]));
    let beyond = json!({ "verdict": "refund", "amount_minor": 1_501, "words": "x" });
    act(&app, &operator, &case, "decide", beyond).await.expect_problem(422, "aftersale.beyond_claim");
    let done = act(&app, &operator, &case, "decide", verdict).await.expect(200);
    assert_eq!((&done["state"], &done["refunded"]["amount_minor"]), (&json!("done"), &json!(700)));
    let said: Vec<&str> =
        done["turns"].as_array().unwrap().iter().map(|turn| turn["what"].as_str().unwrap()).collect();
    assert_eq!(said, ["opened", "declined", "disputed", "said", "done"]);
    assert_eq!(wallet(&app, &shop.buyer).await, FUNDS - 1_300);
    app.settle().await;
    app.audit().await;
});

app_test!(a_price_that_falls_is_made_good_once, parts, |app| {
    let mut shop = shop(&app).await;
    let order = received(&app, &shop, 3).await;
    let body = json!({ "kind": "price_protection", "reason": "price_drop" });
    ask(&app, &shop.buyer, &order, body.clone()).await.expect_problem(409, "aftersale.no_drop");
    let product = app.get(&format!("/api/v1/products/{}", shop.product), &shop.owner.token).await.expect(200);
    let cheaper = json!({
        "title": product["title"], "description": "", "category": product["category"], "options": [],
        "attributes": [], "pictures": [], "version": product["version"],
        "skus": [{ "code": "A", "option_values": [], "price_minor": 900 }],
    });
    app.call("PUT", &format!("/api/v1/products/{}", shop.product), &shop.owner.token, cheaper)
        .await
        .expect(200);
    let path = format!("/api/v1/orders/{order}/after-sale-options");
    let options = app.get(&path, &shop.buyer.token).await.expect(200);
    assert_eq!(options["price_drop"]["amount_minor"], 300);
    let case = ask(&app, &shop.buyer, &order, body.clone()).await.expect(201);
    assert_eq!((&case["state"], &case["refunded"]["amount_minor"]), (&json!("done"), &json!(300)));
    assert_eq!(wallet(&app, &shop.buyer).await, FUNDS - 2_700);
    ask(&app, &shop.buyer, &order, body.clone()).await.expect_problem(409, "aftersale.no_drop");
    // What was paid is now what it costs: a unit that goes back brings no more than that.
    let case = ask_units(&app, &shop, &order, ("return", "no_reason"), 1).await.expect(201);
    assert_eq!(case["amount"]["amount_minor"], 900);
    app.pass(31 * DAY).await;
    sign_in(&app, &mut shop).await;
    ask(&app, &shop.buyer, &order, body).await.expect_problem(409, "aftersale.not_now");
    app.audit().await;
});

app_test!(a_case_ends_when_its_order_has_gone_back_in_full, parts, |app| {
    let shop = shop(&app).await;
    let order = bought(&app, &shop, 1).await;
    let case = id(&ask_units(&app, &shop, &order, ("refund", "no_reason"), 1).await.expect(201));
    let path = format!("/api/v1/orders/{order}/cancel");
    app.post(&path, &shop.buyer.token, json!({ "reason": "改主意" })).await.expect(200);
    app.settle().await;
    let read = app.get(&format!("/api/v1/after-sales/{case}"), &shop.buyer.token).await.expect(200);
    assert_eq!(read["state"], "withdrawn");
    act(&app, &shop.owner, &case, "agree", json!({})).await.expect_problem(409, "aftersale.state");
    assert_eq!((wallet(&app, &shop.buyer).await, available(&app, shop.sku).await), (FUNDS, 10));
    app.audit().await;
});

app_test!(the_delivery_goes_back_with_everything_when_the_shop_is_at_fault, parts, |app| {
    let shop = shop(&app).await;
    let rules = json!({ "full_reductions": [], "freight": { "base_minor": 600, "free_from_minor": null } });
    let path = format!("/api/v1/merchants/{}/pricing", merchant());
    app.call("PUT", &path, &shop.owner.token, rules).await.expect(200);
    let mut given = Vec::new();
    for (reason, units) in [("faulty", 2), ("no_reason", 2), ("faulty", 1)] {
        let order = crate::world::order(&app, &shop.buyer, shop.sku, 2, 2_600, Value::Null).await;
        pay(&app, &shop.buyer, &order, "wallet").await.expect(201);
        crate::world::ship(&app, &shop.owner, &order).await;
        app.post(&format!("/api/v1/orders/{order}/receive"), &shop.buyer.token, Value::Null)
            .await
            .expect(200);
        let case = ask_units(&app, &shop, &order, ("return", reason), units).await.expect(201);
        if case["state"] == "requested" {
            act(&app, &shop.owner, &id(&case), "agree", json!({})).await.expect(200);
        }
        let done = back(&app, &shop, &id(&case), "refund", units).await.expect(200);
        given.push(done["refunded"]["amount_minor"].as_i64().unwrap());
    }
    assert_eq!(given, [2_600, 2_000, 1_000]);
    app.settle().await;
    app.audit().await;
});
