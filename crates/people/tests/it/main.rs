//! The promises of people, on both engines.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod addresses;
mod leaving;
mod members;
mod second;
mod sessions;
mod shops;
mod sign_in;

use std::sync::Arc;

use base::{Id, MerchantId, PersonId};
use db::{DbError, Lane, Tx, params};
use people::api;
use serde_json::{Value, json};
use testkit::{App, Parts};

/// Notes in a table of this module that a hook ran: the guest's addresses would be another module's carts.
fn hook(tx: &mut Tx, guest: PersonId, member: PersonId) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO people_limit (scope, key, started_at, used) VALUES ('hook', :key, 0, 1)",
        params!["key" => format!("{guest} {member}")],
    )?;
    Ok(())
}

fn secret_key() -> api::SecretKey {
    let dir = tempfile::tempdir().unwrap();
    api::SecretKey::in_file(&dir.path().join("secret.key"), &base::SystemRng).unwrap()
}

/// What this module keeps about people.
fn everything() -> api::Everything {
    api::Everything(vec![people::module().personal])
}

pub(crate) fn parts() -> Parts {
    Parts {
        modules: vec![people::module()],
        authenticate: Arc::new(people::api::Sessions),
        extensions: vec![Arc::new(people::Hooks(vec![hook])), Arc::new(secret_key()), Arc::new(everything())],
    }
}

/// Asks for a code and reads it.
pub(crate) async fn code(app: &App, phone: &str) -> String {
    app.pass(61).await;
    app.post("/api/v1/sign-in/codes", "", json!({ "phone": phone })).await.expect(202);
    let path = format!("/api/v1/demo/sign-in-codes?phone={phone}");
    app.get(&path, "").await.expect(200)["code"].as_str().unwrap().to_owned()
}

/// Signs in as `before` (empty for nobody) with a code; answers the session.
pub(crate) async fn sign_in_as(app: &App, before: &str, phone: &str) -> Value {
    let code = code(app, phone).await;
    let body = json!({ "phone": phone, "code": code, "deliver": "bearer" });
    app.post("/api/v1/sessions", before, body).await.expect(201)
}

/// A member's token.
pub(crate) async fn member(app: &App, phone: &str) -> String {
    sign_in_as(app, "", phone).await["token"].as_str().unwrap().to_owned()
}

/// A guest's session.
pub(crate) async fn guest(app: &App) -> Value {
    app.post("/api/v1/sessions/guest", "", json!({ "deliver": "bearer" })).await.expect(201)
}

/// A shop with its owner's token.
pub(crate) async fn shop(app: &App, n: u8, owner_phone: &str) -> (MerchantId, String) {
    let merchant = MerchantId::from_bytes([n; 16]);
    let phone: api::Phone = owner_phone.parse().unwrap();
    let make = move |tx: &mut Tx| {
        let owner = api::ensure_member(tx, &phone, "Owner")?;
        api::ensure_merchant(tx, merchant, "Shop", "", owner)?;
        api::open_session(tx, owner, "test")
    };
    let token = app.store.db.write::<_, DbError, _>(Lane::Interactive, make).await.unwrap();
    (merchant, token)
}

/// Invites the number to work for the shop and lets the person accept; answers the row's person.
pub(crate) async fn hire(
    app: &App,
    merchant: MerchantId,
    owner: &str,
    phone: &str,
    rights: &[&str],
) -> String {
    let body = json!({ "phone": phone, "rights": rights });
    let staff = format!("/api/v1/merchants/{merchant}/staff");
    let row = app.post(&staff, owner, body).await.expect(201);
    let token = member(app, phone).await;
    let accept = format!("/api/v1/me/invitations/{merchant}/accept");
    app.post(&accept, &token, Value::Null).await.expect(200);
    row["person"].as_str().unwrap().to_owned()
}

/// An operator's token.
pub(crate) async fn operator(app: &App) -> String {
    let make = |tx: &mut Tx| {
        let person = api::ensure_member(tx, &"13900000000".parse().unwrap(), "Operator")?;
        api::ensure_operator(tx, person)?;
        api::open_session(tx, person, "test")
    };
    app.store.db.write::<_, DbError, _>(Lane::Interactive, make).await.unwrap()
}

/// The rows of a statement that answers one number.
pub(crate) async fn count(app: &App, sql: &'static str) -> i64 {
    app.store.db.read::<_, DbError, _>(move |rx| rx.one(sql, &[], |row| row.get(0))).await.unwrap()
}
