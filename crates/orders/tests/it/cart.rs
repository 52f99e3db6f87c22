//! The cart as a whole.

use serde_json::{Value, json};
use testkit::{App, app_test};

use crate::world::*;

async fn put(app: &App, token: &str, lines: Value) -> testkit::Answer {
    app.call("PUT", "/api/v1/cart/lines", token, json!({ "lines": lines })).await
}

app_test!(a_cart_is_replaced_as_a_whole, parts, |app| {
    owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, apple) = product(&app, "A", 1_000, 10).await;
    let (_, pear) = product(&app, "B", 700, 10).await;
    let both = json!([{ "sku": apple, "qty": 2 }, { "sku": pear, "qty": 1 }, { "sku": apple, "qty": 1 }]);
    let cart = put(&app, &buyer.token, both.clone()).await.expect(200);
    assert_eq!((&cart["count"], &cart["total"]["amount_minor"]), (&json!(4), &json!(3_700)));
    assert_eq!(put(&app, &buyer.token, both).await.expect(200), cart);
    let cart = put(&app, &buyer.token, json!([{ "sku": pear, "qty": 5 }])).await.expect(200);
    assert_eq!((&cart["count"], &cart["total"]["amount_minor"]), (&json!(5), &json!(3_500)));
    assert_eq!(cart["groups"][0]["lines"].as_array().unwrap().len(), 1);
    // What belongs to somebody else is not touched.
    let other = someone(&app, 3).await;
    put(&app, &other.token, json!([{ "sku": apple, "qty": 1 }])).await.expect(200);
    let cart = put(&app, &buyer.token, json!([])).await.expect(200);
    assert_eq!((&cart["count"], &cart["groups"]), (&json!(0), &json!([])));
    assert_eq!(app.get("/api/v1/cart", &other.token).await.expect(200)["count"], 1);
});

app_test!(a_refused_cart_changes_nothing, parts, |app| {
    owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, apple) = product(&app, "A", 1_000, 10).await;
    let before = put(&app, &buyer.token, json!([{ "sku": apple, "qty": 3 }])).await.expect(200);
    let unknown = <base::SkuId as base::Id>::from_bytes([7; 16]);
    let of = |sku: base::SkuId, qty: i64| json!({ "sku": sku, "qty": qty });
    let many: Vec<Value> = (0..101_u8).map(|n| of(base::Id::from_bytes([n; 16]), 1)).collect();
    let refused = [
        (json!([of(apple, 1), of(unknown, 1)]), 404, "cart.sku_not_found"),
        (json!([of(apple, 0)]), 422, "cart.lines"),
        (json!([of(apple, -1)]), 422, "cart.lines"),
        (json!([of(apple, 9_999), of(apple, 1)]), 422, "cart.lines"),
        (json!([of(apple, i64::MAX), of(apple, i64::MAX)]), 422, "cart.lines"),
        (json!(many), 422, "cart.lines"),
        (json!([{ "sku": apple, "qty": 1, "price": 1 }]), 400, "body.invalid"),
    ];
    for (lines, status, code) in refused {
        put(&app, &buyer.token, lines).await.expect_problem(status, code);
        assert_eq!(app.get("/api/v1/cart", &buyer.token).await.expect(200), before);
    }
    put(&app, "", json!([])).await.expect_problem(401, "auth.required");
});
