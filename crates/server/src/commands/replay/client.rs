//! People who buy over the API.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::text;

/// Lines of one order at most; larger baskets become several orders.
pub(super) const LINES_MAX: usize = 50;
/// Units of one line at most.
const QTY_MAX: i64 = 9_999;
/// What is put into a wallet at a time: ¥1,000,000.
const TOP_UP: i64 = 100_000_000;
const A_DAY_S: i64 = 86_400;
/// How often a request is sent again when the server is busy.
const TRIES: u32 = 8;

/// A connection pool to one server.
pub(super) struct Client {
    agent: ureq::Agent,
    url: String,
    keys: AtomicU64,
    run: u32,
}

/// What a request ended with: an answer, or the code of a refusal.
pub(super) type Answered = std::result::Result<Value, String>;

impl Client {
    /// A client of the server at `url`.
    pub(super) fn new(url: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .max_idle_connections_per_host(256)
            .max_idle_connections(256);
        let url = format!("{}/api/v1", url.trim_end_matches('/'));
        Self { agent: config.build().into(), url, keys: AtomicU64::new(0), run: std::process::id() }
    }

    /// Sends a request; one that found the server busy is sent again with the same key.
    pub(super) fn ask(&self, method: &str, path: &str, token: &str, body: &Value) -> Result<Answered> {
        let key = format!("replay-{}-{}", self.run, self.keys.fetch_add(1, Ordering::Relaxed));
        let mut tries = 0;
        loop {
            tries += 1;
            match self.send(method, path, token, &key, body) {
                Ok((200..=299, answer)) => return Ok(Ok(answer)),
                Ok((429 | 503, _)) if tries < TRIES => pause(tries),
                Ok((_, answer)) => {
                    let code = answer.get("code").and_then(Value::as_str).unwrap_or("unknown");
                    return Ok(Err(code.to_owned()));
                }
                Err(_) if tries < TRIES => pause(tries),
                Err(error) => return Err(error),
            }
        }
    }

    /// Sends a request that must be answered.
    pub(super) fn call(&self, method: &str, path: &str, token: &str, body: &Value) -> Result<Value> {
        let answered = self.ask(method, path, token, body)?;
        answered.map_err(|code| anyhow::anyhow!("{method} {path} was refused: {code}"))
    }

    fn send(&self, method: &str, path: &str, token: &str, key: &str, body: &Value) -> Result<(u16, Value)> {
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.url));
        request = request.header("idempotency-key", key);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let sent = if body.is_null() { String::new() } else { body.to_string() };
        if !sent.is_empty() {
            request = request.header("content-type", "application/json");
        }
        let mut answer = self.agent.run(request.body(sent)?)?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().read_to_string()?;
        let json = if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? };
        Ok((status, json))
    }

    /// Signs a member of the demo in; answers the token.
    pub(super) fn sign_in(&self, phone: &str) -> Result<String> {
        self.call("POST", "/sign-in/codes", "", &json!({ "phone": phone }))?;
        let path = format!("/demo/sign-in-codes?phone={phone}");
        let code = text(&self.call("GET", &path, "", &Value::Null)?, "/code")?;
        let body = json!({ "phone": phone, "code": code, "deliver": "bearer" });
        text(&self.call("POST", "/sessions", "", &body)?, "/token")
    }

    /// Moves the demo's clock on by a day.
    pub(super) fn pass_a_day(&self) -> Result<()> {
        self.call("POST", "/demo/clock/advance", "", &json!({ "seconds": A_DAY_S }))?;
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "a client's own thread waits for a busy server")]
fn pause(tries: u32) {
    std::thread::sleep(Duration::from_millis(50).saturating_mul(tries));
}

/// The shop whose items are bought.
pub(super) struct Shop {
    /// Variants by their codes.
    pub(super) skus: BTreeMap<String, String>,
}

