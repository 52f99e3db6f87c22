//! Activities are changed: what a draft may, and what one that runs must keep.

use base::Clock as _;
use serde_json::{Value, json};
use testkit::{App, app_test};

use crate::world::*;

/// A draft, and the body it was made from.
async fn draft(app: &App, owner: &Someone, ids: (base::ProductId, base::SkuId)) -> (String, Value) {
    let now = app.store.clock.now();
    let body = json!({
        "product": ids.0, "title": "一起买", "size": 3, "window_minutes": 60,
        "skus": [{ "sku": ids.1, "team_price_minor": 800, "leader_price_minor": null,
            "tiers": [{ "people": 2, "price_minor": 800 }, { "people": 3, "price_minor": 700 }] }],
        "starts_at": now.plus_seconds(-60), "ends_at": now.plus_seconds(86_400),
        "quota": 5, "per_person_limit": 2, "new_buyers_only": true,
    });
    let path = format!("/api/v1/merchants/{}/activities", merchant());
    let made = app.post(&path, &owner.token, body.clone()).await.expect(201);
    (format!("/api/v1/activities/{}", made["id"].as_str().unwrap()), body)
}

fn with(body: &Value, changes: Value) -> Value {
    let mut body = body.clone();
    let Value::Object(changes) = changes else { panic!("changes are an object: {changes}") };
    for (key, value) in changes {
        body[key.as_str()] = value;
    }
    body
}

app_test!(a_draft_changes_in_all_but_its_product, parts, |app| {
    let owner = owner(&app).await;
    let ids = product(&app, "A", 1_000, 10).await;
    let other = product(&app, "B", 1_000, 10).await;
    let (path, body) = draft(&app, &owner, ids).await;
    let skus = json!([{ "sku": ids.1, "team_price_minor": 900, "leader_price_minor": 850,
        "tiers": [{ "people": 4, "price_minor": 850 }] }]);
    let changes = json!({ "title": "五人团", "size": 5, "window_minutes": 90, "skus": skus, "quota": null,
        "per_person_limit": null, "new_buyers_only": false });
    let changed = with(&body, changes);
    for _ in 0..2 {
        app.call("PUT", &path, &owner.token, changed.clone()).await.expect(200);
    }
    let read = app.get(&path, &owner.token).await.expect(200);
    assert_eq!(
        (&read["title"], &read["size"], &read["state"]),
        (&json!("五人团"), &json!(5), &json!("draft"))
    );
    assert_eq!((&read["quota"], &read["new_buyers_only"]), (&Value::Null, &json!(false)));
    assert_eq!(read["skus"][0]["leader_price"]["amount_minor"], 850);
    assert_eq!(read["skus"][0]["tiers"][0]["people"], 4);

    let refusals = [
        (json!({ "product": other.0 }), 422, "activity.skus"),
        (json!({ "size": 1 }), 422, "activity.size"),
        (json!({ "ends_at": body["starts_at"] }), 422, "activity.times"),
        (json!({ "quota": 0 }), 422, "activity.limits"),
    ];
    for (change, status, code) in refusals {
        app.call("PUT", &path, &owner.token, with(&changed, change)).await.expect_problem(status, code);
    }
    let moved = json!({ "product": other.0, "skus": [{ "sku": other.1, "team_price_minor": 900 }] });
    app.call("PUT", &path, &owner.token, with(&changed, moved)).await.expect_problem(409, "activity.live");
    assert_eq!(app.get(&path, &owner.token).await.expect(200), read);
    let stranger = someone(&app, 9).await;
    app.get(&path, &stranger.token).await.expect(404);
    app.call("PUT", &path, &stranger.token, changed).await.expect(404);
});

app_test!(one_that_runs_keeps_what_it_promises, parts, |app| {
    let owner = owner(&app).await;
    let ids = product(&app, "A", 1_000, 10).await;
    let (path, body) = draft(&app, &owner, ids).await;
    app.post(&format!("{path}/start"), &owner.token, Value::Null).await.expect(200);
    let activity = path.rsplit('/').next().unwrap();
    let buyer = someone(&app, 2).await;
    top_up(&app, &buyer, 2_000).await;
    let deal = json!({ "activity": activity, "team": null });
    let placed = order(&app, &buyer, ids.1, 2, 1_600, deal).await;
    pay(&app, &buyer, &placed, "wallet").await.expect(201);

    let put = async |change: Value| app.call("PUT", &path, &owner.token, with(&body, change)).await;
    let dearer = json!([{ "sku": ids.1, "team_price_minor": 900,
        "tiers": [{ "people": 2, "price_minor": 800 }, { "people": 3, "price_minor": 700 }] }]);
    for kept in [json!({ "size": 4 }), json!({ "new_buyers_only": false }), json!({ "skus": dearer })] {
        put(kept).await.expect_problem(409, "activity.live");
    }
    put(json!({ "quota": 1 })).await.expect_problem(409, "activity.quota_below_used");
    let soon = app.store.clock.now().plus_seconds(7_200);
    let view = put(json!({ "title": "今天的团", "quota": 2, "window_minutes": 30, "ends_at": soon }))
        .await
        .expect(200);
    assert_eq!((&view["quota_left"], &view["window_minutes"]), (&json!(0), &json!(30)));

    // It ends when it says now, not when it said first.
    app.pass(7_200).await;
    assert_eq!(app.get(&path, &owner.token).await.expect(200)["state"], "ended");
    put(json!({ "ends_at": app.store.clock.now().plus_seconds(3_600) }))
        .await
        .expect_problem(409, "activity.ended");
    app.audit().await;
});

