//! A demo world with people in every relation to one shop.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use serde_json::{Value, json};
use testkit::Engine;
use testkit::http::{Http, Reply};
use testkit::process::{Place, Running, sign_in};

pub(crate) const RIGHTS: [&str; 8] =
    ["products", "stock", "orders", "refunds", "deals", "reach", "money", "staff"];

/// A server over a store of its own, with nobody working in the background.
pub(crate) struct World {
    pub(crate) place: Place,
    server: Running,
    /// Tokens by name: see [`World::open`].
    pub(crate) tokens: BTreeMap<String, String>,
    /// Ids by the name that stands for them in the table.
    pub(crate) ids: BTreeMap<&'static str, String>,
    asked: u32,
    _folder: tempfile::TempDir,
}

/// A request.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) token: &'a str,
    pub(crate) body: &'a Value,
}

/// A demo store of its own, filled; it goes with the folder.
pub(crate) fn demo_place(engine: Engine) -> (tempfile::TempDir, Place) {
    let folder = tempfile::tempdir().unwrap();
    let database = match engine {
        Engine::Sqlite => None,
        Engine::Postgres => Some(std::thread::spawn(testkit::fresh_database).join().unwrap()),
    };
    let program = Path::new(env!("CARGO_BIN_EXE_tuan")).to_path_buf();
    let place = Place { program, folder: folder.path().join("store"), database };
    place.fill();
    (folder, place)
}

impl World {
    /// Fills a store, signs everybody in, and lets the `buyer` buy, alone and with others.
    pub(crate) async fn open(engine: Engine) -> Self {
        let (folder, place) = demo_place(engine);
        let server = place.serve(&[("TUAN_ANONYMOUS_WRITES_PER_MINUTE", "1000000")]);
        let (tokens, ids) = (BTreeMap::new(), BTreeMap::new());
        let mut world = Self { place, server, tokens, ids, asked: 0, _folder: folder };
        world.sign_in_all().await;
        world.find_objects().await;
        world.hire().await;
        world.buy().await;
        // From here on nothing happens by itself, so that what changes was changed by a request.
        let World { place, server, .. } = world;
        drop(server);
        let server = place.serve(&[("TUAN_ROLES", "web"), ("TUAN_ANONYMOUS_WRITES_PER_MINUTE", "1000000")]);
        // The index for search is made now, if it was not before.
        let mut http = Http::new(server.address, "");
        while http.send("GET", "/api/v1/search", "", &Value::Null).await.unwrap().status == 503 {
            tokio::task::yield_now().await;
        }
        Self { place, server, ..world }
    }

    fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// Sends a request with a fresh idempotency key.
    pub(crate) async fn ask(&mut self, request: &Request<'_>) -> Reply {
        self.asked += 1;
        let key = format!("authorisation-{}", self.asked);
        let mut http = Http::new(self.address(), request.token);
        http.send(request.method, request.path, &key, request.body).await.unwrap()
    }

    /// Asks for what must be given.
    async fn call(&mut self, method: &str, path: &str, who: &str, body: Value) -> Value {
        let token = self.tokens.get(who).cloned().unwrap_or_default();
        let path = format!("/api/v1{}", self.fill(path));
        let reply = self.ask(&Request { method, path: &path, token: &token, body: &body }).await;
        let told = String::from_utf8_lossy(&reply.body);
        assert!(reply.status < 300, "{method} {path} as {who}: {} {told}", reply.status);
        reply.json()
    }

    /// A text with the names in braces replaced by ids.
    pub(crate) fn fill(&self, text: &str) -> String {
        let replace = |text: String, (name, id): (&&str, &String)| text.replace(&format!("{{{name}}}"), id);
        self.ids.iter().fold(text.to_owned(), replace)
    }

