//! A merchant's rules, on both engines.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use base::{Currency, Id, MerchantId, PersonId};
use db::{DbError, Lane};
use people::api::Phone;
use pricing::api::{self, Freight, FullReduction};
use rest::{Right, Rights};
use serde_json::{Value, json};
use testkit::{App, Parts, app_test};

fn merchant() -> MerchantId {
    MerchantId::from_bytes([1; 16])
}

fn parts() -> Parts {
    Parts {
        modules: vec![people::module(), pricing::module()],
        authenticate: std::sync::Arc::new(people::api::Sessions),
        extensions: Vec::new(),
    }
}

async fn member(app: &App, phone: &'static str) -> (PersonId, String) {
    let write = move |tx: &mut db::Tx| {
        let person = people::api::ensure_member(tx, &phone.parse::<Phone>().unwrap(), "member")?;
        let token = people::api::open_session(tx, person, "test")?;
        Ok::<_, DbError>((person, token))
    };
    app.store.db.write(Lane::Interactive, write).await.unwrap()
}

/// A shop with an owner, staff with and without the right, and a stranger.
async fn shop(app: &App) -> [String; 4] {
    let (owner, owner_token) = member(app, "13800000001").await;
    let (keeper, keeper_token) = member(app, "13800000002").await;
    let (packer, packer_token) = member(app, "13800000003").await;
    let (_, stranger_token) = member(app, "13800000004").await;
    let write = move |tx: &mut db::Tx| {
        people::api::ensure_merchant(tx, merchant(), "shop", "", owner)?;
        people::api::ensure_staff(tx, merchant(), keeper, [Right::Products].into_iter().collect::<Rights>())?;
        people::api::ensure_staff(tx, merchant(), packer, [Right::Orders].into_iter().collect::<Rights>())
    };
    app.store.db.write::<_, DbError, _>(Lane::Interactive, write).await.unwrap();
    [owner_token, keeper_token, packer_token, stranger_token]
}

fn path() -> String {
    format!("/api/v1/merchants/{}/pricing", merchant())
}

fn rules(base: i64) -> Value {
    json!({
        "full_reductions": [{ "threshold_minor": 20_000, "off_minor": 3_000 }, { "threshold_minor": 10_000, "off_minor": 1_000 }],
        "freight": { "base_minor": base, "free_from_minor": 9_900 },
    })
}

async fn stored(app: &App) -> (Vec<FullReduction>, Freight) {
    app.store.db.read::<_, DbError, _>(|rx| api::rules(rx, merchant())).await.unwrap()
}

app_test!(rules_are_set_and_read, parts, |app| {
    let [owner, keeper, ..] = shop(&app).await;
    let none = app.get(&path(), &owner).await.expect(200);
    assert_eq!(
        none,
        json!({ "full_reductions": [], "freight": { "base_minor": 0, "free_from_minor": null } })
    );
    let set = app.call("PUT", &path(), &keeper, rules(800)).await.expect(200);
    assert_eq!(set["full_reductions"][0]["threshold_minor"], 10_000);
    let again = app.call("PUT", &path(), &owner, rules(900)).await.expect(200);
    assert_eq!(app.get(&path(), &keeper).await.expect(200), again);
    let context = app.store.db.read::<_, DbError, _>(|rx| {
        api::context(rx, merchant(), Currency::CNY, PersonId::from_bytes([0; 16]), rx.now())
    });
    let context = context.await.unwrap();
    assert_eq!(context.freight, Freight { base_minor: 900, free_from_minor: Some(9_900) });
    assert_eq!(context.full_reductions.len(), 2);
});

app_test!(rules_that_cannot_be_meant_are_refused, parts, |app| {
    let [owner, ..] = shop(&app).await;
    let too_much_off = json!({ "full_reductions": [{ "threshold_minor": 1, "off_minor": 2 }],
        "freight": { "base_minor": 0, "free_from_minor": null } });
    app.call("PUT", &path(), &owner, too_much_off).await.expect_problem(422, "pricing.bad_rule");
    let many = json!({ "full_reductions": vec![json!({ "threshold_minor": 2, "off_minor": 1 }); 21],
        "freight": { "base_minor": 0, "free_from_minor": null } });
    app.call("PUT", &path(), &owner, many).await.expect_problem(422, "pricing.bad_rule");
    app.call("PUT", &path(), &owner, rules(-1)).await.expect_problem(422, "pricing.bad_rule");
    let mut unknown = rules(1);
    unknown["version"] = json!(7);
    app.call("PUT", &path(), &owner, unknown).await.expect(400);
    assert_eq!(stored(&app).await, (Vec::new(), Freight::default()));
});

app_test!(only_those_with_the_right_may, parts, |app| {
    let [_, _, packer, stranger] = shop(&app).await;
    for (token, status) in [(packer, 403), (stranger, 404), (String::new(), 401)] {
        app.get(&path(), &token).await.expect(status);
        app.call("PUT", &path(), &token, rules(1)).await.expect(status);
    }
    assert_eq!(stored(&app).await, (Vec::new(), Freight::default()));
});