impl Shop {
    /// Reads what the shop of this owner sells.
    pub(super) fn open(client: &Client, owner_phone: &str) -> Result<Self> {
        let token = client.sign_in(owner_phone)?;
        let me = client.call("GET", "/me", &token, &Value::Null)?;
        let merchant = text(&me, "/merchants/0/id").context("the owner has no shop: tuan import catalog")?;
        let (mut skus, mut cursor) = (BTreeMap::new(), String::new());
        loop {
            let path = format!("/merchants/{merchant}/stock?limit=100{cursor}");
            let page = client.call("GET", &path, &token, &Value::Null)?;
            for row in page.get("items").and_then(Value::as_array).into_iter().flatten() {
                skus.insert(text(row, "/code")?, text(row, "/sku")?);
            }
            let Some(next) = page.get("next_cursor").and_then(Value::as_str) else { break };
            cursor = format!("&cursor={}", escape(next));
        }
        if skus.is_empty() {
            bail!("the shop sells nothing: tuan import catalog");
        }
        Ok(Self { skus })
    }
}

/// A value in a query.
fn escape(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// Somebody who buys.
#[derive(Default)]
pub(super) struct Buyer {
    token: String,
    address: String,
}

impl Buyer {
    /// Buys these variants as one order, paid from the wallet; `Err` is the code of a refusal.
    pub(super) fn buy(
        &mut self,
        client: &Client,
        user: u64,
        lines: &[(&str, i64)],
    ) -> Result<std::result::Result<(), String>> {
        if self.token.is_empty() {
            self.come_in(client, user)?;
        }
        match self.order(client, lines)? {
            // Sessions end after weeks without use.
            Err(code) if code == "auth.required" => {
                self.token = client.sign_in(&phone(user))?;
                self.order(client, lines)
            }
            done => Ok(done),
        }
    }

    fn come_in(&mut self, client: &Client, user: u64) -> Result<()> {
        self.token = client.sign_in(&phone(user))?;
        let address = json!({ "name": format!("会员{user}"), "phone": phone(user),
            "region": "浙江省杭州市西湖区", "street": format!("示例路 {user} 号") });
        self.address = text(&client.call("POST", "/me/addresses", &self.token, &address)?, "/id")?;
        self.top_up(client)
    }

    fn top_up(&self, client: &Client) -> Result<()> {
        client.call("POST", "/demo/wallet-top-ups", &self.token, &json!({ "amount_minor": TOP_UP }))?;
        Ok(())
    }

    fn order(&self, client: &Client, lines: &[(&str, i64)]) -> Result<std::result::Result<(), String>> {
        let ask = |method: &str, path: &str, body: &Value| client.ask(method, path, &self.token, body);
        let qty = |qty: i64| qty.clamp(1, QTY_MAX);
        let items: Vec<Value> = lines.iter().map(|(sku, n)| json!({ "sku": sku, "qty": qty(*n) })).collect();
        // The whole cart at once: what a refused basket left there is gone with it.
        let cart = match ask("PUT", "/cart/lines", &json!({ "lines": items }))? {
            Ok(cart) => cart,
            Err(code) => return Ok(Err(code)),
        };
        let total = cart.pointer("/total/amount_minor").and_then(Value::as_i64).context("a total")?;
        let skus: Vec<&str> = lines.iter().map(|(sku, _)| *sku).collect();
        let source = json!({ "kind": "cart", "skus": skus });
        let body = json!({ "source": source, "address": self.address, "expected_total_minor": total });
        let checkout = match ask("POST", "/checkouts", &body)? {
            Ok(checkout) => checkout,
            Err(code) => {
                ask("PUT", "/cart/lines", &json!({ "lines": [] }))?.map_err(anyhow::Error::msg)?;
                return Ok(Err(code));
            }
        };
        let orders = checkout.get("orders").cloned().context("orders")?;
        let payment = json!({ "orders": orders, "method": "wallet" });
        match ask("POST", "/payments", &payment)? {
            Err(code) if code == "ledger.insufficient" => {
                self.top_up(client)?;
                Ok(ask("POST", "/payments", &payment)?.map(|_| ()))
            }
            answered => Ok(answered.map(|_| ())),
        }
    }
}

/// The demo phone of a user of the file.
fn phone(user: u64) -> String {
    format!("139{:08}", user % 100_000_000)
}
