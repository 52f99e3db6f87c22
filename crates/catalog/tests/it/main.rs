//! The promises of the catalogue, on both engines.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "a test that is skipped says so")]

mod files;
mod lists;
mod pictures;
mod products;
mod rights;

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use base::{Id, MerchantId};
use db::{DbError, Lane, Tx};
use people::api as who;
use serde_json::{Value, json};
use testkit::{Answer, App, Parts};

pub(crate) fn parts() -> Parts {
    let folder = tempfile::tempdir().unwrap();
    let media = catalog::Media { dir: folder.path().to_path_buf() };
    Parts {
        modules: vec![people::module(), stock::module(), catalog::module()],
        authenticate: Arc::new(who::Sessions),
        // The folder lives as long as the context does.
        extensions: vec![Arc::new(media), Arc::new(folder)],
    }
}

/// A shop and the token of its owner.
#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) id: MerchantId,
    pub(crate) token: String,
}

pub(crate) async fn shop(app: &App, n: u8) -> Shop {
    let id = MerchantId::from_bytes([n; 16]);
    let phone: who::Phone = format!("138000000{n:02}").parse().unwrap();
    let make = move |tx: &mut Tx| {
        let owner = who::ensure_member(tx, &phone, "Owner")?;
        who::ensure_merchant(tx, id, &format!("Shop {n}"), "", owner)?;
        who::open_session(tx, owner, "test")
    };
    Shop { id, token: app.store.db.write::<_, DbError, _>(Lane::Interactive, make).await.unwrap() }
}

/// A member's token, with these rights at a shop when one is given.
pub(crate) async fn member(app: &App, phone: &str, works: Option<(MerchantId, Vec<rest::Right>)>) -> String {
    let phone: who::Phone = phone.parse().unwrap();
    let make = move |tx: &mut Tx| {
        let person = who::ensure_member(tx, &phone, "Member")?;
        if let Some((merchant, rights)) = &works {
            who::ensure_staff(tx, *merchant, person, rights.iter().copied().collect())?;
        }
        who::open_session(tx, person, "test")
    };
    app.store.db.write::<_, DbError, _>(Lane::Interactive, make).await.unwrap()
}

pub(crate) fn category(n: u8) -> String {
    format!("cat_{n:032x}")
}

/// A product with one variant.
pub(crate) fn simple(title: &str, code: &str, price_minor: i64) -> Value {
    json!({
        "title": title, "category": category(1),
        "skus": [{ "code": code, "option_values": [], "price_minor": price_minor, "stock": 5 }],
    })
}

/// A product with two variants.
pub(crate) fn shirt(codes: [&str; 2]) -> Value {
    json!({
        "title": "纯棉 T-shirt", "description": "软", "category": category(13),
        "options": [{ "name": "颜色", "values": ["红", "蓝"] }],
        "attributes": [{ "name": "产地", "value": "浙江" }],
        "no_reason_return": true, "pictures": [],
        "skus": [
            { "code": codes[0], "option_values": ["红"], "price_minor": 5900, "compare_price_minor": 7900, "stock": 3 },
            { "code": codes[1], "option_values": ["蓝"], "price_minor": 4900 },
        ],
    })
}

impl Shop {
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/api/v1/merchants/{}/{rest}", self.id)
    }

    pub(crate) async fn create(&self, app: &App, body: Value) -> Value {
        app.post(&self.path("products"), &self.token, body).await.expect(201)
    }

    pub(crate) async fn publish(&self, app: &App, body: Value) -> Value {
        let product = self.create(app, body).await;
        let path = format!("{}/publish", product_path(&product));
        app.post(&path, &self.token, Value::Null).await.expect(200)
    }
}

pub(crate) fn product_path(product: &Value) -> String {
    format!("/api/v1/products/{}", product["id"].as_str().unwrap())
}

/// Sends bytes.
pub(crate) async fn upload(app: &App, path: &str, token: &str, kind: &str, bytes: Vec<u8>) -> Answer {
    let request = Request::post(path)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", kind)
        .body(Body::from(bytes));
    app.send(request.unwrap()).await
}

/// The rows of a statement that answers one number.
pub(crate) async fn count(app: &App, sql: &'static str) -> i64 {
    app.store.db.read::<_, DbError, _>(move |rx| rx.one(sql, &[], |row| row.get(0))).await.unwrap()
}

/// How much the catalogue and stock hold of anything: what a refusal must not change.
pub(crate) async fn rows(app: &App) -> [i64; 7] {
    [
        count(app, "SELECT COUNT(*) FROM catalog_product").await,
        count(app, "SELECT COUNT(*) FROM catalog_sku").await,
        count(app, "SELECT COUNT(*) FROM catalog_code").await,
        count(app, "SELECT COUNT(*) FROM catalog_word").await,
        count(app, "SELECT COUNT(*) FROM catalog_handle").await,
        count(app, "SELECT COUNT(*) FROM people_act").await,
        count(app, "SELECT CAST(COALESCE(SUM(version), 0) AS BIGINT) FROM catalog_product").await,
    ]
}
