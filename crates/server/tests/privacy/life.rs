//! Somebody who leaves words wherever the product takes them.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::http::Http;
use testkit::process::{sign_in, sign_in_over};

pub(crate) const PHONE: &str = "13812345678";
pub(crate) const NAME: &str = "canaryname";
const STREET: &str = "canarystreet";
const REGION: &str = "canaryregion";
const SAID: &str = "canarysaid";

/// What must be found and must be gone.
pub(crate) const CANARIES: [&str; 5] = [PHONE, NAME, STREET, REGION, SAID];

/// The person, and who sells to the person.
pub(crate) struct Life {
    pub(crate) own: Http,
    pub(crate) person: String,
    shop: Http,
    sku: String,
    product: String,
    address: String,
    price: i64,
    asked: u32,
}

async fn call(http: &mut Http, method: &str, path: &str, key: String, body: Value) -> Value {
    let reply = http.send(method, &format!("/api/v1{path}"), &key, &body).await.unwrap();
    assert!(reply.status < 300, "{method} {path}: {} {}", reply.status, reply.text());
    reply.json()
}

fn text(value: &Value, pointer: &str) -> String {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no text at {pointer} in {value}")).to_owned()
}

impl Life {
    pub(crate) async fn begin(server: SocketAddr) -> Self {
        let mut own = Http::new(server, "");
        own.set_user_agent(SAID);
        let token = sign_in_over(&mut own, PHONE).await.unwrap();
        own.set_token(&token);
        let shop = Http::new(server, &sign_in(server, "13800009001").await.unwrap());
        let [person, sku, product, address] = [const { String::new() }; 4];
        let mut life = Self { own, person, shop, sku, product, address, price: 0, asked: 0 };
        life.person = text(&life.ask("GET", "/me", Value::Null).await, "/id");
        life
    }

    fn key(&mut self) -> String {
        self.asked += 1;
        format!("life-{}", self.asked)
    }

    /// Asks as the person for what must be given.
    pub(crate) async fn ask(&mut self, method: &str, path: &str, body: Value) -> Value {
        let key = self.key();
        call(&mut self.own, method, path, key, body).await
    }

    async fn as_shop(&mut self, method: &str, path: &str, body: Value) -> Value {
        let key = self.key();
        call(&mut self.shop, method, path, key, body).await
    }

    /// Lets time pass.
    pub(crate) async fn pass(&mut self, seconds: i64) {
        self.as_shop("POST", "/demo/clock/advance", json!({ "seconds": seconds })).await;
    }

    /// Proves by the phone who it is.
    pub(crate) async fn prove(&mut self) {
        self.pass(120).await;
        let sent = self.ask("POST", "/me/step-up/codes", Value::Null).await;
        self.ask("POST", "/me/step-up", json!({ "code": sent["demo_code"] })).await;
    }

    async fn money(&mut self) -> i64 {
        let wallet = self.ask("GET", "/me/wallet", Value::Null).await;
        wallet["balance"]["amount_minor"].as_i64().unwrap()
    }

    /// Buys one, with a note, and pays exactly; answers the order.
    async fn buy(&mut self, deal: Value) -> String {
        let sku = self.sku.clone();
        let quote = json!({ "items": [{ "sku": sku, "qty": 1 }], "deal": deal });
        self.price = self.ask("POST", "/quotes", quote).await["total"]["amount_minor"].as_i64().unwrap();
        let has = self.money().await;
        if has < self.price {
            self.ask("POST", "/demo/wallet-top-ups", json!({ "amount_minor": self.price - has })).await;
        }
        let checkout = json!({ "source": { "kind": "now", "sku": sku, "qty": 1, "deal": deal },
            "address": self.address, "note": SAID, "no_return_confirmed": [sku], "expected_total_minor": self.price });
        let order = text(&self.ask("POST", "/checkouts", checkout).await, "/orders/0");
        self.ask("POST", "/payments", json!({ "orders": [order], "method": "wallet" })).await;
        order
    }

    /// Leaves a payment with a provider that comes to nothing.
    async fn try_to_pay(&mut self) {
        let checkout = json!({ "source": { "kind": "now", "sku": self.sku, "qty": 1, "deal": null },
            "address": self.address, "note": SAID, "expected_total_minor": self.price, "no_return_confirmed": [self.sku] });
        let order = text(&self.ask("POST", "/checkouts", checkout).await, "/orders/0");
        let payment = json!({ "orders": [order], "method": "sandbox" });
        let payment = text(&self.ask("POST", "/payments", payment).await, "/id");
        self.ask("POST", &format!("/demo/sandbox/payments/{payment}/fail"), Value::Null).await;
        self.ask("POST", &format!("/orders/{order}/cancel"), json!({ "reason": SAID })).await;
    }

    async fn receive(&mut self, order: &str) {
        let parcel = json!({ "carrier": "顺丰", "tracking": "SF1" });
        self.as_shop("POST", &format!("/orders/{order}/shipments"), parcel).await;
        self.ask("POST", &format!("/orders/{order}/receive"), Value::Null).await;
    }

