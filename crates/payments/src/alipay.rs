//! Alipay: payments on computers and phones.
//!
//! A page of payment is an address that is signed here; nothing is asked of Alipay before the payer goes there. All
//! else is asked, and an answer or notice counts only when Alipay signed it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use axum::http::HeaderMap;
use base::{Currency, Money, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::amount::{minor_of, text_of};
use crate::day::{Day, civil, of_civil};
use crate::http::{Ask, Http, escaped, unescaped};
use crate::method::{Kind, Method, number};
use crate::provider::{
    BillRow, CallError, Charge, Means, Notice, NoticeError, Outcome, Provider, RefundOutcome, Reversal, Show,
    Started, Told,
};
use crate::rsa::{SigningKey, VerifyingKey};
use crate::secret::{self, SetUpError};

/// Settings of Alipay; docs/configuration.md says what they mean.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlipaySettings {
    /// The app's id.
    pub app_id: String,
    /// The merchant's id, which begins with 2088.
    pub seller_id: String,
    /// The app's private key.
    pub private_key_file: PathBuf,
    /// Alipay's public key.
    pub public_key_file: PathBuf,
    /// In which ways it is used.
    #[serde(default = "all_kinds")]
    pub kinds: Vec<Kind>,
    /// Where the gateway is.
    #[serde(default = "gateway")]
    pub base_url: String,
}

fn all_kinds() -> Vec<Kind> {
    vec![Kind::Page, Kind::Wap]
}

fn gateway() -> String {
    "https://openapi.alipay.com/gateway.do".to_owned()
}

/// Alipay.
pub struct Alipay {
    app_id: String,
    seller_id: String,
    key: SigningKey,
    public_key: VerifyingKey,
    kinds: Vec<Kind>,
    gateway: String,
    means: Means,
    http: Http,
}

type Fields = BTreeMap<String, String>;

/// What an answer says: its fields, or why not.
enum Said {
    Fields(Value),
    /// The code of a refusal for reasons of business.
    No(String),
}

impl Alipay {
    /// Reads the keys.
    ///
    /// # Errors
    /// [`SetUpError`] when one is missing or is none.
    pub fn new(settings: &AlipaySettings, means: Means) -> Result<Self, SetUpError> {
        if settings.kinds.is_empty() || settings.kinds.iter().any(|kind| !all_kinds().contains(kind)) {
            return Err(SetUpError::Setting("kinds of alipay: page, wap".to_owned()));
        }
        let file = &settings.private_key_file;
        let key = SigningKey::of_pem(secret::read(file)?.reveal());
        let key = key.ok_or_else(|| SetUpError::Key(file.clone(), "not an RSA private key"))?;
        let file = &settings.public_key_file;
        let public_key = VerifyingKey::of_pem(secret::read(file)?.reveal());
        let public_key = public_key.ok_or_else(|| SetUpError::Key(file.clone(), "not an RSA public key"))?;
        Ok(Self {
            app_id: settings.app_id.clone(),
            seller_id: settings.seller_id.clone(),
            key,
            public_key,
            kinds: settings.kinds.clone(),
            gateway: secret::base_url(&settings.base_url)?,
            means,
            http: Http::default(),
        })
    }

    /// A signed request, as name=value pairs joined by `&`.
    fn signed(&self, method: &str, content: &Value, more: &[(&str, String)]) -> Option<String> {
        let own = [
            ("app_id", self.app_id.clone()),
            ("method", method.to_owned()),
            ("format", "JSON".to_owned()),
            ("charset", "utf-8".to_owned()),
            ("sign_type", "RSA2".to_owned()),
            ("timestamp", civil(self.means.clock.now())),
            ("version", "1.0".to_owned()),
            ("biz_content", content.to_string()),
        ];
        let pairs = own.iter().chain(more).map(|(name, value)| ((*name).to_owned(), value.clone()));
        let mut fields: Fields = pairs.collect();
        let signature = self.key.sign(to_sign(&fields, &["sign"]).as_bytes())?;
        fields.insert("sign".to_owned(), signature);
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        Some(pairs.join("&"))
    }

