use super::*;
use testkit::{app_test, join_all};

app_test!(a_code_signs_in_once, parts, |app| {
    let code = code(&app, "13800138000").await;
    let body = json!({ "phone": "138 0013 8000", "code": code, "deliver": "bearer" });
    let session = app.post("/api/v1/sessions", "", body.clone()).await.expect(201);
    assert_eq!(session["is_guest"], false);
    let me = app.get("/api/v1/me", session["token"].as_str().unwrap()).await.expect(200);
    assert_eq!((&me["phone_masked"], &me["name"]), (&json!("138****8000"), &json!("用户8000")));
    assert_eq!(me["id"], session["person"]);
    app.post("/api/v1/sessions", "", body).await.expect_problem(422, "sign_in.code_wrong");
    app.get("/api/v1/demo/sign-in-codes?phone=13800138000", "").await.expect_problem(404, "demo.not_found");
});

app_test!(a_code_grows_old, parts, |app| {
    let code = code(&app, "13800138000").await;
    app.pass(300).await;
    let body = json!({ "phone": "13800138000", "code": code });
    app.post("/api/v1/sessions", "", body).await.expect_problem(422, "sign_in.code_wrong");
    assert_eq!(count(&app, "SELECT COUNT(*) FROM people_person").await, 0);
});

app_test!(a_new_code_makes_the_old_one_worthless, parts, |app| {
    let old = code(&app, "13800138000").await;
    let new = code(&app, "13800138000").await;
    if old != new {
        let body = json!({ "phone": "13800138000", "code": old });
        app.post("/api/v1/sessions", "", body).await.expect_problem(422, "sign_in.code_wrong");
    }
    app.post("/api/v1/sessions", "", json!({ "phone": "13800138000", "code": new })).await.expect(201);
});

app_test!(a_code_bears_five_tries_even_at_once, parts, |app| {
    let code = code(&app, "13800138000").await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let body = json!({ "phone": "13800138000", "code": wrong });
    let tries = (0..8).map(|_| app.post("/api/v1/sessions", "", body.clone()));
    for answer in join_all(tries).await {
        answer.expect_problem(422, "sign_in.code_wrong");
    }
    assert_eq!(count(&app, "SELECT MAX(tries_left) FROM people_code").await, 0);
    let right = json!({ "phone": "13800138000", "code": code });
    app.post("/api/v1/sessions", "", right).await.expect_problem(422, "sign_in.code_wrong");
});

app_test!(one_code_a_minute_even_at_once, parts, |app| {
    let body = json!({ "phone": "13800138000" });
    let asks = (0..12).map(|_| app.post("/api/v1/sign-in/codes", "", body.clone()));
    let mut sent = 0;
    for answer in join_all(asks).await {
        if answer.status == 202 {
            sent += 1;
        } else {
            assert_eq!(answer.headers["retry-after"], "60");
            answer.expect_problem(429, "sign_in.too_many");
        }
    }
    assert_eq!(sent, 1);
    app.pass(60).await;
    app.post("/api/v1/sign-in/codes", "", body).await.expect(202);
});

app_test!(ten_codes_a_day, parts, |app| {
    for _ in 0..10 {
        code(&app, "13800138000").await;
    }
    app.pass(61).await;
    let body = json!({ "phone": "13800138000" });
    let answer = app.post("/api/v1/sign-in/codes", "", body.clone()).await;
    assert_eq!(answer.headers["retry-after"].to_str().unwrap().parse::<i64>().unwrap(), 86_400 - 10 * 61);
    answer.expect_problem(429, "sign_in.too_many");
    app.post("/api/v1/sign-in/codes", "", json!({ "phone": "13800138001" })).await.expect(202);
    app.pass(86_400).await;
    app.post("/api/v1/sign-in/codes", "", body).await.expect(202);
});

