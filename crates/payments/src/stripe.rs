//! Stripe: payment intents, refunds, webhooks.
//!
//! Stripe does not sign answers; they come over TLS from its own address. What it tells by itself is signed with the
//! endpoint's secret, of which there are two while one is being replaced.

use std::path::PathBuf;

use axum::http::HeaderMap;
use base::{Currency, Money, Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::Value;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::day::Day;
use crate::http::{Ask, Http, Reply, escaped};
use crate::method::{Kind, Method, number};
use crate::provider::{
    BillRow, CallError, Charge, Means, Notice, NoticeError, Outcome, Provider, RefundOutcome, Reversal,
    SKEW_S, Show, Started, Told, is_fresh,
};
use crate::secret::{self, Secret, SetUpError};

/// Settings of Stripe; docs/configuration.md says what they mean.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StripeSettings {
    /// The publishable key, which pages get.
    pub publishable_key: String,
    /// The secret key.
    pub secret_key_file: PathBuf,
    /// The secrets of the webhook endpoint: one, or two while one is being replaced.
    pub webhook_secret_files: Vec<PathBuf>,
    /// Where the interface is.
    #[serde(default = "base_url")]
    pub base_url: String,
}

fn base_url() -> String {
    "https://api.stripe.com".to_owned()
}

/// Stripe.
pub struct Stripe {
    publishable_key: String,
    secret_key: Secret<String>,
    webhook_secrets: Vec<Secret<String>>,
    base_url: String,
    means: Means,
    http: Http,
}

impl Stripe {
    /// Reads the secrets.
    ///
    /// # Errors
    /// [`SetUpError`] when one is missing.
    pub fn new(settings: &StripeSettings, means: Means) -> Result<Self, SetUpError> {
        if settings.webhook_secret_files.is_empty() {
            return Err(SetUpError::Setting("webhook_secret_files of stripe: at least one".to_owned()));
        }
        let webhook_secrets: Result<Vec<_>, _> =
            settings.webhook_secret_files.iter().map(|file| secret::read(file)).collect();
        let webhook_secrets = webhook_secrets?;
        if webhook_secrets.iter().any(|secret| secret.reveal().is_empty()) {
            return Err(SetUpError::Setting("a webhook secret of stripe is empty".to_owned()));
        }
        Ok(Self {
            publishable_key: settings.publishable_key.clone(),
            secret_key: secret::read(&settings.secret_key_file)?,
            webhook_secrets,
            base_url: secret::base_url(&settings.base_url)?,
            means,
            http: Http::default(),
        })
    }

    /// `None` when Stripe says that there is no such thing.
    fn ask(
        &self,
        method: &str,
        path: &str,
        (form, key): (&[(&str, String)], &str),
    ) -> Result<Option<Value>, CallError> {
        let mut headers = vec![("authorization", format!("Bearer {}", self.secret_key.reveal()))];
        if method == "POST" {
            headers.push(("content-type", "application/x-www-form-urlencoded".to_owned()));
            headers.push(("idempotency-key", key.to_owned()));
        }
        let pairs: Vec<String> =
            form.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
        let url = format!("{}{path}", self.base_url);
        let body = pairs.join("&").into_bytes();
        let reply = self.http.send(Ask { method, url: &url, headers, body, is_bill: false })?;
        match reply.status {
            200..=299 => reply.json().map(Some),
            404 => Ok(None),
            _ => Err(refusal(&reply)),
        }
    }

    fn post(&self, path: &str, form: &[(&str, String)], key: &str) -> Result<Value, CallError> {
        let answer = self.ask("POST", path, (form, key))?;
        answer.ok_or_else(|| CallError::Refused("404 no such thing".to_owned()))
    }

    /// The intent of a charge: by its id, or, when the answer that told it was lost, by the number in its metadata.
    fn intent(&self, charge: &Charge) -> Result<Option<Value>, CallError> {
        if !charge.reference.is_empty() {
            return self.ask("GET", &format!("/v1/payment_intents/{}", charge.reference), (&[], ""));
        }
        let query = format!("metadata['payment']:'{}'", number(charge.payment));
        let path = format!("/v1/payment_intents/search?query={}", escaped(&query));
        let found = self.ask("GET", &path, (&[], ""))?;
        Ok(found.and_then(|found| found.pointer("/data/0").cloned()))
    }
}

