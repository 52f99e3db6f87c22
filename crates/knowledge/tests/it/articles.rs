//! What is known of a product, and how it came to be known.

use serde_json::{Value, json};
use testkit::{Answer, App, app_test, join_all};

use crate::shop::*;
use crate::world::{Someone, someone};

fn text(base: i64, words: &str) -> Value {
    json!({ "base": base, "words": words, "sources": ["https://example.org/a"], "comment": "改了" })
}

async fn post(app: &App, shop: &Shop, who: &Someone, rest: &str, body: Value) -> Answer {
    app.post(&format!("/api/v1/products/{}/article{rest}", shop.product), &who.token, body).await
}

async fn get(app: &App, shop: &Shop, token: &str, rest: &str) -> Answer {
    app.get(&format!("/api/v1/products/{}/article{rest}", shop.product), token).await
}

async fn decide(app: &App, who: &Someone, proposal: &Value, verb: &str, body: Value) -> Answer {
    let id = proposal["about"]["id"].as_str().unwrap();
    app.post(&format!("/api/v1/article-proposals/{id}/{verb}"), &who.token, body).await
}

app_test!(every_revision_is_kept_compared_and_brought_back, parts, |app| {
    let shop = shop(&app).await;
    let empty = get(&app, &shop, "", "").await.expect(200);
    assert_eq!((&empty["revision"], &empty["current"], &empty["may"]), (&json!(0), &Value::Null, &json!([])));
    post(&app, &shop, &shop.owner, "", text(0, "一\n二")).await.expect(201);
    let second = post(&app, &shop, &shop.owner, "", text(1, "一\n三")).await.expect(201);
    assert_eq!((&second["revision"], &second["current"]["words"]), (&json!(2), &json!("一\n三")));
    post(&app, &shop, &shop.owner, "", text(1, "旧")).await.expect_problem(409, "knowledge.stale");
    post(&app, &shop, &shop.owner, "", text(2, "一\n三")).await.expect_problem(409, "knowledge.unchanged");
    let seen = get(&app, &shop, "", "/revisions/2").await.expect(200);
    let lines = json!([{ "change": "same", "words": "一" }, { "change": "gone", "words": "二" }, { "change": "new", "words": "三" }]);
    assert_eq!((&seen["changes"], &seen["may_restore"]), (&lines, &json!(false)));
    let whole = get(&app, &shop, "", "/revisions/2?compared=0").await.expect(200);
    assert_eq!(whole["changes"].as_array().unwrap().len(), 2);
    let old = get(&app, &shop, &shop.owner.token, "/revisions/1").await.expect(200);
    assert_eq!((&old["revision"]["words"], &old["may_restore"]), (&json!("一\n二"), &json!(true)));
    let back = json!({ "base": 2, "comment": "还是原来的对" });
    post(&app, &shop, &shop.owner, "/revisions/9/restore", back.clone())
        .await
        .expect_problem(404, "not_found");
    let third = post(&app, &shop, &shop.owner, "/revisions/1/restore", back.clone()).await.expect(201);
    assert_eq!((&third["revision"], &third["current"]["about"]["restored"]), (&json!(3), &json!(1)));
    post(&app, &shop, &shop.owner, "/revisions/2/restore", back).await.expect_problem(409, "knowledge.stale");
    let first = get(&app, &shop, "", "/revisions?limit=2").await.expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = get(&app, &shop, "", &format!("/revisions?limit=2&cursor={cursor}")).await.expect(200);
    let number = |page: &Value, n: usize| page["items"][n]["number"].as_i64();
    assert_eq!([number(&first, 0), number(&first, 1), number(&rest, 0)], [Some(3), Some(2), Some(1)]);
    assert_eq!(first["items"][0]["author"], "鲜果铺");
    app.audit().await;
});

