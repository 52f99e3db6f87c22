//! Bills and books, compared: what differs is written down once and parked, and the bank is what the bills say.

use base::{Clock, Id, PaymentId};
use db::{DbError, Lane, params};
use payments::api::Day;
use serde_json::{Value, json};
use testkit::{App, app_test};

use crate::world::*;

/// Compares the bill of a day, as the job of every hour would have it done.
async fn compare(app: &App, day: Day) {
    let queue = move |tx: &mut db::Tx| {
        let now = tx.now();
        work::enqueue(tx, "payments.bill", &format!("sandbox {day}"), "", now)
    };
    app.store.db.write::<_, DbError, _>(Lane::Background, queue).await.unwrap();
    app.settle().await;
}

async fn change(app: &App, sql: &'static str, id: PaymentId) {
    let change = move |tx: &mut db::Tx| tx.execute(sql, params!["id" => id]);
    assert_eq!(app.store.db.write::<_, DbError, _>(Lane::Background, change).await.unwrap(), 1);
}

async fn operator(app: &App) -> Someone {
    let operator = someone(app, 99).await;
    let person = operator.person;
    let promote = move |tx: &mut db::Tx| people::api::ensure_operator(tx, person);
    app.store.db.write::<_, DbError, _>(Lane::Background, promote).await.unwrap();
    operator
}

struct Paid {
    order: String,
    payment: PaymentId,
}

async fn buy(app: &App, buyer: &Someone, sku: base::SkuId, what: &str) -> Paid {
    let order = order(app, buyer, sku, 1, 1_000, Value::Null).await;
    let payment = pay(app, buyer, &order, "sandbox").await.expect(201);
    act(app, &payment, what).await.expect(202);
    app.settle().await;
    Paid { order, payment: payment["id"].as_str().unwrap().parse().unwrap() }
}

app_test!(a_day_without_differences_is_compared_by_itself_and_once, parts, |app| {
    owner(&app).await;
    let (operator, buyer) = (operator(&app).await, someone(&app, 2).await);
    let (_, sku) = product(&app, "A", 1_000, 10).await;
    let first = buy(&app, &buyer, sku, "pay").await;
    buy(&app, &buyer, sku, "pay_wrong_amount").await;
    let cancel = format!("/api/v1/orders/{}/cancel", first.order);
    app.post(&cancel, &buyer.token, json!({ "reason": "不要了" })).await.expect(200);
    app.settle().await;
    let day = Day::of(app.store.clock.now());
    app.audit().await;
    for _ in 0..2 {
        app.pass(86_400).await;
        compare(&app, day).await;
        app.audit().await;
    }
    compare(&app, day.plus(1)).await;
    let bills = app.get("/api/v1/provider-bills", &operator.token).await.expect(200);
    let bill = bills["items"].as_array().unwrap().iter().find(|bill| bill["day"] == day.to_string()).unwrap();
    let sums = (&bill["charged"]["amount_minor"], &bill["refunded"]["amount_minor"], &bill["lines"]);
    assert_eq!(sums, (&json!(1_999), &json!(1_999), &json!(4)));
    let differences = app.get("/api/v1/provider-differences", &operator.token).await.expect(200);
    assert_eq!(differences["items"], json!([]));
    app.get("/api/v1/provider-bills", &buyer.token).await.expect(403);
    app.audit().await;
});

app_test!(differences_are_found_parked_and_handled_once, parts, |app| {
    owner(&app).await;
    let (operator, buyer) = (operator(&app).await, someone(&app, 2).await);
    let (_, sku) = product(&app, "A", 1_000, 10).await;
    let day = Day::of(app.store.clock.now());
    let more = buy(&app, &buyer, sku, "pay").await;
    let gone = buy(&app, &buyer, sku, "pay").await;
    let fine = buy(&app, &buyer, sku, "pay").await;
    let lost = buy(&app, &buyer, sku, "pay_lost").await;
    assert_eq!(state(&app, &buyer, &lost.order).await, "unpaid");
    change(&app, "UPDATE payments_sandbox SET paid = 1300 WHERE payment = :id", more.payment).await;
    change(&app, "DELETE FROM payments_sandbox WHERE payment = :id", gone.payment).await;
    let strange = PaymentId::from_bytes([7; 16]);
    let at = app.store.clock.now();
    let insert = move |tx: &mut db::Tx| {
        tx.execute(
            "INSERT INTO payments_sandbox (payment, amount, currency, paid, refunded, state, paid_at)
             VALUES (:id, 500, 'CNY', 500, 0, 'paid', :at)",
            params!["id" => strange, "at" => at],
        )
    };
    app.store.db.write::<_, DbError, _>(Lane::Background, insert).await.unwrap();
    for _ in 0..2 {
        compare(&app, day).await;
        compare(&app, day.plus(1)).await;
    }
    // The lost notice was no difference: the provider was asked, and the order is paid.
    assert_eq!(state(&app, &buyer, &lost.order).await, "confirmed");
    assert_eq!(state(&app, &buyer, &fine.order).await, "confirmed");
    let list = app.get("/api/v1/provider-differences?open=true", &operator.token).await.expect(200);
    let mut found: Vec<_> = list["items"].as_array().unwrap().iter().collect();
    found.sort_by_key(|item| item["kind"].as_str().unwrap());
    let told: Vec<_> = found
        .iter()
        .map(|item| {
            let amount = |name: &str| item[name]["amount_minor"].as_i64().unwrap();
            (item["kind"].as_str().unwrap(), amount("ours"), amount("theirs"), amount("parked"))
        })
        .collect();
    let expected =
        [("amount", 1_000, 1_300, 300), ("missing_here", 0, 500, 500), ("missing_there", 1_000, 0, -1_000)];
    assert_eq!(told, expected);
    app.audit().await;
    let body = json!({
        "provider": "sandbox", "day": found[0]["day"], "number": found[0]["number"], "note": "渠道多记了一笔",
    });
    let path = "/api/v1/provider-differences/handle";
    app.post(path, &buyer.token, body.clone()).await.expect(403);
    let handled = app.post(path, &operator.token, body.clone()).await.expect(200);
    assert_eq!(
        (handled["note"].as_str(), handled["handled_by"].as_str()),
        (Some("渠道多记了一笔"), Some(operator.person.to_string().as_str()))
    );
    app.post(path, &operator.token, body).await.expect_problem(409, "difference.handled");
    let list = app.get("/api/v1/provider-differences?open=true", &operator.token).await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    app.audit().await;
});
