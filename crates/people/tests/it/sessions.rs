use super::*;
use testkit::app_test;

app_test!(devices_are_listed_and_ended, parts, |app| {
    let first = member(&app, "13800138000").await;
    let second = sign_in_as(&app, "", "13800138000").await;
    let second_token = second["token"].as_str().unwrap();
    let list = app.get("/api/v1/sessions?limit=1", &first).await.expect(200);
    assert_eq!(list["items"][0]["id"], second["session"]);
    assert_eq!(list["items"][0]["is_current"], false);
    let cursor = list["next_cursor"].as_str().unwrap();
    let rest = app.get(&format!("/api/v1/sessions?cursor={cursor}"), &first).await.expect(200);
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    assert_eq!(rest["items"][0]["is_current"], true);
    assert_eq!(rest["next_cursor"], Value::Null);

    app.get("/api/v1/sessions?cursor=x", &first).await.expect_problem(400, "query.invalid");

    let other = member(&app, "13800138001").await;
    let path = format!("/api/v1/sessions/{}/end", second["session"].as_str().unwrap());
    app.post(&path, &other, Value::Null).await.expect_problem(404, "session.not_found");
    app.get("/api/v1/me", second_token).await.expect(200);
    app.post(&path, &first, Value::Null).await.expect(204);
    app.post(&path, &first, Value::Null).await.expect(204);
    app.get("/api/v1/me", second_token).await.expect_problem(401, "auth.required");
    app.get("/api/v1/me", &first).await.expect(200);
});

app_test!(the_other_devices_are_ended_together, parts, |app| {
    let kept = member(&app, "13800138000").await;
    let others = [member(&app, "13800138000").await, member(&app, "13800138000").await];
    let stranger = member(&app, "13800138001").await;
    for _ in 0..2 {
        app.post("/api/v1/sessions/end-others", &kept, Value::Null).await.expect(204);
    }
    for token in &others {
        app.get("/api/v1/me", token).await.expect_problem(401, "auth.required");
    }
    for token in [&kept, &stranger] {
        app.get("/api/v1/me", token).await.expect(200);
    }
});