app_test!(a_limit_set_later_gives_nothing_back_for_what_it_did_not_count, parts, |app| {
    let owner = owner(&app).await;
    let ids = product(&app, "A", 1_000, 20).await;
    let (path, body) = draft(&app, &owner, ids).await;
    let open = with(
        &body,
        json!({ "quota": null, "per_person_limit": null, "window_minutes": 5, "new_buyers_only": false }),
    );
    app.call("PUT", &path, &owner.token, open.clone()).await.expect(200);
    app.post(&format!("{path}/start"), &owner.token, Value::Null).await.expect(200);
    let activity = path.rsplit('/').next().unwrap();
    let deal = json!({ "activity": activity, "team": null });
    let buyer = someone(&app, 2).await;
    top_up(&app, &buyer, 10_000).await;
    let buy = async |units: i64| {
        let placed = order(&app, &buyer, ids.1, units, units * 800, deal.clone()).await;
        (pay(&app, &buyer, &placed, "wallet").await, placed)
    };
    let (paid, first) = buy(2).await;
    paid.expect(201);
    // Two units are held when limits of three come; three more are counted in them.
    app.pass(60).await;
    let limited = with(&open, json!({ "quota": 3, "per_person_limit": 3 }));
    let view = app.call("PUT", &path, &owner.token, limited.clone()).await.expect(200);
    assert_eq!(view["quota_left"], 3);
    buy(3).await.0.expect(201);
    // The team of the first fails; its units come back to stock, not to the limits.
    app.pass(4 * 60).await;
    assert_eq!(state(&app, &buyer, &first).await, "refunded");
    assert_eq!(app.get(&path, &owner.token).await.expect(200)["quota_left"], 0);
    buy(1).await.0.expect_problem(409, "deal.person_limit");
    let roomy = with(&limited, json!({ "per_person_limit": 10 }));
    app.call("PUT", &path, &owner.token, roomy).await.expect(200);
    buy(1).await.0.expect_problem(409, "deal.quota");
    // What was counted comes back.
    app.pass(60).await;
    assert_eq!(app.get(&path, &owner.token).await.expect(200)["quota_left"], 3);
    app.audit().await;
});

app_test!(teams_of_the_same_city_come_first, parts, |app| {
    let owner = owner(&app).await;
    let ids = product(&app, "A", 1_000, 10).await;
    let activity = activity(&app, &owner, ids, 3, json!({})).await;
    for number in 2..4 {
        let who = someone(&app, number).await;
        if number == 2 {
            let path = format!("/api/v1/me/addresses/{}", who.address);
            let far = json!({ "name": "客", "phone": "13800000000", "region": "四川省成都市武侯区",
                "street": "文一路1号", "is_default": true });
            app.call("PUT", &path, &who.token, far).await.expect(200);
        }
        top_up(&app, &who, 1_000).await;
        let placed = order(&app, &who, ids.1, 1, 800, json!({ "activity": activity, "team": null })).await;
        pay(&app, &who, &placed, "wallet").await.expect(201);
        app.pass(1).await;
    }
    let near = async |token: &str| {
        let list = app.get(&format!("/api/v1/activities/{activity}/teams"), token).await.expect(200);
        list["items"].as_array().unwrap().iter().map(|team| team["is_near"] == true).collect::<Vec<_>>()
    };
    assert_eq!(near(&someone(&app, 4).await.token).await, [true, false]);
    assert_eq!(near("").await, [false, false]);
});

app_test!(numbers_tell_people_from_orders, parts, |app| {
    let owner = owner(&app).await;
    let ids = product(&app, "A", 1_000, 10).await;
    let activity = activity(&app, &owner, ids, 2, json!({})).await;
    let (twice, once) = (someone(&app, 2).await, someone(&app, 3).await);
    top_up(&app, &twice, 5_000).await;
    top_up(&app, &once, 5_000).await;
    for who in [&twice, &once, &twice] {
        let placed = order(&app, who, ids.1, 1, 800, json!({ "activity": activity, "team": null })).await;
        pay(&app, who, &placed, "wallet").await.expect(201);
    }
    let path = format!("/api/v1/activities/{activity}/statistics");
    let numbers = app.get(&path, &owner.token).await.expect(200);
    assert_eq!((&numbers["people"], &numbers["orders"]), (&json!(2), &json!(3)));
    assert_eq!((&numbers["teams_opened"], &numbers["paid"]["amount_minor"]), (&json!(3), &json!(2_400)));
});
