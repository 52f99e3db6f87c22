//! Asking, issuing, and what a refund before and after does.

use base::SkuId;
use serde_json::{Value, json};
use testkit::{App, Parts, app_test, join_all};

use crate::world::{self, *};

const CODE: &str = "12100000400000624D";

fn parts() -> Parts {
    let mut parts = world::parts();
    parts.modules.push(invoices::module());
    parts
}

struct Shop {
    owner: Someone,
    buyer: Someone,
    sku: SkuId,
}

async fn terms(app: &App, owner: &Someone, is_on: bool, version: i64) {
    let path = format!("/api/v1/merchants/{}/invoice-terms", merchant());
    let body = json!({ "is_on": is_on, "rate_bp": 1_300, "rates": [], "version": version });
    app.call("PUT", &path, &owner.token, body).await.expect(200);
}

async fn shop(app: &App) -> Shop {
    let owner = owner(app).await;
    let buyer = someone(app, 2).await;
    top_up(app, &buyer, 1_000_000).await;
    let (_, sku) = product(app, "A", 1_000, 1_000).await;
    let path = format!("/api/v1/merchants/{}/pricing", merchant());
    let rules = json!({ "full_reductions": [], "freight": { "base_minor": 600, "free_from_minor": null } });
    app.call("PUT", &path, &owner.token, rules).await.expect(200);
    terms(app, &owner, true, 0).await;
    Shop { owner, buyer, sku }
}

async fn bought(app: &App, shop: &Shop, qty: i64) -> String {
    let id = order(app, &shop.buyer, shop.sku, qty, 1_000 * qty + 600, Value::Null).await;
    pay(app, &shop.buyer, &id, "wallet").await.expect(201);
    id
}

fn person() -> Value {
    json!({ "kind": "person", "name": "林小满" })
}

async fn ask(app: &App, shop: &Shop, order: &str, title: Value) -> testkit::Answer {
    app.post(&format!("/api/v1/orders/{order}/invoice"), &shop.buyer.token, title).await
}

async fn look(app: &App, shop: &Shop, order: &str) -> Value {
    app.get(&format!("/api/v1/orders/{order}/invoice"), &shop.buyer.token).await.expect(200)
}

async fn issue(app: &App, shop: &Shop, invoice: &Value, number: u64, amount: i64) -> testkit::Answer {
    let id = invoice["id"].as_str().unwrap();
    let body = json!({ "number": format!("{number:020}"), "expected_minor": amount });
    app.post(&format!("/api/v1/invoices/{id}/issue"), &shop.owner.token, body).await
}

async fn refund(app: &App, shop: &Shop, order: &str, amount: i64, shipping: i64) -> testkit::Answer {
    let lines = if amount > 0 { json!([{ "line": 1, "amount_minor": amount }]) } else { json!([]) };
    let body = json!({ "lines": lines, "shipping_minor": shipping, "reason": "坏果", "restock": false });
    app.post(&format!("/api/v1/orders/{order}/refunds"), &shop.owner.token, body).await
}

fn minor(value: &Value, name: &str) -> i64 {
    value[name]["amount_minor"].as_i64().unwrap()
}

app_test!(an_invoice_is_asked_for_issued_and_taken_back_by_refunds, parts, |app| {
    let shop = shop(&app).await;
    let order = bought(&app, &shop, 2).await;
    assert_eq!(look(&app, &shop, &order).await["can_ask"], true);
    let company = json!({ "kind": "company", "name": "清华大学", "tax_code": CODE });
    let asked = ask(&app, &shop, &order, company).await.expect(201);
    assert_eq!((&asked["state"], minor(&asked, "amount")), (&json!("asked"), 2_600));
    // 13 % in 26.00 is 2.99, of which the delivery has 0.69.
    assert_eq!(minor(&asked, "tax"), 299);
    // What goes back before it is issued is not in it.
    refund(&app, &shop, &order, 300, 0).await.expect(201);
    app.settle().await;
    issue(&app, &shop, &asked, 1, 2_600).await.expect_problem(409, "invoice.amount_changed");
    let issued = issue(&app, &shop, &asked, 1, 2_300).await.expect(200);
    assert_eq!(
        (&issued["state"], minor(&issued, "amount"), minor(&issued, "tax")),
        (&json!("issued"), 2_300, 265)
    );
    assert_eq!(issued["lines"].as_array().unwrap().len(), 2);
    assert_eq!(issued["letters"], json!([]));
    // What goes back after it asks for a red letter, once per refund.
    refund(&app, &shop, &order, 500, 200).await.expect(201);
    refund(&app, &shop, &order, 1_200, 400).await.expect(201);
    app.settle().await;
    app.audit().await;
    let path = format!("/api/v1/merchants/{}/red-letters", merchant());
    let letters = app.get(&path, &shop.owner.token).await.expect(200);
    let letters = letters["items"].as_array().unwrap().clone();
    assert_eq!(letters.len(), 2);
    let sum = |name: &str| letters.iter().map(|letter| minor(letter, name)).sum::<i64>();
    assert_eq!((sum("amount"), sum("tax")), (2_300, 265));
    let seen = look(&app, &shop, &order).await;
    assert_eq!((minor(&seen["invoice"], "red"), &seen["can_ask"]), (2_300, &json!(false)));
    // Each has a number of its own.
    let first = format!("/api/v1/red-letters/{}/issue", letters[0]["refund"].as_str().unwrap());
    let number = |n: u64| json!({ "number": format!("{n:020}") });
    app.post(&first, &shop.owner.token, number(1)).await.expect_problem(409, "invoice.number_taken");
    app.post(&first, &shop.owner.token, json!({ "number": "12 34" }))
        .await
        .expect_problem(422, "invoice.bad_number");
    let done = app.post(&first, &shop.owner.token, number(2)).await.expect(200);
    assert_eq!((&done["state"], &done["invoice_number"]), (&json!("issued"), &json!(format!("{:020}", 1))));
    app.post(&first, &shop.owner.token, number(3)).await.expect_problem(409, "invoice.letter_state");
    let rest = app.get(&path, &shop.owner.token).await.expect(200);
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    app.audit().await;
});

