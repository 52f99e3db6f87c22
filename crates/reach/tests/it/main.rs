//! Reach's promises, on both engines.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod attribution;
mod payouts;
mod routes;
mod tree;

use base::{Currency, Id, MerchantId, Money, OrderId, PersonId, ProductId};
use db::{DbError, Lane, Rx, Tx};
use ledger::api::{Account, Asset, Kind, Owner, Transfer, TransferKind};
use people::api::Phone;
use reach::api::{self, PlacedLine, Placement};
use serde_json::{Value, json};
use testkit::{App, Parts};

pub(crate) const DAY: i64 = 86_400;

pub(crate) fn parts() -> Parts {
    Parts {
        modules: vec![
            ledger::module(),
            people::module(),
            settlement::module(),
            stock::module(),
            catalog::module(),
            reach::module(),
        ],
        authenticate: std::sync::Arc::new(people::api::Sessions),
        extensions: vec![std::sync::Arc::new(people::Hooks(vec![api::merge_guest]))],
    }
}

pub(crate) fn merchant() -> MerchantId {
    MerchantId::from_bytes([1; 16])
}

pub(crate) fn order(n: u32) -> OrderId {
    OrderId::from_bytes(u128::from(n).to_be_bytes())
}

pub(crate) fn account(owner: Owner, kind: Kind) -> Account {
    Account::new(owner, kind, Asset::Money(Currency::CNY))
}

/// Somebody with a session.
#[derive(Clone)]
pub(crate) struct Who {
    pub(crate) id: PersonId,
    pub(crate) token: String,
}

/// A shop with one product.
pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) owner: Who,
    pub(crate) product: ProductId,
}

impl World {
    pub(crate) async fn new(app: App) -> Self {
        let owner = member(&app, 0).await;
        let id = owner.id;
        app.store
            .db
            .write::<_, DbError, _>(Lane::Interactive, move |tx| {
                people::api::ensure_merchant(tx, merchant(), "老王水果", "", id)
            })
            .await
            .unwrap();
        let product = product(&app).await;
        Self { app, owner, product }
    }

    pub(crate) async fn member(&self, n: u32) -> Who {
        member(&self.app, n).await
    }

    pub(crate) async fn write<T, F>(&self, write: F) -> T
    where
        T: Send + 'static,
        F: FnMut(&mut Tx) -> Result<T, DbError> + Send + 'static,
    {
        self.app.store.db.write::<_, DbError, _>(Lane::Interactive, write).await.unwrap()
    }

    pub(crate) async fn read<T, F>(&self, read: F) -> T
    where
        T: Send + 'static,
        F: FnMut(&mut Rx) -> Result<T, DbError> + Send + 'static,
    {
        self.app.store.db.read::<_, DbError, _>(read).await.unwrap()
    }

    pub(crate) async fn rules(&self, level1: i64, level2: i64, hours: i64, model: &str) {
        let path = format!("/api/v1/merchants/{}/commission-rules", merchant());
        let rules = json!({ "level1_bp": level1, "level2_bp": level2, "window_hours": hours, "model": model,
            "return_window_days": 7 });
        self.app.call("PUT", &path, &self.owner.token, rules).await.expect(200);
    }

