//! The shop of the tests of orders, with after-sale cases.

use base::SkuId;
use serde_json::{Value, json};
use testkit::{App, Parts};

use crate::world::{self, Someone, merchant, order, owner, pay, product, ship, someone, top_up};

/// All modules of the loop, and this one.
pub(crate) fn parts() -> Parts {
    let mut parts = world::parts();
    parts.modules.push(aftersale::module());
    parts.modules.push(invoices::module());
    parts
}

/// A shop with an address for what comes back, somebody with money, and ten pieces at 10.00.
pub(crate) struct Shop {
    pub(crate) owner: Someone,
    pub(crate) buyer: Someone,
    pub(crate) sku: SkuId,
    pub(crate) product: base::ProductId,
}

pub(crate) const FUNDS: i64 = 300_000;

pub(crate) async fn shop(app: &App) -> Shop {
    let owner = owner(app).await;
    let buyer = someone(app, 2).await;
    let (product, sku) = product(app, "A", 1_000, 10).await;
    top_up(app, &buyer, FUNDS).await;
    terms(app, &owner, 30, 0).await;
    Shop { owner, buyer, sku, product }
}

pub(crate) async fn terms(app: &App, owner: &Someone, days: i64, version: i64) {
    let body = json!({
        "address": { "name": "仓库", "phone": "13800000000", "region": "浙江省杭州市", "street": "二号库" },
        "price_protection_days": days, "version": version,
    });
    let path = format!("/api/v1/merchants/{}/after-sale-terms", merchant());
    app.call("PUT", &path, &owner.token, body).await.expect(200);
}

/// A paid order.
pub(crate) async fn bought(app: &App, shop: &Shop, qty: i64) -> String {
    let id = order(app, &shop.buyer, shop.sku, qty, 1_000 * qty, Value::Null).await;
    pay(app, &shop.buyer, &id, "wallet").await.expect(201);
    id
}

/// An order that has arrived.
pub(crate) async fn received(app: &App, shop: &Shop, qty: i64) -> String {
    let id = bought(app, shop, qty).await;
    ship(app, &shop.owner, &id).await;
    app.post(&format!("/api/v1/orders/{id}/receive"), &shop.buyer.token, Value::Null).await.expect(200);
    id
}

/// Asks for something to be put right.
pub(crate) async fn ask(app: &App, who: &Someone, order: &str, body: Value) -> testkit::Answer {
    app.post(&format!("/api/v1/orders/{order}/after-sales"), &who.token, body).await
}

/// Asks for `units` of the first line.
pub(crate) async fn ask_units(
    app: &App,
    shop: &Shop,
    order: &str,
    (kind, reason): (&str, &str),
    units: i64,
) -> testkit::Answer {
    let body = json!({ "kind": kind, "reason": reason, "items": [{ "line": 1, "units": units }] });
    ask(app, &shop.buyer, order, body).await
}

pub(crate) fn id(case: &Value) -> String {
    case["id"].as_str().unwrap().to_owned()
}

/// Does something to a case.
pub(crate) async fn act(app: &App, who: &Someone, case: &str, verb: &str, body: Value) -> testkit::Answer {
    app.post(&format!("/api/v1/after-sales/{case}/{verb}"), &who.token, body).await
}

/// Sends the goods of a case back, and lets the shop look at them: `shelf` of them can be sold again.
pub(crate) async fn back(app: &App, shop: &Shop, case: &str, outcome: &str, shelf: i64) -> testkit::Answer {
    let parcel = json!({ "carrier": "顺丰", "tracking": "SF2" });
    act(app, &shop.buyer, case, "send", parcel).await.expect(200);
    let body = json!({ "outcome": outcome, "shelf": [{ "line": 1, "units": shelf }] });
    act(app, &shop.owner, case, "accept", body).await
}

pub(crate) async fn balance(app: &App, shop: &Shop) -> (i64, i64) {
    let path = format!("/api/v1/merchants/{}/balance", merchant());
    let balance = app.get(&path, &shop.owner.token).await.expect(200);
    let minor = |name: &str| balance[name]["amount_minor"].as_i64().unwrap();
    (minor("escrow"), minor("payable"))
}

/// Signs the two in again after a long time.
pub(crate) async fn sign_in(app: &App, shop: &mut Shop) {
    for who in [&mut shop.owner, &mut shop.buyer] {
        let person = who.person;
        let open = move |tx: &mut db::Tx| people::api::open_session(tx, person, "test");
        who.token = app.store.db.write(db::Lane::Interactive, open).await.unwrap();
    }
}
