use super::*;
use testkit::{Answer, app_test, join_all};

/// What an authenticator shows: RFC 6238 written once more, from the text that the server hands out.
fn shown(secret: &str, seconds: i64) -> String {
    let mut bits = Vec::new();
    for letter in secret.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            other => other - b'2' + 26,
        };
        bits.extend((0..5).rev().map(|place| value >> place & 1));
    }
    let key: Vec<u8> =
        bits.chunks_exact(8).map(|eight| eight.iter().fold(0, |n, bit| n << 1 | bit)).collect();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
    let digest = ring::hmac::sign(&key, &(seconds / 30).to_be_bytes());
    let start = usize::from(digest.as_ref()[19] & 15);
    let four: [u8; 4] = digest.as_ref()[start..start + 4].try_into().unwrap();
    format!("{:06}", (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000)
}

fn now(app: &App, later: i64) -> i64 {
    base::Clock::now(app.store.clock.as_ref()).micros() / 1_000_000 + later
}

async fn step_up(app: &App, token: &str, body: Value) -> Answer {
    app.post("/api/v1/me/step-up", token, body).await
}

/// Sets a second factor up; answers its secret and the recovery codes.
async fn set_up(app: &App, token: &str) -> (String, Vec<String>) {
    let begun = app.call("PUT", "/api/v1/me/totp", token, Value::Null).await.expect(200);
    let secret = begun["secret"].as_str().unwrap().to_owned();
    let body = json!({ "code": shown(&secret, now(app, 0)) });
    let made = app.post("/api/v1/me/totp/confirm", token, body).await.expect(200);
    let codes = made["recovery_codes"].as_array().unwrap();
    (secret, codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect())
}

async fn with_password(app: &App, second: Option<&str>) -> Answer {
    let mut body = json!({ "phone": "13800138000", "password": "a long pass word", "deliver": "bearer" });
    if let Some(second) = second {
        body["second"] = json!(second);
    }
    app.post("/api/v1/sessions/password", "", body).await
}

/// A member with a password and a second factor.
async fn guarded(app: &App) -> (String, String, Vec<String>) {
    let token = member(app, "13800138000").await;
    let body = json!({ "password": "a long pass word", "current": null });
    app.call("PUT", "/api/v1/me/password", &token, body).await.expect(204);
    let (secret, codes) = set_up(app, &token).await;
    (token, secret, codes)
}

