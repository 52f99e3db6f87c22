//! Sign-in codes over a gateway that speaks HTTP.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use people::api::{SignInSms, SmsTransport};
use serde::Serialize;
use sha2::Sha256;

/// How long the gateway may take for one message.
const TIME_OUT: Duration = Duration::from_secs(10);

/// Hands codes to a gateway as signed JSON; any 2xx means that it has taken the message.
pub(crate) struct HttpSms {
    agent: ureq::Agent,
    url: String,
    secret: String,
}

/// The body, as `docs/configuration.md` describes it.
#[derive(Serialize)]
struct Body<'a> {
    id: &'a str,
    kind: &'static str,
    to: &'a str,
    code: &'a str,
    text: String,
    expires_at: base::Timestamp,
}

impl HttpSms {
    /// A gateway at `url` that knows `secret`.
    pub(crate) fn new(url: &str, secret: &str) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(TIME_OUT));
        Self { agent: config.build().into(), url: url.to_owned(), secret: secret.to_owned() }
    }
}

/// Hex HMAC-SHA256 over `timestamp "." body`.
fn sign(secret: &str, timestamp: &str, body: &str) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    for part in [timestamp, ".", body] {
        mac.update(part.as_bytes());
    }
    Some(mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// What the person reads.
fn text(sms: &SignInSms) -> String {
    if sms.phone.as_str().starts_with("+86") {
        format!("验证码 {}，5 分钟内有效。请勿告诉他人。", sms.code)
    } else {
        format!("Your code is {}. It is good for 5 minutes. Do not tell it to anyone.", sms.code)
    }
}

impl SmsTransport for HttpSms {
    fn send(&self, sms: &SignInSms) -> Result<(), String> {
        let body = Body {
            id: &sms.id,
            kind: "sign_in_code",
            to: sms.phone.as_str(),
            code: &sms.code,
            text: text(sms),
            expires_at: sms.expires_at,
        };
        let body = serde_json::to_string(&body).map_err(|error| error.to_string())?;
        let timestamp = sms.sent_at.micros().div_euclid(1_000_000).to_string();
        let signature = sign(&self.secret, &timestamp, &body).ok_or("the message cannot be signed")?;
        let sent = self
            .agent
            .post(&self.url)
            .header("content-type", "application/json")
            .header("x-tuan-timestamp", timestamp)
            .header("x-tuan-signature", signature)
            .send(body);
        // Neither what was sent nor what came back is told: a gateway may repeat the message in its answer.
        match sent {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(format!("the SMS gateway answered {}", answer.status().as_u16())),
            Err(_) => Err("the SMS gateway cannot be reached, or took too long".to_owned()),
        }
    }
}
