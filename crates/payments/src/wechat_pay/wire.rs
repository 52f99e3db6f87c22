//! Requests that are signed, and answers that must be.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use axum::http::HeaderMap;
use base::Timestamp;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde_json::Value;

use super::WechatPaySettings;
use crate::http::{Ask, Http, Reply};
use crate::provider::{CallError, Means, NoticeError, SKEW_S, is_fresh};
use crate::rsa::{SigningKey, VerifyingKey, serial_of_pem};
use crate::secret::{self, Secret, SetUpError};

/// The certificates are not asked for more often than this.
const REFRESH_S: i64 = 60;

/// What WeChat Pay signs with, by serial number or key id.
#[derive(Default)]
struct Keys {
    known: BTreeMap<String, VerifyingKey>,
    refreshed_at: Option<Timestamp>,
}

/// The line to WeChat Pay.
pub(super) struct Wire {
    pub(super) merchant: String,
    pub(super) means: Means,
    pub(super) base_url: String,
    serial: String,
    key: SigningKey,
    api_v3_key: Secret<LessSafeKey>,
    /// The id of the public key, when WeChat Pay signs with one.
    key_id: Option<String>,
    keys: Mutex<Keys>,
    http: Http,
}

/// Why a signature does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unsigned {
    /// It does not fit, is missing, or is too old.
    Forged,
    /// The key is not known.
    UnknownKey,
}

impl Wire {
    pub(super) fn new(
        settings: &WechatPaySettings,
        base_url: String,
        means: Means,
    ) -> Result<Self, SetUpError> {
        let file = &settings.private_key_file;
        let key = SigningKey::of_pem(secret::read(file)?.reveal());
        let key = key.ok_or_else(|| SetUpError::Key(file.clone(), "not an RSA private key in PEM"))?;
        let file = &settings.api_v3_key_file;
        let api_v3_key = aead_key(secret::read(file)?.reveal());
        let api_v3_key =
            api_v3_key.ok_or_else(|| SetUpError::Key(file.clone(), "an APIv3 key has 32 characters"))?;
        let mut keys = Keys::default();
        match (&settings.public_key_file, &settings.public_key_id) {
            (Some(file), Some(id)) => {
                let public = VerifyingKey::of_pem(secret::read(file)?.reveal());
                let public =
                    public.ok_or_else(|| SetUpError::Key(file.clone(), "not an RSA public key in PEM"))?;
                keys.known.insert(id.clone(), public);
            }
            (None, None) => {}
            (Some(_), None) | (None, Some(_)) => {
                let text = "wechat_pay: public_key_file and public_key_id belong together";
                return Err(SetUpError::Setting(text.to_owned()));
            }
        }
        Ok(Self {
            merchant: settings.merchant.clone(),
            means,
            base_url,
            serial: settings.certificate_serial.clone(),
            key,
            api_v3_key: Secret::new(api_v3_key),
            key_id: settings.public_key_id.clone(),
            keys: Mutex::new(keys),
            http: Http::default(),
        })
    }

    /// Signs a text with the merchant's key, in Base64.
    pub(super) fn sign(&self, text: &str) -> Option<String> {
        self.key.sign(text.as_bytes())
    }

    /// The header that shows who asks.
    fn authorization(&self, method: &str, path: &str, body: &str) -> Option<String> {
        let (time, nonce) = (self.means.seconds().to_string(), self.means.nonce());
        let signature = self.sign(&to_sign(method, path, (&time, &nonce), body))?;
        let (merchant, serial) = (&self.merchant, &self.serial);
        Some(format!(
            "WECHATPAY2-SHA256-RSA2048 mchid=\"{merchant}\",nonce_str=\"{nonce}\",timestamp=\"{time}\",\
             serial_no=\"{serial}\",signature=\"{signature}\""
        ))
    }

    /// Sends a signed request; the answer is not checked.
    pub(super) fn send(
        &self,
        method: &str,
        path: &str,
        body: &str,
        is_bill: bool,
    ) -> Result<Reply, CallError> {
        let authorization = self.authorization(method, path, body);
        let authorization =
            authorization.ok_or_else(|| CallError::Refused("the request cannot be signed".to_owned()))?;
        let mut headers = vec![
            ("authorization", authorization),
            ("accept", if is_bill { "*/*" } else { "application/json" }.to_owned()),
            ("content-type", "application/json".to_owned()),
            ("user-agent", "tuan".to_owned()),
        ];
        if let Some(id) = &self.key_id {
            headers.push(("wechatpay-serial", id.clone()));
        }
        let url = format!("{}{path}", self.base_url);
        self.http.send(Ask { method, url: &url, headers, body: body.as_bytes().to_vec(), is_bill })
    }

    /// A request whose answer WeChat Pay must have signed.
    fn ask(&self, method: &str, path: &str, body: &str) -> Result<Reply, CallError> {
        let reply = self.send(method, path, body, false)?;
        let checked = match self.check(&reply) {
            Err(Unsigned::UnknownKey) => {
                self.refresh()?;
                self.check(&reply)
            }
            checked => checked,
        };
        match checked {
            Ok(()) => Ok(reply),
            Err(_) => {
                tracing::warn!(status = reply.status, path, "an answer that WeChat Pay has not signed");
                Err(CallError::Unclear(format!("the answer {} is not signed by WeChat Pay", reply.status)))
            }
        }
    }

    fn check(&self, reply: &Reply) -> Result<(), Unsigned> {
        self.verify(&reply.headers, &reply.body, self.means.clock.now())
    }

    /// POST.
    ///
    /// # Errors
    /// [`CallError::Refused`] with WeChat Pay's code for a signed refusal.
    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Value, CallError> {
        let reply = self.ask("POST", path, &body.to_string())?;
        match reply.status {
            204 => Ok(Value::Null),
            200..=299 => reply.json(),
            _ => Err(refusal(&reply)),
        }
    }

