//! A small shop with people.

use std::sync::Arc;

use base::{AddressId, Clock, Id, MerchantId, PersonId, ProductId, SkuId};
use catalog::api::{NewProduct, NewSku};
use db::{DbError, Lane};
use people::api::{AddressSnapshot, Phone};
use serde_json::{Value, json};
use testkit::{App, Parts};

/// All modules of the loop.
pub(crate) fn parts() -> Parts {
    let modules = vec![
        ledger::module(),
        people::module(),
        settlement::module(),
        stock::module(),
        pricing::module(),
        catalog::module(),
        membership::module(),
        coupons::module(),
        points::module(),
        deals::module(),
        flash::module(),
        reach::module(),
        payments::module(),
        orders::module(),
    ];
    let hooks = people::Hooks(modules.iter().filter_map(|module| module.merge_guest).collect());
    let reach_hooks = reach::api::Hooks {
        team: Some(|rx, team| {
            let brief = deals::api::team_brief(rx, team)?;
            Ok(brief.map(|brief| reach::api::TeamTarget {
                product: brief.product,
                team_price: Some(brief.price),
            }))
        }),
        team_price: Some(deals::api::team_price),
        order_numbers: Some(orders::api::numbers),
    };
    let extensions: Vec<Arc<dyn std::any::Any + Send + Sync>> = vec![Arc::new(hooks), Arc::new(reach_hooks)];
    Parts { modules, authenticate: Arc::new(people::api::Sessions), extensions }
}

/// Somebody who has signed in.
#[derive(Clone, Debug)]
pub(crate) struct Someone {
    pub(crate) person: PersonId,
    pub(crate) token: String,
    pub(crate) address: AddressId,
}

pub(crate) fn merchant() -> MerchantId {
    MerchantId::from_bytes([9; 16])
}

/// A member with an address and a session.
pub(crate) async fn someone(app: &App, number: u32) -> Someone {
    let phone: Phone = format!("138{number:08}").parse().unwrap();
    app.store
        .db
        .write::<_, DbError, _>(Lane::Interactive, move |tx| {
            let person = people::api::ensure_member(tx, &phone, &format!("客{number}"))?;
            let address = AddressSnapshot {
                name: "客".to_owned(),
                phone: "13800000000".to_owned(),
                region: "浙江省杭州市西湖区".to_owned(),
                street: "文一路1号".to_owned(),
            };
            let address = people::api::ensure_address(tx, person, &address)?;
            let token = people::api::open_session(tx, person, "test")?;
            Ok(Someone { person, token, address })
        })
        .await
        .unwrap()
}

/// The owner of the shop.
pub(crate) async fn owner(app: &App) -> Someone {
    let owner = someone(app, 1).await;
    let person = owner.person;
    app.store
        .db
        .write::<_, DbError, _>(Lane::Interactive, move |tx| {
            people::api::ensure_merchant(tx, merchant(), "鲜果铺", "", person)
        })
        .await
        .unwrap();
    owner
}

/// A published product with one SKU.
pub(crate) async fn product(app: &App, code: &str, price: i64, units: i64) -> (ProductId, SkuId) {
    let new = NewProduct {
        title: format!("苹果 {code}"),
        description: String::new(),
        category: category(app).await,
        options: Vec::new(),
        attributes: Vec::new(),
        no_reason_return: true,
        is_virtual: false,
        pictures: Vec::new(),
        skus: vec![NewSku {
            code: code.to_owned(),
            option_values: Vec::new(),
            price_minor: price,
            compare_price_minor: None,
            stock: Some(units),
        }],
    };
    let made = app.store.db.write(Lane::Interactive, move |tx| {
        let id = catalog::api::create_product(tx, merchant(), &new)?;
        catalog::api::publish(tx, id)?;
        let info = catalog::api::product(tx, id)?;
        Ok::<_, catalog::api::ProductError>((id, info.map(|info| info.skus)))
    });
    let (id, skus) = made.await.unwrap();
    (id, skus.unwrap()[0])
}

