//! What operators read in the ledger says whose each account is.

use std::collections::BTreeSet;

use serde_json::Value;
use testkit::Engine;
use testkit::http::Http;
use testkit::process::sign_in;

use crate::world::demo_place;

fn text(value: &Value, pointer: &str) -> String {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_else(|| panic!("{pointer} in {value}"))
        .to_owned()
}

/// The values of one field in a list.
fn all(value: &Value, list: &str, field: &str) -> BTreeSet<String> {
    value[list].as_array().unwrap().iter().map(|item| text(item, &format!("/{field}"))).collect()
}

async fn check(engine: Engine) {
    let (_folder, place) = demo_place(engine);
    let server = place.serve(&[("TUAN_ROLES", "web")]);
    let token = sign_in(server.address, "13800009000").await.unwrap();
    let mut http = Http::new(server.address, &token);
    let mut get = async |path: String| {
        let reply = http.send("GET", &format!("/api/v1{path}"), "", &Value::Null).await.unwrap();
        assert_eq!(reply.status, 200, "{path}");
        reply.json()
    };
    let wallets = get("/ledger/accounts".to_owned()).await;
    assert_eq!(all(&wallets, "items", "kind"), BTreeSet::from(["wallet".to_owned()]));
    for kind in ["wallet", "escrow"] {
        let accounts = get(format!("/ledger/accounts?kind={kind}")).await;
        let (account, owner) = (text(&accounts, "/items/0/account"), text(&accounts, "/items/0/owner"));
        let names = get(format!("/names?ids={owner}")).await;
        assert_eq!(all(&names, "items", "id"), BTreeSet::from([owner.clone()]));
        assert!(!text(&names, "/items/0/name").is_empty());

        let theirs = get(format!("/ledger/accounts?owner={owner}")).await;
        assert_eq!(all(&theirs, "items", "owner"), BTreeSet::from([owner]));
        assert!(all(&theirs, "items", "account").contains(&account), "{theirs}");
        assert!(theirs["next_cursor"].is_null());

        let entries = get(format!("/ledger/accounts/{account}/entries")).await;
        let transfer = get(format!("/ledger/transfers/{}", text(&entries, "/items/0/transfer"))).await;
        assert_eq!(all(&transfer, "accounts", "account"), all(&transfer, "entries", "account"));
        assert!(all(&transfer, "accounts", "account").contains(&account), "{transfer}");
    }
    for nobody in ["per_00000000000000000000000000000000", "platform", "nobody"] {
        let none = get(format!("/ledger/accounts?owner={nobody}")).await;
        assert_eq!(none["items"].as_array().map(Vec::len), Some(0), "{nobody}");
    }
}

mod an_account_says_whose_it_is {
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
