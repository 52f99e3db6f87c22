//! Cash at the till: only staff take it and give it back, and it is noted down once.

use serde_json::{Value, json};
use testkit::{App, app_test};

use crate::world::*;

async fn take(app: &App, token: &str, order: &str, amount: i64) -> testkit::Answer {
    let path = format!("/api/v1/orders/{order}/cash-payments");
    app.post(&path, token, json!({ "amount_minor": amount })).await
}

async fn till(app: &App) -> i64 {
    let till = payments::api::till(merchant(), base::Currency::CNY);
    let read = move |rx: &mut db::Rx| ledger::api::balance(rx, &till);
    let balance = app.store.db.read::<_, db::DbError, _>(read).await.unwrap();
    balance.posted_dr - balance.posted_cr
}

app_test!(cash_is_taken_once_by_staff_and_given_back_by_staff, parts, |app| {
    let owner = owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, sku) = product(&app, "A", 1_000, 10).await;
    let order = order(&app, &buyer, sku, 2, 2_000, Value::Null).await;
    pay(&app, &buyer, &order, "cash").await.expect_problem(422, "payment.cash_at_till");
    take(&app, &buyer.token, &order, 2_000).await.expect(404);
    take(&app, &owner.token, &order, 1_999).await.expect_problem(409, "cash.amount");
    assert_eq!((till(&app).await, available(&app, sku).await), (0, 10));
    let path = format!("/api/v1/orders/{order}/cash-payments");
    let body = json!({ "amount_minor": 2_000 });
    let paid = app.call_with_key("POST", &path, &owner.token, "k1", body.clone()).await.expect(201);
    assert_eq!(paid["state"], "confirmed");
    // The same request again answers the same; another one finds that it is paid.
    assert_eq!(app.call_with_key("POST", &path, &owner.token, "k1", body).await.expect(201), paid);
    take(&app, &owner.token, &order, 2_000).await.expect_problem(409, "order.not_payable");
    assert_eq!((till(&app).await, available(&app, sku).await), (2_000, 8));
    app.settle().await;
    app.audit().await;
    // The buyer cannot make the till give money back.
    let cancel = format!("/api/v1/orders/{order}/cancel");
    let reason = json!({ "reason": "不要了" });
    app.post(&cancel, &buyer.token, reason).await.expect_problem(409, "refund.cash");
    let refund = json!({
        "lines": [{ "line": 1, "amount_minor": 500 }], "shipping_minor": 0, "reason": "破损", "restock": false
    });
    let path = format!("/api/v1/orders/{order}/refunds");
    app.post(&path, &buyer.token, refund.clone()).await.expect(404);
    let view = app.post(&path, &owner.token, refund).await.expect(201);
    assert_eq!(view["state"], "done");
    assert_eq!(till(&app).await, 1_500);
    let log = format!("/api/v1/merchants/{}/audit-log", merchant());
    let log = app.get(&log, &owner.token).await.expect(200);
    let acts: Vec<&Value> = log["items"].as_array().unwrap().iter().collect();
    assert!(
        acts.iter().any(|act| act["action"] == "order.paid_in_cash" && act["detail"] == "2000"),
        "{acts:?}"
    );
    assert!(acts.iter().any(|act| act["action"] == "order.refund" && act["detail"] == "500 in cash: 破损"));
    app.settle().await;
    app.audit().await;
});

app_test!(cash_and_a_payment_under_way_do_not_meet, parts, |app| {
    let owner = owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (product, sku) = product(&app, "A", 1_000, 10).await;
    let first = order(&app, &buyer, sku, 1, 1_000, Value::Null).await;
    let payment = pay(&app, &buyer, &first, "sandbox").await.expect(201);
    take(&app, &owner.token, &first, 1_000).await.expect_problem(409, "payment.under_way");
    let path = format!("/api/v1/payments/{}/give-up", payment["id"].as_str().unwrap());
    app.post(&path, &owner.token, Value::Null).await.expect(404);
    assert_eq!(app.post(&path, &buyer.token, Value::Null).await.expect(200)["state"], "failed");
    assert_eq!(app.post(&path, &buyer.token, Value::Null).await.expect(200)["state"], "failed");
    app.settle().await;
    take(&app, &owner.token, &first, 1_000).await.expect(201);
    // The money of the payment that was given up comes nevertheless, and goes back.
    act(&app, &payment, "pay").await.expect(202);
    app.settle().await;
    let view = app.get(&path.replace("/give-up", ""), &buyer.token).await.expect(200);
    assert_eq!(view["state"], "returned");
    assert_eq!((till(&app).await, available(&app, sku).await), (1_000, 9));
    // An order of a team may have to go back by itself.
    let activity = activity(&app, &owner, (product, sku), 2, Value::Null).await;
    let deal = json!({ "activity": activity, "team": null });
    let second = order(&app, &buyer, sku, 1, 800, deal).await;
    take(&app, &owner.token, &second, 800).await.expect_problem(409, "cash.team_order");
    app.settle().await;
    app.audit().await;
});

app_test!(what_lies_in_the_till_is_not_paid_out_again, parts, |app| {
    let owner = owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, sku) = product(&app, "A", 1_000, 10).await;
    let order = order(&app, &buyer, sku, 1, 1_000, Value::Null).await;
    take(&app, &owner.token, &order, 1_000).await.expect(201);
    ship(&app, &owner, &order).await;
    app.post(&format!("/api/v1/orders/{order}/receive"), &buyer.token, Value::Null).await.expect(200);
    app.pass(10 * 86_400).await;
    assert_eq!(state(&app, &buyer, &order).await, "completed");
    let path = format!("/api/v1/merchants/{}/payouts", merchant());
    let body = json!({ "amount_minor": 1, "destination": "某银行 6222 0000" });
    app.post(&path, &owner.token, body.clone()).await.expect_problem(403, "auth.step_up_required");
    let id = owner.person;
    let open = move |tx: &mut db::Tx| people::api::open_session(tx, id, "test");
    let token = app.store.db.write::<_, db::DbError, _>(db::Lane::Interactive, open).await.unwrap();
    let refused = app.post(&path, &token, body).await;
    assert_eq!(refused.json["code"], "payout.beyond_balance", "{}", refused.json);
    app.audit().await;
});