    async fn sign_in_all(&mut self) {
        let people = [
            ("operator", "13800009000"),
            ("owner", "13800009001"),
            ("outsider", "13800009002"),
            ("member", "13700000001"),
            ("buyer", "13700000002"),
            ("dummy", "13700000003"),
        ];
        for (name, phone) in people {
            let token = sign_in(self.address(), phone).await.unwrap();
            self.tokens.insert(name.to_owned(), token);
        }
        let guest = self.call("POST", "/sessions/guest", "", json!({ "deliver": "bearer" })).await;
        self.tokens.insert("guest".to_owned(), text(&guest, "/token"));
        self.tokens.insert("anonymous".to_owned(), String::new());
    }

    async fn find_objects(&mut self) {
        let merchant = text(&self.call("GET", "/me", "owner", Value::Null).await, "/merchants/0/id");
        self.ids.insert("merchant", merchant);
        let person = text(&self.call("GET", "/me", "dummy", Value::Null).await, "/id");
        self.ids.insert("person", person);
        let activities = self.call("GET", "/merchants/{merchant}/activities", "owner", Value::Null).await;
        // One that the buyer may take part in twice.
        let is_open = |activity: &&Value| {
            activity["state"] == "live"
                && activity["new_buyers_only"] == false
                && activity["per_person_limit"].as_i64().is_none_or(|limit| limit > 1)
        };
        let activity = activities["items"].as_array().unwrap().iter().find(is_open).expect("an activity");
        for (name, pointer) in [("activity", "/id"), ("product", "/product"), ("sku", "/skus/0/sku")] {
            self.ids.insert(name, text(activity, pointer));
        }
        let product = self.call("GET", "/products/{product}", "", Value::Null).await;
        self.ids.insert("category", text(&product, "/category"));
        let file = text(&product, "/pictures/0/url").trim_start_matches("/media/").to_owned();
        self.ids.insert("file", file);
        self.ids.insert("action", "pay".to_owned());
        self.ids.insert("provider", "sandbox".to_owned());
        let entry = json!({ "kind": "link", "target": { "kind": "product", "id": self.ids["product"] } });
        let entry = self.call("POST", "/entries", "dummy", entry).await;
        self.ids.insert("code", text(&entry, "/code"));
        let commissions = self.call("GET", "/merchants/{merchant}/commissions", "owner", Value::Null).await;
        self.ids.insert("commission", text(&commissions, "/items/0/id"));
        let balance = self.call("GET", "/merchants/{merchant}/balance", "owner", Value::Null).await;
        self.ids.insert("account", text(&balance, "/account"));
        let entries = self.call("GET", "/merchants/{merchant}/balance/entries", "owner", Value::Null).await;
        self.ids.insert("transfer", text(&entries, "/items/0/transfer"));
        let sale = json!({ "product": self.ids["product"], "title": "秒杀", "starts_at": "2099-01-01T00:00:00Z",
            "ends_at": "2099-01-02T00:00:00Z",
            "skus": [{ "sku": self.ids["sku"], "price_minor": 1, "quota": 1 }] });
        let sale = self.call("POST", "/merchants/{merchant}/flash-sales", "owner", sale).await;
        self.ids.insert("sale", text(&sale, "/id"));
        let promotion = json!({ "title": "立减", "action": { "kind": "amount_off", "off_minor": 1 },
            "starts_at": "2099-01-01T00:00:00Z", "ends_at": "2099-02-01T00:00:00Z" });
        let promotion = self.call("POST", "/merchants/{merchant}/promotions", "owner", promotion).await;
        self.ids.insert("promotion", text(&promotion, "/id"));
        let coupon = json!({ "title": "膨胀券", "gift": { "kind": "cash", "off_minor": 1 },
            "growth": { "per_friend_minor": 1, "per_day_minor": 0, "to_minor": 100 }, "per_person": 9,
            "validity": { "kind": "days", "days": 30 },
            "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2099-02-01T00:00:00Z" });
        let coupon = self.call("POST", "/merchants/{merchant}/coupon-templates", "owner", coupon).await;
        self.ids.insert("coupon_template", text(&coupon, "/id"));
        let coupon = self.call("POST", "/coupon-templates/{coupon_template}/claim", "owner", json!({})).await;
        self.ids.insert("coupon_code", text(&coupon, "/code"));
        let draft = json!({ "title": "草稿", "description": "", "category": self.ids["category"], "options": [],
            "attributes": [], "no_reason_return": true, "pictures": [],
            "skus": [{ "code": "draft-1", "option_values": [], "price_minor": 100, "stock": 1 }] });
        let draft = self.call("POST", "/merchants/{merchant}/products", "owner", draft).await;
        self.ids.insert("draft", text(&draft, "/id"));
        let words = json!({ "words": ["团子", "糯米团"] });
        let synonym = self.call("POST", "/search/synonyms", "operator", words).await;
        self.ids.insert("synonym", text(&synonym, "/id"));
    }

