//! The platform's share, statements, and what people earned.

use serde_json::{Value, json};
use testkit::app_test;

use crate::shop::*;
use crate::world::{order, parts, pay, ship, someone};

app_test!(the_fee_of_the_day_of_the_order_is_taken_when_it_is_settled, parts, |app| {
    let shop = shop(&app).await;
    set_fee(&app, &shop, 300).await;
    let id = order(&app, &shop.buyer, shop.sku, 3, 3_000, Value::Null).await;
    set_fee(&app, &shop, 1_000).await;
    pay(&app, &shop.buyer, &id, "wallet").await.expect(201);
    ship(&app, &shop.owner, &id).await;
    app.post(&format!("/api/v1/orders/{id}/receive"), &shop.buyer.token, Value::Null).await.expect(200);
    assert_eq!((fees(&app).await, earned(&app).await), (0, 0));
    app.pass(9 * DAY).await;
    assert_eq!((fees(&app).await, earned(&app).await), (90, 2_910));
    let rules = app.get("/api/v1/fee-rules", "").await.expect(200);
    assert_eq!((&rules["rate_bp"], rules["versions"].as_array().unwrap().len()), (&json!(1_000), 2));
    let view = statement(&app, &shop).await;
    let line = &view["lines"]["items"][0];
    assert_eq!((&line["kind"], &line["fee"]["amount_minor"]), (&json!("settled"), &json!(90)));
    assert_eq!(view["closing"]["amount_minor"], 2_910);
    let path = of_shop("statement/export?from=2020-01-01T00:00:00Z");
    let file = app.get(&path, &shop.owner.token).await;
    assert_eq!(file.status.as_u16(), 200);
    let text = String::from_utf8(file.body).unwrap();
    assert!(text.contains(",30.00,0.00,0.90,29.10,CNY"), "{text}");
    app.audit().await;
});

app_test!(a_refund_after_the_settlement_gives_the_fee_back_too, parts, |app| {
    let shop = shop(&app).await;
    set_fee(&app, &shop, 333).await;
    let id = sell(&app, &shop, 3).await;
    assert_eq!((fees(&app).await, earned(&app).await), (99, 2_901));
    for (amount, fee) in [(1, 98), (999, 66), (1_500, 16), (500, 0)] {
        refund(&app, &shop, &id, amount).await;
        assert_eq!(fees(&app).await, fee, "after {amount}");
    }
    assert_eq!(earned(&app).await, 0);
    let view = statement(&app, &shop).await;
    assert_eq!(view["lines"]["items"].as_array().unwrap().len(), 5);
    assert_eq!((&view["fee"]["amount_minor"], &view["net"]["amount_minor"]), (&json!(0), &json!(0)));
    app.settle().await;
    app.audit().await;
});

app_test!(what_went_back_before_the_settlement_bears_no_fee, parts, |app| {
    let shop = shop(&app).await;
    set_fee(&app, &shop, 1_000).await;
    let id = order(&app, &shop.buyer, shop.sku, 2, 2_000, Value::Null).await;
    pay(&app, &shop.buyer, &id, "wallet").await.expect(201);
    ship(&app, &shop.owner, &id).await;
    refund(&app, &shop, &id, 500).await;
    app.pass(11 * DAY).await;
    app.pass(9 * DAY).await;
    assert_eq!((fees(&app).await, earned(&app).await), (150, 1_350));
    app.audit().await;
});

app_test!(a_fee_agreed_with_one_merchant_goes_before_everybodys, parts, |app| {
    let shop = shop(&app).await;
    set_fee(&app, &shop, 1_000).await;
    let own = of_shop("fee-rules");
    let body = json!({ "rate_bp": 100, "note": "首年优惠" });
    app.call("PUT", &own, &shop.owner.token, body.clone()).await.expect_problem(403, "auth.forbidden");
    app.call("PUT", &own, &shop.operator.token, body).await.expect(200);
    assert_eq!(app.get(&own, &shop.owner.token).await.expect(200)["rate_bp"], 100);
    for (body, code) in [
        (json!({ "rate_bp": 3_001, "note": "x" }), "fee.rate"),
        (json!({ "rate_bp": 1, "note": "x", "from": "2020-01-01T00:00:00Z" }), "fee.past"),
    ] {
        app.call("PUT", &own, &shop.operator.token, body).await.expect_problem(422, code);
    }
    let later = json!({ "rate_bp": 500, "note": "明年起", "from": "2099-01-01T00:00:00Z" });
    app.call("PUT", &own, &shop.operator.token, later).await.expect(200);
    sell(&app, &shop, 1).await;
    assert_eq!(fees(&app).await, 10);
    app.audit().await;
});

app_test!(what_sharers_earn_is_counted_by_quarter, parts, |app| {
    let shop = shop(&app).await;
    set_fee(&app, &shop, 200).await;
    let rules = json!({ "level1_bp": 1_000, "level2_bp": 0, "window_hours": 72, "model": "last_touch",
        "return_window_days": 7 });
    app.call("PUT", &of_shop("commission-rules"), &shop.owner.token, rules).await.expect(200);
    let sharer = someone(&app, 3).await;
    let target = json!({ "kind": "link", "target": { "kind": "product", "id": shop.product } });
    let entry = app.post("/api/v1/entries", &sharer.token, target).await.expect(201);
    let touch = json!({ "code": entry["code"] });
    app.post("/api/v1/touches", &shop.buyer.token, touch).await.expect(201);
    let id = sell(&app, &shop, 2).await;
    // Of 20.00: 2.00 to the sharer, 0.40 to the platform.
    assert_eq!((fees(&app).await, earned(&app).await), (40, 1_760));
    refund(&app, &shop, &id, 1_000).await;
    assert_eq!((fees(&app).await, earned(&app).await), (20, 880));
    let income = app.get("/api/v1/me/income", &sharer.token).await.expect(200);
    let row = &income["items"][0];
    let minor = |name: &str| row[name]["amount_minor"].as_i64().unwrap();
    assert_eq!((minor("paid"), minor("taken_back"), minor("net")), (200, 100, 100));
    let quarter = row["quarter"].as_i64().unwrap();
    let report = format!("/api/v1/income-reports/{quarter}");
    let all = app.get(&report, &shop.operator.token).await.expect(200);
    assert_eq!(all["items"][0]["person"], json!(sharer.person));
    app.get(&report, &sharer.token).await.expect_problem(403, "auth.forbidden");
    app.get("/api/v1/income-reports/20994", &shop.operator.token).await.expect_problem(400, "query.invalid");
    app.settle().await;
    app.audit().await;
});