    fn ask(&self, method: &str, content: &Value) -> Result<Said, CallError> {
        let form = self.signed(method, content, &[]);
        let form = form.ok_or_else(|| CallError::Refused("the request cannot be signed".to_owned()))?;
        let kind = "application/x-www-form-urlencoded;charset=utf-8".to_owned();
        let reply = self.http.send(Ask {
            method: "POST",
            url: &self.gateway,
            headers: vec![("content-type", kind)],
            body: form.into_bytes(),
            is_bill: false,
        })?;
        let node = format!("{}_response", method.replace('.', "_"));
        let said =
            std::str::from_utf8(&reply.body).ok().and_then(|raw| answer_of(raw, &node, &self.public_key));
        let Some(said) = said else {
            tracing::warn!(status = reply.status, method, "an answer that Alipay has not signed");
            return Err(CallError::Unclear(format!("the answer {} is not signed by Alipay", reply.status)));
        };
        let text = |name: &str| said.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (code, sub_code) = (text("code"), text("sub_code"));
        match code.as_str() {
            "10000" => Ok(Said::Fields(said)),
            "40004" if sub_code.contains("SYSTEM_ERROR") => Err(CallError::Unclear(sub_code)),
            "40004" => Ok(Said::No(sub_code)),
            // 20000: Alipay does not know either.
            _ => Err(CallError::Unclear(format!("Alipay says {code} {sub_code}"))),
        }
    }

    /// Where the bill of a day can be fetched for half a minute: a zip file with text in GBK.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn bill_url(&self, day: Day) -> Result<String, CallError> {
        let content = json!({ "bill_type": "trade", "bill_date": day.to_string() });
        match self.ask("alipay.data.dataservice.bill.downloadurl.query", &content)? {
            Said::Fields(said) => Ok(text(&said, "bill_download_url")?.to_owned()),
            Said::No(code) => Err(CallError::Refused(code)),
        }
    }
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, CallError> {
    let found = value.get(name).and_then(Value::as_str);
    found.ok_or_else(|| CallError::Unclear(format!("no {name} in the answer")))
}

