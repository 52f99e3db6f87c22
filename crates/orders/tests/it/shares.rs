//! A shared link, a team, a commission that is paid and taken back (INV-38 … INV-41).

use serde_json::{Value, json};
use testkit::app_test;

use crate::world::*;

app_test!(a_shared_team_pays_its_sharer_and_a_refund_takes_it_back, parts, |app| {
    let owner = owner(&app).await;
    let ids = product(&app, "A", 1_000, 10).await;
    let rules = json!({
        "level1_bp": 1_000, "level2_bp": 0, "window_hours": 72, "model": "last_touch", "return_window_days": 7
    });
    let path = format!("/api/v1/merchants/{}/commission-rules", merchant());
    app.call("PUT", &path, &owner.token, rules).await.expect(200);
    let activity = activity(&app, &owner, ids, 2, json!({})).await;
    let (leader, friend) = (someone(&app, 2).await, someone(&app, 3).await);
    top_up(&app, &leader, 1_000).await;
    top_up(&app, &friend, 1_000).await;
    let first = order(&app, &leader, ids.1, 1, 800, json!({ "activity": activity, "team": null })).await;
    pay(&app, &leader, &first, "wallet").await.expect(201);
    let view = app.get(&format!("/api/v1/orders/{first}"), &leader.token).await.expect(200);
    let team = view["team"].as_str().unwrap().to_owned();

    let body = json!({ "kind": "link", "target": { "kind": "team", "id": team } });
    let entry = app.post("/api/v1/entries", &leader.token, body).await.expect(201);
    let code = entry["code"].as_str().unwrap().to_owned();
    let preview = app.get(&format!("/api/v1/entries/{code}"), "").await.expect(200);
    assert_eq!(preview["team_price"]["amount_minor"], 800);
    // Whoever shares does not earn from his own purchase; the friend's touch counts.
    app.post("/api/v1/touches", &leader.token, json!({ "code": code })).await.expect(201);
    app.post("/api/v1/touches", &friend.token, json!({ "code": code })).await.expect(201);
    let second = order(&app, &friend, ids.1, 1, 800, json!({ "activity": activity, "team": team })).await;
    pay(&app, &friend, &second, "wallet").await.expect(201);
    app.settle().await;
    assert_eq!(state(&app, &friend, &second).await, "confirmed");
    let evidence = format!("/api/v1/orders/{second}/evidence");
    let seen = app.get(&evidence, &friend.token).await.expect(200);
    assert_eq!(seen["commissions"][0]["amount"]["amount_minor"], 80);
    assert_eq!(seen["commissions"][0]["state"], "frozen");
    assert_eq!(app.get(&evidence, &owner.token).await.expect(200), seen);
    assert_eq!(app.get(&evidence, &leader.token).await.expect(200), seen);
    app.get(&evidence, &someone(&app, 9).await.token).await.expect_problem(404, "not_found");

    ship(&app, &owner, &second).await;
    app.post(&format!("/api/v1/orders/{second}/receive"), &friend.token, Value::Null).await.expect(200);
    app.pass(7 * 86_400).await;
    assert_eq!(wallet(&app, &leader).await, 200);
    app.pass(2 * 86_400).await;
    assert_eq!(state(&app, &friend, &second).await, "completed");
    assert_eq!(wallet(&app, &leader).await, 280);
    app.audit().await;

    // After the commission was spent, the claw-back becomes a debt, and the merchant is made whole.
    let body = json!({ "lines": [{ "line": 1, "amount_minor": 400 }], "reason": "质保", "restock": false });
    app.post(&format!("/api/v1/orders/{second}/refunds"), &owner.token, body).await.expect(201);
    assert_eq!(wallet(&app, &leader).await, 240);
    assert_eq!(wallet(&app, &friend).await, 600);
    let body = json!({ "lines": [{ "line": 1, "amount_minor": 400 }], "reason": "质保", "restock": false });
    app.post(&format!("/api/v1/orders/{second}/refunds"), &owner.token, body).await.expect(201);
    assert_eq!(wallet(&app, &leader).await, 200);
    let seen = app.get(&evidence, &friend.token).await.expect(200);
    assert_eq!(seen["commissions"][0]["state"], "clawed_back");
    app.settle().await;
    app.audit().await;
});