app_test!(a_request_that_cannot_be_changes_nothing, parts, |app| {
    let shop = shop(&app).await;
    let unpaid = order(&app, &shop.buyer, shop.sku, 1, 1_600, Value::Null).await;
    ask(&app, &shop, &unpaid, person()).await.expect_problem(409, "invoice.nothing_kept");
    let order = bought(&app, &shop, 1).await;
    let bad = [
        json!({ "kind": "company", "name": "清华大学" }),
        json!({ "kind": "company", "name": "清华大学", "tax_code": "12100000400000624E" }),
        json!({ "kind": "person", "name": "林小满", "tax_code": CODE }),
    ];
    for title in bad {
        ask(&app, &shop, &order, title).await.expect_problem(422, "invoice.bad_title");
    }
    let other = someone(&app, 3).await;
    let path = format!("/api/v1/orders/{order}/invoice");
    assert_eq!(app.post(&path, &other.token, person()).await.status.as_u16(), 404);
    terms(&app, &shop.owner, false, 1).await;
    ask(&app, &shop, &order, person()).await.expect_problem(409, "invoice.not_offered");
    assert_eq!(look(&app, &shop, &order).await["invoice"], Value::Null);
    terms(&app, &shop.owner, true, 2).await;
    // Withdrawn and refused, it may be asked for again; issued, it may not.
    let first = ask(&app, &shop, &order, person()).await.expect(201);
    let path = format!("/api/v1/invoices/{}/withdraw", first["id"].as_str().unwrap());
    app.post(&path, &shop.buyer.token, json!({})).await.expect(200);
    app.post(&path, &shop.buyer.token, json!({})).await.expect_problem(409, "invoice.state");
    let second = ask(&app, &shop, &order, person()).await.expect(201);
    let path = format!("/api/v1/invoices/{}/refuse", second["id"].as_str().unwrap());
    let refused = app.post(&path, &shop.owner.token, json!({ "reason": "抬头有误" })).await.expect(200);
    assert_eq!(refused["reason"], "抬头有误");
    assert_eq!(look(&app, &shop, &order).await["last_title"]["name"], "林小满");
    let third = ask(&app, &shop, &order, person()).await.expect(201);
    for number in ["1234567", "123456789012345678901", "1234567a"] {
        let path = format!("/api/v1/invoices/{}/issue", third["id"].as_str().unwrap());
        let body = json!({ "number": number, "expected_minor": 1_600 });
        app.post(&path, &shop.owner.token, body).await.expect_problem(422, "invoice.bad_number");
    }
    issue(&app, &shop, &third, 7, 1_600).await.expect(200);
    ask(&app, &shop, &order, person()).await.expect_problem(409, "invoice.there_is_one");
    app.audit().await;
});

app_test!(a_request_ends_when_everything_goes_back, parts, |app| {
    let shop = shop(&app).await;
    let order = bought(&app, &shop, 1).await;
    let asked = ask(&app, &shop, &order, person()).await.expect(201);
    refund(&app, &shop, &order, 1_000, 600).await.expect(201);
    app.settle().await;
    assert_eq!(look(&app, &shop, &order).await["invoice"]["state"], "withdrawn");
    issue(&app, &shop, &asked, 1, 1_600).await.expect_problem(409, "invoice.state");
    app.audit().await;
});

app_test!(of_many_who_ask_one_is_heard, parts, |app| {
    let shop = shop(&app).await;
    let order = bought(&app, &shop, 1).await;
    let answers = join_all((0..8).map(|_| ask(&app, &shop, &order, person()))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status.as_u16() == 201).count(), 1);
    for answer in answers.iter().filter(|answer| answer.status.as_u16() != 201) {
        assert_eq!(answer.json["code"], "invoice.there_is_one");
    }
    let asked = look(&app, &shop, &order).await["invoice"].clone();
    let answers = join_all((1..9).map(|number| issue(&app, &shop, &asked, number, 1_600))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status.as_u16() == 200).count(), 1);
    app.audit().await;
});

app_test!(issuing_and_refunds_at_once_end_with_what_was_kept, parts, |app| {
    let shop = shop(&app).await;
    for number in 0..12_u64 {
        let order = bought(&app, &shop, 1).await;
        let asked = ask(&app, &shop, &order, person()).await.expect(201);
        let back = async {
            refund(&app, &shop, &order, 400, 0).await.expect(201);
            app.settle().await;
        };
        let (first, ()) = tokio::join!(issue(&app, &shop, &asked, number, 1_600), back);
        if first.status.as_u16() == 409 {
            assert_eq!(first.json["code"], "invoice.amount_changed");
            issue(&app, &shop, &asked, number, 1_200).await.expect(200);
        }
        app.settle().await;
        let seen = look(&app, &shop, &order).await["invoice"].clone();
        assert_eq!(minor(&seen, "amount") - minor(&seen, "red"), 1_200);
    }
    app.audit().await;
});