/// What a signature is made over: `name=value` sorted by name, without what is empty and what is named.
pub(crate) fn to_sign(fields: &Fields, without: &[&str]) -> String {
    let kept = fields.iter().filter(|(name, value)| !value.is_empty() && !without.contains(&name.as_str()));
    let pairs: Vec<String> = kept.map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// Whether Alipay signed a notice. Most kinds leave `sign_type` out of what is signed, some do not.
pub(crate) fn is_signed(fields: &Fields, key: &VerifyingKey) -> bool {
    let Some(signature) = fields.get("sign") else { return false };
    if key.verifies(to_sign(fields, &["sign", "sign_type"]).as_bytes(), signature) {
        return true;
    }
    // It may be signed and not told.
    let mut fields = fields.clone();
    fields.entry("sign_type".to_owned()).or_insert_with(|| "RSA2".to_owned());
    key.verifies(to_sign(&fields, &["sign"]).as_bytes(), signature)
}

/// The text of a node and the signature, as they stand in an answer.
pub(crate) fn parts_of(raw: &str, node: &str) -> Option<(String, String)> {
    let answer: BTreeMap<String, &RawValue> = serde_json::from_str(raw).ok()?;
    let signature: String = serde_json::from_str(answer.get("sign")?.get()).ok()?;
    let told = answer.get(node).or_else(|| answer.get("error_response"))?;
    Some((told.get().to_owned(), signature))
}

/// The node of an answer, if Alipay signed it.
pub(crate) fn answer_of(raw: &str, node: &str, key: &VerifyingKey) -> Option<Value> {
    let (told, signature) = parts_of(raw, node)?;
    // Alipay signs slashes as it wrote them, escaped or not.
    let is_signed = key.verifies(told.as_bytes(), &signature)
        || key.verifies(told.replace('/', "\\/").as_bytes(), &signature);
    is_signed.then(|| serde_json::from_str(&told).ok()).flatten()
}

fn fields_of(body: &[u8]) -> Option<Fields> {
    let body = std::str::from_utf8(body).ok()?;
    body.split('&')
        .map(|pair| {
            let (name, value) = pair.split_once('=')?;
            Some((unescaped(name)?, unescaped(value)?))
        })
        .collect()
}

impl Provider for Alipay {
    fn method(&self) -> Method {
        Method::Alipay
    }

    fn kinds(&self) -> Vec<Kind> {
        self.kinds.clone()
    }

    fn takes(&self, currency: Currency) -> bool {
        currency == Currency::CNY
    }

    fn start(&self, charge: &Charge) -> Result<Started, CallError> {
        let (method, product) = match charge.kind {
            Kind::Wap => ("alipay.trade.wap.pay", "QUICK_WAP_WAY"),
            Kind::Page | Kind::Jsapi | Kind::Native | Kind::H5 | Kind::App | Kind::Element => {
                ("alipay.trade.page.pay", "FAST_INSTANT_TRADE_PAY")
            }
        };
        let content = json!({
            "out_trade_no": number(charge.payment),
            "total_amount": text_of(charge.amount.minor(), charge.amount.currency()),
            "subject": charge.title, "product_code": product, "seller_id": self.seller_id,
            "time_expire": civil(charge.expires_at),
        });
        let urls = [
            ("notify_url", self.means.notify_url(Method::Alipay)),
            ("return_url", self.means.return_url(charge.payment)),
        ];
        let query = self.signed(method, &content, &urls);
        let query = query.ok_or_else(|| CallError::Refused("the request cannot be signed".to_owned()))?;
        Ok(Started { show: Show::Redirect { url: format!("{}?{query}", self.gateway) }, reference: None })
    }

    fn query(&self, charge: &Charge) -> Result<Outcome, CallError> {
        let wanted = number(charge.payment);
        let said = match self.ask("alipay.trade.query", &json!({ "out_trade_no": wanted }))? {
            Said::Fields(said) => said,
            Said::No(code) if code == "ACQ.TRADE_NOT_EXIST" => return Ok(Outcome::Unknown),
            Said::No(code) => return Err(CallError::Refused(code)),
        };
        if text(&said, "out_trade_no")? != wanted {
            return Err(CallError::Unclear("the answer is about another charge".to_owned()));
        }
        // What was paid and has gone back in full is closed too, but says when it was paid.
        let paid_at = said.get("send_pay_date").and_then(Value::as_str).and_then(of_civil);
        match (text(&said, "trade_status")?, paid_at) {
            ("TRADE_SUCCESS" | "TRADE_FINISHED" | "TRADE_CLOSED", Some(at)) => {
                let minor = minor_of(text(&said, "total_amount")?, Currency::CNY);
                let minor = minor.ok_or_else(|| CallError::Unclear("no amount".to_owned()))?;
                Ok(Outcome::Paid { amount: Money::new(minor, Currency::CNY), at })
            }
            ("TRADE_SUCCESS" | "TRADE_FINISHED", None) => Err(CallError::Unclear("no time".to_owned())),
            ("TRADE_CLOSED", None) => Ok(Outcome::Closed),
            _ => Ok(Outcome::Open),
        }
    }

    fn close(&self, charge: &Charge) -> Result<Outcome, CallError> {
        match self.ask("alipay.trade.close", &json!({ "out_trade_no": number(charge.payment) }))? {
            Said::Fields(_) => Ok(Outcome::Closed),
            // Paid by now, closed already, or the payer never went there.
            Said::No(_) => self.query(charge),
        }
    }

    fn refund(&self, reversal: &Reversal) -> Result<RefundOutcome, CallError> {
        let content = json!({
            "out_trade_no": number(reversal.charge.payment), "out_request_no": number(reversal.refund),
            "refund_amount": text_of(reversal.amount.minor(), reversal.amount.currency()),
        });
        match self.ask("alipay.trade.refund", &content)? {
            Said::No(code) => Err(CallError::Refused(code)),
            // Taken; whether the money is back is said by the query.
            Said::Fields(_) => match self.query_refund(reversal)? {
                RefundOutcome::Unknown => Ok(RefundOutcome::Pending { reference: None }),
                known => Ok(known),
            },
        }
    }

    fn query_refund(&self, reversal: &Reversal) -> Result<RefundOutcome, CallError> {
        let content = json!({
            "out_trade_no": number(reversal.charge.payment), "out_request_no": number(reversal.refund),
            "query_options": ["gmt_refund_pay"],
        });
        match self.ask("alipay.trade.fastpay.refund.query", &content)? {
            Said::No(code) if code.ends_with("TRADE_NOT_EXIST") => Ok(RefundOutcome::Unknown),
            Said::No(code) => Err(CallError::Refused(code)),
            Said::Fields(said) => {
                let time = said.get("gmt_refund_pay").and_then(Value::as_str).and_then(of_civil);
                match said.get("refund_status").and_then(Value::as_str) {
                    Some("REFUND_SUCCESS") => {
                        Ok(RefundOutcome::Done { at: time.unwrap_or_else(|| self.means.clock.now()) })
                    }
                    Some(_) => Ok(RefundOutcome::Pending { reference: None }),
                    None => Ok(RefundOutcome::Unknown),
                }
            }
        }
    }

    /// Alipay tells the same again for 25 hours, with the time of the first, so age says nothing; told twice it counts
    /// once.
    fn verify_notice(&self, _: &HeaderMap, body: &[u8], _: Timestamp) -> Result<Notice, NoticeError> {
        let fields = fields_of(body).ok_or(NoticeError::Forged)?;
        if !is_signed(&fields, &self.public_key) {
            return Err(NoticeError::Forged);
        }
        let text = |name: &str| fields.get(name).map(String::as_str).ok_or(NoticeError::Malformed);
        if text("app_id")? != self.app_id || fields.get("seller_id").is_some_and(|id| *id != self.seller_id) {
            return Err(NoticeError::Malformed);
        }
        let time = |name: &str| of_civil(text(name)?).ok_or(NoticeError::Malformed);
        let id = text("notify_id")?.to_owned();
        let number = || Ok::<_, NoticeError>(text("out_trade_no")?.to_owned());
        let what = match fields.get("trade_status").map(String::as_str) {
            _ if fields.contains_key("refund_fee") => match fields.get("out_biz_no") {
                Some(refund) => Told::Refunded { number: refund.clone(), at: time("gmt_refund")? },
                None => Told::Other,
            },
            Some("TRADE_SUCCESS" | "TRADE_FINISHED") => {
                let minor = minor_of(text("total_amount")?, Currency::CNY).ok_or(NoticeError::Malformed)?;
                text("seller_id")?;
                Told::Paid {
                    number: number()?,
                    amount: Money::new(minor, Currency::CNY),
                    at: time("gmt_payment")?,
                }
            }
            Some("TRADE_CLOSED") => Told::Failed { number: number()? },
            _ => Told::Other,
        };
        Ok(Notice { id, what })
    }

    fn taken(&self) -> &'static str {
        "success"
    }

    fn has_bill(&self) -> bool {
        false
    }

    fn bill(&self, day: Day) -> Result<Vec<BillRow>, CallError> {
        Err(CallError::Refused(format!("the bill of {day} is a zip file, which is not read")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interop::cases;

    fn plain(value: &Value) -> String {
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    }

    #[test]
    fn vectors() {
        for case in cases("alipay") {
            let text = |name: &str| case.value[name].as_str().unwrap_or_default();
            let expected = &case.value["expect"];
            match text("kind") {
                "notify_rsa2" => {
                    let pairs = case.value["params"].as_object().unwrap().iter();
                    let fields = pairs.map(|(name, value)| (name.clone(), plain(value))).collect();
                    let key = VerifyingKey::of_pem(&case.file("public_key")).unwrap();
                    assert_eq!(Some(is_signed(&fields, &key)), expected["valid"].as_bool(), "{}", case.id);
                }
                "response_rsa2" => {
                    let key = VerifyingKey::of_pem(&case.file("public_key")).unwrap();
                    let fits = match case.value["sign"].as_str() {
                        None => answer_of(text("raw"), text("node"), &key).is_some(),
                        Some(sign) => parts_of(text("raw"), text("node"))
                            .is_some_and(|(told, _)| key.verifies(told.as_bytes(), sign)),
                    };
                    assert_eq!(Some(fits), expected["valid"].as_bool(), "{}", case.id);
                }
                "extract_signed_text" => {
                    let parts = parts_of(text("raw"), text("node")).map(|(told, _)| told);
                    assert_eq!(parts.as_deref(), expected["signed_text"].as_str(), "{}", case.id);
                }
                // Certificates of Alipay's are not used here.
                _ => {}
            }
        }
    }
}
