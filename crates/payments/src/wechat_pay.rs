//! WeChat Pay, API version 3: payments inside WeChat, by code, from a browser and from an app.
//!
//! Every request is signed with the merchant's key; an answer or notice counts only when WeChat Pay signed it. An
//! answer that is not signed, whatever its status, is no answer: the charge or refund is asked for again, by its
//! number.

mod bill;
mod notice;
mod payout;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::BTreeMap;
use std::path::PathBuf;

use axum::http::HeaderMap;
use base::{Currency, Money, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::day::Day;
use crate::http::escaped;
use crate::method::{Kind, Method, number};
use crate::provider::{
    BillRow, CallError, Charge, Means, Notice, NoticeError, Outcome, Provider, RefundOutcome, Reversal, Show,
    Started,
};
use crate::secret::{self, SetUpError};
pub use payout::{Receiver, Share, ShareState, Transfer, TransferState};
use wire::Wire;

/// Settings of WeChat Pay; docs/configuration.md says what they mean.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WechatPaySettings {
    /// The id of the official account, mini program or app.
    pub app_id: String,
    /// The merchant's number.
    pub merchant: String,
    /// The serial number of the merchant's certificate.
    pub certificate_serial: String,
    /// The merchant's private key, PEM.
    pub private_key_file: PathBuf,
    /// The APIv3 key, 32 characters.
    pub api_v3_key_file: PathBuf,
    /// WeChat Pay's public key, PEM; without it, its certificates are downloaded.
    pub public_key_file: Option<PathBuf>,
    /// The id of that key, `PUB_KEY_ID_…`.
    pub public_key_id: Option<String>,
    /// In which ways it is used.
    #[serde(default = "all_kinds")]
    pub kinds: Vec<Kind>,
    /// Where the interface is.
    #[serde(default = "base_url")]
    pub base_url: String,
}

fn all_kinds() -> Vec<Kind> {
    vec![Kind::Native, Kind::H5, Kind::Jsapi]
}

fn base_url() -> String {
    "https://api.mch.weixin.qq.com".to_owned()
}

/// WeChat Pay.
pub struct WechatPay {
    app_id: String,
    kinds: Vec<Kind>,
    wire: Wire,
}

impl WechatPay {
    /// Reads the keys.
    ///
    /// # Errors
    /// [`SetUpError`] when one is missing or is none.
    pub fn new(settings: &WechatPaySettings, means: Means) -> Result<Self, SetUpError> {
        let known = [Kind::Native, Kind::H5, Kind::Jsapi, Kind::App];
        if settings.kinds.is_empty() || settings.kinds.iter().any(|kind| !known.contains(kind)) {
            return Err(SetUpError::Setting("kinds of wechat_pay: native, h5, jsapi, app".to_owned()));
        }
        let base_url = secret::base_url(&settings.base_url)?;
        Ok(Self {
            app_id: settings.app_id.clone(),
            kinds: settings.kinds.clone(),
            wire: Wire::new(settings, base_url, means)?,
        })
    }

    /// What stands in the body of every charge.
    fn order(&self, charge: &Charge) -> Value {
        let mut body = json!({
            "appid": self.app_id,
            "mchid": self.wire.merchant,
            "description": charge.title,
            "out_trade_no": number(charge.payment),
            "time_expire": time_text(charge.expires_at),
            "notify_url": self.wire.means.notify_url(Method::WechatPay),
            "amount": { "total": charge.amount.minor(), "currency": charge.amount.currency().code() },
        });
        let more = match charge.kind {
            Kind::Jsapi => Some(("payer", json!({ "openid": charge.account }))),
            Kind::H5 => {
                // It must be told; a payer whose address is not known is not refused for that.
                let address = if charge.address.is_empty() { "127.0.0.1" } else { &charge.address };
                Some(("scene_info", json!({ "payer_client_ip": address, "h5_info": { "type": "Wap" } })))
            }
            Kind::Native | Kind::App | Kind::Page | Kind::Wap | Kind::Element => None,
        };
        if let (Some((name, value)), Some(body)) = (more, body.as_object_mut()) {
            body.insert(name.to_owned(), value);
        }
        body
    }

    /// What `WeixinJSBridge` is called with.
    fn jsapi_params(&self, prepay: &str) -> Option<BTreeMap<String, String>> {
        let (time, nonce) = (self.wire.means.seconds().to_string(), self.wire.means.nonce());
        let package = format!("prepay_id={prepay}");
        let sign = self.wire.sign(&format!("{}\n{time}\n{nonce}\n{package}\n", self.app_id))?;
        Some(params([
            ("appId", &self.app_id),
            ("timeStamp", &time),
            ("nonceStr", &nonce),
            ("package", &package),
            ("signType", "RSA"),
            ("paySign", &sign),
        ]))
    }

    /// What the SDK in an app is called with.
    fn app_params(&self, prepay: &str) -> Option<BTreeMap<String, String>> {
        let (time, nonce) = (self.wire.means.seconds().to_string(), self.wire.means.nonce());
        let sign = self.wire.sign(&format!("{}\n{time}\n{nonce}\n{prepay}\n", self.app_id))?;
        Some(params([
            ("appid", &self.app_id),
            ("partnerid", &self.wire.merchant),
            ("prepayid", prepay),
            ("package", "Sign=WXPay"),
            ("noncestr", &nonce),
            ("timestamp", &time),
            ("sign", &sign),
        ]))
    }

