//! A shop that has sold something, and the people of the platform.

use base::Currency;
use ledger::api::{Account, Asset, Kind, Owner};
use serde_json::{Value, json};
use testkit::App;

use crate::world::{Someone, merchant, order, owner, pay, product, ship, someone, top_up};

pub(crate) struct Shop {
    pub(crate) owner: Someone,
    pub(crate) buyer: Someone,
    pub(crate) operator: Someone,
    pub(crate) sku: base::SkuId,
    pub(crate) product: base::ProductId,
}

pub(crate) const DAY: i64 = 86_400;

pub(crate) async fn operator(app: &App, number: u32) -> Someone {
    let operator = someone(app, number).await;
    let person = operator.person;
    let make = move |tx: &mut db::Tx| people::api::ensure_operator(tx, person);
    app.store.db.write(db::Lane::Interactive, make).await.unwrap();
    operator
}

pub(crate) async fn shop(app: &App) -> Shop {
    let owner = owner(app).await;
    let buyer = someone(app, 2).await;
    let operator = operator(app, 70).await;
    let (product, sku) = product(app, "A", 1_000, 100).await;
    top_up(app, &buyer, 1_000_000).await;
    Shop { owner, buyer, operator, sku, product }
}

/// Sells `qty` at 10.00 and lets the return window pass; answers the order.
pub(crate) async fn sell(app: &App, shop: &Shop, qty: i64) -> String {
    let id = order(app, &shop.buyer, shop.sku, qty, 1_000 * qty, Value::Null).await;
    pay(app, &shop.buyer, &id, "wallet").await.expect(201);
    ship(app, &shop.owner, &id).await;
    app.post(&format!("/api/v1/orders/{id}/receive"), &shop.buyer.token, Value::Null).await.expect(200);
    app.pass(9 * DAY).await;
    id
}

pub(crate) async fn set_fee(app: &App, shop: &Shop, rate_bp: i64) {
    let body = json!({ "rate_bp": rate_bp, "note": "平台服务费" });
    app.call("PUT", "/api/v1/fee-rules", &shop.operator.token, body).await.expect(200);
}

pub(crate) fn of_shop(path: &str) -> String {
    format!("/api/v1/merchants/{}/{path}", merchant())
}

pub(crate) async fn statement(app: &App, shop: &Shop) -> Value {
    app.get(&of_shop("statement?from=2020-01-01T00:00:00Z"), &shop.owner.token).await.expect(200)
}

pub(crate) async fn refund(app: &App, shop: &Shop, order: &str, amount: i64) {
    let lines = json!([{ "line": 1, "amount_minor": amount }]);
    let body = json!({ "lines": lines, "reason": "补偿", "restock": false });
    app.post(&format!("/api/v1/orders/{order}/refunds"), &shop.owner.token, body).await.expect(201);
}

/// The balance of an account, credits less debits.
pub(crate) async fn balance(app: &App, owner: Owner, kind: Kind) -> i64 {
    let account = Account::new(owner, kind, Asset::Money(Currency::CNY));
    let read = move |rx: &mut db::Rx| ledger::api::balance(rx, &account);
    app.store.db.read(read).await.unwrap().credit()
}

pub(crate) async fn earned(app: &App) -> i64 {
    balance(app, Owner::Merchant(merchant()), Kind::Payable).await
}

pub(crate) async fn fees(app: &App) -> i64 {
    balance(app, Owner::Platform, Kind::Fee).await
}

/// Everybody proves who they are, as those do who move money after days.
pub(crate) async fn prove(app: &App) {
    let now = base::Clock::now(app.store.clock.as_ref());
    let sql = "UPDATE people_session SET stepped_up_at = :now WHERE id <> person";
    let run = move |tx: &mut db::Tx| tx.execute(sql, db::params!["now" => now]);
    app.store.db.write::<_, db::DbError, _>(db::Lane::Interactive, run).await.unwrap();
}
