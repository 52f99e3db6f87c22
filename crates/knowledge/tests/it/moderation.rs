//! What may be said in public.

use serde_json::{Value, json};
use testkit::{App, app_test};

use crate::shop::*;
use crate::world::{Someone, someone};

async fn queue(app: &App, operator: &Someone) -> Vec<Value> {
    app.get("/api/v1/moderation", &operator.token).await.expect(200)["items"].as_array().unwrap().clone()
}

fn spam() -> Value {
    json!({ "reason": "spam", "words": "像广告" })
}

app_test!(three_reports_bring_a_post_before_an_operator_and_silence_nobody, parts, |app| {
    let (shop, operator) = (shop(&app).await, operator(&app).await);
    let post = reviewed(&app, &shop, 2, "不好").await;
    act(&app, &shop.buyer, &post, "reports", spam()).await.expect_problem(409, "knowledge.own");
    for n in 10..13 {
        assert_eq!(queue(&app, &operator).await.len(), 0, "{n}");
        let who = someone(&app, n).await;
        act(&app, &who, &post, "reports", spam()).await.expect(200);
        act(&app, &who, &post, "reports", spam()).await.expect(200);
    }
    let waiting = queue(&app, &operator).await;
    assert_eq!((waiting.len(), &waiting[0]["reports"]), (1, &json!(3)));
    assert_eq!(waiting[0]["reasons"].as_array().unwrap().len(), 3);
    let seen = list(&app, &shop, "").await;
    assert_eq!((seen.len(), &seen[0]["standing"]), (1, &json!("shown")));
    app.get("/api/v1/moderation", &shop.owner.token).await.expect_problem(403, "auth.forbidden");
    act(&app, &shop.owner, &post, "decide", hide()).await.expect_problem(403, "auth.forbidden");
    act(&app, &operator, &post, "decide", keep()).await.expect(200);
    act(&app, &operator, &post, "decide", keep()).await.expect_problem(409, "knowledge.state");
    assert_eq!(queue(&app, &operator).await.len(), 0);
    // What was kept takes three others.
    for n in 13..15 {
        act(&app, &someone(&app, n).await, &post, "reports", spam()).await.expect(200);
        assert_eq!(queue(&app, &operator).await.len(), 0, "{n}");
    }
    act(&app, &someone(&app, 15).await, &post, "reports", spam()).await.expect(200);
    assert_eq!(queue(&app, &operator).await.len(), 1);
    app.audit().await;
});

app_test!(what_is_hidden_is_gone_for_all_but_its_author, parts, |app| {
    let (shop, operator) = (shop(&app).await, operator(&app).await);
    let (post, other) = (reviewed(&app, &shop, 1, "骂人的话").await, reviewed(&app, &shop, 5, "好").await);
    act(&app, &shop.buyer, &post, "follow-up", json!({ "words": "还是骂" })).await.expect(200);
    assert_eq!(summary(&app, &shop).await, (2, Some(300), 1, 0));
    act(&app, &operator, &post, "decide", hide()).await.expect(200);
    assert_eq!(ids(&list(&app, &shop, "").await), [other]);
    assert_eq!(summary(&app, &shop).await, (1, Some(500), 0, 0));
    let path = format!("/api/v1/posts/{post}");
    for token in ["", shop.owner.token.as_str()] {
        app.get(&path, token).await.expect_problem(404, "not_found");
    }
    let own = app.get("/api/v1/posts", &shop.buyer.token).await.expect(200);
    let own = own["items"].as_array().unwrap().iter().find(|item| id(item) == post).unwrap().clone();
    assert_eq!((&own["standing"], &own["note"]), (&json!("hidden"), &json!("与商品无关")));
    let voter = someone(&app, 10).await;
    act(&app, &voter, &post, "helpful", json!({})).await.expect_problem(404, "not_found");
    act(&app, &voter, &post, "reports", spam()).await.expect_problem(404, "not_found");
    act(&app, &operator, &post, "decide", keep()).await.expect(200);
    assert_eq!(summary(&app, &shop).await, (2, Some(300), 1, 0));
    let path = of_shop("audit-log");
    let acts = app.get(&path, &shop.owner.token).await.expect(200).to_string();
    assert!(acts.contains("knowledge.hide") && acts.contains("knowledge.keep"), "{acts}");
    app.audit().await;
});