    /// For each right, somebody who has just it (`only-…`) and somebody who has all but it (`but-…`); `none` has none.
    async fn hire(&mut self) {
        let mut all = vec![("none".to_owned(), json!([]))];
        for right in RIGHTS {
            all.push((format!("only-{right}"), json!([right])));
            let others: Vec<_> = RIGHTS.into_iter().filter(|other| *other != right).collect();
            all.push((format!("but-{right}"), json!(others)));
        }
        for (n, (name, rights)) in all.into_iter().enumerate() {
            let phone = format!("137000001{n:02}");
            let token = sign_in(self.address(), &phone).await.unwrap();
            self.tokens.insert(name.clone(), token);
            let body = json!({ "phone": phone, "rights": rights });
            self.call("POST", "/merchants/{merchant}/staff", "owner", body).await;
            self.call("POST", "/me/invitations/{merchant}/accept", &name, Value::Null).await;
        }
        let body = json!({ "phone": "13700000003", "rights": [] });
        self.call("POST", "/merchants/{merchant}/staff", "owner", body).await;
        self.call("POST", "/me/invitations/{merchant}/accept", "dummy", Value::Null).await;
        // One who is only invited.
        let body = json!({ "phone": "13700000002", "rights": ["orders"] });
        self.call("POST", "/merchants/{merchant}/staff", "owner", body).await;
    }

    async fn buy(&mut self) {
        let payout = json!({ "amount_minor": 1, "destination": "招商银行 6225" });
        let payout = self.call("POST", "/merchants/{merchant}/payouts", "owner", payout).await;
        self.ids.insert("payout", text(&payout, "/id"));
        self.ids.insert("quarter", "20262".to_owned());
        let address = json!({ "name": "客", "phone": "13700000002", "region": "浙江省杭州市", "street": "一号",
            "is_default": true });
        let address = text(&self.call("POST", "/me/addresses", "buyer", address).await, "/id");
        self.ids.insert("address", address);
        let sessions = self.call("GET", "/sessions", "buyer", Value::Null).await;
        self.ids.insert("session", text(&sessions, "/items/0/id"));
        self.call("POST", "/demo/wallet-top-ups", "buyer", json!({ "amount_minor": 1_000_000 })).await;
        let team = self.order(&json!({ "activity": self.ids["activity"], "team": null }), "wallet").await;
        self.ids.insert("team", team);
        let other = self.order(&json!({ "activity": self.ids["activity"], "team": null }), "wallet").await;
        self.ids.insert("other_team", other);
        self.order(&Value::Null, "sandbox").await;
        let pending = self.ids["payment"].clone();
        self.ids.insert("pending_payment", pending);
        self.order(&Value::Null, "wallet").await;
        let items = json!([{ "line": 1, "units": 1 }]);
        let case = json!({ "kind": "refund", "reason": "faulty", "items": items });
        let case = self.call("POST", "/orders/{order}/after-sales", "buyer", case).await;
        self.ids.insert("case", text(&case, "/id"));
        self.order(&Value::Null, "wallet").await;
        let parcel = json!({ "carrier": "顺丰", "tracking": "SF1" });
        self.call("POST", "/orders/{order}/shipments", "owner", parcel).await;
        self.call("POST", "/orders/{order}/receive", "buyer", Value::Null).await;
        let review = json!({ "line": 1, "stars": 5, "words": "好", "tags": [], "is_anonymous": false });
        let review = self.call("POST", "/orders/{order}/reviews", "buyer", review).await;
        self.ids.insert("post", text(&review, "/id"));
        self.know().await;
        self.bill().await;
        self.order(&Value::Null, "wallet").await;
    }

