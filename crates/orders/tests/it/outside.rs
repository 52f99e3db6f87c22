//! A provider across the network that answers late, not at all, or no: what jobs make of it (INV-18, INV-50).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::http::HeaderMap;
use base::{Currency, Money, Timestamp};
use payments::api::{
    BillRow, CallError, Charge, Day, Kind, Method, Notice, NoticeError, Outcome, Provider, Providers,
    RefundOutcome, Reversal, Show, Started,
};
use serde_json::{Value, json};
use testkit::{Answer, App, Parts, app_test};

use crate::world::*;

/// Answers what it was told to, in order, and remembers what it was asked. Without a script it does as it should.
#[derive(Default)]
struct Fake {
    asked: Mutex<Vec<String>>,
    starts: Mutex<VecDeque<CallError>>,
    outcomes: Mutex<VecDeque<Outcome>>,
    refunds: Mutex<VecDeque<CallError>>,
    known_refunds: Mutex<VecDeque<RefundOutcome>>,
}

impl Fake {
    fn note(&self, what: &str) {
        self.asked.lock().unwrap().push(what.to_owned());
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

struct Handle(Arc<Fake>);

impl Provider for Handle {
    fn method(&self) -> Method {
        Method::WechatPay
    }

    fn kinds(&self) -> Vec<Kind> {
        vec![Kind::Native, Kind::Jsapi]
    }

    fn takes(&self, currency: Currency) -> bool {
        currency == Currency::CNY
    }

    fn start(&self, charge: &Charge) -> Result<Started, CallError> {
        self.0.note("start");
        match self.0.starts.lock().unwrap().pop_front() {
            Some(error) => Err(error),
            None => {
                Ok(Started { show: Show::Code { text: format!("code {}", charge.account) }, reference: None })
            }
        }
    }

    fn query(&self, _: &Charge) -> Result<Outcome, CallError> {
        self.0.note("query");
        Ok(self.0.outcomes.lock().unwrap().pop_front().unwrap_or(Outcome::Open))
    }

    fn close(&self, _: &Charge) -> Result<Outcome, CallError> {
        self.0.note("close");
        Ok(self.0.outcomes.lock().unwrap().pop_front().unwrap_or(Outcome::Closed))
    }

    fn refund(&self, reversal: &Reversal) -> Result<RefundOutcome, CallError> {
        self.0.note("refund");
        match self.0.refunds.lock().unwrap().pop_front() {
            Some(error) => Err(error),
            None => Ok(RefundOutcome::Done { at: reversal.charge.created_at }),
        }
    }

    fn query_refund(&self, _: &Reversal) -> Result<RefundOutcome, CallError> {
        self.0.note("query_refund");
        Ok(self.0.known_refunds.lock().unwrap().pop_front().unwrap_or(RefundOutcome::Unknown))
    }

    fn verify_notice(&self, _: &HeaderMap, _: &[u8], _: Timestamp) -> Result<Notice, NoticeError> {
        Err(NoticeError::UnknownKey)
    }

    fn refresh_keys(&self) -> Result<(), CallError> {
        self.0.note("keys");
        Ok(())
    }

    fn bill(&self, _: Day) -> Result<Vec<BillRow>, CallError> {
        Ok(Vec::new())
    }
}

fn parts_with_fake() -> Parts {
    let mut parts = parts();
    let fake = Arc::new(Fake::default());
    parts.extensions.push(Arc::new(Providers::new(vec![Arc::new(Handle(Arc::clone(&fake)))])));
    parts.extensions.push(fake);
    parts
}

fn fake(app: &App) -> Arc<Fake> {
    app.ctx.extension().unwrap()
}

struct Bought {
    buyer: Someone,
    order: String,
    payment: Value,
    sku: base::SkuId,
}

async fn buy(app: &App) -> Bought {
    owner(app).await;
    let buyer = someone(app, 2).await;
    let (_, sku) = product(app, "A", 1_000, 10).await;
    let order = order(app, &buyer, sku, 1, 1_000, Value::Null).await;
    let payment = pay(app, &buyer, &order, "wechat_pay").await.expect(201);
    Bought { buyer, order, payment, sku }
}

async fn read(app: &App, bought: &Bought) -> Value {
    let path = format!("/api/v1/payments/{}", bought.payment["id"].as_str().unwrap());
    app.get(&path, &bought.buyer.token).await.expect(200)
}

fn unclear() -> CallError {
    CallError::Unclear("nobody answered".to_owned())
}

app_test!(only_what_is_set_up_can_be_used, parts_with_fake, |app| {
    let Bought { buyer, payment, order: first, .. } = buy(&app).await;
    assert_eq!((payment["show"].clone(), payment["state"].as_str()), (Value::Null, Some("pending")));
    let listed = app.get("/api/v1/payment-methods", "").await.expect(200);
    let methods: Vec<_> =
        listed["items"].as_array().unwrap().iter().map(|item| item["method"].clone()).collect();
    assert_eq!(methods, ["wechat_pay", "wallet"]);
    assert_eq!(listed["items"][0]["kinds"], json!(["native", "jsapi"]));
    let pay = async |body: Value| -> Answer {
        let mut body = body;
        body["orders"] = json!([first]);
        app.post("/api/v1/payments", &buyer.token, body).await
    };
    for (body, code) in [
        (json!({ "method": "alipay" }), "payment.method_unavailable"),
        (json!({ "method": "sandbox" }), "payment.method_unavailable"),
        (json!({ "method": "wechat_pay", "kind": "h5" }), "payment.kind_unavailable"),
        (json!({ "method": "wechat_pay", "kind": "jsapi" }), "payment.account_missing"),
        (json!({ "method": "wallet", "kind": "h5" }), "payment.kind_unavailable"),
    ] {
        pay(body).await.expect_problem(422, code);
    }
    app.settle().await;
    app.audit().await;
});

app_test!(an_unclear_start_is_made_again_and_a_refused_one_ends_the_payment, parts_with_fake, |app| {
    let bought = buy(&app).await;
    fake(&app).starts.lock().unwrap().push_back(unclear());
    app.settle().await;
    assert_eq!(read(&app, &bought).await["show"], Value::Null);
    app.pass(10).await;
    assert_eq!(read(&app, &bought).await["show"], json!({ "show": "code", "text": "code " }));
    assert_eq!(fake(&app).asked(), ["start", "start"]);
    // Given up: the charge is closed at the provider, and the next one is refused there.
    let path = format!("/api/v1/payments/{}/give-up", bought.payment["id"].as_str().unwrap());
    app.post(&path, &bought.buyer.token, Value::Null).await.expect(200);
    app.settle().await;
    assert_eq!(fake(&app).asked(), ["close"]);
    fake(&app).starts.lock().unwrap().push_back(CallError::Refused("no such merchant".to_owned()));
    let second = pay(&app, &bought.buyer, &bought.order, "wechat_pay").await.expect(201);
    app.settle().await;
    let second = Bought { payment: second, ..bought };
    assert_eq!(read(&app, &second).await["state"], "failed");
    assert_eq!(available(&app, second.sku).await, 10);
    app.audit().await;
});

app_test!(asking_finds_the_money_once_and_closing_may_find_it_too, parts_with_fake, |app| {
    let bought = buy(&app).await;
    app.settle().await;
    let at = base::Clock::now(app.store.clock.as_ref());
    let paid = Outcome::Paid { amount: Money::new(1_000, Currency::CNY), at };
    // The payer pays in the very moment in which the payment ends: closing it tells.
    fake(&app).outcomes.lock().unwrap().extend([Outcome::Open; 8]);
    app.pass(30).await;
    fake(&app).outcomes.lock().unwrap().clear();
    fake(&app).outcomes.lock().unwrap().extend([paid, paid]);
    let path = format!("/api/v1/payments/{}/give-up", bought.payment["id"].as_str().unwrap());
    app.post(&path, &bought.buyer.token, Value::Null).await.expect(200);
    app.settle().await;
    assert_eq!(state(&app, &bought.buyer, &bought.order).await, "confirmed");
    assert_eq!(available(&app, bought.sku).await, 9);
    app.pass(7_200).await;
    assert_eq!(state(&app, &bought.buyer, &bought.order).await, "confirmed");
    app.audit().await;
});

app_test!(an_unclear_refund_is_looked_for_before_it_is_made_again, parts_with_fake, |app| {
    let bought = buy(&app).await;
    app.settle().await;
    let at = base::Clock::now(app.store.clock.as_ref());
    let paid = Outcome::Paid { amount: Money::new(1_000, Currency::CNY), at };
    fake(&app).outcomes.lock().unwrap().push_back(paid);
    app.pass(30).await;
    assert_eq!(state(&app, &bought.buyer, &bought.order).await, "confirmed");
    fake(&app).asked();
    fake(&app).refunds.lock().unwrap().push_back(unclear());
    let path = format!("/api/v1/orders/{}/cancel", bought.order);
    app.post(&path, &bought.buyer.token, json!({ "reason": "不要了" })).await.expect(200);
    app.settle().await;
    assert_eq!(fake(&app).asked(), ["refund"]);
    // It had got through: nothing is sent a second time.
    let pending = RefundOutcome::Pending { reference: Some("r1".to_owned()) };
    let done = RefundOutcome::Done { at: at.plus_seconds(60) };
    fake(&app).known_refunds.lock().unwrap().extend([pending, done]);
    app.pass(10).await;
    assert_eq!(fake(&app).asked(), ["query_refund"]);
    app.pass(120).await;
    assert_eq!(fake(&app).asked(), ["query_refund"]);
    assert_eq!(state(&app, &bought.buyer, &bought.order).await, "refunded");
    app.audit().await;
});

app_test!(an_unknown_key_is_fetched_and_nothing_is_believed, parts_with_fake, |app| {
    buy(&app).await;
    let refused = app.post("/api/v1/providers/wechat_pay/notices", "", json!({})).await;
    refused.expect_problem(401, "callback.unknown_key");
    app.settle().await;
    assert!(fake(&app).asked().contains(&"keys".to_owned()));
    let refused = app.post("/api/v1/providers/stripe/notices", "", json!({})).await;
    refused.expect_problem(404, "payment.no_provider");
    app.audit().await;
});