app_test!(words_of_the_list_hold_a_post_back_however_they_are_written, parts, |app| {
    let (shop, operator) = (shop(&app).await, operator(&app).await);
    let order = received(&app, &shop).await;
    let held = write(&app, &shop.buyer, &order, stars(5, "好评 返-现 找我")).await.expect(201);
    assert_eq!((&held["standing"], summary(&app, &shop).await.0), (&json!("held"), 0));
    let asked = ask(&app, &shop, &shop.buyer, "ＶＸ 多少？").await.expect(201);
    assert_eq!(asked["standing"], "shown");
    let set = json!({ "words": ["v-x"], "version": 0 });
    app.call("PUT", "/api/v1/held-words", &shop.owner.token, set.clone()).await.expect(403);
    let list_now = app.call("PUT", "/api/v1/held-words", &operator.token, set.clone()).await.expect(200);
    assert_eq!((&list_now["words"], &list_now["version"]), (&json!(["vx"]), &json!(1)));
    app.call("PUT", "/api/v1/held-words", &operator.token, set)
        .await
        .expect_problem(409, "knowledge.words_changed");
    let one = json!({ "words": ["-v-"], "version": 1 });
    app.call("PUT", "/api/v1/held-words", &operator.token, one)
        .await
        .expect_problem(422, "knowledge.bad_words");
    let asked = ask(&app, &shop, &shop.buyer, "ＶＸ 多少？").await.expect(201);
    assert_eq!((&asked["standing"], summary(&app, &shop).await.3), (&json!("held"), 1));
    let answer = json!({ "words": "看说明" });
    act(&app, &shop.owner, &id(&asked), "answers", answer).await.expect_problem(404, "not_found");
    assert_eq!(queue(&app, &operator).await.len(), 2);
    act(&app, &operator, &id(&held), "decide", keep()).await.expect(200);
    assert_eq!((summary(&app, &shop).await.0, queue(&app, &operator).await.len()), (1, 1));
    app.audit().await;
});

app_test!(an_answer_that_is_hidden_is_no_longer_counted_or_taken, parts, |app| {
    let (shop, operator) = (shop(&app).await, operator(&app).await);
    let question = id(&ask(&app, &shop, &shop.buyer, "甜吗？").await.expect(201));
    let words = json!({ "words": "很甜" });
    let answer = id(&act(&app, &shop.owner, &question, "answers", words).await.expect(201));
    act(&app, &shop.buyer, &answer, "accept", json!({})).await.expect(200);
    act(&app, &operator, &answer, "decide", hide()).await.expect(200);
    let seen = app.get(&format!("/api/v1/posts/{question}"), "").await.expect(200);
    assert_eq!((&seen["answers"], &seen["accepted_words"]), (&json!(0), &Value::Null));
    let path = format!("/api/v1/posts/{question}/answers");
    app.get(&path, "").await.expect(200);
    act(&app, &operator, &question, "decide", hide()).await.expect(200);
    app.get(&path, "").await.expect_problem(404, "not_found");
    assert_eq!(summary(&app, &shop).await.3, 0);
    // What answers it is as little to be read by itself, kept or not.
    act(&app, &operator, &answer, "decide", keep()).await.expect(200);
    let alone = format!("/api/v1/posts/{answer}");
    app.get(&alone, &shop.buyer.token).await.expect_problem(404, "not_found");
    app.get(&alone, &shop.owner.token).await.expect(200);
    act(&app, &shop.buyer, &answer, "helpful", json!({})).await.expect_problem(404, "not_found");
    act(&app, &operator, &question, "decide", keep()).await.expect(200);
    app.get(&alone, "").await.expect(200);
    app.audit().await;
});