    /// GET; `None` when WeChat Pay says that there is no such thing.
    pub(super) fn get(&self, path: &str) -> Result<Option<Value>, CallError> {
        let reply = self.ask("GET", path, "")?;
        match reply.status {
            200..=299 => reply.json().map(Some),
            404 => Ok(None),
            _ => Err(refusal(&reply)),
        }
    }

    /// Whether WeChat Pay signed this, lately, with a key that is known.
    pub(super) fn verify(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<(), Unsigned> {
        verify(headers, body, now, |serial| {
            let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
            keys.known.get(serial).cloned()
        })
    }

    /// Downloads the certificates. Their contents are sealed with the APIv3 key, and the answer must be signed with
    /// one of them.
    pub(super) fn refresh(&self) -> Result<(), CallError> {
        let now = self.means.clock.now();
        {
            let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
            if keys.refreshed_at.is_some_and(|at| now < at.plus_seconds(REFRESH_S)) {
                return Ok(());
            }
            keys.refreshed_at = Some(now);
        }
        let reply = self.send("GET", "/v3/certificates", "", false)?;
        if reply.status != 200 {
            return Err(CallError::Unclear(format!("the certificates were answered with {}", reply.status)));
        }
        let mut fresh = BTreeMap::new();
        for item in reply.json()?.get("data").and_then(Value::as_array).into_iter().flatten() {
            let sealed = item.get("encrypt_certificate").and_then(|sealed| self.unseal(sealed));
            let pem = sealed.and_then(|pem| String::from_utf8(pem).ok());
            let found = pem.and_then(|pem| Some((serial_of_pem(&pem)?, VerifyingKey::of_pem(&pem)?)));
            let (serial, key) =
                found.ok_or_else(|| CallError::Unclear("a certificate cannot be opened".to_owned()))?;
            fresh.insert(serial, key);
        }
        let is_new = |keys: &mut Keys| keys.known.extend(fresh.clone());
        is_new(&mut self.keys.lock().unwrap_or_else(PoisonError::into_inner));
        if self.check(&reply).is_ok() {
            return Ok(());
        }
        // Sealed as they should be and yet not signed: nothing of it is kept.
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.known.retain(|serial, _| !fresh.contains_key(serial));
        Err(CallError::Unclear("the certificates are not signed by WeChat Pay".to_owned()))
    }

    /// Opens what WeChat Pay sealed: `{algorithm, nonce, associated_data, ciphertext}`.
    pub(super) fn unseal(&self, sealed: &Value) -> Option<Vec<u8>> {
        let text = |name: &str| sealed.get(name).and_then(Value::as_str);
        if text("algorithm") != Some("AEAD_AES_256_GCM") {
            return None;
        }
        let aad = text("associated_data").unwrap_or_default();
        unseal(self.api_v3_key.reveal(), text("nonce")?, aad, text("ciphertext")?)
    }
}

/// Whether the holder of a key that `find` knows signed this, lately.
pub(super) fn verify(
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
    find: impl Fn(&str) -> Option<VerifyingKey>,
) -> Result<(), Unsigned> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).ok_or(Unsigned::Forged);
    let serial = header("wechatpay-serial")?;
    let (time, nonce) = (header("wechatpay-timestamp")?, header("wechatpay-nonce")?);
    let signature = header("wechatpay-signature")?;
    if serial.is_empty() || !is_fresh(time, now, SKEW_S) {
        return Err(Unsigned::Forged);
    }
    let key = find(serial).ok_or(Unsigned::UnknownKey)?;
    let signed = [time.as_bytes(), b"\n", nonce.as_bytes(), b"\n", body, b"\n"].concat();
    if key.verifies(&signed, signature) { Ok(()) } else { Err(Unsigned::Forged) }
}

/// What a request's signature is made over.
pub(super) fn to_sign(method: &str, path: &str, (time, nonce): (&str, &str), body: &str) -> String {
    format!("{method}\n{path}\n{time}\n{nonce}\n{body}\n")
}

/// The APIv3 key, which has 32 bytes.
pub(super) fn aead_key(key: &str) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, key.as_bytes()).ok().map(LessSafeKey::new)
}

/// AES-256-GCM over Base64; the tag stands at the end.
pub(super) fn unseal(key: &LessSafeKey, nonce: &str, aad: &str, ciphertext: &str) -> Option<Vec<u8>> {
    let nonce = Nonce::try_assume_unique_for_key(nonce.as_bytes()).ok()?;
    let mut text = STANDARD.decode(ciphertext).ok()?;
    let length = key.open_in_place(nonce, Aad::from(aad.as_bytes()), &mut text).ok()?.len();
    text.truncate(length);
    Some(text)
}

/// A signed answer that is no success. What may pass by itself is not a refusal.
fn refusal(reply: &Reply) -> CallError {
    let answer = reply.json().unwrap_or(Value::Null);
    let code = answer.get("code").and_then(Value::as_str).unwrap_or("no code").to_owned();
    let is_passing = reply.status >= 500
        || matches!(reply.status, 401 | 429)
        || matches!(code.as_str(), "SYSTEM_ERROR" | "FREQUENCY_LIMITED" | "RATELIMIT_EXCEEDED" | "BANKERROR");
    let text = format!("{} {code}", reply.status);
    if is_passing { CallError::Unclear(text) } else { CallError::Refused(text) }
}

impl From<Unsigned> for NoticeError {
    fn from(unsigned: Unsigned) -> Self {
        match unsigned {
            Unsigned::Forged => Self::Forged,
            Unsigned::UnknownKey => Self::UnknownKey,
        }
    }
}