app_test!(others_propose_and_staff_decide, parts, |app| {
    let shop = shop(&app).await;
    let (other, stranger) = (someone(&app, 10).await, someone(&app, 11).await);
    post(&app, &shop, &other, "", text(0, "甲")).await.expect_problem(404, "not_found");
    let first = post(&app, &shop, &other, "/proposals", text(0, "甲")).await.expect(201);
    app.pass(1).await;
    let second = post(&app, &shop, &other, "/proposals", text(0, "乙")).await.expect(201);
    assert_eq!((&first["about"]["state"], &first["is_stale"]), (&json!("waiting"), &json!(false)));
    assert_eq!(get(&app, &shop, "", "").await.expect(200)["current"], Value::Null);
    assert_eq!(get(&app, &shop, &shop.owner.token, "").await.expect(200)["waiting"], 2);
    let path = format!("/api/v1/article-proposals/{}", first["about"]["id"].as_str().unwrap());
    app.get(&path, &stranger.token).await.expect_problem(404, "not_found");
    app.get(&path, &other.token).await.expect(200);
    for verb in ["accept", "decline"] {
        let body = if verb == "accept" { json!({}) } else { json!({ "reason": "不" }) };
        decide(&app, &other, &first, verb, body).await.expect_problem(404, "not_found");
    }
    let queue = app.get(&of_shop("article-proposals"), &shop.owner.token).await.expect(200);
    assert_eq!(queue["items"].as_array().unwrap().len(), 2);
    decide(&app, &shop.owner, &first, "accept", json!({})).await.expect(200);
    decide(&app, &shop.owner, &first, "accept", json!({})).await.expect_problem(409, "knowledge.decided");
    // The other was written on what is no longer there.
    decide(&app, &shop.owner, &second, "accept", json!({})).await.expect_problem(409, "knowledge.stale");
    decide(&app, &shop.owner, &second, "decline", json!({ "reason": "没有出处" })).await.expect(200);
    let seen = get(&app, &shop, "", "").await.expect(200);
    let about = &seen["current"]["about"];
    assert_eq!((&seen["current"]["words"], &about["was_proposed"]), (&json!("甲"), &json!(true)));
    let own = app.get("/api/v1/article-proposals", &other.token).await.expect(200);
    let told: Vec<_> =
        own["items"].as_array().unwrap().iter().map(|item| (&item["state"], &item["note"])).collect();
    assert_eq!(told, [(&json!("declined"), &json!("没有出处")), (&json!("accepted"), &Value::Null)]);
    assert_eq!(get(&app, &shop, &shop.owner.token, "").await.expect(200)["waiting"], 0);
    app.audit().await;
});

app_test!(what_may_not_be_said_is_refused, parts, |app| {
    let shop = shop(&app).await;
    post(&app, &shop, &shop.owner, "", text(0, "好评返-现")).await.expect_problem(422, "knowledge.words");
    for source in ["javascript:alert(1)", "ftp://a", "https://a b"] {
        let body = json!({ "base": 0, "words": "甲", "sources": [source], "comment": "改" });
        post(&app, &shop, &shop.owner, "", body).await.expect_problem(422, "knowledge.bad_article");
    }
    let long = "行\n".repeat(501);
    post(&app, &shop, &shop.owner, "", text(0, &long)).await.expect_problem(422, "knowledge.bad_article");
    let other = someone(&app, 10).await;
    for n in 0..10 {
        post(&app, &shop, &other, "/proposals", text(0, &format!("甲{n}"))).await.expect(201);
    }
    post(&app, &shop, &other, "/proposals", text(0, "多了")).await.expect_problem(429, "knowledge.too_many");
    let next = someone(&app, 11).await;
    for n in 0..10 {
        post(&app, &shop, &next, "/proposals", text(0, &format!("乙{n}"))).await.expect(201);
    }
    let third = someone(&app, 12).await;
    post(&app, &shop, &third, "/proposals", text(0, "丙"))
        .await
        .expect_problem(409, "knowledge.proposals_full");
    assert_eq!(get(&app, &shop, "", "").await.expect(200)["revision"], 0);
    app.audit().await;
});

