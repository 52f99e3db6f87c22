//! What operators see of people, and closing accounts.

use super::*;
use testkit::app_test;

/// The values of one field in a list.
fn all<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    list["items"].as_array().unwrap().iter().map(|item| item[field].as_str().unwrap()).collect()
}

fn id(session: &Value) -> String {
    session["person"].as_str().unwrap().to_owned()
}

app_test!(a_ban_takes_effect_at_once, parts, |app| {
    let session = sign_in_as(&app, "", "13800138000").await;
    let (person, token) = (id(&session), session["token"].as_str().unwrap());
    let operator = operator(&app).await;
    let other = member(&app, "13800138001").await;
    let (ban, unban) = (format!("/api/v1/people/{person}/ban"), format!("/api/v1/people/{person}/unban"));
    let why = json!({ "reason": " sold what was not there " });
    app.post(&ban, &other, why.clone()).await.expect_problem(403, "auth.forbidden");
    for body in [json!({}), json!({ "reason": " " }), json!({ "reason": "x".repeat(201) })] {
        app.post(&ban, &operator, body).await.expect_problem(400, "body.invalid");
    }
    app.get("/api/v1/me", token).await.expect(200);
    app.post(&ban, &operator, why.clone()).await.expect(204);
    app.post(&ban, &operator, json!({ "reason": "again" })).await.expect(204);
    app.get("/api/v1/me", token).await.expect_problem(401, "auth.required");
    let code = code(&app, "13800138000").await;
    let body = json!({ "phone": "13800138000", "code": code });
    app.post("/api/v1/sessions", "", body).await.expect_problem(403, "sign_in.banned");
    let seen = app.get(&format!("/api/v1/people/{person}"), &operator).await.expect(200);
    assert_eq!(seen["person"]["state"], "banned");
    app.post(&unban, &operator, json!({ "reason": "it was another" })).await.expect(204);
    app.get("/api/v1/me", token).await.expect_problem(401, "auth.required");
    member(&app, "13800138000").await;
    // The log of what was done to this person has each act once, with its reason.
    app.post("/api/v1/merchants", &operator, json!({ "name": "Shop", "owner_phone": "13800138002" }))
        .await
        .expect(201);
    let log = app.get(&format!("/api/v1/audit-log?target={person}"), &operator).await.expect(200);
    assert_eq!(all(&log, "action"), ["person.unban", "person.ban"]);
    assert_eq!(all(&log, "detail"), ["it was another", "sold what was not there"]);
    assert_eq!(all(&log, "target"), [&person, &person]);
    assert_eq!(all(&app.get("/api/v1/audit-log", &operator).await.expect(200), "action").len(), 3);
});

app_test!(some_cannot_be_banned, parts, |app| {
    let operator = operator(&app).await;
    let me = app.get("/api/v1/me", &operator).await.expect(200)["id"].as_str().unwrap().to_owned();
    let why = json!({ "reason": "none" });
    let ban = format!("/api/v1/people/{me}/ban");
    app.post(&ban, &operator, why.clone()).await.expect_problem(409, "person.is_operator");
    let guest = id(&guest(&app).await);
    for nobody in [guest.as_str(), "per_00000000000000000000000000000000"] {
        let ban = format!("/api/v1/people/{nobody}/ban");
        app.post(&ban, &operator, why.clone()).await.expect_problem(404, "person.not_found");
    }
    assert_eq!(count(&app, "SELECT COUNT(*) FROM people_person WHERE state = 'banned'").await, 0);
    assert_eq!(count(&app, "SELECT COUNT(*) FROM people_act").await, 0);
});