    fn show(&self, charge: &Charge, answer: &Value) -> Option<Show> {
        let text = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(match charge.kind {
            Kind::H5 => {
                let (url, back) = (text("h5_url")?, self.wire.means.return_url(charge.payment));
                Show::Redirect { url: format!("{url}&redirect_url={}", escaped(&back)) }
            }
            Kind::Jsapi => Show::Params { params: self.jsapi_params(&text("prepay_id")?)? },
            Kind::App => Show::Params { params: self.app_params(&text("prepay_id")?)? },
            Kind::Native | Kind::Page | Kind::Wap | Kind::Element => Show::Code { text: text("code_url")? },
        })
    }
}

fn params<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// `2026-11-23T10:00:00Z`: whole seconds are enough, and all that is allowed.
fn time_text(at: Timestamp) -> String {
    let text = at.to_string();
    text.get(..19).map_or_else(|| text.clone(), |whole| format!("{whole}Z"))
}

/// A field of an answer.
fn field<'a>(value: &'a Value, path: &str) -> Result<&'a str, CallError> {
    value
        .pointer(path)
        .and_then(Value::as_str)
        .ok_or_else(|| CallError::Unclear(format!("no {path} in the answer")))
}

fn money(value: &Value, path: &str) -> Option<Money> {
    let minor = value.pointer(path)?.as_i64()?;
    let currency = value.pointer("/amount/currency").and_then(Value::as_str).unwrap_or("CNY");
    Some(Money::new(minor, currency.parse().ok()?))
}

/// What is known of a charge, from an answer or a notice: both have the same form.
fn outcome_of(transaction: &Value) -> Option<Outcome> {
    Some(match transaction.get("trade_state")?.as_str()? {
        // Paid, and since then something went back: it is paid all the same.
        "SUCCESS" | "REFUND" => Outcome::Paid {
            amount: money(transaction, "/amount/total")?,
            at: transaction.get("success_time")?.as_str()?.parse().ok()?,
        },
        "CLOSED" | "REVOKED" => Outcome::Closed,
        _ => Outcome::Open,
    })
}

fn refund_of(answer: &Value) -> Result<RefundOutcome, CallError> {
    let reference = answer.get("refund_id").and_then(Value::as_str).map(str::to_owned);
    Ok(match field(answer, "/status")? {
        "SUCCESS" => {
            let at = field(answer, "/success_time")?.parse();
            RefundOutcome::Done { at: at.or(Err(CallError::Unclear("no time".to_owned())))? }
        }
        "PROCESSING" => RefundOutcome::Pending { reference },
        state => {
            RefundOutcome::Failed(format!("WeChat Pay says {state}; see to it in the merchant's account"))
        }
    })
}

impl Provider for WechatPay {
    fn method(&self) -> Method {
        Method::WechatPay
    }

    fn kinds(&self) -> Vec<Kind> {
        self.kinds.clone()
    }

    fn takes(&self, currency: Currency) -> bool {
        currency == Currency::CNY
    }

    fn start(&self, charge: &Charge) -> Result<Started, CallError> {
        let path = format!("/v3/pay/transactions/{}", charge.kind.word());
        let answer = self.wire.post(&path, &self.order(charge))?;
        let show = self.show(charge, &answer);
        let show = show.ok_or_else(|| CallError::Unclear("the answer does not say how to pay".to_owned()))?;
        Ok(Started { show, reference: None })
    }

    fn query(&self, charge: &Charge) -> Result<Outcome, CallError> {
        let number = number(charge.payment);
        let path = format!("/v3/pay/transactions/out-trade-no/{number}?mchid={}", self.wire.merchant);
        let Some(answer) = self.wire.get(&path)? else { return Ok(Outcome::Unknown) };
        if field(&answer, "/out_trade_no")? != number {
            return Err(CallError::Unclear("the answer is about another charge".to_owned()));
        }
        outcome_of(&answer).ok_or_else(|| CallError::Unclear("the state cannot be read".to_owned()))
    }

    fn close(&self, charge: &Charge) -> Result<Outcome, CallError> {
        let path = format!("/v3/pay/transactions/out-trade-no/{}/close", number(charge.payment));
        match self.wire.post(&path, &json!({ "mchid": self.wire.merchant })) {
            Ok(_) => Ok(Outcome::Closed),
            // It may be paid by now, or be closed already.
            Err(CallError::Refused(_)) => self.query(charge),
            Err(error @ CallError::Unclear(_)) => Err(error),
        }
    }

    fn refund(&self, reversal: &Reversal) -> Result<RefundOutcome, CallError> {
        let body = json!({
            "out_trade_no": number(reversal.charge.payment),
            "out_refund_no": number(reversal.refund),
            "notify_url": self.wire.means.notify_url(Method::WechatPay),
            "amount": {
                "refund": reversal.amount.minor(), "total": reversal.paid,
                "currency": reversal.amount.currency().code(),
            },
        });
        refund_of(&self.wire.post("/v3/refund/domestic/refunds", &body)?)
    }

    fn query_refund(&self, reversal: &Reversal) -> Result<RefundOutcome, CallError> {
        let path = format!("/v3/refund/domestic/refunds/{}", number(reversal.refund));
        match self.wire.get(&path)? {
            None => Ok(RefundOutcome::Unknown),
            Some(answer) => refund_of(&answer),
        }
    }

    fn verify_notice(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Notice, NoticeError> {
        let notice = notice::open(&self.wire, headers, body, now)?;
        notice::read(&notice, &self.wire.merchant, &self.app_id)
    }

    fn refresh_keys(&self) -> Result<(), CallError> {
        self.wire.refresh()
    }

    fn bill(&self, day: Day) -> Result<Vec<BillRow>, CallError> {
        bill::fetch(&self.wire, day)
    }
}
