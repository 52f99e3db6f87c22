//! WeChat Pay: every request is checked by its public SDK, every answer and notice is signed with it.

use base::{Currency, Money};
use payments::api::{
    BillRow, CallError, Day, Kind, NoticeError, Outcome, Provider, RefundOutcome, Show, Told,
};
use payments::api::{
    Receiver, Share, ShareState, TransferState, WechatPay, WechatPaySettings, WechatTransfer,
};
use serde_json::{Value, json};

use crate::side::{Side, charge, headers, means, now, reversal};

const VARIABLE: &str = "TUAN_PAY_PYTHON";

fn start() -> Option<Side> {
    Side::start(VARIABLE, "wechat_pay.py")
}

fn adapter(side: &Side, by_key: bool) -> WechatPay {
    let settings = WechatPaySettings {
        app_id: "wx8888888888888888".to_owned(),
        merchant: "1900000001".to_owned(),
        certificate_serial: "MERCHANTSERIAL".to_owned(),
        private_key_file: side.file("merchant.pem"),
        api_v3_key_file: side.file("api_v3"),
        public_key_file: by_key.then(|| side.file("platform_public.pem")),
        public_key_id: by_key.then(|| "PUB_KEY_ID_0123456789".to_owned()),
        kinds: vec![Kind::Native, Kind::H5, Kind::Jsapi, Kind::App],
        base_url: side.url.clone(),
    };
    WechatPay::new(&settings, means()).unwrap()
}

fn number(n: u8) -> String {
    format!("{n:02x}").repeat(16)
}

#[test]
fn payments_begin_are_paid_and_go_back_with_certificates_and_with_a_key() {
    for by_key in [false, true] {
        let Some(side) = start() else { return };
        let provider = adapter(&side, by_key);
        let show = |n, kind| provider.start(&charge(n, kind, 1_234, Currency::CNY)).unwrap().show;
        assert_eq!(show(1, Kind::Native), Show::Code { text: "weixin://wxpay/x".to_owned() });
        let back = format!("https%3A%2F%2Fshop.example%2Fpay%2Fpay_{}", number(2));
        let url = format!("https://wx.example/h5?prepay_id=1&redirect_url={back}");
        assert_eq!(show(2, Kind::H5), Show::Redirect { url });
        let verify = |params: &std::collections::BTreeMap<String, String>, names: [&str; 5]| {
            let [app_id, time, nonce, last, sign] = names.map(|name| params[name].clone());
            let body = json!({ "app_id": app_id, "time": time, "nonce": nonce, "last": last, "sign": sign });
            assert_eq!(side.control("verify", &body), Value::Bool(true), "{params:?}");
        };
        let Show::Params { params } = show(3, Kind::Jsapi) else { panic!("jsapi") };
        verify(&params, ["appId", "timeStamp", "nonceStr", "package", "paySign"]);
        let Show::Params { params } = show(4, Kind::App) else { panic!("app") };
        verify(&params, ["appid", "timestamp", "noncestr", "prepayid", "sign"]);
        // Asked twice it is one charge.
        let first = charge(1, Kind::Native, 1_234, Currency::CNY);
        provider.start(&first).unwrap();
        assert_eq!(provider.query(&first), Ok(Outcome::Open));
        assert_eq!(provider.query(&charge(9, Kind::Native, 1, Currency::CNY)), Ok(Outcome::Unknown));
        side.control("pay", &json!({ "number": number(1) }));
        let at = "2026-11-22T02:00:00Z".parse().unwrap();
        let paid = Outcome::Paid { amount: Money::new(1_234, Currency::CNY), at };
        assert_eq!(provider.query(&first), Ok(paid));
        // Closing what is paid tells so; closing what is open closes it.
        assert_eq!(provider.close(&first), Ok(paid));
        let second = charge(2, Kind::H5, 1_234, Currency::CNY);
        assert_eq!(provider.close(&second), Ok(Outcome::Closed));
        assert_eq!(provider.query(&second), Ok(Outcome::Closed));
        let back = reversal(7, &first, 234);
        assert_eq!(provider.query_refund(&back), Ok(RefundOutcome::Unknown));
        assert!(matches!(provider.refund(&back), Ok(RefundOutcome::Pending { reference: Some(_) })));
        side.control("refunded", &json!({ "number": number(7), "state": "SUCCESS" }));
        assert_eq!(provider.query_refund(&back), Ok(RefundOutcome::Done { at }));
        assert!(matches!(provider.refund(&reversal(8, &first, 9_999)), Err(CallError::Refused(_))));
        side.control("refunded", &json!({ "number": number(7), "state": "ABNORMAL" }));
        assert!(matches!(provider.query_refund(&back), Ok(RefundOutcome::Failed(_))));
        let rows = provider.bill(Day::of_text("2026-11-22").unwrap()).unwrap();
        let row =
            |is_refund, n, amount| BillRow { is_refund, number: number(n), amount, currency: Currency::CNY };
        assert_eq!(rows, [row(false, 1, 1_234), row(true, 7, 234)]);
    }
}

