//! What must stay between a person and the server is neither in its log nor in what it refuses with (INV-65).
#![cfg(test)]

use std::path::PathBuf;

use serde_json::{Value, json};
use testkit::http::Http;
use testkit::process::Place;

const PHONE: &str = "13812345678";
const PASSWORD: &str = "canary-password-7f3a";
const STREET: &str = "canary-street-91c2";
const NAME: &str = "canary-name-44de";
const SECOND: &str = "canary-second-55aa";
const TOKEN: &str = "canary-token-0d1e";
const QUERY: &str = "canary-query-6b6b";

/// A person's requests: those that are refused are kept.
struct Person {
    http: Http,
    refusals: Vec<String>,
    asked: u32,
}

impl Person {
    async fn send(&mut self, method: &str, path: &str, body: &Value) -> Value {
        self.asked += 1;
        let reply = self.http.send(method, path, &format!("canary-{}", self.asked), body).await.unwrap();
        assert!(reply.status < 500, "{method} {path}: {}", String::from_utf8_lossy(&reply.body));
        if reply.status >= 400 {
            self.refusals.push(format!("{method} {path}: {}", String::from_utf8_lossy(&reply.body)));
        }
        reply.json()
    }

    /// The same, where a refusal is what is tried.
    async fn refused(&mut self, method: &str, path: &str, body: &Value) {
        let before = self.refusals.len();
        self.send(method, path, body).await;
        assert_eq!(self.refusals.len(), before + 1, "{method} {path} was not refused");
    }
}

/// Lives through sign-in, password, second factor and address, with and without mistakes; answers the secrets that the
/// server made up, and the refusals.
async fn live(listens: std::net::SocketAddr) -> (Vec<String>, Vec<String>) {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut own = Person { http: Http::new(listens, ""), refusals: Vec::new(), asked: 0 };
    own.send("POST", "/api/v1/sign-in/codes", &json!({ "phone": PHONE })).await;
    let path = format!("/api/v1/demo/sign-in-codes?phone={PHONE}");
    let code = text(&own.send("GET", &path, &Value::Null).await["code"]);
    // Again too early, and with what cannot be understood.
    own.refused("POST", "/api/v1/sign-in/codes", &json!({ "phone": PHONE })).await;
    own.refused("POST", "/api/v1/sign-in/codes", &json!({ "phone": format!("{PHONE}1") })).await;
    let wrong = json!({ "phone": PHONE, "code": "canary-code", "deliver": "bearer" });
    own.refused("POST", "/api/v1/sessions", &wrong).await;
    let extra = json!({ "phone": PHONE, "code": code, "password": PASSWORD });
    own.refused("POST", "/api/v1/sessions", &extra).await;
    let right = json!({ "phone": PHONE, "code": code, "deliver": "bearer" });
    let token = text(&own.send("POST", "/api/v1/sessions", &right).await["token"]);
    let refusals = std::mem::take(&mut own.refusals);
    let mut own = Person { http: Http::new(listens, &token), refusals, asked: 100 };
    let password = json!({ "password": PASSWORD, "current": null });
    own.send("PUT", "/api/v1/me/password", &password).await;
    for body in [
        json!({ "phone": PHONE, "password": format!("{PASSWORD} not"), "deliver": "bearer" }),
        json!({ "phone": PHONE, "password": { "is": PASSWORD }, "deliver": "bearer" }),
        json!({ "phone": PHONE, "password": PASSWORD, "deliver": PASSWORD }),
        json!({ "phone": 13_812_345_678_i64, "password": PASSWORD, "deliver": "bearer" }),
    ] {
        own.refused("POST", "/api/v1/sessions/password", &body).await;
    }
    own.refused("POST", "/api/v1/me/step-up", &json!({ "password": format!("{PASSWORD}?") })).await;
    let secret = text(&own.send("PUT", "/api/v1/me/totp", &Value::Null).await["secret"]);
    own.refused("POST", "/api/v1/me/totp/confirm", &json!({ "code": SECOND })).await;
    own.send("PATCH", "/api/v1/me", &json!({ "name": NAME })).await;
    own.refused("PATCH", "/api/v1/me", &json!({ "name": [NAME] })).await;
    let address = |region: Value| json!({ "name": NAME, "phone": PHONE, "region": region, "street": STREET, "is_default": true });
    own.send("POST", "/api/v1/me/addresses", &address(json!("浙江省杭州市西湖区"))).await;
    own.refused("POST", "/api/v1/me/addresses", &address(json!({ "street": STREET }))).await;
    own.send("GET", &format!("/api/v1/search?q={QUERY}"), &Value::Null).await;
    own.refused("GET", &format!("/api/v1/people?find={PHONE}"), &Value::Null).await;
    let mut stranger = Person { http: Http::new(listens, TOKEN), refusals: own.refusals, asked: 200 };
    stranger.refused("GET", "/api/v1/me", &Value::Null).await;
    (vec![code, token, secret], stranger.refusals)
}

fn nothing_is_told(database: Option<String>) {
    let folder = tempfile::tempdir().unwrap();
    let place = Place {
        program: PathBuf::from(env!("CARGO_BIN_EXE_tuan")),
        folder: folder.path().join("store"),
        database,
    };
    place.found();
    let server = place.serve(&[("TUAN_LOG", "debug")]);
    let listens = server.address;
    let mut told = None;
    testkit::block_on(async { told = Some(live(listens).await) });
    let (made, refusals) = told.unwrap();
    let log = server.kill_and_read_log();
    assert!(log.contains("a sign-in code was made"), "{log}");
    let given = [PHONE, PASSWORD, STREET, NAME, SECOND, TOKEN, QUERY, "canary-code"].map(str::to_owned);
    for secret in given.iter().chain(&made[1..]) {
        assert!(!log.contains(secret.as_str()), "{secret} in {log}");
    }
    // Six digits may be part of a time or an id: the code counts where it stands by itself.
    let is_digit = |c: char| c.is_ascii_alphanumeric();
    assert!(!log.split(|c: char| !is_digit(c)).any(|word| word == made[0]), "{} in {log}", made[0]);
    assert_eq!(refusals.len(), 14, "{refusals:?}");
    for refusal in &refusals {
        let body = refusal.split_once(": ").unwrap().1;
        for secret in given.iter().chain(&made) {
            assert!(!body.contains(secret.as_str()), "{secret} in {refusal}");
        }
    }
}

#[test]
fn neither_log_nor_refusal_tells_a_secret_sqlite() {
    nothing_is_told(None);
}

#[test]
fn neither_log_nor_refusal_tells_a_secret_postgres() {
    nothing_is_told(Some(testkit::fresh_database()));
}