app_test!(of_edits_on_one_revision_one_wins, parts, |app| {
    let shop = shop(&app).await;
    let other = someone(&app, 10).await;
    let proposal = post(&app, &shop, &other, "/proposals", text(0, "提议")).await.expect(201);
    let words: Vec<String> = (0..12).map(|n| format!("写法{n}")).collect();
    let writes = words.iter().map(|words| post(&app, &shop, &shop.owner, "", text(0, words)));
    let accepts = (0..4).map(|_| decide(&app, &shop.owner, &proposal, "accept", json!({})));
    let (writes, accepts) = tokio::join!(join_all(writes), join_all(accepts));
    let won = writes.iter().filter(|answer| answer.status == 201).count()
        + accepts.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(won, 1);
    assert!(writes.iter().chain(&accepts).all(|answer| [200, 201, 409].contains(&answer.status.as_u16())));
    assert_eq!(get(&app, &shop, "", "").await.expect(200)["revision"], 1);
    assert_eq!(get(&app, &shop, "", "/revisions").await.expect(200)["items"].as_array().unwrap().len(), 1);
    app.audit().await;
});

app_test!(an_operator_takes_old_revisions_out_of_sight, parts, |app| {
    let shop = shop(&app).await;
    let operator = operator(&app).await;
    for (base, words) in [(0, "好\n旧话"), (1, "好\n坏话"), (2, "好")] {
        post(&app, &shop, &shop.owner, "", text(base, words)).await.expect(201);
    }
    let hide = |number: i64, who: &'_ Someone, reason: Value| {
        let (path, token) = (format!("/revisions/{number}/hide"), who.clone());
        let (app, shop) = (&app, &shop);
        async move { post(app, shop, &token, &path, json!({ "reason": reason })).await }
    };
    hide(2, &shop.owner, json!("骂人")).await.expect_problem(403, "auth.forbidden");
    hide(3, &operator, json!("骂人")).await.expect_problem(409, "knowledge.revision_state");
    hide(9, &operator, json!("骂人")).await.expect_problem(404, "not_found");
    hide(2, &operator, Value::Null).await.expect_problem(409, "knowledge.revision_state");
    let at_once = join_all((0..4).map(|_| hide(2, &operator, json!("骂人")))).await;
    assert_eq!(at_once.iter().filter(|answer| answer.status == 200).count(), 1);
    // Neither the revision nor what was changed to and from it tells the text to anybody but operators.
    for (number, token) in [(2, ""), (3, ""), (2, &shop.owner.token), (3, &shop.owner.token)] {
        let seen = get(&app, &shop, token, &format!("/revisions/{number}")).await.expect(200);
        assert!(!seen.to_string().contains("坏话"), "{seen}");
        assert_eq!(seen["changes"], json!([]));
    }
    let seen = get(&app, &shop, "", "/revisions/3?compared=1").await.expect(200);
    assert!(seen.to_string().contains("旧话"));
    let list = get(&app, &shop, "", "/revisions").await.expect(200);
    assert_eq!((&list["items"][1]["hidden_for"], &list["items"][1]["comment"]), (&json!("骂人"), &json!("")));
    assert!(get(&app, &shop, &operator.token, "/revisions/2").await.expect(200).to_string().contains("坏话"));
    let back = json!({ "base": 3, "comment": "恢复" });
    post(&app, &shop, &shop.owner, "/revisions/2/restore", back)
        .await
        .expect_problem(409, "knowledge.revision_hidden");
    hide(2, &operator, Value::Null).await.expect(200);
    assert!(get(&app, &shop, "", "/revisions/2").await.expect(200).to_string().contains("坏话"));
    app.audit().await;
});

app_test!(the_last_place_among_proposals_goes_to_one, parts, |app| {
    let shop = shop(&app).await;
    let mut people = Vec::new();
    for n in 0..4 {
        people.push(someone(&app, 10 + n).await);
    }
    for n in 0..18 {
        let words = format!("写法{n}");
        post(&app, &shop, &people[n % 2], "/proposals", text(0, &words)).await.expect(201);
    }
    let words: Vec<String> = (0..8).map(|n| format!("抢{n}")).collect();
    let put = words
        .iter()
        .enumerate()
        .map(|(n, words)| post(&app, &shop, &people[2 + n % 2], "/proposals", text(0, words)));
    let put = join_all(put).await;
    let with = |status: u16| put.iter().filter(|answer| answer.status == status).count();
    assert_eq!((with(201), with(409)), (2, 6));
    assert_eq!(get(&app, &shop, &shop.owner.token, "").await.expect(200)["waiting"], 20);
    app.audit().await;
});
