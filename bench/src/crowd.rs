//! Many people, each with a session, an address and money of their own, over fewer connections.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use testkit::http::{Http, Reply};
use testkit::process::sign_in_over;
use tokio::task::JoinSet;

/// Somebody who is signed in.
pub(crate) struct Person {
    /// Begins the keys of all requests.
    pub(crate) name: String,
    pub(crate) address: String,
    token: String,
}

/// A connection, and those who use it one after the other.
pub(crate) struct Lane {
    pub(crate) people: Vec<Person>,
    http: Http,
}

/// An answer that is more than "not now".
pub(crate) struct Answer {
    pub(crate) reply: Reply,
    /// From the first asking to this answer, waits in between included.
    pub(crate) ms: f64,
    /// How often the server was too busy before.
    pub(crate) busy: u64,
}

/// Asks; and again with the same key after the time the server names, as long as it is too busy.
pub(crate) async fn ask(
    http: &mut Http,
    method: &str,
    path: &str,
    key: &str,
    body: &Value,
) -> Result<Answer> {
    let (asked, mut busy) = (Instant::now(), 0);
    loop {
        let reply = http.send(method, &format!("/api/v1{path}"), key, body).await?;
        if reply.status != 503 || reply.code() != "store.busy" {
            return Ok(Answer { reply, ms: asked.elapsed().as_secs_f64() * 1_000.0, busy });
        }
        busy += 1;
        let wait = reply.header("retry-after").and_then(|seconds| seconds.parse().ok());
        tokio::time::sleep(Duration::from_secs(wait.context("a busy server says when to come again")?)).await;
    }
}

/// Asks for what must be given.
async fn must(http: &mut Http, method: &str, path: &str, key: &str, body: &Value) -> Result<Value> {
    let reply = ask(http, method, path, key, body).await?.reply;
    ensure!(reply.status < 300, "{method} {path}: {} {}", reply.status, reply.text());
    Ok(reply.json())
}

impl Lane {
    /// Goes on as this person.
    pub(crate) fn as_person(&mut self, place: usize) -> Option<(&mut Http, &Person)> {
        let person = self.people.get(place)?;
        self.http.set_token(&person.token);
        Some((&mut self.http, person))
    }

    async fn fill(mut self, numbers: std::ops::Range<usize>, fen: i64) -> Result<Self> {
        for number in numbers {
            self.http.set_token("");
            let phone = format!("1370{number:07}");
            let token = sign_in_over(&mut self.http, &phone).await?;
            self.http.set_token(&token);
            let home = json!({
                "name": "客", "phone": phone, "region": "浙江省杭州市", "street": "一号", "is_default": true
            });
            let name = format!("n{number}");
            let made = must(&mut self.http, "POST", "/me/addresses", &format!("{name}-home"), &home).await?;
            let address = made.get("id").and_then(Value::as_str).context("an address")?.to_owned();
            let body = json!({ "amount_minor": fen });
            must(&mut self.http, "POST", "/demo/wallet-top-ups", &format!("{name}-fund"), &body).await?;
            self.people.push(Person { name, address, token });
        }
        Ok(self)
    }

    /// Holds what everybody has in the wallet against what `expected` says of the person at each place.
    async fn check_wallets(mut self, expected: Vec<i64>) -> Result<Self> {
        for (place, expected) in expected.into_iter().enumerate() {
            let Some((http, person)) = self.as_person(place) else { break };
            let name = person.name.clone();
            let wallet = must(http, "GET", "/me/wallet", "", &Value::Null).await?;
            let has = wallet.pointer("/balance/amount_minor").and_then(Value::as_i64);
            ensure!(has == Some(expected), "{name} has {has:?} and should have {expected}");
        }
        Ok(self)
    }
}

/// Makes `count` people, numbered from `first`, each with `fen` in the wallet; all over HTTP, as many at a time as there
/// are connections.
pub(crate) async fn gather(
    address: SocketAddr,
    first: usize,
    count: usize,
    connections: usize,
    fen: i64,
) -> Result<Vec<Lane>> {
    let each = count.div_ceil(connections.max(1));
    let mut tasks = JoinSet::new();
    for start in (first..first + count).step_by(each.max(1)) {
        let lane = Lane { people: Vec::new(), http: Http::new(address, "") };
        tasks.spawn(lane.fill(start..(first + count).min(start + each), fen));
    }
    tasks.join_all().await.into_iter().collect()
}

/// Looks into every wallet; `expected` says what must be in those of each lane.
pub(crate) async fn check_wallets(lanes: Vec<(Lane, Vec<i64>)>) -> Result<Vec<Lane>> {
    let mut tasks = JoinSet::new();
    for (lane, expected) in lanes {
        ensure!(lane.people.len() == expected.len(), "somebody was left out");
        tasks.spawn(lane.check_wallets(expected));
    }
    tasks.join_all().await.into_iter().collect()
}
