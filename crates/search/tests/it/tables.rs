//! Synonyms, what many search for, what is missed: who may, and what counts.

use serde_json::{Value, json};
use testkit::{App, app_test};

use crate::{encoded, find, follower, member, parts, product, sell, shop, titles};

const TABLE: &str = "/api/v1/search/synonyms";

app_test!(operators_write_synonyms, parts, |app| {
    let (merchant, owner) = shop(&app, 1).await;
    let operator = member(&app, "13900000001", true).await;
    sell(&app, merchant, vec![product("龟苓膏 200g", "a", "", ("snacks", 1_000))]).await;
    follower(&app).catch_up().await.unwrap();
    let words = json!({ "words": ["黑凉粉王", "龟苓膏", "黑凉粉王 "] });
    app.post(TABLE, "", words.clone()).await.expect_problem(401, "auth.required");
    app.post(TABLE, &owner, words.clone()).await.expect_problem(403, "auth.forbidden");
    app.get(TABLE, &owner).await.expect_problem(403, "auth.forbidden");
    assert_eq!(titles(&app, "黑凉粉王").await, Vec::<String>::new());
    let made = app.post(TABLE, &operator, words).await.expect(201);
    assert_eq!(made["words"], json!(["黑凉粉王", "龟苓膏"]));
    follower(&app).catch_up().await.unwrap();
    assert_eq!(titles(&app, "黑凉粉王").await, ["龟苓膏 200g"]);
    assert_eq!(find(&app, "黑凉粉王").await["is_loose"], false);
    let one = format!("{TABLE}/{}", made["id"].as_str().unwrap());
    for wrong in [json!(["一个"]), json!(["一个", "一个 "]), json!(["一个", "!"]), json!(vec!["a"; 0])]
    {
        app.post(TABLE, &operator, json!({ "words": wrong })).await.expect_problem(422, "synonym.words");
        app.call("PUT", &one, &operator, json!({ "words": wrong }))
            .await
            .expect_problem(422, "synonym.words");
    }
    let many: Vec<String> = (0..13).map(|n| format!("w{n}")).collect();
    app.post(TABLE, &operator, json!({ "words": many })).await.expect_problem(422, "synonym.words");
    let other = json!({ "words": ["仙草", "龟苓膏"] });
    app.call("PUT", &one, &owner, other.clone()).await.expect_problem(403, "auth.forbidden");
    app.call("PUT", &one, &operator, other.clone()).await.expect(200);
    let list = app.get(TABLE, &operator).await.expect(200);
    assert_eq!((list["items"].as_array().unwrap().len(), &list["items"][0]["words"]), (1, &other["words"]));
    app.call("DELETE", &one, &owner, Value::Null).await.expect_problem(403, "auth.forbidden");
    app.call("DELETE", &one, &operator, Value::Null).await.expect(204);
    app.call("DELETE", &one, &operator, Value::Null).await.expect_problem(404, "synonym.not_found");
    app.call("PUT", &one, &operator, other).await.expect_problem(404, "synonym.not_found");
    follower(&app).catch_up().await.unwrap();
    assert_eq!(titles(&app, "仙草").await, Vec::<String>::new());
});

async fn ask(app: &App, token: &str, query: &str) {
    app.get(&format!("/api/v1/search?q={}", encoded(query)), token).await.expect(200);
}

async fn queries(app: &App, path: &str, token: &str) -> Vec<String> {
    let found = app.get(&format!("/api/v1/search/{path}"), token).await.expect(200);
    let items = found["items"].as_array().unwrap().iter();
    items.map(|item| item["query"].as_str().or(item.as_str()).unwrap().to_owned()).collect()
}

app_test!(many_make_a_query_hot_and_one_does_not, parts, |app| {
    let (merchant, owner) = shop(&app, 1).await;
    let titles = ["红富士苹果", "皇冠梨"];
    let products = (0..).zip(titles).map(|(n, title)| product(title, &format!("c{n}"), "", ("fruit", 1_000)));
    sell(&app, merchant, products.collect()).await;
    let mut follower = follower(&app);
    follower.catch_up().await.unwrap();
    let mut people = Vec::new();
    for n in 0..4 {
        people.push(member(&app, &format!("1390000010{n}"), false).await);
    }
    for person in &people[..3] {
        ask(&app, person, "苹果").await;
        ask(&app, person, "没有的东西").await;
    }
    for _ in 0..50 {
        ask(&app, &people[3], "皇冠梨").await;
        ask(&app, "", "皇冠").await;
    }
    // Filters and later pages are not asking, and some things are nobody's business.
    ask(&app, &people[0], "13800138000").await;
    ask(&app, &people[1], "13800138000").await;
    follower.catch_up().await.unwrap();
    assert_eq!(queries(&app, "hot", "").await, ["苹果"]);
    assert_eq!(queries(&app, "missed", &owner).await, ["没有的东西"]);
    app.get("/api/v1/search/missed", "").await.expect_problem(401, "auth.required");
    app.get("/api/v1/search/missed", &people[0]).await.expect_problem(403, "auth.forbidden");
    let of_others = queries(&app, &format!("suggestions?q={}", encoded("苹")), "").await;
    assert_eq!(of_others, ["苹果"]);
    // Asked again on the same day it counts no more; a second one on the next day does.
    ask(&app, &people[3], "皇冠梨").await;
    follower.catch_up().await.unwrap();
    assert_eq!(queries(&app, "hot", "").await, ["苹果"]);
    app.pass(86_400).await;
    ask(&app, &people[3], "皇冠梨").await;
    follower.catch_up().await.unwrap();
    assert_eq!(queries(&app, "hot", "").await, ["苹果", "皇冠梨"]);
    // After two days nobody knows any more who asked, after a week it is hot no longer.
    app.pass(3 * 86_400).await;
    let askers = |rx: &mut db::Rx| rx.one("SELECT COUNT(*) FROM search_asker", &[], |row| row.get::<i64>(0));
    assert_eq!(app.store.db.read::<_, db::DbError, _>(askers).await.unwrap(), 0);
    app.pass(8 * 86_400).await;
    follower.catch_up().await.unwrap();
    assert_eq!(queries(&app, "hot", "").await, Vec::<String>::new());
});

app_test!(words_are_suggested_while_somebody_types, parts, |app| {
    let (merchant, token) = shop(&app, 1).await;
    let titles = ["红富士苹果", "苹果醋", "Apple juice"];
    let products = (0..).zip(titles).map(|(n, title)| product(title, &format!("c{n}"), "", ("fruit", 1_000)));
    let ids = sell(&app, merchant, products.collect()).await;
    follower(&app).catch_up().await.unwrap();
    for (typed, wanted) in
        [("苹", "苹果"), ("ping", "苹果"), ("pg", "苹果"), ("APP", "apple"), ("红富士 苹", "红富士 苹果")]
    {
        let found = queries(&app, &format!("suggestions?q={}", encoded(typed)), "").await;
        assert_eq!(found.first().map(String::as_str), Some(wanted), "{typed}: {found:?}");
    }
    // Words of what is no longer sold are not suggested.
    app.post(&format!("/api/v1/products/{}/archive", ids[2]), &token, Value::Null).await.expect(200);
    follower(&app).catch_up().await.unwrap();
    assert_eq!(queries(&app, "suggestions?q=juic", "").await, Vec::<String>::new());
});
