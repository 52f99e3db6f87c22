//! Who received it says how it is.

use serde_json::{Value, json};
use testkit::app_test;

use crate::shop::*;
use crate::world::{product, someone, top_up};

app_test!(only_who_received_a_line_reviews_it_and_once, parts, |app| {
    let shop = shop(&app).await;
    let order = bought(&app, &shop).await;
    write(&app, &shop.buyer, &order, stars(5, "好吃")).await.expect_problem(409, "knowledge.not_received");
    let order = received(&app, &shop).await;
    let stranger = someone(&app, 3).await;
    write(&app, &stranger, &order, stars(1, "难吃")).await.expect_problem(404, "not_found");
    for wrong in [0, 6] {
        write(&app, &shop.buyer, &order, stars(wrong, "好")).await.expect_problem(422, "knowledge.stars");
    }
    let mut twice = stars(5, "好");
    twice["tags"] = json!(["甜", "甜"]);
    write(&app, &shop.buyer, &order, twice).await.expect_problem(422, "knowledge.stars");
    let mut other = stars(5, "好");
    other["line"] = json!(2);
    write(&app, &shop.buyer, &order, other).await.expect_problem(404, "not_found");
    assert_eq!(summary(&app, &shop).await, (0, None, 0, 0));
    let made = write(&app, &shop.buyer, &order, stars(4, "脆甜，个头匀")).await.expect(201);
    assert_eq!((&made["author"], &made["is_mine"], &made["stars"]), (&json!("客*"), &json!(true), &json!(4)));
    write(&app, &shop.buyer, &order, stars(5, "再评")).await.expect_problem(409, "knowledge.reviewed");
    assert_eq!(summary(&app, &shop).await, (1, Some(400), 0, 0));
    let lines = app.get(&format!("/api/v1/orders/{order}/reviews"), &shop.buyer.token).await.expect(200);
    assert_eq!(
        (&lines["items"][0]["review"]["id"], &lines["items"][0]["may_review"]),
        (&made["id"], &json!(false))
    );
    app.get(&format!("/api/v1/orders/{order}/reviews"), &stranger.token).await.expect(404);
    app.audit().await;
});

app_test!(staff_do_not_review_their_own_shops_goods, parts, |app| {
    let mut shop = shop(&app).await;
    shop.buyer = shop.owner.clone();
    top_up(&app, &shop.buyer, 10_000).await;
    let order = received(&app, &shop).await;
    write(&app, &shop.owner, &order, stars(5, "自家的好")).await.expect_problem(403, "knowledge.own_shop");
    assert_eq!(list(&app, &shop, "").await, Vec::<Value>::new());
});

app_test!(a_review_is_added_to_once_in_time_and_replied_to_once, parts, |app| {
    let mut shop = shop(&app).await;
    let (first, late) = (reviewed(&app, &shop, 5, "好").await, reviewed(&app, &shop, 3, "一般").await);
    let more = json!({ "words": "放了两周还是脆的" });
    act(&app, &shop.owner, &first, "follow-up", more.clone()).await.expect_problem(404, "not_found");
    act(&app, &shop.buyer, &first, "follow-up", more.clone()).await.expect(200);
    act(&app, &shop.buyer, &first, "follow-up", more.clone())
        .await
        .expect_problem(409, "knowledge.follow_up");
    assert_eq!(summary(&app, &shop).await, (2, Some(400), 1, 0));
    assert_eq!(ids(&list(&app, &shop, "with_follow_up=true").await), std::slice::from_ref(&first));
    let thanks = json!({ "words": "谢谢惠顾" });
    act(&app, &shop.buyer, &first, "reply", thanks.clone()).await.expect_problem(404, "not_found");
    let replied = act(&app, &shop.owner, &first, "reply", thanks.clone()).await.expect(200);
    assert_eq!(replied["reply"]["words"], "谢谢惠顾");
    act(&app, &shop.owner, &first, "reply", thanks).await.expect_problem(409, "knowledge.replied");
    let away = json!({ "words": "请加 微-信 领红包" });
    act(&app, &shop.owner, &late, "reply", away).await.expect_problem(422, "knowledge.words");
    app.pass(180 * 86_400).await;
    let person = shop.buyer.person;
    let open = move |tx: &mut db::Tx| people::api::open_session(tx, person, "test");
    shop.buyer.token = app.store.db.write(db::Lane::Interactive, open).await.unwrap();
    act(&app, &shop.buyer, &late, "follow-up", more).await.expect_problem(409, "knowledge.follow_up");
    app.audit().await;
});