    /// An invoice with a red letter, and one that is asked for.
    async fn bill(&mut self) {
        let title = json!({ "kind": "person", "name": "客" });
        let asked = self.call("POST", "/orders/{order}/invoice", "buyer", title.clone()).await;
        self.ids.insert("invoice", text(&asked, "/id"));
        let issued =
            json!({ "number": "00000000000000000001", "expected_minor": asked["amount"]["amount_minor"] });
        self.call("POST", "/invoices/{invoice}/issue", "owner", issued).await;
        let back = json!({ "lines": [{ "line": 1, "amount_minor": 1 }], "reason": "补偿", "restock": false });
        let back = self.call("POST", "/orders/{order}/refunds", "owner", back).await;
        self.ids.insert("refund", text(&back, "/id"));
        // The worker hears of the refund, and asks for its letter.
        loop {
            let letters = self.call("GET", "/merchants/{merchant}/red-letters", "owner", Value::Null).await;
            if letters["items"].as_array().is_some_and(|items| !items.is_empty()) {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        self.order(&Value::Null, "wallet").await;
        let asked = self.call("POST", "/orders/{order}/invoice", "buyer", title).await;
        self.ids.insert("invoice", text(&asked, "/id"));
    }

    /// An article with a proposal, and a list of the buyer's with something on it and one more member.
    async fn know(&mut self) {
        let now = self.call("GET", "/products/{product}/article", "owner", Value::Null).await;
        let article = json!({ "base": now["revision"], "words": "一", "sources": [], "comment": "写了" });
        let now = self.call("POST", "/products/{product}/article", "owner", article).await;
        self.ids.insert("number", now["revision"].to_string());
        let article = json!({ "base": now["revision"], "words": "二", "sources": [], "comment": "补充" });
        let proposal = self.call("POST", "/products/{product}/article/proposals", "buyer", article).await;
        self.ids.insert("proposal", text(&proposal, "/about/id"));
        let list = self.call("POST", "/lists", "buyer", json!({ "title": "年货" })).await;
        self.ids.insert("list", text(&list, "/id"));
        self.ids.insert("invitation", text(&list, "/code"));
        let item = json!({ "sku": self.ids["sku"], "note": "要" });
        self.call("POST", "/lists/{list}/items", "buyer", item).await;
        self.call("POST", "/list-invitations/{invitation}/join", "dummy", json!({})).await;
        let dummy = self.ids["person"].clone();
        self.ids.insert("list_member", dummy);
    }

    /// Buys one; answers the team, and leaves order and payment among the ids.
    async fn order(&mut self, deal: &Value, method: &str) -> String {
        let sku = self.ids["sku"].clone();
        let body = json!({ "items": [{ "sku": sku, "qty": 1 }], "deal": deal });
        let quote = self.call("POST", "/quotes", "buyer", body).await;
        let body = json!({ "source": { "kind": "now", "sku": sku, "qty": 1, "deal": deal },
            "address": self.ids["address"], "no_return_confirmed": [sku],
            "expected_total_minor": quote["total"]["amount_minor"] });
        let checkout = self.call("POST", "/checkouts", "buyer", body).await;
        let order = text(&checkout, "/orders/0");
        let body = json!({ "orders": [order], "method": method });
        let payment = self.call("POST", "/payments", "buyer", body).await;
        self.ids.insert("order", order);
        self.ids.insert("payment", text(&payment, "/id"));
        let order = self.call("GET", "/orders/{order}", "buyer", Value::Null).await;
        order["team"].as_str().unwrap_or("").to_owned()
    }
}

/// The text at a JSON pointer.
fn text(value: &Value, pointer: &str) -> String {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no text at {pointer} in {value}")).to_owned()
}