#[test]
fn an_answer_that_is_not_signed_is_no_answer() {
    let Some(side) = start() else { return };
    let provider = adapter(&side, true);
    let first = charge(1, Kind::Native, 1_234, Currency::CNY);
    for mode in ["unsigned", "stranger", "stale", "broken", "cut"] {
        side.control("mode", &json!({ "mode": mode }));
        assert!(matches!(provider.start(&first), Err(CallError::Unclear(_))), "{mode}");
    }
    provider.start(&first).unwrap();
    side.control("pay", &json!({ "number": number(1) }));
    let back = reversal(7, &first, 234);
    side.control("mode", &json!({ "mode": "cut" }));
    assert!(matches!(provider.refund(&back), Err(CallError::Unclear(_))));
    // It had been taken all the same, and is found under its number.
    assert!(matches!(provider.query_refund(&back), Ok(RefundOutcome::Pending { .. })));
    // Certificates that are not signed are not kept, either.
    let strict = adapter(&side, false);
    side.control("mode", &json!({ "mode": "stranger" }));
    assert!(strict.refresh_keys().is_err());
}

#[test]
fn notices_count_when_signed_fresh_and_about_this_merchant() {
    let Some(side) = start() else { return };
    let resource = json!({
        "mchid": "1900000001", "appid": "wx8888888888888888", "out_trade_no": number(1), "trade_state": "SUCCESS",
        "success_time": "2026-11-22T10:00:00+08:00", "amount": { "total": 1_234, "currency": "CNY" },
    });
    let tell = |mode: &str, event: &str, resource: &Value| {
        let body = json!({ "id": "n1", "event": event, "mode": mode, "resource": resource });
        let told = side.control("notice", &body);
        (headers(&told["headers"]), told["body"].as_str().unwrap().as_bytes().to_vec())
    };
    let provider = adapter(&side, false);
    let (head, body) = tell("", "TRANSACTION.SUCCESS", &resource);
    // In certificate mode the keys must be fetched first; the notice is told again.
    assert_eq!(provider.verify_notice(&head, &body, now()), Err(NoticeError::UnknownKey));
    provider.refresh_keys().unwrap();
    let notice = provider.verify_notice(&head, &body, now()).unwrap();
    let (amount, at) = (Money::new(1_234, Currency::CNY), "2026-11-22T02:00:00Z".parse().unwrap());
    assert_eq!((notice.id.as_str(), &notice.what), ("n1", &Told::Paid { number: number(1), amount, at }));
    assert_eq!(provider.verify_notice(&head, &body, now().plus_seconds(302)), Err(NoticeError::Forged));
    let mut other = body.clone();
    other[10] ^= 1;
    assert_eq!(provider.verify_notice(&head, &other, now()), Err(NoticeError::Forged));
    for (mode, expected) in [("stranger", NoticeError::Forged), ("stale", NoticeError::Forged)] {
        let (head, body) = tell(mode, "TRANSACTION.SUCCESS", &resource);
        assert_eq!(provider.verify_notice(&head, &body, now()), Err(expected), "{mode}");
    }
    for (name, value) in
        [("mchid", json!("1900000002")), ("appid", json!("wx1")), ("trade_state", json!("NOTPAY"))]
    {
        let mut wrong = resource.clone();
        wrong[name] = value;
        let (head, body) = tell("", "TRANSACTION.SUCCESS", &wrong);
        assert_eq!(provider.verify_notice(&head, &body, now()), Err(NoticeError::Malformed), "{name}");
    }
    let back = json!({ "mchid": "1900000001", "out_refund_no": number(7), "success_time": "2026-11-22T10:00:00+08:00" });
    let (head, body) = tell("", "REFUND.SUCCESS", &back);
    let notice = provider.verify_notice(&head, &body, now()).unwrap();
    assert_eq!(notice.what, Told::Refunded { number: number(7), at });
}

#[test]
fn transfers_and_shares_keep_their_number_and_their_limits() {
    let Some(side) = start() else { return };
    let provider = adapter(&side, true);
    let transfer = WechatTransfer {
        number: "t1".to_owned(),
        openid: "openid-1".to_owned(),
        amount: 100,
        scene: "1000".to_owned(),
        reports: vec![("活动名称".to_owned(), "分享".to_owned())],
        remark: "佣金".to_owned(),
    };
    side.control("mode", &json!({ "mode": "cut" }));
    // The answer was lost: what became of this very number is asked for, and there is one transfer.
    assert_eq!(provider.transfer(&transfer), Ok(TransferState::ToConfirm { package: "pack".to_owned() }));
    let posts = side.control("posts", &json!({}));
    assert_eq!(posts.as_array().unwrap().len(), 1);
    assert_eq!(provider.transfer_state("t2"), Ok(TransferState::Unknown));
    let too_much = WechatTransfer { amount: 200_000, ..transfer };
    assert!(matches!(provider.transfer(&too_much), Err(CallError::Refused(_))));
    let receiver = |n: usize| Receiver {
        kind: "PERSONAL_OPENID".to_owned(),
        account: format!("o{n}"),
        amount: 1,
        description: "分账".to_owned(),
    };
    let share = |count: usize, before: usize| Share {
        number: "s1".to_owned(),
        transaction: "4200".to_owned(),
        receivers: (0..count).map(receiver).collect(),
        is_last: true,
        before,
    };
    for refused in [share(0, 0), share(51, 0), share(1, 50)] {
        assert!(matches!(provider.share(&refused), Err(CallError::Refused(_))));
    }
    assert_eq!(provider.share_state("s1", "4200"), Ok(ShareState::Unknown));
    assert_eq!(provider.share(&share(50, 49)), Ok(ShareState::Pending));
    let Ok(ShareState::Done(told)) = provider.share_state("s1", "4200") else { panic!("not done") };
    assert_eq!(told.len(), 50);
}
