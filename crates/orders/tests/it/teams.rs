//! Buying together (INV-30 … INV-34).

use serde_json::{Value, json};
use testkit::app_test;

use crate::world::*;

app_test!(a_team_fills_and_its_orders_are_confirmed, parts, |app| {
    let owner = owner(&app).await;
    let ids = product(&app, "A", 1_000, 10).await;
    let activity = activity(&app, &owner, ids, 2, json!({})).await;
    let (leader, member) = (someone(&app, 2).await, someone(&app, 3).await);
    top_up(&app, &leader, 1_000).await;
    top_up(&app, &member, 1_000).await;
    let first = order(&app, &leader, ids.1, 1, 800, json!({ "activity": activity, "team": null })).await;
    let path = format!("/api/v1/activities/{activity}/teams");
    let list = || app.get(&path, "");
    assert_eq!(list().await.expect(200)["items"], json!([]));
    pay(&app, &leader, &first, "wallet").await.expect(201);
    assert_eq!(state(&app, &leader, &first).await, "paid");
    let open = list().await.expect(200);
    assert_eq!(open["items"][0]["seats_left"], 1);
    let team = open["items"][0]["id"].as_str().unwrap().to_owned();
    let second = order(&app, &member, ids.1, 1, 800, json!({ "activity": activity, "team": team })).await;
    pay(&app, &member, &second, "wallet").await.expect(201);
    app.settle().await;
    assert_eq!(state(&app, &leader, &first).await, "confirmed");
    assert_eq!(state(&app, &member, &second).await, "confirmed");
    let view = app.get(&format!("/api/v1/teams/{team}"), &member.token).await.expect(200);
    assert_eq!((&view["state"], view["members"].as_array().unwrap().len()), (&json!("succeeded"), 2));
    app.audit().await;
});

app_test!(a_team_that_does_not_fill_is_refunded, parts, |app| {
    let owner = owner(&app).await;
    let ids = product(&app, "A", 1_000, 10).await;
    let activity = activity(&app, &owner, ids, 3, json!({})).await;
    let leader = someone(&app, 2).await;
    top_up(&app, &leader, 1_000).await;
    let first = order(&app, &leader, ids.1, 1, 800, json!({ "activity": activity, "team": null })).await;
    pay(&app, &leader, &first, "wallet").await.expect(201);
    app.pass(3_600).await;
    assert_eq!(state(&app, &leader, &first).await, "refunded");
    assert_eq!(wallet(&app, &leader).await, 1_000);
    assert_eq!(available(&app, ids.1).await, 10);
    app.audit().await;
});

app_test!(a_ladder_gives_the_difference_back, parts, |app| {
    let owner = owner(&app).await;
    let ids = product(&app, "A", 1_000, 10).await;
    let tiers = json!([{ "people": 2, "price_minor": 800 }, { "people": 3, "price_minor": 700 }]);
    let skus = json!([{ "sku": ids.1, "team_price_minor": 800, "leader_price_minor": 750, "tiers": tiers }]);
    let activity = activity(&app, &owner, ids, 3, json!({ "skus": skus })).await;
    let mut team = Value::Null;
    let mut people = Vec::new();
    for number in 2..5 {
        let who = someone(&app, number).await;
        top_up(&app, &who, 1_000).await;
        let price = if team.is_null() { 750 } else { 800 };
        let placed = order(&app, &who, ids.1, 1, price, json!({ "activity": activity, "team": team })).await;
        pay(&app, &who, &placed, "wallet").await.expect(201);
        let view = app.get(&format!("/api/v1/orders/{placed}"), &who.token).await.expect(200);
        team = view["team"].clone();
        let shown = app.get(&format!("/api/v1/teams/{}", team.as_str().unwrap()), "").await.expect(200);
        assert_eq!(shown["price"]["amount_minor"], 800);
        assert_eq!(shown["price_now"]["amount_minor"], if number == 4 { 700 } else { 800 });
        assert_eq!(
            shown["tiers"][1],
            json!({ "people": 3, "price": { "amount_minor": 700, "currency": "CNY" } })
        );
        people.push((who, placed));
    }
    app.settle().await;
    for (who, placed) in &people {
        assert_eq!(state(&app, who, placed).await, "confirmed");
        assert_eq!(wallet(&app, who).await, 300);
        let view = app.get(&format!("/api/v1/orders/{placed}"), &who.token).await.expect(200);
        let last = view["timeline"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&last["what"], &last["actor"]), (&json!("ladder_refunded"), &json!("system")));
    }
    app.audit().await;
});