    /// The code of the person's entry to the product.
    pub(crate) async fn share(&self, who: &Who) -> String {
        let body = json!({ "kind": "link", "target": { "kind": "product", "id": self.product } });
        let entry = self.app.post("/api/v1/entries", &who.token, body).await.expect(201);
        entry["code"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn touch(&self, who: &Who, code: &str) -> bool {
        let touched = self.app.post("/api/v1/touches", &who.token, json!({ "code": code })).await.expect(201);
        touched["recorded"].as_bool().unwrap()
    }

    /// `sharer` shares, `buyer` follows.
    pub(crate) async fn bring(&self, sharer: &Who, buyer: &Who) {
        let code = self.share(sharer).await;
        assert!(self.touch(buyer, &code).await);
    }

    pub(crate) async fn place(&self, n: u32, buyer: &Who, nets: &[i64]) {
        let (buyer, product, nets) = (buyer.id, self.product, nets.to_vec());
        self.write(move |tx| {
            let net = |(line, minor): (i64, &i64)| PlacedLine {
                line,
                product,
                net: Money::new(*minor, Currency::CNY),
            };
            let lines: Vec<_> = (1_i64..).zip(&nets).map(net).collect();
            api::attribute(tx, &Placement { order: order(n), buyer, merchant: merchant(), lines: &lines })
        })
        .await;
    }

    /// Places and pays; the money lies in escrow.
    pub(crate) async fn buy(&self, n: u32, buyer: &Who, nets: &[i64]) {
        self.place(n, buyer, nets).await;
        let (buyer, sum) = (buyer.id, nets.iter().sum());
        self.write(move |tx| {
            api::paid(tx, order(n), buyer, merchant())?;
            let from = account(Owner::Provider("test"), Kind::Bank);
            let to = account(Owner::Merchant(merchant()), Kind::Escrow);
            let cause = order(n).to_string();
            let capture = Transfer::simple(TransferKind::Capture, &cause, from, to, sum).of_order(order(n));
            ledger::api::post(tx, &capture).map_err(|error| DbError::Bug(error.to_string()))?;
            Ok(())
        })
        .await;
    }

    pub(crate) async fn release(&self, n: u32) -> i64 {
        let db = &self.app.store.db;
        db.write(Lane::Interactive, move |tx| api::release(tx, order(n), merchant(), Currency::CNY))
            .await
            .unwrap()
    }

    pub(crate) async fn evidence(&self, n: u32) -> Value {
        serde_json::to_value(self.read(move |rx| api::evidence(rx, order(n))).await).unwrap()
    }

    /// Level, beneficiary, amount, clawed and state of an order's commissions.
    pub(crate) async fn commissions(&self, n: u32) -> Vec<(i64, String, i64, i64, String)> {
        self.read(move |rx| {
            rx.list(
                "SELECT level, beneficiary, amount, clawed, state FROM audit_commissions
                 WHERE order_id = :order ORDER BY line, level LIMIT 100",
                db::params!["order" => order(n).to_string()],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)),
            )
        })
        .await
    }

    pub(crate) async fn credit(&self, account: Account) -> i64 {
        self.read(move |rx| ledger::api::balance(rx, &account)).await.credit()
    }

    pub(crate) async fn wallet(&self, who: &Who) -> i64 {
        self.credit(Account::wallet(who.id, Currency::CNY)).await
    }

    pub(crate) async fn debt(&self, who: &Who) -> i64 {
        -self.credit(account(Owner::Person(who.id), Kind::Debt)).await
    }
}

async fn member(app: &App, n: u32) -> Who {
    let write = move |tx: &mut Tx| {
        let phone: Phone = format!("138{n:08}").parse().unwrap();
        let id = people::api::ensure_member(tx, &phone, &format!("member {n}"))?;
        Ok::<_, DbError>(Who { id, token: people::api::open_session(tx, id, "test")? })
    };
    app.store.db.write(Lane::Interactive, write).await.unwrap()
}

async fn product(app: &App) -> ProductId {
    let categories = app.get("/api/v1/categories", "").await.expect(200);
    let category = categories["items"][0]["id"].as_str().unwrap().to_owned();
    let draft = json!({ "title": "脐橙 5 斤", "description": "", "category": category, "options": [], "attributes": [],
        "no_reason_return": true, "pictures": [],
        "skus": [{ "code": "orange", "option_values": [], "price_minor": 2_990, "stock": 100 }] });
    let write = move |tx: &mut Tx| {
        let draft = serde_json::from_value(draft.clone()).unwrap();
        let product = catalog::api::create_product(tx, merchant(), &draft)
            .map_err(|error| DbError::Bug(error.to_string()))?;
        catalog::api::publish(tx, product)?;
        Ok::<_, DbError>(product)
    };
    app.store.db.write(Lane::Interactive, write).await.unwrap()
}
