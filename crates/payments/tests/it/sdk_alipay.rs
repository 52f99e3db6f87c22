//! Alipay: every request is checked by its public SDK, every answer and notice is signed as it wants.

use axum::http::HeaderMap;
use base::{Currency, Money};
use payments::api::{Alipay, AlipaySettings};
use payments::api::{CallError, Day, Kind, NoticeError, Outcome, Provider, RefundOutcome, Show, Told};
use serde_json::{Value, json};

use crate::side::{Side, charge, means, now, reversal};

fn start() -> Option<Side> {
    Side::start("TUAN_PAY_NODE", "alipay.cjs")
}

fn adapter(side: &Side) -> Alipay {
    let settings = AlipaySettings {
        app_id: "2021".to_owned(),
        seller_id: "2088".to_owned(),
        private_key_file: side.file("app.pem"),
        public_key_file: side.file("alipay_public.pem"),
        kinds: vec![Kind::Page, Kind::Wap],
        base_url: format!("{}/gateway.do", side.url),
    };
    Alipay::new(&settings, means()).unwrap()
}

fn number(n: u8) -> String {
    format!("{n:02x}").repeat(16)
}

#[test]
fn payments_begin_are_paid_and_go_back() {
    let Some(side) = start() else { return };
    let provider = adapter(&side);
    for (kind, product) in [(Kind::Page, "FAST_INSTANT_TRADE_PAY"), (Kind::Wap, "QUICK_WAP_WAY")] {
        let started = provider.start(&charge(1, kind, 1_234, Currency::CNY)).unwrap();
        let Show::Redirect { url } = started.show else { panic!("{started:?}") };
        assert_eq!(side.control("page", &json!({ "url": url })), Value::Bool(true));
        assert!(url.contains(product) && url.contains("12.34") && url.contains("shop.example"), "{url}");
    }
    let first = charge(1, Kind::Page, 1_234, Currency::CNY);
    // The payer has not gone there yet.
    assert_eq!(provider.query(&first), Ok(Outcome::Unknown));
    assert_eq!(provider.close(&first), Ok(Outcome::Unknown));
    let trade = |status: &str, paid: Value| {
        let body = json!({ "number": number(1), "status": status, "amount": "12.34", "paid": paid });
        side.control("trade", &body);
    };
    trade("WAIT_BUYER_PAY", Value::Null);
    assert_eq!(provider.query(&first), Ok(Outcome::Open));
    assert_eq!(provider.close(&first), Ok(Outcome::Closed));
    trade("TRADE_SUCCESS", json!("2026-11-22 10:00:00"));
    let at = "2026-11-22T02:00:00Z".parse().unwrap();
    let paid = Outcome::Paid { amount: Money::new(1_234, Currency::CNY), at };
    assert_eq!((provider.query(&first), provider.close(&first)), (Ok(paid), Ok(paid)));
    // Paid and given back in full is closed, and was paid all the same.
    trade("TRADE_CLOSED", json!("2026-11-22 10:00:00"));
    assert_eq!(provider.query(&first), Ok(paid));
    let back = reversal(7, &first, 234);
    assert_eq!(provider.query_refund(&back), Ok(RefundOutcome::Unknown));
    let done = RefundOutcome::Done { at: "2026-11-22T03:00:00Z".parse().unwrap() };
    assert_eq!(provider.refund(&back), Ok(done));
    assert!(matches!(provider.refund(&reversal(8, &first, 9_999)), Err(CallError::Refused(_))));
    let day = Day::of_text("2026-11-22").unwrap();
    assert_eq!(provider.bill_url(day), Ok("https://bill.example/2026-11-22".to_owned()));
    for mode in ["unsigned", "stranger", "cut"] {
        side.control("mode", &json!({ "mode": mode }));
        assert!(matches!(provider.query(&first), Err(CallError::Unclear(_))), "{mode}");
    }
}

#[test]
fn notices_count_when_signed_and_about_this_app_and_seller() {
    let Some(side) = start() else { return };
    let provider = adapter(&side);
    let fields = json!({
        "app_id": "2021", "seller_id": "2088", "notify_id": "n1", "out_trade_no": number(1), "charset": "utf-8",
        "trade_status": "TRADE_SUCCESS", "total_amount": "12.34", "gmt_payment": "2026-11-22 10:00:00",
        "subject": "订单 1&2=3 100% + 1",
    });
    let read = |fields: &Value, mode: &str| {
        let body = side.control("notice", &json!({ "fields": fields, "mode": mode }));
        provider.verify_notice(&HeaderMap::new(), body.as_str().unwrap().as_bytes(), now())
    };
    let notice = read(&fields, "").unwrap();
    let (amount, at) = (Money::new(1_234, Currency::CNY), "2026-11-22T02:00:00Z".parse().unwrap());
    assert_eq!((notice.id.as_str(), notice.what), ("n1", Told::Paid { number: number(1), amount, at }));
    assert_eq!(read(&fields, "stranger"), Err(NoticeError::Forged));
    let body = side.control("notice", &json!({ "fields": fields, "mode": "" }));
    let changed = body.as_str().unwrap().replace("12.34", "0.01");
    assert_eq!(
        provider.verify_notice(&HeaderMap::new(), changed.as_bytes(), now()),
        Err(NoticeError::Forged)
    );
    for (name, value) in [("app_id", "2022"), ("seller_id", "2089"), ("total_amount", "12.345")] {
        let mut wrong = fields.clone();
        wrong[name] = json!(value);
        assert_eq!(read(&wrong, ""), Err(NoticeError::Malformed), "{name}");
    }
    let mut back = fields.clone();
    for (name, value) in
        [("refund_fee", "2.34"), ("out_biz_no", &number(7)), ("gmt_refund", "2026-11-22 10:00:00.123")]
    {
        back[name] = json!(value);
    }
    assert_eq!(read(&back, "").unwrap().what, Told::Refunded { number: number(7), at });
    assert_eq!(provider.taken(), "success");
}
