//! A seller and people with money, over the wire.

use std::io;
use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::http::{Http, Reply};
use crate::process::sign_in;
use crate::shopper::{Basket, Shopper};

/// A shop of its own in a demo store, where delivery is free.
pub struct Market {
    /// Where the server listens.
    pub address: SocketAddr,
    /// Sends as the owner.
    pub owner: Member,
    merchant: String,
    category: String,
}

/// Something for sale with one variant.
#[derive(Clone, Debug)]
pub struct Item {
    /// The product.
    pub product: String,
    /// Its only variant.
    pub sku: String,
    /// What one costs.
    pub price: i64,
}

/// Somebody who is signed in and has an address to deliver to.
pub struct Member {
    /// The connection.
    pub http: Http,
    /// Begins the key of every request.
    pub name: String,
    token: String,
    home: String,
    asked: u32,
}

impl Market {
    /// Opens a shop in a demo store.
    ///
    /// # Errors
    /// When the server goes away.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let mut operator = Member::sign_in(address, "13800009000").await?;
        let phone = "13600000001";
        let mut owner = Member::sign_in(address, phone).await?;
        let shop = json!({ "name": "鲜果铺", "about": "", "owner_phone": phone });
        let merchant = text(&operator.must("POST", "/merchants", &shop).await?, "/id");
        let category = text(&owner.get("/categories").await?, "/items/0/id");
        // What is paid is then what the variant costs.
        let rules = json!({ "full_reductions": [], "freight": { "base_minor": 0, "free_from_minor": null } });
        owner.must("PUT", &format!("/merchants/{merchant}/pricing"), &rules).await?;
        Ok(Self { address, owner, merchant, category })
    }

    /// Puts something up for sale.
    ///
    /// # Errors
    /// When the server goes away.
    pub async fn item(&mut self, code: &str, price: i64, units: i64) -> io::Result<Item> {
        let body = json!({
            "title": code, "category": self.category,
            "skus": [{ "code": code, "option_values": [], "price_minor": price, "stock": units }],
        });
        let path = format!("/merchants/{}/products", self.merchant);
        let made = self.owner.must("POST", &path, &body).await?;
        let (product, sku) = (text(&made, "/id"), text(&made, "/skus/0/id"));
        self.owner.must("POST", &format!("/products/{product}/publish"), &json!({})).await?;
        Ok(Item { product, sku, price })
    }

    /// Lets people buy it in teams of `size` for a tenth less; answers the activity and the price of one.
    ///
    /// # Errors
    /// When the server goes away.
    pub async fn activity(&mut self, item: &Item, size: usize) -> io::Result<(String, i64)> {
        let price = item.price - item.price / 10;
        let now = text(&self.owner.get("/demo/clock").await?, "/now");
        let day = now.get(..10).unwrap_or_default();
        let body = json!({
            "product": item.product, "title": "一起买", "size": size, "window_minutes": 60,
            "skus": [{ "sku": item.sku, "team_price_minor": price }],
            "starts_at": format!("{day}T00:00:00Z"), "ends_at": "2099-01-01T00:00:00Z",
        });
        let path = format!("/merchants/{}/activities", self.merchant);
        let activity = text(&self.owner.must("POST", &path, &body).await?, "/id");
        self.owner.must("POST", &format!("/activities/{activity}/start"), &json!({})).await?;
        Ok((activity, price))
    }

    /// Somebody new with `fen` in the wallet.
    ///
    /// # Errors
    /// When the server goes away.
    pub async fn member(&self, number: usize, fen: i64) -> io::Result<Member> {
        let mut member = Member::sign_in(self.address, &format!("1370{number:07}")).await?;
        let home = json!({
            "name": "客", "phone": "13700000000", "region": "浙江省杭州市", "street": "一号", "is_default": true
        });
        member.home = text(&member.must("POST", "/me/addresses", &home).await?, "/id");
        if fen > 0 {
            member.must("POST", "/demo/wallet-top-ups", &json!({ "amount_minor": fen })).await?;
        }
        Ok(member)
    }

    /// Units of it that may still be sold.
    ///
    /// # Errors
    /// When the server goes away.
    pub async fn available(&mut self, item: &Item) -> io::Result<i64> {
        let product = self.owner.get(&format!("/products/{}", item.product)).await?;
        let available = product.pointer("/skus/0/available").and_then(Value::as_i64);
        Ok(available.expect("a number of units"))
    }
}

