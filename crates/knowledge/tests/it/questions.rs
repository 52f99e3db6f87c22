//! Who does not know asks, and who knows answers.

use serde_json::{Value, json};
use testkit::app_test;

use crate::shop::*;
use crate::world::someone;

app_test!(the_shop_buyers_and_others_answer_and_the_asker_takes_one, parts, |app| {
    let shop = shop(&app).await;
    let (asker, other) = (someone(&app, 3).await, someone(&app, 4).await);
    received(&app, &shop).await;
    let question = ask(&app, &shop, &asker, "能放多久？").await.expect(201);
    let mut answers = Vec::new();
    for (who, side, words) in [
        (&shop.owner, "shop", "冷藏一个月"),
        (&shop.buyer, "buyer", "我放了两周"),
        (&other, "other", "看天气"),
    ] {
        let made = act(&app, who, &id(&question), "answers", json!({ "words": words })).await.expect(201);
        assert_eq!(made["side"], side);
        answers.push(id(&made));
        app.pass(1).await;
    }
    let path = format!("/api/v1/posts/{}/answers", id(&question));
    let seen = app.get(&path, &asker.token).await.expect(200);
    assert_eq!(ids(seen["items"].as_array().unwrap()), answers);
    assert_eq!(
        (&seen["items"][0]["author"], &seen["items"][0]["may"][2]),
        (&json!("鲜果铺"), &json!("accept"))
    );
    act(&app, &other, &answers[1], "accept", json!({})).await.expect_problem(404, "not_found");
    act(&app, &asker, &answers[1], "accept", json!({})).await.expect(200);
    act(&app, &asker, &id(&question), "accept", json!({})).await.expect_problem(409, "knowledge.state");
    let list = app.get(&format!("/api/v1/products/{}/questions", shop.product), "").await.expect(200);
    let first = &list["items"][0];
    assert_eq!((&first["answers"], &first["accepted_words"]), (&json!(3), &json!("我放了两周")));
    act(&app, &other, &answers[0], "answers", json!({ "words": "?" }))
        .await
        .expect_problem(409, "knowledge.state");
    assert_eq!(summary(&app, &shop).await, (0, None, 0, 1));
    app.audit().await;
});

app_test!(a_person_asks_a_number_of_questions_an_hour, parts, |app| {
    let shop = shop(&app).await;
    let asker = someone(&app, 3).await;
    for n in 0..10 {
        ask(&app, &shop, &asker, &format!("第 {n} 个问题")).await.expect(201);
    }
    ask(&app, &shop, &asker, "还有一个").await.expect_problem(429, "knowledge.too_many");
    ask(&app, &shop, &someone(&app, 4).await, "别人可以问").await.expect(201);
    app.pass(3_600).await;
    ask(&app, &shop, &asker, "还有一个").await.expect(201);
    assert_eq!(summary(&app, &shop).await.3, 12);
    app.audit().await;
});

app_test!(only_goods_on_sale_are_asked_about_by_members, parts, |app| {
    let shop = shop(&app).await;
    let asker = someone(&app, 3).await;
    let path = format!("/api/v1/products/{}/questions", shop.product);
    app.post(&path, "", json!({ "words": "?" })).await.expect(401);
    let product = shop.product;
    let archive = move |tx: &mut db::Tx| catalog::api::archive(tx, product);
    app.store.db.write::<_, db::DbError, _>(db::Lane::Interactive, archive).await.unwrap();
    ask(&app, &shop, &asker, "还卖吗？").await.expect_problem(404, "not_found");
    assert_eq!(app.get(&path, "").await.expect(200)["items"], Value::Array(Vec::new()));
});