/// An answer that is no success. What may pass by itself is not a refusal.
fn refusal(reply: &Reply) -> CallError {
    let error = reply.json().unwrap_or(Value::Null);
    let kind = error.pointer("/error/type").and_then(Value::as_str).unwrap_or("no type");
    let code = error.pointer("/error/code").and_then(Value::as_str).unwrap_or_default();
    let text = format!("{} {kind} {code}", reply.status);
    let is_refused = matches!(reply.status, 400 | 402 | 403) && kind != "idempotency_error";
    if is_refused { CallError::Refused(text) } else { CallError::Unclear(text) }
}

fn text<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    value.pointer(path).and_then(Value::as_str)
}

fn money(value: &Value, amount: &str) -> Option<Money> {
    let currency = text(value, "/currency")?.to_ascii_uppercase();
    Some(Money::new(value.pointer(amount)?.as_i64()?, currency.parse().ok()?))
}

fn moment(value: &Value) -> Option<Timestamp> {
    Some(Timestamp::from_micros(value.as_i64()?.checked_mul(1_000_000)?))
}

fn unreadable() -> CallError {
    CallError::Unclear("the answer cannot be read".to_owned())
}

/// What became of an intent. `at` is when it was told, for an intent says only when it was made.
fn outcome_of(intent: &Value, at: Timestamp) -> Option<Outcome> {
    Some(match text(intent, "/status")? {
        "succeeded" => Outcome::Paid { amount: money(intent, "/amount_received")?, at },
        "canceled" => Outcome::Closed,
        _ => Outcome::Open,
    })
}

fn refund_of(refund: &Value, at: Timestamp) -> Result<RefundOutcome, CallError> {
    let reference = text(refund, "/id").map(str::to_owned);
    Ok(match text(refund, "/status").ok_or_else(unreadable)? {
        "succeeded" => RefundOutcome::Done { at },
        "pending" | "requires_action" => RefundOutcome::Pending { reference },
        state => RefundOutcome::Failed(format!("Stripe says {state}; see to it in the dashboard")),
    })
}

/// Whether one of the secrets signed this lately: `t=…,v1=…`, with as many `v1` as there are secrets.
pub(crate) fn is_signed(
    secrets: &[Secret<String>],
    header: &str,
    body: &[u8],
    (now, skew_s): (Timestamp, Option<i64>),
) -> bool {
    let pairs: Vec<(&str, &str)> = header.split(',').filter_map(|pair| pair.trim().split_once('=')).collect();
    let Some((_, time)) = pairs.iter().find(|(name, _)| *name == "t") else { return false };
    if time.parse::<i64>().is_err() || skew_s.is_some_and(|skew_s| !is_fresh(time, now, skew_s)) {
        return false;
    }
    let told: Vec<&str> = pairs.iter().filter(|(name, _)| *name == "v1").map(|(_, value)| *value).collect();
    secrets
        .iter()
        .filter_map(|secret| sign(secret.reveal(), time, body))
        .any(|expected| told.iter().any(|told| bool::from(expected.as_bytes().ct_eq(told.as_bytes()))))
}

