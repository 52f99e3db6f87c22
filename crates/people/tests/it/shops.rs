use super::*;
use testkit::{app_test, join_all};

app_test!(an_operator_opens_a_shop, parts, |app| {
    let operator = operator(&app).await;
    let body = json!({ "name": "小店", "about": "水果", "owner_phone": "13800138000" });
    let outsider = member(&app, "13800138009").await;
    app.post("/api/v1/merchants", &outsider, body.clone()).await.expect_problem(403, "auth.forbidden");
    assert_eq!(count(&app, "SELECT COUNT(*) FROM people_merchant").await, 0);
    let shop = app.post("/api/v1/merchants", &operator, body).await.expect(201);
    let path = format!("/api/v1/merchants/{}", shop["id"].as_str().unwrap());
    assert_eq!(app.get(&path, "").await.expect(200), shop);
    let owner = member(&app, "13800138000").await;
    let me = app.get("/api/v1/me", &owner).await.expect(200);
    assert_eq!((&me["merchants"][0]["role"], &me["merchants"][0]["name"]), (&json!("owner"), &json!("小店")));
    assert_eq!(me["merchants"][0]["rights"].as_array().unwrap().len(), 8);
    let unknown = "/api/v1/merchants/mer_00000000000000000000000000000000";
    app.get(unknown, "").await.expect_problem(404, "merchant.not_found");
});

app_test!(a_shop_asked_for_twice_is_opened_once, parts, |app| {
    let operator = operator(&app).await;
    let body = json!({ "name": "小店", "about": "水果", "owner_phone": "13800138000" });
    let ask = || app.call_with_key("POST", "/api/v1/merchants", &operator, "one", body.clone());
    let shop = ask().await.expect(201);
    assert_eq!(ask().await.expect(201), shop);
    assert_eq!(count(&app, "SELECT COUNT(*) FROM people_merchant").await, 1);
    assert_eq!(count(&app, "SELECT COUNT(*) FROM people_act WHERE action = 'merchant.create'").await, 1);
});

app_test!(staff_asked_for_twice_is_added_once, parts, |app| {
    let (merchant, owner) = shop(&app, 1, "13800138000").await;
    let staff = format!("/api/v1/merchants/{merchant}/staff");
    let body = json!({ "phone": "13800138001", "rights": ["orders"] });
    let ask = || app.call_with_key("POST", &staff, &owner, "one", body.clone());
    let row = ask().await.expect(201);
    assert_eq!(ask().await.expect(201), row);
    app.post(&staff, &owner, body.clone()).await.expect_problem(409, "staff.exists");
    assert_eq!(count(&app, "SELECT COUNT(*) FROM people_staff").await, 2);
});

