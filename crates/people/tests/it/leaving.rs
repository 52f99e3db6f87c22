use super::*;
use testkit::{Answer, app_test, join_all};

async fn erase(app: &App, token: &str) -> Answer {
    app.post("/api/v1/me/erase", token, json!({ "word": "erase" })).await
}

async fn id_of(app: &App, token: &str) -> PersonId {
    app.get("/api/v1/me", token).await.expect(200)["id"].as_str().unwrap().parse().unwrap()
}

app_test!(operators_and_owners_do_not_leave, parts, |app| {
    let (operator, owner) = (member(&app, "13800138001").await, member(&app, "13800138002").await);
    let ids = (id_of(&app, &operator).await, id_of(&app, &owner).await);
    let make = move |tx: &mut Tx| {
        api::ensure_operator(tx, ids.0)?;
        api::ensure_merchant(tx, MerchantId::from_bytes([5; 16]), "店", "", ids.1)
    };
    app.store.db.write::<(), DbError, _>(Lane::Interactive, make).await.unwrap();
    for (token, code) in [(&operator, "person.is_operator"), (&owner, "person.owns_shop")] {
        erase(&app, token).await.expect_problem(409, "me.bound");
        let privacy = app.get("/api/v1/me/privacy", token).await.expect(200);
        assert_eq!(privacy["binds"], json!([code]));
        app.get("/api/v1/me", token).await.expect(200);
    }
});

app_test!(leaving_from_many_devices_at_once_is_leaving_once, parts, |app| {
    let mut tokens = Vec::new();
    for _ in 0..4 {
        tokens.push(member(&app, "13800138000").await);
    }
    let before = id_of(&app, &tokens[0]).await;
    let left = join_all((0..8).map(|n| erase(&app, &tokens[n % 4]))).await;
    assert!(left.iter().any(|answer| answer.status == 204));
    assert!(left.iter().all(|answer| [204, 401].contains(&answer.status.as_u16())));
    for token in &tokens {
        app.get("/api/v1/me", token).await.expect_problem(401, "auth.required");
    }
    let events: i64 = app
        .store
        .db
        .read::<_, DbError, _>(|rx| {
            rx.one("SELECT COUNT(*) FROM db_outbox WHERE kind = 'people.member_erased'", &[], |row| {
                row.get(0)
            })
        })
        .await
        .unwrap();
    assert_eq!(events, 1);
    let anew = member(&app, "13800138000").await;
    assert_ne!(id_of(&app, &anew).await, before);
});

app_test!(an_archive_is_made_ten_times_a_day, parts, |app| {
    let token = member(&app, "13800138000").await;
    let guest = app.post("/api/v1/sessions/guest", "", json!({ "deliver": "bearer" })).await.expect(201);
    let guest = guest["token"].as_str().unwrap();
    app.post("/api/v1/me/archive", guest, Value::Null).await.expect_problem(401, "auth.required");
    let made = join_all((0..14).map(|_| app.post("/api/v1/me/archive", &token, Value::Null))).await;
    let with = |status: u16| made.iter().filter(|answer| answer.status == status).count();
    assert_eq!((with(200), with(429)), (10, 4));
    app.pass(601).await;
    app.post("/api/v1/me/archive", &token, Value::Null).await.expect_problem(403, "auth.step_up_required");
});
