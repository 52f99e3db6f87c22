//! One request to a provider.

use std::time::Duration;

use ureq::http::{HeaderMap, Request};

use crate::provider::CallError;

/// How long a provider may take for one answer.
const TIME_OUT: Duration = Duration::from_secs(15);
/// Longest answer, and longest bill.
const ANSWER_MAX: u64 = 1024 * 1024;
const BILL_MAX: u64 = 256 * 1024 * 1024;

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Result<serde_json::Value, CallError> {
        serde_json::from_slice(&self.body)
            .map_err(|_not_json| CallError::Unclear(format!("the answer {} is not JSON", self.status)))
    }
}

/// A text as it stands in a query or a form (RFC 3986: all but letters, digits and `-._~` are escaped).
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The text that [`escaped`] wrote, or a form with `+` for spaces; `None` when it is no such text.
pub(crate) fn unescaped(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                out.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
            }
            _ => out.push(byte),
        }
    }
    String::from_utf8(out).ok()
}

/// Sends requests.
#[derive(Clone, Debug)]
pub(crate) struct Http(ureq::Agent);

impl Default for Http {
    fn default() -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(TIME_OUT));
        Self(config.build().into())
    }
}

/// A request.
pub(crate) struct Ask<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a str,
    pub(crate) headers: Vec<(&'a str, String)>,
    pub(crate) body: Vec<u8>,
    /// Whether the answer is a bill, which may be long.
    pub(crate) is_bill: bool,
}

impl Http {
    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// [`CallError::Unclear`] when there is no whole answer: it may have been done all the same.
    pub(crate) fn send(&self, ask: Ask<'_>) -> Result<Reply, CallError> {
        let mut request = Request::builder().method(ask.method).uri(ask.url);
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        let request = request.body(ask.body);
        let request = request.map_err(|error| CallError::Refused(format!("not a request: {error}")))?;
        // What was sent and what came back is not told: it may hold secrets of the payer.
        let unclear = |what: &str, error: ureq::Error| CallError::Unclear(format!("{what}: {error}"));
        let mut answer = self.0.run(request).map_err(|error| unclear("no answer", error))?;
        let limit = if ask.is_bill { BILL_MAX } else { ANSWER_MAX };
        let body = answer.body_mut().with_config().limit(limit).read_to_vec();
        let body = body.map_err(|error| unclear("half an answer", error))?;
        Ok(Reply { status: answer.status().as_u16(), headers: answer.headers().clone(), body })
    }
}