app_test!(a_ladder_gives_back_a_share_of_what_was_paid, parts, |app| {
    let owner = owner(&app).await;
    let ids = product(&app, "A", 1_000, 10).await;
    let reductions = json!({
        "full_reductions": [{ "threshold_minor": 700, "off_minor": 700 }],
        "freight": { "base_minor": 0, "free_from_minor": null },
    });
    let rules = format!("/api/v1/merchants/{}/pricing", merchant());
    app.call("PUT", &rules, &owner.token, reductions).await.expect(200);
    let tiers = json!([{ "people": 2, "price_minor": 800 }, { "people": 3, "price_minor": 600 }]);
    let skus = json!([{ "sku": ids.1, "team_price_minor": 800, "leader_price_minor": null, "tiers": tiers }]);
    let activity = activity(&app, &owner, ids, 3, json!({ "skus": skus })).await;
    let mut team = Value::Null;
    let mut people = Vec::new();
    for number in 2..5 {
        let who = someone(&app, number).await;
        top_up(&app, &who, 100).await;
        let placed = order(&app, &who, ids.1, 1, 100, json!({ "activity": activity, "team": team })).await;
        pay(&app, &who, &placed, "wallet").await.expect(201);
        let view = app.get(&format!("/api/v1/orders/{placed}"), &who.token).await.expect(200);
        team = view["team"].clone();
        people.push((who, placed));
    }
    app.settle().await;
    // The price went from 800 to 600: a quarter of the 100 that each paid comes back, not 200 and not all of it.
    for (who, placed) in &people {
        assert_eq!(state(&app, who, placed).await, "confirmed");
        assert_eq!(wallet(&app, who).await, 25);
    }
    app.audit().await;
});

app_test!(limits_of_an_activity_hold, parts, |app| {
    let owner = owner(&app).await;
    let ids = product(&app, "A", 1_000, 100).await;
    let more = json!({ "quota": 3, "per_person_limit": 2, "new_buyers_only": true });
    let activity = activity(&app, &owner, ids, 2, more).await;
    let deal = json!({ "activity": activity, "team": null });
    let (one, two) = (someone(&app, 2).await, someone(&app, 3).await);
    top_up(&app, &one, 10_000).await;
    top_up(&app, &two, 10_000).await;
    let too_many = order(&app, &one, ids.1, 3, 2_400, deal.clone()).await;
    pay(&app, &one, &too_many, "wallet").await.expect_problem(409, "deal.person_limit");
    let fine = order(&app, &one, ids.1, 2, 1_600, deal.clone()).await;
    pay(&app, &one, &fine, "wallet").await.expect(201);
    let body = json!({
        "source": { "kind": "now", "sku": ids.1, "qty": 1, "deal": deal },
        "address": one.address, "expected_total_minor": 800,
    });
    app.post("/api/v1/checkouts", &one.token, body).await.expect_problem(409, "deal.new_buyers_only");
    let beyond = order(&app, &two, ids.1, 2, 1_600, deal).await;
    pay(&app, &two, &beyond, "wallet").await.expect_problem(409, "deal.quota");
    assert_eq!(wallet(&app, &two).await, 10_000);
    app.audit().await;
});

