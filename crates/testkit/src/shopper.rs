//! Somebody who buys again and again, and keeps a log of what was asked and what was answered.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::http::{Http, Reply};

/// Requests of earlier rounds that are asked again in every later one.
const KEPT: usize = 8;
/// Wait after a refusal of the server.
const AFTER_REFUSAL: Duration = Duration::from_millis(50);

/// A request that was sent, and the answer if one came.
struct Asked {
    path: &'static str,
    key: String,
    body: Value,
    answer: Option<(u16, Vec<u8>)>,
}

/// What a shopper buys, with which money.
#[derive(Clone, Debug)]
pub struct Basket {
    /// Where it is delivered to.
    pub address: String,
    /// The variant.
    pub sku: String,
    /// What one costs, delivered.
    pub price: i64,
    /// What was in the wallet at first.
    pub funds: i64,
}

/// An answer of the server that says "not now".
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The answer.
    pub reply: Reply,
    /// How long it took.
    pub took: Duration,
}

/// One shopper with a log of its own.
pub struct Shopper {
    /// The connection.
    pub http: Http,
    /// Payments that were answered as made, in rounds that have been checked.
    pub paid: i64,
    /// Answers of 500 and above since the last check.
    pub refusals: Vec<Refusal>,
    name: String,
    made: u32,
    basket: Basket,
    /// How many entries at the head of the log are of earlier rounds.
    kept: usize,
    log: Vec<Asked>,
}

impl Shopper {
    /// A shopper who is signed in over `http`; `name` begins the key of every request.
    pub fn new(http: Http, name: String, basket: Basket) -> Self {
        Self { http, paid: 0, refusals: Vec::new(), name, made: 0, basket, kept: 0, log: Vec::new() }
    }

    /// Sends a request once; an answer that does not come, or says "not now", leaves an open entry in the log.
    async fn ask(&mut self, path: &'static str, body: Value) -> std::io::Result<Option<Value>> {
        self.made += 1;
        let (key, started) = (format!("{}-{}", self.name, self.made), Instant::now());
        let sent = self.http.send("POST", path, &key, &body).await;
        let answer = sent.as_ref().ok().filter(|reply| reply.status < 500);
        let answer = answer.map(|reply| (reply.status, reply.body.clone()));
        self.log.push(Asked { path, key, body, answer });
        let reply = sent?;
        if reply.status >= 500 {
            self.refusals.push(Refusal { reply, took: started.elapsed() });
            tokio::time::sleep(AFTER_REFUSAL).await;
            return Ok(None);
        }
        assert!(reply.status < 300, "{path}: {} {}", reply.status, reply.text());
        Ok(Some(reply.json()))
    }

    /// Orders and pays from the wallet, again and again, until told to stop or the server is gone.
    pub async fn shop(&mut self, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            if self.buy().await.is_err() {
                return;
            }
        }
    }

    /// Orders one and pays for it; both or the second may be left open.
    ///
    /// # Errors
    /// When the server is gone.
    pub async fn buy(&mut self) -> std::io::Result<()> {
        let Basket { address, sku, price, .. } = &self.basket;
        let body = json!({
            "source": { "kind": "now", "sku": sku, "qty": 1, "deal": null },
            "address": address, "no_return_confirmed": [sku], "expected_total_minor": price,
        });
        let Some(placed) = self.ask("/api/v1/checkouts", body).await? else { return Ok(()) };
        let orders = placed.get("orders").cloned().unwrap_or_default();
        self.ask("/api/v1/payments", json!({ "orders": orders, "method": "wallet" })).await?;
        Ok(())
    }

    /// Asks again, with the same key, for whatever is open, and holds every earlier answer against its repetition.
    /// Then as much must be gone from the wallet as was answered as paid, no more and no less.
    ///
    /// # Panics
    /// When something was lost, doubled, or answered otherwise than before.
    pub async fn check(&mut self) {
        for asked in &mut self.log {
            let reply = self.http.send("POST", asked.path, &asked.key, &asked.body).await;
            let reply = reply.expect("the server answers");
            assert!(reply.status < 500, "{}: {} {}", asked.key, reply.status, reply.text());
            let answer = (reply.status, reply.body);
            assert_eq!(
                asked.answer.get_or_insert(answer.clone()),
                &answer,
                "an answer changed: {}",
                asked.key
            );
        }
        self.paid += self.paid_now();
        let wallet = self.http.send("GET", "/api/v1/me/wallet", "", &Value::Null).await;
        let wallet = wallet.expect("the server answers").json();
        let balance = wallet.pointer("/balance/amount_minor").and_then(Value::as_i64);
        let expected = self.basket.funds - self.basket.price * self.paid;
        assert_eq!(balance, Some(expected), "shopper {}", self.name);
        let first = self.log.len().saturating_sub(KEPT);
        self.log.drain(..first);
        self.kept = self.log.len();
        self.refusals.clear();
    }

    /// Payments of this round that were answered as made.
    fn paid_now(&self) -> i64 {
        let is_paid = |asked: &&Asked| {
            asked.path.ends_with("/payments")
                && asked.answer.as_ref().is_some_and(|(status, _)| *status == 201)
        };
        i64::try_from(self.log.iter().skip(self.kept).filter(is_paid).count()).expect("a small number")
    }
}
