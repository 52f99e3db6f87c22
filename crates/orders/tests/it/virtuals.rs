//! What is not sent: no address, no freight, handed over by being paid for good.

use base::SkuId;
use serde_json::{Value, json};
use testkit::{App, app_test};

use crate::world::*;

async fn freight(app: &App, owner: &Someone) {
    let path = format!("/api/v1/merchants/{}/pricing", merchant());
    let rules = json!({ "full_reductions": [], "freight": { "base_minor": 800, "free_from_minor": null } });
    app.call("PUT", &path, &owner.token, rules).await.expect(200);
}

fn checkout(sku: SkuId, total: i64, address: Option<base::AddressId>) -> Value {
    let source = json!({ "kind": "now", "sku": sku, "qty": 1 });
    json!({ "source": source, "address": address, "expected_total_minor": total })
}

async fn view(app: &App, who: &Someone, order: &str) -> Value {
    app.get(&format!("/api/v1/orders/{order}"), &who.token).await.expect(200)
}

app_test!(what_is_not_sent_needs_no_address_and_no_freight, parts, |app| {
    let owner = owner(&app).await;
    freight(&app, &owner).await;
    let buyer = someone(&app, 2).await;
    top_up(&app, &buyer, 100_000).await;
    let (_, apple) = product(&app, "A", 1_000, 10).await;
    let course = course(&app, "C", 9_900).await;
    // What is sent needs an address, and pays for the delivery.
    let refused = app.post("/api/v1/checkouts", &buyer.token, checkout(apple, 1_800, None)).await;
    refused.expect_problem(422, "checkout.address_needed");
    let placed = app.post("/api/v1/checkouts", &buyer.token, checkout(course, 9_900, None)).await;
    let order = placed.expect(201)["orders"][0].as_str().unwrap().to_owned();
    let unpaid = view(&app, &buyer, &order).await;
    assert_eq!((&unpaid["state"], &unpaid["address"]), (&json!("unpaid"), &Value::Null));
    pay(&app, &buyer, &order, "wallet").await.expect(201);
    let paid = view(&app, &buyer, &order).await;
    assert_eq!((&paid["state"], &paid["fulfilment_state"]), (&json!("received"), &json!("received")));
    let events: Vec<&str> =
        paid["timeline"].as_array().unwrap().iter().map(|one| one["what"].as_str().unwrap()).collect();
    assert!(events.contains(&"paid") && events.contains(&"handed_over"), "{events:?}");
    assert_eq!(available(&app, course).await, 9);
    // Nobody can send it.
    let parcel = json!({ "carrier": "顺丰", "tracking": "SF1" });
    let sent = app.post(&format!("/api/v1/orders/{order}/shipments"), &owner.token, parcel).await;
    sent.expect_problem(409, "order.not_shippable");
    // An address that was named all the same is not shown to a shop that sends nothing.
    let named =
        app.post("/api/v1/checkouts", &buyer.token, checkout(course, 9_900, Some(buyer.address))).await;
    let named = named.expect(201)["orders"][0].as_str().unwrap().to_owned();
    assert_eq!(view(&app, &buyer, &named).await["address"], Value::Null);
    // The return window over, it is settled like any other.
    app.pass(30 * 86_400).await;
    assert_eq!(state(&app, &someone(&app, 2).await, &order).await, "completed");
    app.audit().await;
});

app_test!(a_mixed_order_is_sent, parts, |app| {
    let owner = owner(&app).await;
    freight(&app, &owner).await;
    let buyer = someone(&app, 2).await;
    top_up(&app, &buyer, 100_000).await;
    let (_, apple) = product(&app, "A", 1_000, 10).await;
    let course = course(&app, "C", 9_900).await;
    let lines = json!({ "lines": [{ "sku": apple, "qty": 1 }, { "sku": course, "qty": 1 }] });
    app.call("PUT", "/api/v1/cart/lines", &buyer.token, lines).await.expect(200);
    let body = json!({
        "source": { "kind": "cart", "skus": [apple, course] },
        "address": buyer.address, "expected_total_minor": 11_700,
    });
    let placed = app.post("/api/v1/checkouts", &buyer.token, body).await.expect(201);
    let order = placed["orders"][0].as_str().unwrap().to_owned();
    pay(&app, &buyer, &order, "wallet").await.expect(201);
    let paid = view(&app, &buyer, &order).await;
    assert_eq!((&paid["state"], paid["address"].is_null()), (&json!("confirmed"), false));
    ship(&app, &owner, &order).await;
    assert_eq!(state(&app, &buyer, &order).await, "shipped");
    app.audit().await;
});

app_test!(a_team_that_succeeds_hands_over, parts, |app| {
    let owner = owner(&app).await;
    let course = course(&app, "C", 1_000).await;
    let product = app
        .store
        .db
        .read::<_, db::DbError, _>(move |rx| Ok(catalog::api::skus(rx, &[course])?[0].product))
        .await
        .unwrap();
    let activity = activity(&app, &owner, (product, course), 2, json!({})).await;
    let (a, b) = (someone(&app, 2).await, someone(&app, 3).await);
    top_up(&app, &a, 10_000).await;
    top_up(&app, &b, 10_000).await;
    let opened = order(&app, &a, course, 1, 800, json!({ "activity": activity })).await;
    pay(&app, &a, &opened, "wallet").await.expect(201);
    assert_eq!(state(&app, &a, &opened).await, "paid");
    let team = view(&app, &a, &opened).await["team"].clone();
    let joined = order(&app, &b, course, 1, 800, json!({ "activity": activity, "team": team })).await;
    pay(&app, &b, &joined, "wallet").await.expect(201);
    app.settle().await;
    assert_eq!(state(&app, &a, &opened).await, "received");
    assert_eq!(state(&app, &b, &joined).await, "received");
    app.audit().await;
});
