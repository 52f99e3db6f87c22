//! Many at once: the last unit, the last seat, one wallet, one order's money.

use std::sync::Arc;

use serde_json::{Value, json};
use testkit::{App, app_test};
use tokio::task::JoinSet;

use crate::world::*;

/// Sends the same kind of request from many tasks; the answers in any order.
async fn race<F, T>(app: App, count: usize, each: F) -> (Arc<App>, Vec<T>)
where
    F: Fn(Arc<App>, usize) -> std::pin::Pin<Box<dyn Future<Output = T> + Send>>,
    T: Send + 'static,
{
    let app = Arc::new(app);
    let mut tasks = JoinSet::new();
    for n in 0..count {
        tasks.spawn(each(Arc::clone(&app), n));
    }
    let answers = tasks.join_all().await;
    (app, answers)
}

app_test!(the_last_unit_is_sold_once, parts, |app| {
    owner(&app).await;
    let (_, sku) = product(&app, "A", 1_000, 1).await;
    let mut orders = Vec::new();
    for number in 2..18 {
        let who = someone(&app, number).await;
        top_up(&app, &who, 1_000).await;
        let placed = order(&app, &who, sku, 1, 1_000, Value::Null).await;
        orders.push((who, placed));
    }
    let racers = orders.clone();
    let (app, answers) = race(app, 16, move |app, n| {
        let (who, placed) = racers[n].clone();
        Box::pin(async move { pay(&app, &who, &placed, "wallet").await.status.as_u16() })
    })
    .await;
    assert_eq!(answers.iter().filter(|status| **status == 201).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 409).count(), 15, "{answers:?}");
    let mut left = 0;
    for (who, _) in &orders {
        left += wallet(&app, who).await;
    }
    assert_eq!(left, 15_000);
    app.settle().await;
    app.audit().await;
});

