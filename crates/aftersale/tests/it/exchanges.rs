//! Goods go back and others come.

use serde_json::json;
use testkit::app_test;

use crate::shop::*;
use crate::world::{available, ship, state, wallet};

app_test!(the_same_again_comes_as_an_order_that_costs_nothing, parts, |app| {
    let mut shop = shop(&app).await;
    let order = received(&app, &shop, 2).await;
    let case = ask_units(&app, &shop, &order, ("exchange", "faulty"), 1).await.expect(201);
    act(&app, &shop.owner, &id(&case), "agree", json!({})).await.expect(200);
    // The broken one is not sold again.
    let done = back(&app, &shop, &id(&case), "replace", 0).await.expect(200);
    let replacement = done["replacement"].as_str().unwrap().to_owned();
    assert_eq!(state(&app, &shop.buyer, &replacement).await, "confirmed");
    let view = app.get(&format!("/api/v1/orders/{replacement}"), &shop.buyer.token).await.expect(200);
    assert_eq!((&view["total"]["amount_minor"], &view["replaces"]), (&json!(0), &json!(order)));
    assert_eq!((view["payment_state"].as_str(), available(&app, shop.sku).await), (Some("paid"), 7));
    ask_units(&app, &shop, &replacement, ("refund", "faulty"), 1)
        .await
        .expect_problem(409, "aftersale.not_now");
    ship(&app, &shop.owner, &replacement).await;
    // Ten days to be received, and then the return window.
    app.pass(11 * 86_400).await;
    app.pass(29 * 86_400).await;
    sign_in(&app, &mut shop).await;
    assert_eq!(state(&app, &shop.buyer, &replacement).await, "completed");
    assert_eq!(state(&app, &shop.buyer, &order).await, "completed");
    assert_eq!((wallet(&app, &shop.buyer).await, balance(&app, &shop).await), (FUNDS - 2_000, (0, 2_000)));
    app.audit().await;
});

app_test!(what_came_in_exchange_can_go_back_too, parts, |app| {
    let shop = shop(&app).await;
    let order = received(&app, &shop, 1).await;
    for round in 0..2 {
        let case = ask_units(&app, &shop, &order, ("exchange", "wrong_item"), 1).await.expect(201);
        let taken = ask_units(&app, &shop, &order, ("return", "no_reason"), 1).await;
        taken.expect_problem(409, "aftersale.beyond_line");
        act(&app, &shop.owner, &id(&case), "agree", json!({})).await.expect(200);
        back(&app, &shop, &id(&case), "replace", 1).await.expect(200);
        assert_eq!(available(&app, shop.sku).await, 9, "round {round}");
    }
    let case = ask_units(&app, &shop, &order, ("return", "no_reason"), 1).await.expect(201);
    back(&app, &shop, &id(&case), "refund", 2).await.expect_problem(422, "aftersale.lines");
    let body = json!({ "outcome": "refund", "shelf": [{ "line": 1, "units": 1 }] });
    act(&app, &shop.owner, &id(&case), "accept", body).await.expect(200);
    assert_eq!((wallet(&app, &shop.buyer).await, available(&app, shop.sku).await), (FUNDS, 10));
    assert_eq!(state(&app, &shop.buyer, &order).await, "refunded");
    app.settle().await;
    app.audit().await;
});

app_test!(a_shop_without_more_of_it_gives_the_money_back, parts, |app| {
    let shop = shop(&app).await;
    let order = received(&app, &shop, 1).await;
    let empty = json!({ "delta": -9, "reason": "damage" });
    let path = format!("/api/v1/skus/{}/stock/adjust", shop.sku);
    app.post(&path, &shop.owner.token, empty).await.expect(200);
    let case = id(&ask_units(&app, &shop, &order, ("exchange", "faulty"), 1).await.expect(201));
    act(&app, &shop.owner, &case, "agree", json!({})).await.expect(200);
    back(&app, &shop, &case, "replace", 0).await.expect_problem(409, "stock.short");
    let body = json!({ "outcome": "refund", "shelf": [] });
    let done = act(&app, &shop.owner, &case, "accept", body).await.expect(200);
    assert_eq!((&done["state"], &done["replacement"]), (&json!("done"), &serde_json::Value::Null));
    assert_eq!(wallet(&app, &shop.buyer).await, FUNDS);
    app.settle().await;
    app.audit().await;
});

app_test!(a_replacement_that_is_not_sent_is_cancelled_without_money, parts, |app| {
    let shop = shop(&app).await;
    let order = received(&app, &shop, 1).await;
    let case = id(&ask_units(&app, &shop, &order, ("exchange", "faulty"), 1).await.expect(201));
    act(&app, &shop.owner, &case, "agree", json!({})).await.expect(200);
    let done = back(&app, &shop, &case, "replace", 0).await.expect(200);
    let replacement = done["replacement"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/orders/{replacement}/cancel");
    app.post(&path, &shop.owner.token, json!({ "reason": "缺货" })).await.expect(200);
    assert_eq!(state(&app, &shop.buyer, &replacement).await, "cancelled");
    assert_eq!((wallet(&app, &shop.buyer).await, available(&app, shop.sku).await), (FUNDS - 1_000, 9));
    // The buyer has neither, and gets the money.
    let case = id(&ask_units(&app, &shop, &order, ("refund", "not_arrived"), 1).await.expect(201));
    act(&app, &shop.owner, &case, "agree", json!({})).await.expect(200);
    assert_eq!(wallet(&app, &shop.buyer).await, FUNDS);
    app.settle().await;
    app.audit().await;
});

app_test!(an_exchange_is_for_one_line_at_the_same_price, parts, |app| {
    let shop = shop(&app).await;
    let (_, other) = crate::world::product(&app, "B", 1_000, 5).await;
    let order = received(&app, &shop, 1).await;
    let body = json!({
        "kind": "exchange", "reason": "faulty", "items": [{ "line": 1, "units": 1, "to_sku": other }],
    });
    ask(&app, &shop.buyer, &order, body).await.expect_problem(422, "aftersale.exchange");
    app.audit().await;
});
