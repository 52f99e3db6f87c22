//! Lists that friends fill together.

use serde_json::{Value, json};
use testkit::{Answer, App, app_test, join_all};

use crate::shop::*;
use crate::world::{Someone, product, someone};

async fn made(app: &App, who: &Someone) -> Value {
    app.post("/api/v1/lists", &who.token, json!({ "title": "周末烧烤" })).await.expect(201)
}

async fn join(app: &App, who: &Someone, list: &Value) -> Answer {
    let code = list["code"].as_str().unwrap();
    app.post(&format!("/api/v1/list-invitations/{code}/join"), &who.token, json!({})).await
}

async fn act(app: &App, who: &Someone, list: &Value, rest: &str, body: Value) -> Answer {
    app.post(&format!("/api/v1/lists/{}/{rest}", id(list)), &who.token, body).await
}

async fn see(app: &App, who: &Someone, list: &Value) -> Answer {
    app.get(&format!("/api/v1/lists/{}", id(list)), &who.token).await
}

fn statuses(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

app_test!(friends_fill_a_list_and_vote, parts, |app| {
    let shop = shop(&app).await;
    let (friend, stranger) = (someone(&app, 10).await, someone(&app, 11).await);
    let list = made(&app, &shop.buyer).await;
    let item = json!({ "sku": shop.sku, "note": "多买点" });
    for rest in ["items", "words"] {
        let body = if rest == "items" { item.clone() } else { json!({ "words": "好" }) };
        act(&app, &friend, &list, rest, body).await.expect_problem(404, "not_found");
    }
    see(&app, &friend, &list).await.expect_problem(404, "not_found");
    let path = "/api/v1/list-invitations/abcdefghjkmnpqrstuvwxyz0/join";
    app.post(path, &friend.token, json!({})).await.expect_problem(404, "not_found");
    join(&app, &friend, &list).await.expect(200);
    let twice = join(&app, &friend, &list).await.expect(200);
    assert_eq!(twice["members"].as_array().unwrap().len(), 2);
    act(&app, &friend, &list, "items", item.clone()).await.expect(200);
    act(&app, &shop.buyer, &list, "items", item).await.expect(200);
    let vote = format!("items/{}/vote", shop.sku);
    for who in [&friend, &friend, &shop.buyer] {
        act(&app, who, &list, &vote, json!({ "is_wanted": true })).await.expect(200);
    }
    act(&app, &friend, &list, &vote, json!({ "is_wanted": false })).await.expect(200);
    act(&app, &friend, &list, &vote, json!({ "is_wanted": false })).await.expect(200);
    act(&app, &friend, &list, "words", json!({ "words": "这个好" })).await.expect(200);
    let seen = see(&app, &shop.buyer, &list).await.expect(200);
    let first = &seen["items"][0];
    assert_eq!(
        (&first["votes"], &first["has_voted"], &first["note"]),
        (&json!(1), &json!(true), &json!("多买点"))
    );
    assert_eq!(
        (&first["price"]["amount_minor"], &seen["words"][0]["words"]),
        (&json!(1_000), &json!("这个好"))
    );
    act(&app, &stranger, &list, &vote, json!({ "is_wanted": true })).await.expect_problem(404, "not_found");
    app.audit().await;
});

app_test!(an_owner_takes_off_puts_out_and_closes, parts, |app| {
    let shop = shop(&app).await;
    let friends = [someone(&app, 10).await, someone(&app, 11).await];
    let list = made(&app, &shop.buyer).await;
    for friend in &friends {
        join(&app, friend, &list).await.expect(200);
    }
    act(&app, &friends[0], &list, "items", json!({ "sku": shop.sku })).await.expect(200);
    let vote = format!("items/{}/vote", shop.sku);
    act(&app, &friends[1], &list, &vote, json!({ "is_wanted": true })).await.expect(200);
    let off = format!("items/{}/remove", shop.sku);
    act(&app, &friends[1], &list, &off, json!({})).await.expect_problem(403, "auth.forbidden");
    act(&app, &shop.buyer, &list, &off, json!({})).await.expect(200);
    // What comes back begins without votes.
    let again = act(&app, &friends[0], &list, "items", json!({ "sku": shop.sku })).await.expect(200);
    assert_eq!(again["items"][0]["votes"], 0);
    let out = |who: &Someone| format!("members/{}/remove", who.person);
    act(&app, &friends[0], &list, &out(&friends[1]), json!({})).await.expect_problem(403, "auth.forbidden");
    act(&app, &friends[0], &list, &out(&shop.buyer), json!({})).await.expect_problem(403, "auth.forbidden");
    act(&app, &shop.buyer, &list, &out(&shop.buyer), json!({})).await.expect_problem(409, "list.owner_stays");
    act(&app, &friends[0], &list, &out(&friends[0]), json!({})).await.expect(200);
    act(&app, &shop.buyer, &list, &out(&friends[1]), json!({})).await.expect(200);
    see(&app, &friends[1], &list).await.expect_problem(404, "not_found");
    join(&app, &friends[0], &list).await.expect(200);
    join(&app, &friends[1], &list).await.expect_problem(404, "not_found");
    act(&app, &friends[0], &list, "close", json!({})).await.expect_problem(403, "auth.forbidden");
    act(&app, &shop.buyer, &list, "close", json!({})).await.expect(200);
    act(&app, &friends[0], &list, &vote, json!({ "is_wanted": true }))
        .await
        .expect_problem(409, "list.closed");
    act(&app, &friends[0], &list, "words", json!({ "words": "好" })).await.expect_problem(409, "list.closed");
    join(&app, &someone(&app, 12).await, &list).await.expect_problem(409, "list.closed");
    see(&app, &friends[0], &list).await.expect(200);
    let own = app.get("/api/v1/lists", &friends[0].token).await.expect(200);
    assert_eq!((own["items"].as_array().unwrap().len(), &own["items"][0]["members"]), (1, &json!(2)));
    assert_eq!(app.get("/api/v1/lists", &friends[1].token).await.expect(200)["items"], json!([]));
    app.audit().await;
});

app_test!(the_last_place_goes_to_one, parts, |app| {
    let shop = shop(&app).await;
    let list = made(&app, &shop.buyer).await;
    let mut people = Vec::new();
    for n in 0..36 {
        people.push(someone(&app, 100 + n).await);
    }
    for who in &people[..24] {
        join(&app, who, &list).await.expect(200);
    }
    let joined = join_all(people[24..].iter().map(|who| join(&app, who, &list))).await;
    assert_eq!((statuses(&joined, 200), statuses(&joined, 409)), (5, 7));
    let seen = see(&app, &shop.buyer, &list).await.expect(200);
    assert_eq!(seen["members"].as_array().unwrap().len(), 30);
    let mut skus = Vec::new();
    for n in 0..52 {
        skus.push(product(&app, &format!("L{n}"), 1_000, 1).await.1);
    }
    for sku in &skus[..48] {
        act(&app, &shop.buyer, &list, "items", json!({ "sku": sku })).await.expect(200);
    }
    let put = skus[48..].iter().map(|sku| act(&app, &people[0], &list, "items", json!({ "sku": sku })));
    let put = join_all(put).await;
    assert_eq!((statuses(&put, 200), statuses(&put, 409)), (2, 2));
    app.audit().await;
});

app_test!(votes_and_joins_at_once_count_once, parts, |app| {
    let shop = shop(&app).await;
    let list = made(&app, &shop.buyer).await;
    let mut people = Vec::new();
    for n in 0..6 {
        people.push(someone(&app, 100 + n).await);
    }
    let joined = join_all((0..24).map(|n| join(&app, &people[n % 6], &list))).await;
    assert_eq!(statuses(&joined, 200), 24);
    let put = (0..12).map(|n| act(&app, &people[n % 6], &list, "items", json!({ "sku": shop.sku })));
    assert_eq!(statuses(&join_all(put).await, 200), 12);
    let vote = format!("items/{}/vote", shop.sku);
    let votes = (0..24).map(|n| act(&app, &people[n % 6], &list, &vote, json!({ "is_wanted": true })));
    assert_eq!(statuses(&join_all(votes).await, 200), 24);
    let seen = see(&app, &shop.buyer, &list).await.expect(200);
    assert_eq!((seen["members"].as_array().unwrap().len(), &seen["items"][0]["votes"]), (7, &json!(6)));
    app.audit().await;
});

app_test!(held_words_are_not_said_in_lists, parts, |app| {
    let shop = shop(&app).await;
    let title = json!({ "title": "好评返-现" });
    app.post("/api/v1/lists", &shop.buyer.token, title).await.expect_problem(422, "knowledge.words");
    let list = made(&app, &shop.buyer).await;
    let item = json!({ "sku": shop.sku, "note": "加 微 信" });
    act(&app, &shop.buyer, &list, "items", item).await.expect_problem(422, "knowledge.words");
    let words = json!({ "words": "刷单吗" });
    act(&app, &shop.buyer, &list, "words", words).await.expect_problem(422, "knowledge.words");
    let seen = see(&app, &shop.buyer, &list).await.expect(200);
    assert_eq!((&seen["items"], &seen["words"]), (&json!([]), &json!([])));
    app.audit().await;
});

app_test!(the_last_words_of_a_list_go_to_one, parts, |app| {
    let shop = shop(&app).await;
    let list = made(&app, &shop.buyer).await;
    let mut people = vec![];
    for n in 0..5 {
        let who = someone(&app, 100 + n).await;
        join(&app, &who, &list).await.expect(200);
        people.push(who);
    }
    for n in 0..498 {
        let words = json!({ "words": format!("第{n}句") });
        act(&app, &people[n % 5], &list, "words", words).await.expect(200);
    }
    let said = (0..10).map(|n| act(&app, &people[n % 5], &list, "words", json!({ "words": "末" })));
    let said = join_all(said).await;
    assert_eq!((statuses(&said, 200), statuses(&said, 409)), (2, 8));
    app.audit().await;
});