impl Member {
    async fn sign_in(address: SocketAddr, phone: &str) -> io::Result<Self> {
        let token = sign_in(address, phone).await?;
        let http = Http::new(address, &token);
        Ok(Self { http, name: phone.to_owned(), token, home: String::new(), asked: 0 })
    }

    /// The same person over one more connection to `address`.
    pub fn beside(&mut self, address: SocketAddr) -> Self {
        self.asked += 1;
        Self {
            http: Http::new(address, &self.token),
            name: format!("{}-{}", self.name, self.asked),
            token: self.token.clone(),
            home: self.home.clone(),
            asked: 0,
        }
    }

    /// Goes on as somebody who buys this item again and again, and has `funds` in the wallet.
    pub fn into_shopper(self, item: &Item, funds: i64) -> Shopper {
        let basket = Basket { address: self.home, sku: item.sku.clone(), price: item.price, funds };
        Shopper::new(self.http, format!("{}-buys", self.name), basket)
    }

    /// Asks for something to be done, with a key of its own.
    ///
    /// # Errors
    /// When the server goes away.
    pub async fn ask(&mut self, method: &str, path: &str, body: &Value) -> io::Result<Reply> {
        self.asked += 1;
        let key = format!("{}-{}", self.name, self.asked);
        self.http.send(method, &format!("/api/v1{path}"), &key, body).await
    }

    /// Asks for what must be given.
    ///
    /// # Errors
    /// When the server goes away.
    pub async fn must(&mut self, method: &str, path: &str, body: &Value) -> io::Result<Value> {
        let reply = self.ask(method, path, body).await?;
        assert!(reply.status < 300, "{method} {path}: {} {}", reply.status, reply.text());
        Ok(reply.json())
    }

    /// Reads what must be there.
    ///
    /// # Errors
    /// When the server goes away.
    pub async fn get(&mut self, path: &str) -> io::Result<Value> {
        self.must("GET", path, &Value::Null).await
    }

    /// What is asked to place an order for one unit, alone or with others (`deal`).
    pub fn order_body(&self, sku: &str, total: i64, deal: &Value) -> Value {
        json!({
            "source": { "kind": "now", "sku": sku, "qty": 1, "deal": deal },
            "address": self.home, "expected_total_minor": total,
        })
    }

    /// Places an order for one unit; answers its id.
    ///
    /// # Errors
    /// When the server goes away.
    pub async fn order(&mut self, sku: &str, total: i64, deal: &Value) -> io::Result<String> {
        let body = self.order_body(sku, total, deal);
        Ok(text(&self.must("POST", "/checkouts", &body).await?, "/orders/0"))
    }

    /// Pays an order from the wallet.
    ///
    /// # Errors
    /// When the server goes away.
    pub async fn pay(&mut self, order: &str) -> io::Result<Reply> {
        self.ask("POST", "/payments", &json!({ "orders": [order], "method": "wallet" })).await
    }

    /// Adds units of what is one's own, or takes some away.
    ///
    /// # Errors
    /// When the server goes away.
    pub async fn adjust(&mut self, item: &Item, delta: i64) -> io::Result<()> {
        let path = format!("/skus/{}/stock/adjust", item.sku);
        self.must("POST", &path, &json!({ "delta": delta, "reason": "stocking" })).await?;
        Ok(())
    }

    /// What is in the wallet.
    ///
    /// # Errors
    /// When the server goes away.
    pub async fn wallet(&mut self) -> io::Result<i64> {
        let wallet = self.get("/me/wallet").await?;
        Ok(wallet.pointer("/balance/amount_minor").and_then(Value::as_i64).expect("a balance"))
    }
}

/// The text at a JSON pointer.
pub fn text(value: &Value, pointer: &str) -> String {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no {pointer} in {value}")).to_owned()
}