app_test!(staff_get_and_lose_rights_at_once, parts, |app| {
    let (merchant, owner) = shop(&app, 1, "13800138000").await;
    let staff = format!("/api/v1/merchants/{merchant}/staff");
    let token = member(&app, "13800138001").await;
    app.get(&staff, &token).await.expect_problem(404, "not_found");
    let body = json!({ "phone": "13800138001", "rights": ["orders"] });
    let row = app.post(&staff, &owner, body.clone()).await.expect(201);
    assert_eq!((&row["rights"], &row["phone_masked"]), (&json!(["orders"]), &json!("138****8001")));
    app.post(&staff, &owner, body).await.expect_problem(409, "staff.exists");
    app.pass(1).await;
    let accept = format!("/api/v1/me/invitations/{merchant}/accept");
    app.post(&accept, &token, Value::Null).await.expect(200);
    app.get(&staff, &token).await.expect_problem(403, "auth.forbidden");
    let path = format!("{staff}/{}", row["person"].as_str().unwrap());
    app.pass(1).await;
    app.call("PUT", &path, &owner, json!({ "rights": ["orders", "staff"] })).await.expect(200);
    let list = app.get(&staff, &token).await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    app.pass(1).await;
    app.call("DELETE", &path, &owner, Value::Null).await.expect(204);
    app.get(&staff, &token).await.expect_problem(404, "not_found");
    let log = app.get(&format!("/api/v1/merchants/{merchant}/audit-log"), &owner).await.expect(200);
    let acts = log["items"].as_array().unwrap().clone();
    let actions: Vec<&str> = acts.iter().map(|act| act["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["staff.remove", "staff.rights", "staff.accept", "staff.invite"]);
    assert_eq!((&acts[1]["detail"], &acts[1]["actor_name"]), (&json!("orders, staff"), &json!("Owner")));
});

app_test!(nobody_works_for_a_shop_without_having_agreed, parts, |app| {
    let (merchant, owner) = shop(&app, 1, "13800138000").await;
    let staff = format!("/api/v1/merchants/{merchant}/staff");
    let mine = |verb: &str| format!("/api/v1/me/invitations/{merchant}/{verb}");
    let token = member(&app, "13800138001").await;
    app.call("PATCH", "/api/v1/me", &token, json!({ "name": "陈小静" })).await.expect(200);
    for verb in ["accept", "decline"] {
        app.post(&mine(verb), &token, Value::Null).await.expect_problem(404, "invitation.not_found");
    }
    let invite =
        || app.post(&staff, &owner, json!({ "phone": "13800138001", "rights": ["orders", "staff"] }));
    let row = invite().await.expect(201);
    // The shop learns no more of the person than the public does, and the person may do nothing yet.
    assert_eq!((&row["is_invited"], &row["name"]), (&json!(true), &json!("陈**")));
    app.get(&staff, &token).await.expect_problem(404, "not_found");
    let me = app.get("/api/v1/me", &token).await.expect(200);
    assert_eq!(me["merchants"], json!([]));
    let asked = json!([{ "merchant": merchant, "name": "Shop", "rights": ["orders", "staff"] }]);
    assert_eq!(me["invitations"], asked);
    let person: PersonId = row["person"].as_str().unwrap().parse().unwrap();
    let is_staff = || app.store.db.read::<_, DbError, _>(move |rx| api::is_staff(rx, merchant, person));
    assert_eq!(is_staff().await, Ok(false));
    // Nobody answers for another.
    let other = member(&app, "13800138002").await;
    app.post(&mine("accept"), &other, Value::Null).await.expect_problem(404, "invitation.not_found");
    // Declined, it is gone, and may come again; taken back, it cannot be accepted.
    app.post(&mine("decline"), &token, Value::Null).await.expect(204);
    app.post(&mine("accept"), &token, Value::Null).await.expect_problem(404, "invitation.not_found");
    invite().await.expect(201);
    let path = format!("{staff}/{person}");
    app.call("DELETE", &path, &owner, Value::Null).await.expect(204);
    app.post(&mine("accept"), &token, Value::Null).await.expect_problem(404, "invitation.not_found");
    invite().await.expect(201);
    let me = app.post(&mine("accept"), &token, Value::Null).await.expect(200);
    assert_eq!((&me["merchants"][0]["role"], &me["invitations"]), (&json!("staff"), &json!([])));
    assert_eq!(app.post(&mine("accept"), &token, Value::Null).await.expect(200), me);
    app.post(&mine("decline"), &token, Value::Null).await.expect_problem(404, "invitation.not_found");
    assert_eq!(is_staff().await, Ok(true));
    let list = app.get(&staff, &token).await.expect(200);
    let row = list["items"].as_array().unwrap().iter().find(|row| row["role"] == "staff").unwrap();
    assert_eq!((&row["is_invited"], &row["name"]), (&json!(false), &json!("陈小静")));
    let acts = "SELECT COUNT(*) FROM people_act WHERE action IN ('staff.accept', 'staff.decline')";
    assert_eq!(count(&app, acts).await, 2);
});

app_test!(of_invitations_at_once_one_counts, parts, |app| {
    let (merchant, owner) = shop(&app, 1, "13800138000").await;
    let staff = format!("/api/v1/merchants/{merchant}/staff");
    let body = json!({ "phone": "13800138001", "rights": ["orders"] });
    let answers = join_all((0..8).map(|_| app.post(&staff, &owner, body.clone()))).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((made.len(), refused.len()), (1, 7));
    for answer in refused {
        answer.expect_problem(409, "staff.exists");
    }
    assert_eq!(count(&app, "SELECT COUNT(*) FROM people_staff").await, 2);
    assert_eq!(count(&app, "SELECT COUNT(*) FROM people_act WHERE action = 'staff.invite'").await, 1);
});

app_test!(who_is_taken_back_while_accepting_is_not_staff, parts, |app| {
    let (merchant, owner) = shop(&app, 1, "13800138000").await;
    let staff = format!("/api/v1/merchants/{merchant}/staff");
    let accept = format!("/api/v1/me/invitations/{merchant}/accept");
    let token = member(&app, "13800138001").await;
    for _ in 0..8 {
        let body = json!({ "phone": "13800138001", "rights": ["orders"] });
        let row = app.post(&staff, &owner, body).await.expect(201);
        let path = format!("{staff}/{}", row["person"].as_str().unwrap());
        let asks =
            [app.call("POST", &accept, &token, Value::Null), app.call("DELETE", &path, &owner, Value::Null)];
        let [accepted, removed] = <[_; 2]>::try_from(join_all(asks).await).ok().unwrap();
        removed.expect(204);
        if accepted.status != 200 {
            accepted.expect_problem(404, "invitation.not_found");
        }
        let me = app.get("/api/v1/me", &token).await.expect(200);
        assert_eq!((&me["merchants"], &me["invitations"]), (&json!([]), &json!([])));
    }
    assert_eq!(count(&app, "SELECT COUNT(*) FROM people_staff").await, 1);
});

app_test!(nobody_gives_what_they_do_not_have, parts, |app| {
    let (merchant, owner) = shop(&app, 1, "13800138000").await;
    let staff = format!("/api/v1/merchants/{merchant}/staff");
    let helper = hire(&app, merchant, &owner, "13800138001", &["staff", "orders"]).await;
    let token = member(&app, "13800138001").await;
    let body = json!({ "phone": "13800138002", "rights": ["money"] });
    app.post(&staff, &token, body).await.expect_problem(403, "staff.beyond_own_rights");
    let own = format!("{staff}/{helper}");
    let more = json!({ "rights": ["staff", "orders", "money"] });
    app.call("PUT", &own, &token, more).await.expect_problem(403, "staff.beyond_own_rights");
    let other = hire(&app, merchant, &owner, "13800138003", &["money"]).await;
    let other = format!("{staff}/{other}");
    app.call("DELETE", &other, &token, Value::Null).await.expect_problem(403, "staff.beyond_own_rights");
    // Only the ones the owner added are there, and only with what the owner gave.
    assert_eq!(count(&app, "SELECT COUNT(*) FROM people_staff").await, 3);
    let sum = "SELECT CAST(SUM(rights) AS BIGINT) FROM people_staff WHERE role = 'staff'";
    assert_eq!(count(&app, sum).await, 128 + 4 + 64);
});

app_test!(what_the_owner_gives_meanwhile_is_not_taken_by_who_lacks_it, parts, |app| {
    let (merchant, owner) = shop(&app, 1, "13800138000").await;
    let staff = format!("/api/v1/merchants/{merchant}/staff");
    hire(&app, merchant, &owner, "13800138001", &["staff", "orders"]).await;
    let helper = member(&app, "13800138001").await;
    for round in 0..8 {
        let body = json!({ "phone": format!("1390013800{round}"), "rights": ["orders"] });
        let person = app.post(&staff, &owner, body).await.expect(201)["person"].as_str().unwrap().to_owned();
        let path = format!("{staff}/{person}");
        let (taking, body) =
            if round % 2 == 0 { ("PUT", json!({ "rights": [] })) } else { ("DELETE", Value::Null) };
        let asks = [
            app.call("PUT", &path, &owner, json!({ "rights": ["orders", "money"] })),
            app.call(taking, &path, &helper, body),
        ];
        let [given, taken] = <[_; 2]>::try_from(join_all(asks).await).ok().unwrap();
        let list = app.get(&staff, &owner).await.expect(200);
        let now = list["items"].as_array().unwrap().iter().find(|item| item["person"] == person.as_str());
        if given.status == 200 {
            assert_eq!(now.unwrap()["rights"], json!(["orders", "money"]), "{} {}", given.json, taken.json);
        } else {
            // Removed first, by who may.
            given.expect_problem(404, "staff.not_found");
            assert!(now.is_none());
        }
    }
});

app_test!(the_owner_stays, parts, |app| {
    let (merchant, owner) = shop(&app, 1, "13800138000").await;
    let me = app.get("/api/v1/me", &owner).await.expect(200)["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/merchants/{merchant}/staff/{me}");
    for token in [owner.clone(), operator(&app).await] {
        app.call("DELETE", &path, &token, Value::Null).await.expect_problem(409, "staff.owner");
        let none = json!({ "rights": [] });
        app.call("PUT", &path, &token, none).await.expect_problem(409, "staff.owner");
    }
    assert_eq!(app.get("/api/v1/me", &owner).await.expect(200)["merchants"][0]["role"], "owner");
});

// Every route of a shop's back office × who asks.
app_test!(the_rights_table, parts, |app| {
    let (merchant, owner) = shop(&app, 1, "13800138000").await;
    let (_, other_owner) = shop(&app, 2, "13800138010").await;
    let staff = format!("/api/v1/merchants/{merchant}/staff");
    let body = |phone: &str, rights: &[&str]| json!({ "phone": phone, "rights": rights });
    hire(&app, merchant, &owner, "13800138001", &["staff"]).await;
    hire(&app, merchant, &owner, "13800138002", &["orders", "products"]).await;
    let guest = guest(&app).await["token"].as_str().unwrap().to_owned();
    let who = [
        (String::new(), 401),
        (guest, 404),
        (member(&app, "13800138009").await, 404),
        (other_owner, 404),
        (member(&app, "13800138002").await, 403),
        (member(&app, "13800138001").await, 200),
        (owner, 200),
        (operator(&app).await, 200),
    ];
    let nobody = "per_00000000000000000000000000000000";
    let log = format!("/api/v1/merchants/{merchant}/audit-log");
    let routes = [
        ("GET", staff.clone(), Value::Null),
        ("GET", log, Value::Null),
        ("POST", staff.clone(), body("13800138002", &[])),
        ("PUT", format!("{staff}/{nobody}"), json!({ "rights": [] })),
        ("DELETE", format!("{staff}/{nobody}"), Value::Null),
    ];
    let before = count(&app, "SELECT COUNT(*) FROM people_staff").await;
    for (method, path, body) in &routes {
        for (n, (token, wanted)) in who.iter().enumerate() {
            let answer = app.call(method, path, token, body.clone()).await;
            let code = answer.json["code"].as_str().unwrap_or("");
            // With the right, the three writes are refused for their own reason.
            let passed = answer.status == 200 || ["staff.exists", "staff.not_found"].contains(&code);
            let got = if passed { 200 } else { answer.status.as_u16() };
            // Writes are for members: a guest is not signed in.
            let wanted = if n == 1 && *method != "GET" { 401 } else { *wanted };
            assert_eq!(got, wanted, "{method} {path} {n} {}", answer.json);
        }
    }
    assert_eq!(count(&app, "SELECT COUNT(*) FROM people_staff").await, before);
});

app_test!(what_others_call, parts, |app| {
    let (merchant, _) = shop(&app, 1, "13800138000").await;
    let run = move |tx: &mut Tx| {
        let person = api::ensure_member(tx, &"13800138001".parse().unwrap(), "A")?;
        assert_eq!(api::ensure_member(tx, &"13800138001".parse().unwrap(), "B")?, person);
        let address = api::AddressSnapshot {
            name: "A".to_owned(),
            phone: "13800138001".to_owned(),
            region: "R".to_owned(),
            street: "S".to_owned(),
        };
        let id = api::ensure_address(tx, person, &address)?;
        assert_eq!(api::ensure_address(tx, person, &address)?, id);
        assert_eq!(api::address(tx, person, id)?, Some(address));
        assert_eq!(api::address(tx, PersonId::from_bytes([9; 16]), id)?, None);
        let people: Vec<PersonId> = (0..150).map(|n| PersonId::from_bytes([n; 16])).chain([person]).collect();
        assert_eq!(
            api::person_names(tx, &people)?.into_iter().collect::<Vec<_>>(),
            [(person, "A".to_owned())]
        );
        assert_eq!(api::person_names(tx, &[])?.len(), 0);
        assert_eq!(api::merchant_names(tx, &[merchant, merchant])?.len(), 1);
        let rights = [rest::Right::Orders].into_iter().collect();
        api::ensure_staff(tx, merchant, person, rights)?;
        api::ensure_staff(tx, merchant, person, rights)?;
        assert_eq!(api::merchant(tx, merchant)?.map(|info| info.name).as_deref(), Some("Shop"));
        Ok(())
    };
    app.store.db.write::<_, DbError, _>(Lane::Interactive, run).await.unwrap();
});