    /// Lives: every column of people's words gets a canary.
    pub(crate) async fn live(&mut self) {
        let merchant = text(&self.as_shop("GET", "/me", Value::Null).await, "/merchants/0/id");
        let activities = self.as_shop("GET", &format!("/merchants/{merchant}/activities"), Value::Null).await;
        let is_open = |activity: &&Value| {
            activity["state"] == "live"
                && activity["new_buyers_only"] == false
                && activity["per_person_limit"].as_i64().is_none_or(|limit| limit > 1)
        };
        let activity = activities["items"].as_array().unwrap().iter().find(is_open).unwrap().clone();
        (self.product, self.sku) = (text(&activity, "/product"), text(&activity, "/skus/0/sku"));
        self.enter().await;
        let order = self.buy(Value::Null).await;
        self.receive(&order).await;
        let title = json!({ "kind": "person", "name": SAID });
        self.ask("POST", &format!("/orders/{order}/invoice"), title).await;
        self.try_to_pay().await;
        self.say(&order).await;
        // A second one comes back, and what it cost buys a third, in a team of its own.
        let order = self.buy(Value::Null).await;
        self.receive(&order).await;
        self.bring_back(&order).await;
        self.buy(json!({ "activity": activity["id"], "team": null })).await;
    }

    async fn enter(&mut self) {
        self.ask("PATCH", "/me", json!({ "name": NAME })).await;
        self.ask("PUT", "/me/password", json!({ "password": "a long password", "current": null })).await;
        let address =
            json!({ "name": NAME, "phone": PHONE, "region": REGION, "street": STREET, "is_default": true });
        self.address = text(&self.ask("POST", "/me/addresses", address).await, "/id");
        let entry = json!({ "kind": "link", "target": { "kind": "product", "id": self.product } });
        let entry = self.as_shop("POST", "/entries", entry).await;
        self.ask("POST", "/touches", json!({ "code": entry["code"] })).await;
        loop {
            let found =
                self.own.send("GET", &format!("/api/v1/search?q={SAID}"), "", &Value::Null).await.unwrap();
            // The index is made when the server starts.
            if found.status != 503 {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// A review with more later, a question, a report, an article, a list.
    async fn say(&mut self, order: &str) {
        let review = json!({ "line": 1, "stars": 5, "words": SAID, "tags": [SAID], "is_anonymous": false });
        let review = self.ask("POST", &format!("/orders/{order}/reviews"), review).await;
        let post = text(&review, "/id");
        self.ask("POST", &format!("/posts/{post}/follow-up"), json!({ "words": SAID })).await;
        let product = self.product.clone();
        let posts = self.ask("GET", &format!("/products/{product}/reviews"), Value::Null).await;
        let others = posts["items"].as_array().unwrap().iter().find(|other| other["id"] != review["id"]);
        let other = match others {
            Some(other) => text(other, "/id"),
            None => self.question_of_another().await,
        };
        self.ask("POST", &format!("/posts/{other}/reports"), json!({ "reason": "other", "words": SAID }))
            .await;
        let now = self.ask("GET", &format!("/products/{product}/article"), Value::Null).await;
        let proposal = json!({ "base": now["revision"], "words": SAID, "sources": [format!("https://example.org/{SAID}")], "comment": SAID });
        self.ask("POST", &format!("/products/{product}/article/proposals"), proposal).await;
        let list = text(&self.ask("POST", "/lists", json!({ "title": SAID })).await, "/id");
        let item = json!({ "sku": self.sku, "note": SAID });
        self.ask("POST", &format!("/lists/{list}/items"), item).await;
        self.ask("POST", &format!("/lists/{list}/words"), json!({ "words": SAID })).await;
    }

    async fn question_of_another(&mut self) -> String {
        let product = self.product.clone();
        let asked = json!({ "words": "新鲜吗" });
        let asked = self.as_shop("POST", &format!("/products/{product}/questions"), asked).await;
        text(&asked, "/id")
    }

    /// A return: asked for with words, agreed to, sent, received.
    async fn bring_back(&mut self, order: &str) {
        let asked = json!({ "kind": "return", "reason": "faulty", "words": SAID, "items": [{ "line": 1, "units": 1 }] });
        let case = self.ask("POST", &format!("/orders/{order}/after-sales"), asked).await;
        let path = format!("/after-sales/{}", text(&case, "/id"));
        self.as_shop("POST", &format!("{path}/agree"), json!({ "words": null })).await;
        let parcel = json!({ "carrier": SAID, "tracking": SAID });
        self.ask("POST", &format!("{path}/send"), parcel).await;
        let accepted = json!({ "outcome": "refund", "shelf": [{ "line": 1, "units": 1 }] });
        self.as_shop("POST", &format!("{path}/accept"), accepted).await;
    }

    /// Comes to rest: the team that never filled gives its money back, which is spent to the last fen with whatever else
    /// is in the wallet, and every order comes to its end.
    pub(crate) async fn settle(&mut self) {
        self.pass(10 * 86_400).await;
        self.wait_for(|binds| binds == &json!(["wallet.not_empty"])).await;
        // A buyer adds what the wallet lacks for the last one, so that nothing is left.
        while self.money().await > 0 {
            let order = self.buy(Value::Null).await;
            self.receive(&order).await;
        }
        self.pass(10 * 86_400).await;
        self.wait_for(|binds| binds == &json!([])).await;
    }

    /// Waits for what the worker does.
    async fn wait_for(&mut self, is_so: fn(&Value) -> bool) {
        let began = Instant::now();
        loop {
            let privacy = self.ask("GET", "/me/privacy", Value::Null).await;
            if is_so(&privacy["binds"]) {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "still bound: {}", privacy["binds"]);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}
