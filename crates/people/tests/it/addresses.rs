use super::*;
use testkit::{app_test, join_all};

fn form(name: &str) -> Value {
    json!({ "name": name, "phone": "13800138000", "region": "浙江省杭州市西湖区", "street": "文三路 1 号" })
}

app_test!(the_first_address_is_the_default_and_the_next_follows_it, parts, |app| {
    let token = member(&app, "13800138000").await;
    let first = app.post("/api/v1/me/addresses", &token, form("a")).await.expect(201);
    assert_eq!((&first["is_default"], &first["phone"]), (&json!(true), &json!("13800138000")));
    app.pass(1).await;
    let second = app.post("/api/v1/me/addresses", &token, form("b")).await.expect(201);
    assert_eq!(second["is_default"], false);
    let mut third = form("c");
    third["is_default"] = json!(true);
    let third = app.post("/api/v1/me/addresses", &token, third).await.expect(201);
    let defaults = |list: Value| -> Vec<String> {
        let items = list["items"].as_array().unwrap().clone();
        let chosen = items.iter().filter(|item| item["is_default"] == true);
        chosen.map(|item| item["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(defaults(app.get("/api/v1/me/addresses", &token).await.expect(200)), ["c"]);
    let path = format!("/api/v1/me/addresses/{}", third["id"].as_str().unwrap());
    app.call("DELETE", &path, &token, Value::Null).await.expect(204);
    app.call("DELETE", &path, &token, Value::Null).await.expect_problem(404, "address.not_found");
    assert_eq!(defaults(app.get("/api/v1/me/addresses", &token).await.expect(200)), ["a"]);
    let path = format!("/api/v1/me/addresses/{}", second["id"].as_str().unwrap());
    let mut changed = form("B");
    changed["is_default"] = json!(true);
    app.call("PUT", &path, &token, changed).await.expect(200);
    assert_eq!(defaults(app.get("/api/v1/me/addresses", &token).await.expect(200)), ["B"]);
});

app_test!(nobody_sees_or_changes_anothers_address, parts, |app| {
    let (mine, yours) = (member(&app, "13800138000").await, member(&app, "13800138001").await);
    let address = app.post("/api/v1/me/addresses", &mine, form("a")).await.expect(201);
    let path = format!("/api/v1/me/addresses/{}", address["id"].as_str().unwrap());
    app.call("PUT", &path, &yours, form("x")).await.expect_problem(404, "address.not_found");
    app.call("DELETE", &path, &yours, Value::Null).await.expect_problem(404, "address.not_found");
    assert_eq!(app.get("/api/v1/me/addresses", &yours).await.expect(200)["items"], json!([]));
    let list = app.get("/api/v1/me/addresses", &mine).await.expect(200);
    assert_eq!(list["items"], json!([address]));
    let guest = guest(&app).await;
    let token = guest["token"].as_str().unwrap();
    app.post("/api/v1/me/addresses", token, form("a")).await.expect_problem(401, "auth.required");
});

app_test!(twenty_addresses_even_at_once, parts, |app| {
    let token = member(&app, "13800138000").await;
    let app = Arc::new(app);
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..24 {
        let (app, token) = (Arc::clone(&app), token.clone());
        tasks.spawn(async move {
            app.post("/api/v1/me/addresses", &token, form(&format!("a{n}"))).await.status.as_u16()
        });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|status| **status == 201).count(), 20, "{answers:?}");
    assert_eq!(count(&app, "SELECT COUNT(*) FROM people_address").await, 20);
    app.post("/api/v1/me/addresses", &token, form("x")).await.expect_problem(409, "address.too_many");
});

app_test!(an_address_asked_for_twice_is_added_once_even_at_once, parts, |app| {
    let token = member(&app, "13800138000").await;
    let ask = || app.call_with_key("POST", "/api/v1/me/addresses", &token, "one", form("a"));
    let first = ask().await.expect(201);
    assert_eq!(ask().await.expect(201), first);
    let other = app.call_with_key("POST", "/api/v1/me/addresses", &token, "one", form("b")).await;
    other.expect_problem(422, "idempotency.key_reused");
    // Another person's key is another key.
    let another = member(&app, "13800138001").await;
    app.call_with_key("POST", "/api/v1/me/addresses", &another, "one", form("a")).await.expect(201);
    let twice = || app.call_with_key("POST", "/api/v1/me/addresses", &token, "two", form("c"));
    for answer in join_all((0..4).map(|_| twice())).await {
        assert!([201, 409].contains(&answer.status.as_u16()), "{}", answer.json);
    }
    assert_eq!(count(&app, "SELECT COUNT(*) FROM people_address").await, 3);
});

app_test!(what_does_not_fit_is_refused, parts, |app| {
    let token = member(&app, "13800138000").await;
    let mut long = form("a");
    long["street"] = json!("长".repeat(201));
    let mut phone = form("a");
    phone["phone"] = json!("12345");
    let mut unknown = form("a");
    unknown["person"] = json!("per_00000000000000000000000000000000");
    for wrong in [long, phone, unknown, json!({})] {
        app.post("/api/v1/me/addresses", &token, wrong).await.expect_problem(400, "body.invalid");
    }
    assert_eq!(count(&app, "SELECT COUNT(*) FROM people_address").await, 0);
});
