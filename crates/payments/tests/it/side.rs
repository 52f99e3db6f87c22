//! A program that plays a provider.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use base::{Currency, Id, Money, PaymentId, RefundId, SystemClock, SystemRng, Timestamp};
use payments::api::{Charge, Kind, Means, Reversal};
use serde_json::Value;

/// A running provider, with the keys it made.
pub(crate) struct Side {
    child: Child,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) url: String,
}

impl Drop for Side {
    fn drop(&mut self) {
        // It ends when its standard input does.
        drop(self.child.stdin.take());
        self.child.wait().unwrap();
    }
}

impl Side {
    /// Starts `script` with the program that this variable names; `None`, with a word about it, when it is not set.
    pub(crate) fn start(variable: &str, script: &str) -> Option<Self> {
        let Some(program) = std::env::var_os(variable) else {
            println!("{variable} is not set: run scripts/payment-sdks");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/sdk").join(script);
        let mut child = Command::new(program)
            .arg(script)
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        let url = format!("http://127.0.0.1:{}", port.trim());
        Some(Self { child, folder, url })
    }

    /// Sets something up beside the provider's interface.
    pub(crate) fn control(&self, what: &str, body: &Value) -> Value {
        let url = format!("{}/control/{what}", self.url);
        ureq::post(url).send_json(body).unwrap().body_mut().read_json().unwrap()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

pub(crate) fn means() -> Means {
    Means {
        clock: Arc::new(SystemClock::default()),
        rng: Arc::new(SystemRng),
        public_url: "https://shop.example".to_owned(),
    }
}

pub(crate) fn now() -> Timestamp {
    base::Clock::now(&SystemClock::default())
}

pub(crate) fn charge(n: u8, kind: Kind, amount: i64, currency: Currency) -> Charge {
    Charge {
        payment: PaymentId::from_bytes([n; 16]),
        amount: Money::new(amount, currency),
        kind,
        account: "openid-1".to_owned(),
        address: "203.0.113.7".to_owned(),
        title: "订单 1&2=3".to_owned(),
        created_at: now(),
        expires_at: now().plus_seconds(900),
        reference: String::new(),
    }
}

pub(crate) fn reversal(n: u8, charge: &Charge, amount: i64) -> Reversal {
    Reversal {
        refund: RefundId::from_bytes([n; 16]),
        amount: Money::new(amount, charge.amount.currency()),
        charge: charge.clone(),
        paid: charge.amount.minor(),
        reference: String::new(),
    }
}

/// Headers as axum gives them.
pub(crate) fn headers(pairs: &Value) -> axum::http::HeaderMap {
    let pairs = pairs.as_object().unwrap().iter();
    pairs
        .map(|(name, value)| {
            let name: axum::http::HeaderName = name.parse().unwrap();
            (name, value.as_str().unwrap().parse().unwrap())
        })
        .collect()
}
