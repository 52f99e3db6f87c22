//! Stripe: its public SDK signs what is told.

use base::{Currency, Money};
use payments::api::{
    BillRow, CallError, Day, Kind, NoticeError, Outcome, Provider, RefundOutcome, Show, Told,
};
use payments::api::{Stripe, StripeSettings};
use serde_json::{Value, json};

use crate::side::{Side, charge, headers, means, now, reversal};

fn adapter(side: &Side) -> Stripe {
    let settings = StripeSettings {
        publishable_key: "pk_test_1".to_owned(),
        secret_key_file: side.file("secret_key"),
        webhook_secret_files: vec![side.file("old"), side.file("new")],
        base_url: side.url.clone(),
    };
    Stripe::new(&settings, means()).unwrap()
}

fn number(n: u8) -> String {
    format!("{n:02x}").repeat(16)
}

#[test]
fn payments_begin_are_paid_and_go_back() {
    let Some(side) = Side::start("TUAN_PAY_PYTHON", "stripe_side.py") else { return };
    let provider = adapter(&side);
    let yen: Currency = "JPY".parse().unwrap();
    assert!(provider.takes(yen) && provider.takes(Currency::CNY) && !provider.takes("KWD".parse().unwrap()));
    let mut first = charge(1, Kind::Element, 500, yen);
    // The answer is lost: asked again it is the same intent, and it is found by its number.
    side.control("mode", &json!({ "mode": "cut" }));
    assert!(matches!(provider.start(&first), Err(CallError::Unclear(_))));
    assert_eq!(provider.query(&first), Ok(Outcome::Open));
    let started = provider.start(&first).unwrap();
    let show = Show::Secret { client_secret: "pi_1_secret".to_owned(), public_key: "pk_test_1".to_owned() };
    assert_eq!((started.show, started.reference.as_deref()), (show, Some("pi_1")));
    first.reference = "pi_1".to_owned();
    assert_eq!(provider.query(&charge(9, Kind::Element, 1, yen)), Ok(Outcome::Unknown));
    side.control("pay", &json!({ "number": number(1) }));
    let is_paid =
        |outcome| matches!(outcome, Ok(Outcome::Paid { amount, .. }) if amount == Money::new(500, yen));
    assert!(is_paid(provider.query(&first)) && is_paid(provider.close(&first)));
    let second = charge(2, Kind::Element, 700, yen);
    provider.start(&second).unwrap();
    assert_eq!(provider.close(&second), Ok(Outcome::Closed));
    let back = reversal(7, &first, 200);
    assert_eq!(provider.query_refund(&back), Ok(RefundOutcome::Unknown));
    side.control("mode", &json!({ "mode": "cut" }));
    assert!(matches!(provider.refund(&back), Err(CallError::Unclear(_))));
    assert!(matches!(provider.query_refund(&back), Ok(RefundOutcome::Done { .. })));
    assert!(matches!(provider.refund(&reversal(8, &first, 501)), Err(CallError::Refused(_))));
    let rows = provider.bill(Day::of(now())).unwrap();
    let row = |is_refund, n, amount| BillRow { is_refund, number: number(n), amount, currency: yen };
    assert_eq!(rows, [row(false, 1, 500), row(true, 7, 200)]);
}

#[test]
fn notices_count_when_signed_with_either_secret_and_fresh() {
    let Some(side) = Side::start("TUAN_PAY_PYTHON", "stripe_side.py") else { return };
    let provider = adapter(&side);
    let object = json!({
        "id": "pi_1", "object": "payment_intent", "amount_received": 1_234, "currency": "cny",
        "metadata": { "payment": number(1) },
    });
    let event = |kind: &str, object: &Value| json!({ "id": "evt_1", "object": "event", "type": kind, "created": 1_795_000_000, "data": { "object": object } });
    let read = |event: &Value, secret: &str, late_s: i64| {
        let told = side.control("notice", &json!({ "event": event, "secret": secret, "late_s": late_s }));
        provider.verify_notice(&headers(&told["headers"]), told["body"].as_str().unwrap().as_bytes(), now())
    };
    let paid = event("payment_intent.succeeded", &object);
    let at = base::Timestamp::from_micros(1_795_000_000_000_000);
    let amount = Money::new(1_234, Currency::CNY);
    for secret in ["whsec_old", "whsec_new"] {
        let notice = read(&paid, secret, 0).unwrap();
        assert_eq!(notice.what, Told::Paid { number: number(1), amount, at }, "{secret}");
    }
    assert_eq!(read(&paid, "whsec_other", 0), Err(NoticeError::Forged));
    assert_eq!(read(&paid, "whsec_new", 305), Err(NoticeError::Forged));
    let other = event(
        "payment_intent.succeeded",
        &json!({ "amount_received": 1, "currency": "cny", "metadata": {} }),
    );
    assert_eq!(read(&other, "whsec_new", 0).unwrap().what, Told::Other);
    let back = json!({ "id": "re_1", "status": "succeeded", "metadata": { "refund": number(7) } });
    assert_eq!(
        read(&event("refund.updated", &back), "whsec_new", 0).unwrap().what,
        Told::Refunded { number: number(7), at }
    );
}
