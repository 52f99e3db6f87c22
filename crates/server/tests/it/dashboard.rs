//! The dashboard of each demo shop says what its orders say, counted with SQL over the audit views.

use serde_json::Value;
use testkit::Engine;
use testkit::http::Http;
use testkit::process::{Place, sign_in};

use crate::world::demo_place;

/// Orders that were paid, and what was paid and given back.
type Sums = (i64, i64, i64);

const SUMS: &str = "SELECT COUNT(*), CAST(COALESCE(SUM(captured), 0) AS BIGINT),
        CAST(COALESCE(SUM(refunded), 0) AS BIGINT) FROM audit_orders WHERE captured > 0 AND shop = $1";

#[expect(clippy::disallowed_methods, reason = "what the server says is held against the store itself")]
fn sums_in_store(place: &Place, shop: &str) -> Sums {
    match place.database.clone() {
        None => {
            let store = rusqlite::Connection::open(place.folder.join("tuan.db")).unwrap();
            store.query_row(SUMS, [shop], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap()
        }
        Some(url) => {
            let shop = shop.to_owned();
            let read = move || {
                let mut store = postgres::Client::connect(&url, postgres::NoTls).unwrap();
                let row = store.query_one(SUMS, &[&shop]).unwrap();
                (row.get(0), row.get(1), row.get(2))
            };
            std::thread::spawn(read).join().unwrap()
        }
    }
}

async fn check(engine: Engine) {
    let (_folder, place) = demo_place(engine);
    let server = place.serve(&[("TUAN_ROLES", "web")]);
    for phone in ["13800009001", "13800009002", "13800009003"] {
        let token = sign_in(server.address, phone).await.unwrap();
        let mut http = Http::new(server.address, &token);
        let me = http.send("GET", "/api/v1/me", "", &Value::Null).await.unwrap().json();
        let shop = me.pointer("/merchants/0/id").and_then(Value::as_str).unwrap().to_owned();
        let path = format!("/api/v1/merchants/{shop}/dashboard?from=2020-01-01T00:00:00Z");
        let told = http.send("GET", &path, "", &Value::Null).await.unwrap().json();
        let number = |pointer: &str| told.pointer(pointer).and_then(Value::as_i64).unwrap();
        let sums = (number("/orders"), number("/paid/amount_minor"), number("/refunded/amount_minor"));
        assert!(sums.0 > 0, "the demo shop {shop} sold nothing");
        assert_eq!(sums, sums_in_store(&place, &shop), "{shop}");
    }
}

mod what_the_dashboard_says_is_what_the_orders_say {
    use super::*;

    #[test]
    fn sqlite() {
        testkit::block_on(check(Engine::Sqlite));
    }

    #[test]
    fn postgres() {
        testkit::block_on(check(Engine::Postgres));
    }
}