app_test!(the_last_seat_is_taken_once_and_the_others_are_not_charged, parts, |app| {
    let owner = owner(&app).await;
    let ids = product(&app, "A", 1_000, 100).await;
    let activity = activity(&app, &owner, ids, 2, json!({})).await;
    let leader = someone(&app, 2).await;
    top_up(&app, &leader, 1_000).await;
    let first = order(&app, &leader, ids.1, 1, 800, json!({ "activity": activity, "team": null })).await;
    pay(&app, &leader, &first, "wallet").await.expect(201);
    let view = app.get(&format!("/api/v1/orders/{first}"), &leader.token).await.expect(200);
    let mut orders = Vec::new();
    for number in 3..19 {
        let who = someone(&app, number).await;
        top_up(&app, &who, 1_000).await;
        let deal = json!({ "activity": activity, "team": view["team"] });
        let placed = order(&app, &who, ids.1, 1, 800, deal).await;
        orders.push((who, placed));
    }
    let racers = orders.clone();
    let (app, answers) = race(app, 16, move |app, n| {
        let (who, placed) = racers[n].clone();
        Box::pin(async move { pay(&app, &who, &placed, "wallet").await })
    })
    .await;
    let (paid, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((paid.len(), refused.len()), (1, 15));
    for answer in refused {
        let code = answer.json["code"].as_str().unwrap_or_default().to_owned();
        assert!(code == "team.full" || code == "team.closed", "{code}");
    }
    let mut left = 0;
    for (who, _) in &orders {
        left += wallet(&app, who).await;
    }
    assert_eq!(left, 15 * 1_000 + 200);
    app.settle().await;
    app.audit().await;
});

app_test!(the_quota_of_an_activity_is_used_up_and_not_passed, parts, |app| {
    let owner = owner(&app).await;
    let ids = product(&app, "A", 1_000, 100).await;
    let activity = activity(&app, &owner, ids, 2, json!({ "quota": 7 })).await;
    let mut orders = Vec::new();
    for number in 2..18 {
        let who = someone(&app, number).await;
        top_up(&app, &who, 1_600).await;
        let deal = json!({ "activity": activity, "team": null });
        let placed = order(&app, &who, ids.1, 2, 1_600, deal).await;
        orders.push((who, placed));
    }
    let racers = orders.clone();
    let (app, answers) = race(app, 16, move |app, n| {
        let (who, placed) = racers[n].clone();
        Box::pin(async move { pay(&app, &who, &placed, "wallet").await })
    })
    .await;
    // Two each: three of them fit into seven, and one unit is left over.
    let (paid, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((paid.len(), refused.len()), (3, 13));
    for answer in refused {
        answer.expect_problem(409, "deal.quota");
    }
    let view = app.get(&format!("/api/v1/activities/{activity}"), &owner.token).await.expect(200);
    assert_eq!((&view["quota_left"], available(&app, ids.1).await), (&json!(1), 94));
    let mut left = 0;
    for (who, _) in &orders {
        left += wallet(&app, who).await;
    }
    assert_eq!(left, 13 * 1_600);
    app.settle().await;
    app.audit().await;
});

app_test!(one_wallet_pays_for_what_it_holds, parts, |app| {
    owner(&app).await;
    let (_, sku) = product(&app, "A", 600, 100).await;
    let buyer = someone(&app, 2).await;
    top_up(&app, &buyer, 1_000).await;
    let mut orders = Vec::new();
    for _ in 0..24 {
        orders.push(order(&app, &buyer, sku, 1, 600, Value::Null).await);
    }
    let payer = buyer.clone();
    let (app, answers) = race(app, 24, move |app, n| {
        let (who, placed) = (payer.clone(), orders[n].clone());
        Box::pin(async move { pay(&app, &who, &placed, "wallet").await.status.as_u16() })
    })
    .await;
    assert_eq!(answers.iter().filter(|status| **status == 201).count(), 1, "{answers:?}");
    assert_eq!(wallet(&app, &buyer).await, 400);
    assert_eq!(available(&app, sku).await, 99);
    app.settle().await;
    app.audit().await;
});

app_test!(parallel_refunds_never_pass_what_was_paid, parts, |app| {
    let owner = owner(&app).await;
    let (_, sku) = product(&app, "A", 1_000, 10).await;
    let buyer = someone(&app, 2).await;
    top_up(&app, &buyer, 1_000).await;
    let placed = order(&app, &buyer, sku, 1, 1_000, Value::Null).await;
    pay(&app, &buyer, &placed, "wallet").await.expect(201);
    let (app, answers) = race(app, 32, move |app, _| {
        let (token, path) = (owner.token.clone(), format!("/api/v1/orders/{placed}/refunds"));
        let body =
            json!({ "lines": [{ "line": 1, "amount_minor": 300 }], "reason": "坏果", "restock": true });
        Box::pin(async move { app.post(&path, &token, body).await.status.as_u16() })
    })
    .await;
    assert_eq!(answers.iter().filter(|status| **status == 201).count(), 3, "{answers:?}");
    assert_eq!(wallet(&app, &buyer).await, 900);
    app.settle().await;
    app.audit().await;
});

app_test!(the_same_key_three_times_at_once_acts_once, parts, |app| {
    owner(&app).await;
    let (_, sku) = product(&app, "A", 1_000, 10).await;
    let buyer = someone(&app, 2).await;
    let body = json!({
        "source": { "kind": "now", "sku": sku, "qty": 1, "deal": null },
        "address": buyer.address, "expected_total_minor": 1_000,
    });
    let who = buyer.clone();
    let (app, answers) = race(app, 3, move |app, _| {
        let (token, body) = (who.token.clone(), body.clone());
        Box::pin(async move { app.call_with_key("POST", "/api/v1/checkouts", &token, "same", body).await })
    })
    .await;
    let made: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert!(!made.is_empty());
    assert!(made.windows(2).all(|pair| pair[0].body == pair[1].body));
    assert!(answers.iter().all(|answer| answer.status == 201 || answer.status == 409));
    let orders = app.get("/api/v1/orders", &buyer.token).await.expect(200);
    assert_eq!(orders["items"].as_array().unwrap().len(), 1);
    app.audit().await;
});

// The clock stands still, so that all numbers begin with the same second and the first place drawn is the same.
app_test!(orders_of_one_moment_get_numbers_of_their_own, parts, |app| {
    owner(&app).await;
    let (_, sku) = product(&app, "A", 1_000, 100).await;
    let mut buyers = Vec::new();
    for number in 2..34 {
        buyers.push(someone(&app, number).await);
    }
    let racers = buyers.clone();
    let (app, orders) = race(app, 32, move |app, n| {
        let who = racers[n].clone();
        Box::pin(async move { order(&app, &who, sku, 1, 1_000, Value::Null).await })
    })
    .await;
    let mut numbers = std::collections::BTreeSet::new();
    assert_eq!(orders.iter().collect::<std::collections::BTreeSet<_>>().len(), 32);
    for who in &buyers {
        let list = app.get("/api/v1/orders", &who.token).await.expect(200);
        let number = list["items"][0]["number"].as_str().unwrap().to_owned();
        assert_eq!(number.len(), 17, "{number}");
        numbers.insert(number);
    }
    assert_eq!(numbers.len(), 32);
    let seconds: std::collections::BTreeSet<&str> = numbers.iter().map(|number| &number[..11]).collect();
    assert_eq!(seconds.len(), 1);
    app.audit().await;
});