/// A published virtual product with one SKU.
pub(crate) async fn course(app: &App, code: &str, price: i64) -> SkuId {
    let (id, sku) = product(app, code, price, 10).await;
    let found = app.get(&format!("/api/v1/products/{id}"), "").await.expect(200);
    let new = NewProduct {
        title: "修车课".to_owned(),
        description: String::new(),
        category: found["category"].as_str().unwrap().parse().unwrap(),
        options: Vec::new(),
        attributes: Vec::new(),
        no_reason_return: true,
        is_virtual: true,
        pictures: Vec::new(),
        skus: vec![NewSku {
            code: code.to_owned(),
            option_values: Vec::new(),
            price_minor: price,
            compare_price_minor: None,
            stock: None,
        }],
    };
    let version = found["version"].as_i64().unwrap();
    let write = move |tx: &mut db::Tx| catalog::api::update_product(tx, id, version, &new);
    app.store.db.write(Lane::Interactive, write).await.unwrap();
    sku
}

async fn category(app: &App) -> base::CategoryId {
    let list = app.get("/api/v1/categories", "").await.expect(200);
    list["items"][0]["id"].as_str().unwrap().parse().unwrap()
}

pub(crate) async fn top_up(app: &App, who: &Someone, amount: i64) {
    let body = json!({ "amount_minor": amount });
    app.post("/api/v1/demo/wallet-top-ups", &who.token, body).await.expect(201);
}

pub(crate) async fn wallet(app: &App, who: &Someone) -> i64 {
    let view = app.get("/api/v1/me/wallet", &who.token).await.expect(200);
    view["balance"]["amount_minor"].as_i64().unwrap()
}

/// Places an order for one SKU, alone or with others.
pub(crate) async fn order(app: &App, who: &Someone, sku: SkuId, qty: i64, total: i64, deal: Value) -> String {
    let body = json!({
        "source": { "kind": "now", "sku": sku, "qty": qty, "deal": deal },
        "address": who.address, "expected_total_minor": total,
    });
    let placed = app.post("/api/v1/checkouts", &who.token, body).await.expect(201);
    placed["orders"][0].as_str().unwrap().to_owned()
}

pub(crate) async fn pay(app: &App, who: &Someone, order: &str, method: &str) -> testkit::Answer {
    app.post("/api/v1/payments", &who.token, json!({ "orders": [order], "method": method })).await
}

/// What the payer does at the provider's cashier.
pub(crate) async fn act(app: &App, payment: &Value, act: &str) -> testkit::Answer {
    let id = payment["id"].as_str().unwrap();
    app.post(&format!("/api/v1/demo/sandbox/payments/{id}/{act}"), "", Value::Null).await
}

pub(crate) async fn state(app: &App, who: &Someone, order: &str) -> String {
    let view = app.get(&format!("/api/v1/orders/{order}"), &who.token).await.expect(200);
    view["state"].as_str().unwrap().to_owned()
}

pub(crate) async fn available(app: &App, sku: SkuId) -> i64 {
    let read = move |rx: &mut db::Rx| stock::api::available(rx, &[sku]);
    app.store.db.read::<_, DbError, _>(read).await.unwrap()[&sku]
}

/// A live activity: teams of `size` within an hour.
pub(crate) async fn activity(
    app: &App,
    owner: &Someone,
    ids: (ProductId, SkuId),
    size: i64,
    more: Value,
) -> String {
    let now = app.store.clock.now();
    let mut body = json!({
        "product": ids.0, "title": "一起买", "size": size, "window_minutes": 60,
        "skus": [{ "sku": ids.1, "team_price_minor": 800 }],
        "starts_at": now.plus_seconds(-60), "ends_at": now.plus_seconds(86_400),
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        body[key] = value.clone();
    }
    let path = format!("/api/v1/merchants/{}/activities", merchant());
    let made = app.post(&path, &owner.token, body).await.expect(201);
    let id = made["id"].as_str().unwrap().to_owned();
    app.post(&format!("/api/v1/activities/{id}/start"), &owner.token, Value::Null).await.expect(200);
    id
}

pub(crate) async fn ship(app: &App, owner: &Someone, order: &str) {
    let body = json!({ "carrier": "顺丰", "tracking": "SF1" });
    app.post(&format!("/api/v1/orders/{order}/shipments"), &owner.token, body).await.expect(200);
}