app_test!(reviews_are_filtered_sorted_and_paged, parts, |app| {
    let shop = shop(&app).await;
    let mut made = Vec::new();
    for stars in [5, 3, 5, 1] {
        made.push(reviewed(&app, &shop, stars, &format!("{stars} 分")).await);
        // Ids are in order from one moment to the next.
        app.pass(1).await;
    }
    for voter in 10..13 {
        let who = someone(&app, voter).await;
        act(&app, &who, &made[1], "helpful", json!({})).await.expect(200);
        if voter == 10 {
            act(&app, &who, &made[0], "helpful", json!({})).await.expect(200);
        }
    }
    let newest: Vec<String> = made.iter().rev().cloned().collect();
    assert_eq!(ids(&list(&app, &shop, "").await), newest);
    assert_eq!(ids(&list(&app, &shop, "stars=5").await), [made[2].clone(), made[0].clone()]);
    let by_votes = [made[1].clone(), made[0].clone(), made[3].clone(), made[2].clone()];
    for (sort, order) in [("newest", newest.as_slice()), ("helpful", by_votes.as_slice())] {
        let (mut walked, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/api/v1/products/{}/reviews?limit=1&sort={sort}{cursor}", shop.product);
            let page = app.get(&path, "").await.expect(200);
            walked.extend(ids(page["items"].as_array().unwrap()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(walked, order, "{sort}");
    }
    let bad = format!("/api/v1/products/{}/reviews?sort=helpful&cursor={}", shop.product, made[0]);
    app.get(&bad, "").await.expect(400);
    assert_eq!(summary(&app, &shop).await, (4, Some(350), 0, 0));
    app.audit().await;
});

app_test!(who_stays_unnamed_is_named_to_nobody, parts, |app| {
    let shop = shop(&app).await;
    let order = received(&app, &shop).await;
    let mut quiet = stars(2, "不太甜");
    quiet["is_anonymous"] = json!(true);
    write(&app, &shop.buyer, &order, quiet).await.expect(201);
    assert_eq!(list(&app, &shop, "").await[0]["author"], Value::Null);
    let seen = app.get(&of_shop("posts?kind=review"), &shop.owner.token).await.expect(200);
    assert_eq!((&seen["items"][0]["author"], &seen["items"][0]["is_mine"]), (&Value::Null, &json!(false)));
    let person = shop.buyer.person.to_string();
    assert!(!seen.to_string().contains(&person), "{seen}");
});

app_test!(a_line_that_went_back_in_full_keeps_its_review_and_is_marked, parts, |app| {
    let shop = shop(&app).await;
    let order = received(&app, &shop).await;
    let post = id(&write(&app, &shop.buyer, &order, stars(1, "坏了")).await.expect(201));
    let refund = |amount: i64| json!({ "lines": [{ "line": 1, "amount_minor": amount }], "reason": "补偿", "restock": false });
    let path = format!("/api/v1/orders/{order}/refunds");
    for (amount, is_refunded) in [(400, false), (600, true)] {
        app.post(&path, &shop.owner.token, refund(amount)).await.expect(201);
        app.settle().await;
        let seen = app.get(&format!("/api/v1/posts/{post}"), "").await.expect(200);
        assert_eq!(seen["is_refunded"], json!(is_refunded), "{amount}");
    }
    assert_eq!(summary(&app, &shop).await, (1, Some(100), 0, 0));
    app.audit().await;
});

app_test!(products_are_counted_each_for_itself, parts, |app| {
    let mut shop = shop(&app).await;
    reviewed(&app, &shop, 5, "好").await;
    let (other, sku) = product(&app, "B", 1_000, 10).await;
    let first = std::mem::replace(&mut shop.product, other);
    shop.sku = sku;
    reviewed(&app, &shop, 1, "差").await;
    assert_eq!(summary(&app, &shop).await, (1, Some(100), 0, 0));
    shop.product = first;
    assert_eq!(summary(&app, &shop).await, (1, Some(500), 0, 0));
    app.audit().await;
});