app_test!(a_second_factor_is_asked_for_from_its_confirmation_on, parts, |app| {
    let elsewhere = member(&app, "13800138000").await;
    let token = member(&app, "13800138000").await;
    let begun = app.call("PUT", "/api/v1/me/totp", &token, Value::Null).await.expect(200);
    let secret = begun["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 32);
    assert!(begun["uri"].as_str().unwrap().contains(&format!("secret={secret}&")));
    assert!(begun["qr_svg"].as_str().unwrap().starts_with("<svg"));
    // Begun is not confirmed: sign-in asks for nothing yet.
    member(&app, "13800138000").await;
    let wrong = json!({ "code": shown(secret, now(&app, 120)) });
    app.post("/api/v1/me/totp/confirm", &token, wrong).await.expect_problem(422, "second_factor.wrong");
    let right = json!({ "code": shown(secret, now(&app, 0)) });
    let made = app.post("/api/v1/me/totp/confirm", &token, right.clone()).await.expect(200);
    assert_eq!(made["recovery_codes"].as_array().unwrap().len(), 10);
    app.post("/api/v1/me/totp/confirm", &token, right).await.expect_problem(409, "second_factor.exists");
    app.call("PUT", "/api/v1/me/totp", &token, Value::Null).await.expect_problem(409, "second_factor.exists");
    app.get("/api/v1/me", &elsewhere).await.expect_problem(401, "auth.required");
    let state = app.get("/api/v1/me/security", &token).await.expect(200);
    assert_eq!((&state["has_second_factor"], &state["recovery_codes_left"]), (&json!(true), &json!(10)));
    // The code that was sent is still good when the second factor comes after it.
    let sent = code(&app, "13800138000").await;
    let mut body = json!({ "phone": "13800138000", "code": sent, "deliver": "bearer" });
    app.post("/api/v1/sessions", "", body.clone()).await.expect_problem(422, "sign_in.second_needed");
    body["second"] = json!("000000");
    app.post("/api/v1/sessions", "", body.clone()).await.expect_problem(422, "sign_in.second_wrong");
    body["second"] = json!(shown(secret, now(&app, 0)));
    app.post("/api/v1/sessions", "", body.clone()).await.expect(201);
    app.post("/api/v1/sessions", "", body).await.expect_problem(422, "sign_in.code_wrong");
});

app_test!(the_secret_is_nowhere_in_clear, parts, |app| {
    let (_, secret, codes) = guarded(&app).await;
    let stored: Vec<u8> = app
        .store
        .db
        .read::<_, DbError, _>(|rx| {
            rx.one("SELECT secret FROM people_totp ORDER BY person LIMIT 1", &[], |row| row.get(0))
        })
        .await
        .unwrap();
    // Nonce, twenty bytes and the tag; not the secret itself, in no form.
    assert_eq!(stored.len(), 12 + 20 + 16);
    assert!(!String::from_utf8_lossy(&stored).contains(&secret));
    for code in codes {
        assert_eq!(code.len(), 19);
    }
    assert_eq!(count(&app, "SELECT MIN(length(code_hash)) FROM people_recovery").await, 32);
});

app_test!(a_code_is_taken_once_even_at_once, parts, |app| {
    let (_, secret, codes) = guarded(&app).await;
    // The code that confirmed it is used already.
    with_password(&app, Some(&shown(&secret, now(&app, 0))))
        .await
        .expect_problem(422, "sign_in.second_wrong");
    app.pass(30).await;
    for second in [shown(&secret, now(&app, 0)), codes[0].to_lowercase()] {
        let answers = join_all((0..4).map(|_| with_password(&app, Some(&second)))).await;
        let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
        assert_eq!((made.len(), refused.len()), (1, 3));
        for answer in refused {
            answer.expect_problem(422, "sign_in.second_wrong");
        }
        app.pass(901).await;
    }
    // One that was shown before a used one is worth nothing either.
    let before = shown(&secret, now(&app, -30));
    with_password(&app, Some(&shown(&secret, now(&app, 0)))).await.expect(201);
    with_password(&app, Some(&before)).await.expect_problem(422, "sign_in.second_wrong");
    assert_eq!(count(&app, "SELECT COUNT(*) FROM people_recovery").await, 9);
});

app_test!(five_wrong_second_factors_lock_it_for_a_quarter_of_an_hour, parts, |app| {
    let (_, secret, _) = guarded(&app).await;
    app.pass(30).await;
    let answers = join_all((0..8).map(|_| with_password(&app, Some("000000")))).await;
    let wrong = answers.iter().filter(|answer| answer.status == 422).count();
    assert_eq!((wrong, answers.iter().filter(|answer| answer.status == 429).count()), (5, 3));
    let right = shown(&secret, now(&app, 0));
    with_password(&app, Some(&right)).await.expect_problem(429, "sign_in.too_many");
    app.pass(900).await;
    with_password(&app, Some(&shown(&secret, now(&app, 0)))).await.expect(201);
});

app_test!(a_proof_lasts_ten_minutes, parts, |app| {
    let token = member(&app, "13800138000").await;
    let set = json!({ "password": "a long pass word", "current": null });
    app.call("PUT", "/api/v1/me/password", &token, set).await.expect(204);
    let begin = || app.call("PUT", "/api/v1/me/totp", &token, Value::Null);
    app.pass(599).await;
    begin().await.expect(200);
    app.pass(1).await;
    begin().await.expect_problem(403, "auth.step_up_required");
    assert_eq!(app.get("/api/v1/me/security", &token).await.expect(200)["proven_until"], Value::Null);
    step_up(&app, &token, json!({})).await.expect_problem(422, "step_up.proof_needed");
    step_up(&app, &token, json!({ "password": "not this one" })).await.expect_problem(422, "step_up.wrong");
    step_up(&app, &token, json!({ "code": "000000" })).await.expect_problem(422, "step_up.wrong");
    begin().await.expect_problem(403, "auth.step_up_required");
    step_up(&app, &token, json!({ "password": "a long pass word" })).await.expect(204);
    let begun = begin().await.expect(200);
    app.pass(601).await;
    let sent = app.post("/api/v1/me/step-up/codes", &token, Value::Null).await.expect(202);
    assert_eq!(sent["phone_masked"], "138****8000");
    assert!(sent["demo_code"].is_string());
    let path = "/api/v1/demo/sign-in-codes?phone=13800138000";
    let code = app.get(path, "").await.expect(200)["code"].clone();
    step_up(&app, &token, json!({ "code": code })).await.expect(204);
    step_up(&app, &token, json!({ "code": code })).await.expect_problem(422, "step_up.wrong");
    let secret = begun["secret"].as_str().unwrap();
    let body = json!({ "code": shown(secret, now(&app, 0)) });
    app.post("/api/v1/me/totp/confirm", &token, body).await.expect(200);
    // From now on nothing less than the second factor counts.
    app.pass(601).await;
    let weak = json!({ "password": "a long pass word" });
    step_up(&app, &token, weak).await.expect_problem(422, "step_up.second_needed");
    let remove = || app.call("DELETE", "/api/v1/me/totp", &token, Value::Null);
    remove().await.expect_problem(403, "auth.step_up_required");
    let renew = app.post("/api/v1/me/totp/recovery-codes", &token, Value::Null).await;
    renew.expect_problem(403, "auth.step_up_required");
    step_up(&app, &token, json!({ "second": shown(secret, now(&app, 0)) })).await.expect(204);
    app.post("/api/v1/me/totp/recovery-codes", &token, Value::Null).await.expect(200);
    remove().await.expect(204);
    remove().await.expect(204);
    assert_eq!(count(&app, "SELECT COUNT(*) FROM people_recovery").await, 0);
    with_password(&app, None).await.expect(201);
});

app_test!(a_proof_counts_in_its_session_only, parts, |app| {
    let one = member(&app, "13800138000").await;
    app.pass(601).await;
    let other = member(&app, "13800138000").await;
    app.call("PUT", "/api/v1/me/totp", &other, Value::Null).await.expect(200);
    let begin = app.call("PUT", "/api/v1/me/totp", &one, Value::Null).await;
    begin.expect_problem(403, "auth.step_up_required");
    let guest = guest(&app).await;
    let token = guest["token"].as_str().unwrap();
    step_up(&app, token, json!({ "code": "000000" })).await.expect_problem(401, "auth.required");
});

app_test!(a_shop_can_ask_its_staff_for_a_second_factor, parts, |app| {
    let (merchant, owner) = shop(&app, 1, "13800138000").await;
    hire(&app, merchant, &owner, "13800138001", &["staff"]).await;
    let clerk = member(&app, "13800138001").await;
    let security = format!("/api/v1/merchants/{merchant}/security");
    let staff = format!("/api/v1/merchants/{merchant}/staff");
    let on = json!({ "needs_second_factor": true });
    let set = |token: &str, body: &Value| {
        let (token, body) = (token.to_owned(), body.clone());
        let (app, security) = (&app, &security);
        async move { app.call("PUT", security, &token, body).await }
    };
    set(&owner, &on).await.expect_problem(409, "second_factor.own_first");
    let (secret, _) = set_up(&app, &owner).await;
    assert_eq!(set(&owner, &on).await.expect(200), on);
    app.get(&staff, &owner).await.expect(200);
    app.get(&staff, &clerk).await.expect_problem(403, "auth.second_factor_required");
    set(&clerk, &json!({ "needs_second_factor": false }))
        .await
        .expect_problem(403, "auth.second_factor_required");
    let state = app.get("/api/v1/me/security", &clerk).await.expect(200);
    assert_eq!(state["asked_by"], json!(["Shop"]));
    set_up(&app, &clerk).await;
    app.get(&staff, &clerk).await.expect(200);
    app.pass(601).await;
    let off = json!({ "needs_second_factor": false });
    set(&owner, &off).await.expect_problem(403, "auth.step_up_required");
    step_up(&app, &owner, json!({ "second": shown(&secret, now(&app, 0)) })).await.expect(204);
    set(&owner, &off).await.expect(200);
    set(&owner, &off).await.expect(200);
    let acts = "SELECT COUNT(*) FROM people_act WHERE action = 'merchant.second_factor'";
    assert_eq!(count(&app, acts).await, 2);
});

app_test!(an_operator_helps_who_has_lost_everything, parts, |app| {
    let (token, _, _) = guarded(&app).await;
    let operator = operator(&app).await;
    let person = app.get("/api/v1/me", &token).await.expect(200)["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/people/{person}/totp/reset");
    let body = json!({ "reason": "came to the office with a passport" });
    app.post(&path, &token, body.clone()).await.expect_problem(403, "auth.forbidden");
    app.post(&path, &operator, body.clone()).await.expect(204);
    app.post(&path, &operator, body).await.expect(204);
    app.get("/api/v1/me", &token).await.expect_problem(401, "auth.required");
    with_password(&app, None).await.expect(201);
    assert_eq!(count(&app, "SELECT COUNT(*) FROM people_act WHERE action = 'person.totp_reset'").await, 1);
});
