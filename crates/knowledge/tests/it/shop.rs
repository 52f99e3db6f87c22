//! The shop of the tests of orders, with people who talk of its goods.

use base::{ProductId, SkuId};
use serde_json::{Value, json};
use testkit::{Answer, App, Parts};

use crate::world::{self, Someone, merchant, order, owner, pay, product, ship, someone, top_up};

/// All modules of the loop, and this one.
pub(crate) fn parts() -> Parts {
    let mut parts = world::parts();
    parts.modules.push(knowledge::module());
    parts
}

/// A shop, somebody with money, and pieces at 10.00.
pub(crate) struct Shop {
    pub(crate) owner: Someone,
    pub(crate) buyer: Someone,
    pub(crate) sku: SkuId,
    pub(crate) product: ProductId,
}

pub(crate) async fn shop(app: &App) -> Shop {
    let owner = owner(app).await;
    let buyer = someone(app, 2).await;
    let (product, sku) = product(app, "A", 1_000, 100).await;
    top_up(app, &buyer, 100_000).await;
    Shop { owner, buyer, sku, product }
}

/// Somebody who runs the platform.
pub(crate) async fn operator(app: &App) -> Someone {
    let operator = someone(app, 900).await;
    let person = operator.person;
    let make = move |tx: &mut db::Tx| people::api::ensure_operator(tx, person);
    app.store.db.write::<_, db::DbError, _>(db::Lane::Interactive, make).await.unwrap();
    operator
}

/// A paid order.
pub(crate) async fn bought(app: &App, shop: &Shop) -> String {
    let id = order(app, &shop.buyer, shop.sku, 1, 1_000, Value::Null).await;
    pay(app, &shop.buyer, &id, "wallet").await.expect(201);
    id
}

/// An order that has arrived.
pub(crate) async fn received(app: &App, shop: &Shop) -> String {
    let id = bought(app, shop).await;
    ship(app, &shop.owner, &id).await;
    app.post(&format!("/api/v1/orders/{id}/receive"), &shop.buyer.token, Value::Null).await.expect(200);
    id
}

pub(crate) fn stars(stars: i64, words: &str) -> Value {
    json!({ "line": 1, "stars": stars, "words": words, "tags": ["新鲜"], "is_anonymous": false })
}

pub(crate) async fn write(app: &App, who: &Someone, order: &str, body: Value) -> Answer {
    app.post(&format!("/api/v1/orders/{order}/reviews"), &who.token, body).await
}

/// A review of an order that has arrived.
pub(crate) async fn reviewed(app: &App, shop: &Shop, stars: i64, words: &str) -> String {
    let order = received(app, shop).await;
    id(&write(app, &shop.buyer, &order, crate::shop::stars(stars, words)).await.expect(201))
}

pub(crate) async fn ask(app: &App, shop: &Shop, who: &Someone, words: &str) -> Answer {
    let path = format!("/api/v1/products/{}/questions", shop.product);
    app.post(&path, &who.token, json!({ "words": words })).await
}

/// Does something with a post.
pub(crate) async fn act(app: &App, who: &Someone, post: &str, verb: &str, body: Value) -> Answer {
    app.post(&format!("/api/v1/posts/{post}/{verb}"), &who.token, body).await
}

/// The reviews in public, as anybody sees them.
pub(crate) async fn list(app: &App, shop: &Shop, query: &str) -> Vec<Value> {
    let path = format!("/api/v1/products/{}/reviews?{query}", shop.product);
    app.get(&path, "").await.expect(200)["items"].as_array().unwrap().clone()
}

/// Reviews, average, with follow-up, questions.
pub(crate) async fn summary(app: &App, shop: &Shop) -> (i64, Option<i64>, i64, i64) {
    let path = format!("/api/v1/products/{}/review-summary", shop.product);
    let found = app.get(&path, "").await.expect(200);
    let number = |name: &str| found[name].as_i64();
    (
        number("reviews").unwrap(),
        number("average_hundredths"),
        number("with_follow_up").unwrap(),
        number("questions").unwrap(),
    )
}

pub(crate) fn id(post: &Value) -> String {
    post["id"].as_str().unwrap().to_owned()
}

pub(crate) fn ids(posts: &[Value]) -> Vec<String> {
    posts.iter().map(id).collect()
}

pub(crate) fn hide() -> Value {
    json!({ "verdict": "hide", "reason": "与商品无关" })
}

pub(crate) fn keep() -> Value {
    json!({ "verdict": "keep", "reason": "是真实的使用感受" })
}

/// The shop's id, for its pages.
pub(crate) fn of_shop(rest: &str) -> String {
    format!("/api/v1/merchants/{}/{rest}", merchant())
}