app_test!(an_operator_finds_people, parts, |app| {
    let operator = operator(&app).await;
    let mut people = Vec::new();
    for phone in ["13800138001", "13900139000", "13800138000", "+14155552671"] {
        let make = move |tx: &mut Tx| api::ensure_member(tx, &phone.parse().unwrap(), "Member");
        let person: PersonId = app.store.db.write::<_, DbError, _>(Lane::Interactive, make).await.unwrap();
        people.push(person.to_string());
    }
    let find = |text: &str| format!("/api/v1/people?find={text}");
    let found = async |path: String| {
        let list = app.get(&path, &operator).await.expect(200);
        all(&list, "id").into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(found(find("13800138000")).await, [people[2].clone()]);
    assert_eq!(found(find("138%200013%20")).await, [people[2].clone(), people[0].clone()]);
    assert_eq!(found(find("%2B1")).await, [people[3].clone()]);
    assert_eq!(found(find(&people[1])).await, [people[1].clone()]);
    for nobody in ["13800138009", "per_00000000000000000000000000000000", "Owner", "%25", "4155552671"] {
        assert_eq!(found(find(nobody)).await, Vec::<String>::new(), "{nobody}");
    }
    let list = app.get(&find("13800138000"), &operator).await.expect(200);
    let first = &list["items"][0];
    assert_eq!((&first["phone_masked"], &first["state"]), (&json!("138****8000"), &json!("member")));
    assert_eq!(first["is_operator"], false);
    let outsider = member(&app, "13700137000").await;
    for path in [find(""), format!("/api/v1/people/{}", people[0])] {
        app.get(&path, &outsider).await.expect_problem(403, "auth.forbidden");
        app.get(&path, "").await.expect_problem(401, "auth.required");
    }
});

app_test!(the_list_of_members_goes_on, parts, |app| {
    let operator = operator(&app).await;
    guest(&app).await;
    for n in 0..4 {
        member(&app, &format!("1380013800{n}")).await;
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let list = app.get(&format!("/api/v1/people?limit=2{cursor}"), &operator).await.expect(200);
        assert!(all(&list, "id").len() <= 2, "{list}");
        seen.extend(all(&list, "phone_masked").into_iter().map(str::to_owned));
        let Some(next) = list["next_cursor"].as_str() else { break };
        assert!(!next.contains("1380013"), "a number in an address: {next}");
        cursor = format!("&cursor={next}");
    }
    // In the order of their numbers, the operator's own last; guests have none.
    assert_eq!(seen, ["138****8000", "138****8001", "138****8002", "138****8003", "139****0000"]);
});

app_test!(a_guest_is_found_as_the_member, parts, |app| {
    let operator = operator(&app).await;
    let guest = guest(&app).await;
    let path = format!("/api/v1/people/{}", id(&guest));
    let seen = app.get(&path, &operator).await.expect(200);
    assert_eq!((&seen["person"]["state"], &seen["person"]["phone_masked"]), (&json!("guest"), &Value::Null));
    let before = member(&app, "13800138000").await;
    let signed_in = sign_in_as(&app, guest["token"].as_str().unwrap(), "13800138000").await;
    let seen = app.get(&path, &operator).await.expect(200);
    assert_eq!(seen["person"]["id"], signed_in["person"]);
    let me = app.get("/api/v1/me", &before).await.expect(200);
    assert_eq!(seen["person"]["id"], me["id"]);
    let nobody = "/api/v1/people/per_00000000000000000000000000000000";
    app.get(nobody, &operator).await.expect_problem(404, "person.not_found");
});

app_test!(a_shop_and_its_people_lead_to_each_other, parts, |app| {
    let operator = operator(&app).await;
    let (first, owner) = shop(&app, 1, "13800138000").await;
    let (second, _) = shop(&app, 2, "13800138001").await;
    app.get("/api/v1/merchants", &owner).await.expect_problem(403, "auth.forbidden");
    let shops = app.get("/api/v1/merchants?limit=1", &operator).await.expect(200);
    assert_eq!(all(&shops, "id"), [second.to_string()]);
    let next = shops["next_cursor"].as_str().unwrap();
    let shops = app.get(&format!("/api/v1/merchants?limit=1&cursor={next}"), &operator).await.expect(200);
    assert_eq!((all(&shops, "id"), &shops["next_cursor"]), (vec![first.to_string().as_str()], &Value::Null));
    let staff = app.get(&format!("/api/v1/merchants/{first}/staff"), &operator).await.expect(200);
    let person = staff["items"][0]["person"].as_str().unwrap();
    let seen = app.get(&format!("/api/v1/people/{person}"), &operator).await.expect(200);
    let merchants = seen["merchants"].as_array().unwrap();
    assert_eq!(merchants.len(), 1);
    assert_eq!((&merchants[0]["id"], &merchants[0]["role"]), (&json!(first.to_string()), &json!("owner")));
    // The names behind the ids that a ledger shows; what is no id, and ids of nobody, are left out.
    let ids = format!("{person},{second},platform,per_00000000000000000000000000000000,{person}");
    let names = app.get(&format!("/api/v1/names?ids={ids}"), &operator).await.expect(200);
    assert_eq!(all(&names, "id"), [person, second.to_string().as_str()]);
    assert_eq!(all(&names, "name"), ["Owner", "Shop"]);
    app.get(&format!("/api/v1/names?ids={ids}"), &owner).await.expect_problem(403, "auth.forbidden");
});