app_test!(thirty_codes_an_hour_from_one_address, parts, |app| {
    let ask = |n: u32| {
        let request = axum::http::Request::post("/api/v1/sign-in/codes")
            .header("content-type", "application/json")
            .extension(people::ClientAddress("203.0.113.7".to_owned()));
        let body = json!({ "phone": format!("138{n:08}") }).to_string();
        app.send(request.body(axum::body::Body::from(body)).unwrap())
    };
    let answers = join_all((0..36).map(ask)).await;
    let sent = answers.iter().filter(|answer| answer.status == 202).count();
    assert_eq!((sent, answers.iter().filter(|answer| answer.status == 429).count()), (30, 6));
    // A refused request used nothing of its number's own limit.
    assert_eq!(count(&app, "SELECT COUNT(*) FROM people_code").await, 30);
    app.pass(3_600).await;
    ask(99).await.expect(202);
});

app_test!(a_guest_becomes_the_member, parts, |app| {
    let guest = guest(&app).await;
    assert_eq!(guest["is_guest"], true);
    let token = guest["token"].as_str().unwrap();
    let member = sign_in_as(&app, token, "13800138000").await;
    assert_eq!(member["person"], guest["person"]);
    app.get("/api/v1/me", token).await.expect_problem(401, "auth.required");
    let me = app.get("/api/v1/me", member["token"].as_str().unwrap()).await.expect(200);
    assert_eq!(me["is_guest"], false);
    let joined = "SELECT COUNT(*) FROM db_outbox WHERE kind = 'people.member_joined'";
    assert_eq!(count(&app, joined).await, 1);
});

app_test!(a_guest_who_is_known_is_merged_once, parts, |app| {
    let member = sign_in_as(&app, "", "13800138000").await;
    let guest = guest(&app).await;
    let again = sign_in_as(&app, guest["token"].as_str().unwrap(), "13800138000").await;
    assert_eq!(again["person"], member["person"]);
    app.get("/api/v1/me", guest["token"].as_str().unwrap()).await.expect_problem(401, "auth.required");
    let key = format!("{} {}", guest["person"].as_str().unwrap(), member["person"].as_str().unwrap());
    let hooks: Vec<String> = app
        .store
        .db
        .read::<_, DbError, _>(|rx| {
            rx.list("SELECT key FROM people_limit WHERE scope = 'hook' ORDER BY key LIMIT 10", &[], |row| {
                row.get(0)
            })
        })
        .await
        .unwrap();
    assert_eq!(hooks, [key]);
    let merged = "SELECT COUNT(*) FROM db_outbox WHERE kind = 'people.guest_merged'";
    assert_eq!(count(&app, merged).await, 1);
    let person: PersonId = guest["person"].as_str().unwrap().parse().unwrap();
    let canonical = app.store.db.read::<_, DbError, _>(move |rx| api::canonical(rx, person)).await.unwrap();
    assert_eq!(canonical.to_string(), member["person"].as_str().unwrap());
});

app_test!(a_guest_with_two_tabs_is_taken_over_once, parts, |app| {
    sign_in_as(&app, "", "13800138000").await;
    let guest = guest(&app).await;
    let token = guest["token"].as_str().unwrap();
    let codes = [code(&app, "13800138000").await, code(&app, "13800138001").await];
    let bodies = ["13800138000", "13800138001"].into_iter().zip(&codes);
    let asks = bodies.map(|(phone, code)| {
        app.post("/api/v1/sessions", token, json!({ "phone": phone, "code": code, "deliver": "bearer" }))
    });
    let people: Vec<Value> =
        join_all(asks).await.into_iter().map(|answer| answer.expect(201)["person"].clone()).collect();
    assert_ne!(people[0], people[1]);
    let merged = count(&app, "SELECT COUNT(*) FROM people_alias").await;
    assert_eq!(merged + i64::from(people[1] == guest["person"]), 1);
});