app_test!(signing_out_takes_effect_at_once, parts, |app| {
    let token = member(&app, "13800138000").await;
    let answer = app.post("/api/v1/sessions/sign-out", &token, Value::Null).await;
    assert!(answer.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    answer.expect(204);
    app.get("/api/v1/me", &token).await.expect_problem(401, "auth.required");
});

/// Waits until the use of a session is written down, which nobody waits for.
async fn seen_at(app: &App, seen: i64) {
    for _ in 0..20_000 {
        if count(app, "SELECT MAX(seen_at) FROM people_session").await == seen {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("the use of the session was not written down");
}

app_test!(a_session_slides_with_any_request_and_has_an_end, parts, |app| {
    const DAY: i64 = 86_400;
    let used = member(&app, "13800138000").await;
    let idle = member(&app, "13800138000").await;
    for path in ["/api/v1/me/addresses", "/api/v1/sessions", "/api/v1/me", "/api/v1/me/addresses"] {
        app.pass(20 * DAY).await;
        app.get(path, &used).await.expect(200);
        seen_at(&app, base::Clock::now(app.store.clock.as_ref()).micros()).await;
    }
    app.get("/api/v1/me", &idle).await.expect_problem(401, "auth.required");
    app.pass(10 * DAY).await;
    app.get("/api/v1/me", &used).await.expect_problem(401, "auth.required");
});

app_test!(use_is_written_down_once_an_hour, parts, |app| {
    let token = member(&app, "13800138000").await;
    let start = count(&app, "SELECT MAX(seen_at) FROM people_session").await;
    app.pass(3_599).await;
    app.get("/api/v1/me", &token).await.expect(200);
    app.pass(1).await;
    for _ in 0..8 {
        app.get("/api/v1/me/addresses", &token).await.expect(200);
    }
    seen_at(&app, start + 3_600_000_000).await;
});

app_test!(a_session_that_ended_does_not_come_back, parts, |app| {
    let token = member(&app, "13800138000").await;
    app.pass(3_600).await;
    // Its use is due and noted after it has ended, or before: it is over either way.
    app.post("/api/v1/sessions/sign-out", &token, Value::Null).await.expect(204);
    app.pass(3_600).await;
    app.get("/api/v1/me", &token).await.expect_problem(401, "auth.required");
});

app_test!(browsers_get_a_cookie_and_no_token, parts, |app| {
    let answer = app.post("/api/v1/sessions/guest", "", json!({})).await;
    let cookie = answer.headers["set-cookie"].to_str().unwrap().to_owned();
    assert_eq!(answer.expect(201).get("token"), None);
    assert!(cookie.starts_with("tuan_session="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; Max-Age=7776000; HttpOnly; SameSite=Lax"), "{cookie}");
    let request = axum::http::Request::get("/api/v1/me").header("cookie", cookie.split(';').next().unwrap());
    let me = app.send(request.body(axum::body::Body::empty()).unwrap()).await.expect(200);
    assert_eq!((&me["is_guest"], &me["phone_masked"]), (&json!(true), &Value::Null));
});

app_test!(a_profile_changes, parts, |app| {
    let token = member(&app, "13800138000").await;
    let body = json!({ "name": " 小王 ", "locale": "en" });
    let me = app.call("PATCH", "/api/v1/me", &token, body).await.expect(200);
    assert_eq!((&me["name"], &me["locale"]), (&json!("小王"), &json!("en")));
    let me = app.call("PATCH", "/api/v1/me", &token, json!({ "name": "王" })).await.expect(200);
    assert_eq!((&me["name"], &me["locale"]), (&json!("王"), &json!("en")));
    for body in [json!({ "is_operator": true }), json!({ "name": "" }), json!({ "locale": "fr" })] {
        app.call("PATCH", "/api/v1/me", &token, body).await.expect_problem(400, "body.invalid");
    }
});

app_test!(what_is_long_past_is_removed, parts, |app| {
    const DAY: i64 = 86_400;
    let rows = || async {
        let codes = count(&app, "SELECT COUNT(*) FROM people_code").await;
        let counts = count(&app, "SELECT COUNT(*) FROM people_limit").await;
        (codes, counts, count(&app, "SELECT COUNT(*) FROM people_session").await)
    };
    // More than one batch of sessions.
    let live = member(&app, "13800138000").await;
    for _ in 0..160 {
        guest(&app).await;
    }
    app.pass(DAY).await;
    assert_eq!(rows().await, (1, 1, 161));
    app.pass(19 * DAY).await;
    app.get("/api/v1/me", &live).await.expect(200);
    seen_at(&app, base::Clock::now(app.store.clock.as_ref()).micros()).await;
    assert_eq!(rows().await, (0, 0, 161));
    app.pass(20 * DAY).await;
    assert_eq!(rows().await, (0, 0, 1));
    app.get("/api/v1/me", &live).await.expect(200);
    app.pass(40 * DAY).await;
    assert_eq!(rows().await, (0, 0, 0));
});

app_test!(a_guest_who_cannot_come_back_is_removed, parts, |app| {
    const DAY: i64 = 86_400;
    // More than one batch that never come back; one that does, one that becomes a member, one that is merged.
    for _ in 0..45 {
        guest(&app).await;
    }
    let token = |session: &Value| session["token"].as_str().unwrap().to_owned();
    let stays = token(&guest(&app).await);
    let joins = token(&guest(&app).await);
    let merges = token(&guest(&app).await);
    sign_in_as(&app, &joins, "13800138000").await;
    sign_in_as(&app, &merges, "13800138000").await;
    let guests = || count(&app, "SELECT COUNT(*) FROM people_person WHERE state = 'guest'");
    for _ in 0..2 {
        app.pass(20 * DAY).await;
        app.get("/api/v1/me", &stays).await.expect(200);
        seen_at(&app, base::Clock::now(app.store.clock.as_ref()).micros()).await;
    }
    assert_eq!(guests().await, 46);
    app.pass(10 * DAY).await;
    assert_eq!(guests().await, 1);
    assert_eq!(count(&app, "SELECT COUNT(*) FROM people_person").await, 3);
    assert_eq!(count(&app, "SELECT COUNT(*) FROM people_alias").await, 1);
    let told = "SELECT COUNT(*) FROM db_outbox WHERE kind = 'people.guest_gone'";
    assert_eq!(count(&app, told).await, 45);
});