app_test!(two_half_full_teams_become_one, parts, |app| {
    let owner = owner(&app).await;
    let ids = product(&app, "A", 1_000, 10).await;
    let activity = activity(&app, &owner, ids, 2, json!({})).await;
    let mut leaders = Vec::new();
    for number in 2..4 {
        let who = someone(&app, number).await;
        top_up(&app, &who, 1_000).await;
        let placed = order(&app, &who, ids.1, 1, 800, json!({ "activity": activity, "team": null })).await;
        pay(&app, &who, &placed, "wallet").await.expect(201);
        let view = app.get(&format!("/api/v1/orders/{placed}"), &who.token).await.expect(200);
        leaders.push((who, placed, view["team"].as_str().unwrap().to_owned()));
        app.pass(60).await;
    }
    let (first, second) = (leaders[0].clone(), leaders[1].clone());
    let offer = |who: &Someone, team: &str, with: &str| {
        let (path, body) = (format!("/api/v1/teams/{team}/merge-offers"), json!({ "with": with }));
        let token = who.token.clone();
        let app = &app;
        async move { app.post(&path, &token, body).await }
    };
    offer(&second.0, &first.2, &second.2).await.expect_problem(404, "team.not_found");
    assert_eq!(offer(&first.0, &first.2, &second.2).await.expect(200)["state"], "waiting");
    let seen = async |team: &str, token: &str| {
        let view = app.get(&format!("/api/v1/teams/{team}"), token).await.expect(200);
        (view["merge_offers_sent"].clone(), view["merge_offers_received"].clone())
    };
    // Both leaders see the offer, and nobody else does.
    assert_eq!(seen(&first.2, &first.0.token).await, (json!([second.2]), json!([])));
    assert_eq!(seen(&second.2, &second.0.token).await, (json!([]), json!([first.2])));
    assert_eq!(seen(&second.2, &first.0.token).await, (json!([]), json!([])));
    let merged = offer(&second.0, &second.2, &first.2).await.expect(200);
    assert_eq!(merged, json!({ "state": "merged", "team": second.2 }));
    app.settle().await;
    for (who, placed, _) in &leaders {
        assert_eq!(state(&app, who, placed).await, "confirmed");
    }
    let gone = app.get(&format!("/api/v1/teams/{}", first.2), &first.0.token).await.expect(200);
    assert_eq!(gone["merged_into"], json!(second.2));
    // The one that stays has one leader.
    let stays = app.get(&format!("/api/v1/teams/{}", second.2), &second.0.token).await.expect(200);
    let leads = |member: &Value| (member["is_me"] == true, member["is_leader"] == true);
    let members: Vec<_> = stays["members"].as_array().unwrap().iter().map(leads).collect();
    assert_eq!(members, [(true, true), (false, false)]);
    app.audit().await;
});

app_test!(a_payment_that_comes_after_the_deadline_is_returned, parts, |app| {
    let owner = owner(&app).await;
    let ids = product(&app, "A", 1_000, 10).await;
    let activity = activity(&app, &owner, ids, 2, json!({ "window_minutes": 5 })).await;
    let (leader, late) = (someone(&app, 2).await, someone(&app, 3).await);
    top_up(&app, &leader, 1_000).await;
    let first = order(&app, &leader, ids.1, 1, 800, json!({ "activity": activity, "team": null })).await;
    pay(&app, &leader, &first, "wallet").await.expect(201);
    let view = app.get(&format!("/api/v1/orders/{first}"), &leader.token).await.expect(200);
    let second =
        order(&app, &late, ids.1, 1, 800, json!({ "activity": activity, "team": view["team"] })).await;
    let payment = pay(&app, &late, &second, "sandbox").await.expect(201);
    app.pass(5 * 60).await;
    assert_eq!(state(&app, &leader, &first).await, "refunded");
    act(&app, &payment, "pay").await.expect(202);
    app.settle().await;
    let id = payment["id"].as_str().unwrap();
    let view = app.get(&format!("/api/v1/payments/{id}"), &late.token).await.expect(200);
    assert_eq!(view["state"], "returned");
    app.pass(3_600).await;
    assert_eq!(state(&app, &late, &second).await, "cancelled");
    assert_eq!(available(&app, ids.1).await, 10);
    app.audit().await;
});