/// Hex HMAC-SHA256 over `time "." body`.
fn sign(secret: &str, time: &str, body: &[u8]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    for part in [time.as_bytes(), b".", body] {
        mac.update(part);
    }
    Some(mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn read(event: &Value, at: Timestamp) -> Option<Notice> {
    let id = text(event, "/id")?.to_owned();
    let object = event.pointer("/data/object").unwrap_or(&Value::Null);
    let payment = || text(object, "/metadata/payment").map(str::to_owned);
    let refund = || text(object, "/metadata/refund").map(str::to_owned);
    // Of charges and refunds that others made with the same account there is nothing to say.
    let what = match text(event, "/type")? {
        "payment_intent.succeeded" => match (payment(), money(object, "/amount_received")) {
            (Some(number), Some(amount)) => Told::Paid { number, amount, at },
            (Some(_), None) => return None,
            (None, _) => Told::Other,
        },
        "payment_intent.canceled" => payment().map_or(Told::Other, |number| Told::Failed { number }),
        "refund.created" | "refund.updated" | "refund.failed" => match (refund(), text(object, "/status")?) {
            (Some(number), "succeeded") => Told::Refunded { number, at },
            (Some(number), "failed" | "canceled") => Told::RefundFailed { number },
            _ => Told::Other,
        },
        _ => Told::Other,
    };
    Some(Notice { id, what })
}

impl Provider for Stripe {
    fn method(&self) -> Method {
        Method::Stripe
    }

    fn kinds(&self) -> Vec<Kind> {
        vec![Kind::Element]
    }

    /// Amounts are in minor units there too, and a currency without any (JPY) has none here either. Currencies of three
    /// digits are rounded there, so they are not taken.
    fn takes(&self, currency: Currency) -> bool {
        currency.exponent() <= 2 && !matches!(currency.code(), "ISK" | "UGX" | "HUF" | "TWD")
    }

    fn start(&self, charge: &Charge) -> Result<Started, CallError> {
        let number = number(charge.payment);
        let form = [
            ("amount", charge.amount.minor().to_string()),
            ("currency", charge.amount.currency().code().to_ascii_lowercase()),
            ("automatic_payment_methods[enabled]", "true".to_owned()),
            ("description", charge.title.clone()),
            ("metadata[payment]", number.clone()),
        ];
        let intent = self.post("/v1/payment_intents", &form, &number)?;
        let (id, secret) =
            text(&intent, "/id").zip(text(&intent, "/client_secret")).ok_or_else(unreadable)?;
        let show =
            Show::Secret { client_secret: secret.to_owned(), public_key: self.publishable_key.clone() };
        Ok(Started { show, reference: Some(id.to_owned()) })
    }

    fn query(&self, charge: &Charge) -> Result<Outcome, CallError> {
        match self.intent(charge)? {
            None => Ok(Outcome::Unknown),
            Some(intent) => outcome_of(&intent, self.means.clock.now()).ok_or_else(unreadable),
        }
    }

    fn close(&self, charge: &Charge) -> Result<Outcome, CallError> {
        let Some(intent) = self.intent(charge)? else { return Ok(Outcome::Unknown) };
        let outcome = outcome_of(&intent, self.means.clock.now()).ok_or_else(unreadable)?;
        if outcome != Outcome::Open {
            return Ok(outcome);
        }
        let id = text(&intent, "/id").ok_or_else(unreadable)?.to_owned();
        let key = format!("close {}", number(charge.payment));
        match self.post(&format!("/v1/payment_intents/{id}/cancel"), &[], &key) {
            Ok(intent) => outcome_of(&intent, self.means.clock.now()).ok_or_else(unreadable),
            // It may have been paid in the meantime.
            Err(CallError::Refused(_)) => self.query(charge),
            Err(error @ CallError::Unclear(_)) => Err(error),
        }
    }

    fn refund(&self, reversal: &Reversal) -> Result<RefundOutcome, CallError> {
        let intent = self.intent(&reversal.charge)?;
        let id = intent.as_ref().and_then(|intent| text(intent, "/id"));
        let id = id.ok_or_else(|| CallError::Refused("there is no such payment".to_owned()))?;
        let number = number(reversal.refund);
        let form = [
            ("payment_intent", id.to_owned()),
            ("amount", reversal.amount.minor().to_string()),
            ("metadata[refund]", number.clone()),
        ];
        refund_of(&self.post("/v1/refunds", &form, &number)?, self.means.clock.now())
    }

    fn query_refund(&self, reversal: &Reversal) -> Result<RefundOutcome, CallError> {
        let now = self.means.clock.now();
        if !reversal.reference.is_empty() {
            let found = self.ask("GET", &format!("/v1/refunds/{}", reversal.reference), (&[], ""))?;
            return found.map_or(Ok(RefundOutcome::Unknown), |refund| refund_of(&refund, now));
        }
        let Some(intent) = self.intent(&reversal.charge)? else { return Ok(RefundOutcome::Unknown) };
        let id = text(&intent, "/id").ok_or_else(unreadable)?;
        let found = self.ask("GET", &format!("/v1/refunds?payment_intent={id}&limit=100"), (&[], ""))?;
        let number = number(reversal.refund);
        let refunds = found.as_ref().and_then(|found| found.get("data")).and_then(Value::as_array);
        let ours = refunds
            .into_iter()
            .flatten()
            .find(|refund| text(refund, "/metadata/refund") == Some(number.as_str()));
        ours.map_or(Ok(RefundOutcome::Unknown), |refund| refund_of(refund, now))
    }

    fn verify_notice(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Notice, NoticeError> {
        let header = headers.get("stripe-signature").and_then(|value| value.to_str().ok());
        if !is_signed(&self.webhook_secrets, header.unwrap_or_default(), body, (now, Some(SKEW_S))) {
            return Err(NoticeError::Forged);
        }
        let event: Value = serde_json::from_slice(body).or(Err(NoticeError::Malformed))?;
        let at = event.get("created").and_then(moment).ok_or(NoticeError::Malformed)?;
        read(&event, at).ok_or(NoticeError::Malformed)
    }

    fn bill(&self, day: Day) -> Result<Vec<BillRow>, CallError> {
        let (from, to) = (day.starts_at(), day.ends_at());
        let span =
            |name: &str, at: Timestamp| format!("created[{name}]={}", at.micros().div_euclid(1_000_000));
        let span = format!("{}&{}", span("gte", from), span("lt", to));
        let mut rows = Vec::new();
        for (path, amount, field) in [
            ("/v1/payment_intents", "/amount_received", "/metadata/payment"),
            ("/v1/refunds", "/amount", "/metadata/refund"),
        ] {
            let is_refund = field == "/metadata/refund";
            let mut after = String::new();
            loop {
                let page = self.ask("GET", &format!("{path}?limit=100&{span}{after}"), (&[], ""))?;
                let page = page.ok_or_else(unreadable)?;
                let items = page.get("data").and_then(Value::as_array).ok_or_else(unreadable)?;
                // A refund that is on its way is on the bill of the day it was asked for.
                let counts = |item: &&Value| match text(item, "/status") {
                    Some("succeeded") => true,
                    Some("pending" | "requires_action") => is_refund,
                    _ => false,
                };
                for item in items.iter().filter(counts) {
                    let sum = money(item, amount).ok_or_else(unreadable)?;
                    let id = text(item, "/id").ok_or_else(unreadable)?;
                    let number = text(item, field).unwrap_or(id).to_owned();
                    rows.push(BillRow { is_refund, number, amount: sum.minor(), currency: sum.currency() });
                }
                let last = items.last().and_then(|item| text(item, "/id"));
                match (page.get("has_more").and_then(Value::as_bool), last) {
                    (Some(true), Some(last)) => after = format!("&starting_after={last}"),
                    _ => break,
                }
            }
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interop::cases;

    #[test]
    fn vectors() {
        for case in cases("stripe") {
            let text = |name: &str| case.value[name].as_str().unwrap();
            let secrets = [Secret::new(text("secret").to_owned())];
            let now = Timestamp::from_micros(case.value["now"].as_i64().unwrap() * 1_000_000);
            let skew_s = case.value["tolerance_s"].as_i64();
            let fits = is_signed(&secrets, text("header"), text("body").as_bytes(), (now, skew_s));
            assert_eq!(Some(fits), case.value["expect"]["valid"].as_bool(), "{}", case.id);
        }
    }

    #[test]
    fn either_secret_counts_while_one_is_replaced() {
        let secrets = ["old", "new"].map(|secret| Secret::new(secret.to_owned()));
        let now = Timestamp::from_micros(1_700_000_000_000_000);
        for secret in ["old", "new"] {
            let header = format!("t=1700000000,v1={}", sign(secret, "1700000000", b"{}").unwrap());
            assert!(is_signed(&secrets, &header, b"{}", (now, Some(300))));
            assert!(!is_signed(&secrets, &header, b"{} ", (now, Some(300))));
            assert!(!is_signed(&secrets, &header, b"{}", (now.plus_seconds(301), Some(300))));
        }
        let other = format!("t=1700000000,v1={}", sign("other", "1700000000", b"{}").unwrap());
        assert!(!is_signed(&secrets, &other, b"{}", (now, Some(300))));
    }
}