app_test!(two_tabs_of_a_guest_that_join_at_once_are_both_signed_in, parts, |app| {
    let guest = guest(&app).await;
    let token = guest["token"].as_str().unwrap();
    let phones = ["13800138000", "13800138001", "13800138002", "13800138003"];
    let mut asks = Vec::new();
    for phone in phones {
        let body = json!({ "phone": phone, "code": code(&app, phone).await, "deliver": "bearer" });
        asks.push(app.post("/api/v1/sessions", token, body));
    }
    let mut upgraded = 0;
    for answer in join_all(asks).await {
        let session = answer.expect(201);
        upgraded += usize::from(session["person"] == guest["person"]);
        app.get("/api/v1/me", session["token"].as_str().unwrap()).await.expect(200);
    }
    assert_eq!(upgraded, 1);
    app.get("/api/v1/me", token).await.expect_problem(401, "auth.required");
});

app_test!(the_same_new_number_twice_at_once_is_one_member, parts, |app| {
    let code = code(&app, "13800138000").await;
    let body = json!({ "phone": "13800138000", "code": code, "deliver": "bearer" });
    let answers = join_all((0..4).map(|_| app.post("/api/v1/sessions", "", body.clone()))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert_eq!(count(&app, "SELECT COUNT(*) FROM people_person").await, 1);
});

app_test!(a_password_works_and_locks_after_ten_wrong_ones_even_at_once, parts, |app| {
    let token = member(&app, "13800138000").await;
    let set = json!({ "password": "correct horse" });
    app.call("PUT", "/api/v1/me/password", &token, set).await.expect(204);
    let body = |password: &str| json!({ "phone": "13800138000", "password": password, "deliver": "bearer" });
    for _ in 0..3 {
        app.post("/api/v1/sessions/password", "", body("correct horse")).await.expect(201);
    }
    let tries = (0..13).map(|_| app.post("/api/v1/sessions/password", "", body("wrong horse")));
    let answers = join_all(tries).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 422).count(), 10);
    assert_eq!(answers.iter().filter(|answer| answer.status == 429).count(), 3);
    let locked = app.post("/api/v1/sessions/password", "", body("correct horse")).await;
    assert_eq!(locked.headers["retry-after"], "900");
    locked.expect_problem(429, "sign_in.too_many");
    app.pass(900).await;
    app.post("/api/v1/sessions/password", "", body("correct horse")).await.expect(201);
});

app_test!(wrong_passwords_are_counted_per_address_too_even_at_once, parts, |app| {
    let token = member(&app, "13800138000").await;
    let set = json!({ "password": "correct horse" });
    app.call("PUT", "/api/v1/me/password", &token, set).await.expect(204);
    let try_one = |phone: String, password: &str| {
        let request = axum::http::Request::post("/api/v1/sessions/password")
            .header("content-type", "application/json")
            .extension(people::ClientAddress("203.0.113.7".to_owned()));
        let body = json!({ "phone": phone, "password": password, "deliver": "bearer" }).to_string();
        app.send(request.body(axum::body::Body::from(body)).unwrap())
    };
    let right = || try_one("13800138000".to_owned(), "correct horse");
    right().await.expect(201);
    // Of fifty, forty-six were used by somebody who tries one password on many numbers.
    let used = |tx: &mut Tx| {
        tx.execute("UPDATE people_limit SET used = 46 WHERE scope = 'password_address' AND used = 0", &[])
    };
    assert_eq!(app.store.db.write::<_, DbError, _>(Lane::Interactive, used).await.unwrap(), 1);
    let tries = (0..8).map(|n| try_one(format!("1390013800{n}"), "wrong horse"));
    let answers = join_all(tries).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 422).count(), 4);
    assert_eq!(answers.iter().filter(|answer| answer.status == 429).count(), 4);
    right().await.expect_problem(429, "sign_in.too_many");
    app.pass(900).await;
    right().await.expect(201);
});

app_test!(an_unknown_number_answers_like_a_known_one, parts, |app| {
    member(&app, "13800138000").await;
    let body = |phone: &str| json!({ "phone": phone, "password": "wrong horse" });
    for n in 0..12 {
        let known = app.post("/api/v1/sessions/password", "", body("13800138000")).await;
        let unknown = app.post("/api/v1/sessions/password", "", body("13800138009")).await;
        assert_eq!((known.status, &known.json), (unknown.status, &unknown.json), "{n}");
        assert_eq!(known.status.as_u16(), if n < 10 { 422 } else { 429 });
    }
    app.pass(61).await;
    let ask = |phone: &str| app.post("/api/v1/sign-in/codes", "", json!({ "phone": phone }));
    let (known, unknown) = (ask("13800138000").await, ask("13800138009").await);
    assert_eq!((known.status, known.json), (unknown.status, unknown.json));
    let (known, unknown) = (ask("13800138000").await, ask("13800138009").await);
    assert_eq!((known.status, known.json), (unknown.status, unknown.json));
});

app_test!(a_password_changes_only_with_the_old_one_or_a_fresh_code, parts, |app| {
    let token = member(&app, "13800138000").await;
    let set = |token: String, body: Value| {
        let app = &app;
        async move { app.call("PUT", "/api/v1/me/password", &token, body).await }
    };
    set(token.clone(), json!({ "password": "first password" })).await.expect(204);
    app.pass(1_000).await;
    let wrong = json!({ "password": "second password", "current": "not the first" });
    set(token.clone(), wrong).await.expect_problem(422, "password.current_wrong");
    let none = json!({ "password": "second password" });
    set(token.clone(), none.clone()).await.expect_problem(422, "password.current_wrong");
    let right = json!({ "password": "second password", "current": "first password" });
    set(token.clone(), right).await.expect(204);
    let fresh = member(&app, "13800138000").await;
    set(fresh.clone(), json!({ "password": "third password" })).await.expect(204);
    // The other device is signed out.
    app.get("/api/v1/me", &token).await.expect_problem(401, "auth.required");
    app.get("/api/v1/me", &fresh).await.expect(200);
});

app_test!(a_first_password_needs_a_fresh_code, parts, |app| {
    let set = async |token: &str, body: Value| app.call("PUT", "/api/v1/me/password", token, body).await;
    let stale = member(&app, "13800138000").await;
    app.pass(1_000).await;
    let body = json!({ "password": "first password" });
    set(&stale, body.clone()).await.expect_problem(403, "password.proof_needed");
    // There is no current one, so none proves anything.
    let made_up = json!({ "password": "first password", "current": "first password" });
    set(&stale, made_up).await.expect_problem(403, "password.proof_needed");
    // A session that did not begin with a code is no proof, however young.
    let open = |tx: &mut Tx| {
        let person = api::ensure_member(tx, &"13800138000".parse().unwrap(), "")?;
        api::open_session(tx, person, "test")
    };
    let given = app.store.db.write::<_, DbError, _>(Lane::Interactive, open).await.unwrap();
    set(&given, body.clone()).await.expect_problem(403, "password.proof_needed");
    assert_eq!(count(&app, "SELECT COUNT(*) FROM people_person WHERE password IS NOT NULL").await, 0);
    let fresh = member(&app, "13800138000").await;
    set(&fresh, body).await.expect(204);
});

app_test!(the_store_knows_no_secret, parts, |app| {
    let session = sign_in_as(&app, "", "13800138000").await;
    let token = session["token"].as_str().unwrap().to_owned();
    let set = json!({ "password": "correct horse" });
    app.call("PUT", "/api/v1/me/password", &token, set).await.expect(204);
    let stored: String = app
        .store
        .db
        .read::<_, DbError, _>(|rx| rx.one("SELECT MAX(password) FROM people_person", &[], |row| row.get(0)))
        .await
        .unwrap();
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    assert_eq!(token.len(), 43);
    let hash: Vec<u8> = app
        .store
        .db
        .read::<_, DbError, _>(|rx| {
            rx.one("SELECT token_hash FROM people_session ORDER BY token_hash LIMIT 1", &[], |row| row.get(0))
        })
        .await
        .unwrap();
    assert_eq!(hash.len(), 32);
    assert_eq!(count(&app, "SELECT COUNT(*) FROM people_code WHERE demo_code IS NOT NULL").await, 0);
});
