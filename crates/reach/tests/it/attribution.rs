//! Who brought a buyer.

use base::PersonId;
use serde_json::json;
use testkit::app_test;

use crate::{DAY, World, merchant, order, parts};

fn sharer(id: PersonId) -> String {
    id.to_string()
}

app_test!(the_models_and_the_window_decide, parts, |app| {
    let world = World::new(app).await;
    let (first, last, buyer) = (world.member(1).await, world.member(2).await, world.member(3).await);
    let mut n = 0;
    world.bring(&first, &buyer).await;
    world.app.pass(DAY).await;
    world.bring(&last, &buyer).await;
    world.app.pass(DAY).await;
    for (model, hours, expected) in [
        ("last_touch", 25, Some(&last)),
        ("last_touch", 72, Some(&last)),
        ("first_touch", 25, Some(&last)),
        ("first_touch", 72, Some(&first)),
        ("last_touch", 23, None),
    ] {
        world.rules(1_000, 0, hours, model).await;
        n += 1;
        world.place(n, &buyer, &[12_345]).await;
        let earned = world.commissions(n).await;
        match expected {
            None => assert_eq!(earned, [], "{model} {hours}"),
            Some(who) => {
                assert_eq!(earned, [(1, sharer(who.id), 1_234, 0, "frozen".to_owned())], "{model} {hours}");
            }
        }
        let evidence = world.evidence(n).await;
        assert_eq!(evidence["model"], *model);
        assert_eq!(evidence["window_hours"], hours);
        assert_eq!(evidence["touches"].as_array().unwrap().len(), 2);
        let counted = evidence["touches"].as_array().unwrap().iter().find(|touch| touch["counted"] == true);
        assert_eq!(counted.map(|touch| touch["sharer"].clone()), expected.map(|who| json!(who.id)));
    }
    world.app.audit().await;
});

app_test!(who_must_not_earn_does_not, parts, |app| {
    let world = World::new(app).await;
    world.rules(1_000, 500, 48, "last_touch").await;
    let buyer = world.member(1).await;
    // One's own entry.
    let own = world.share(&buyer).await;
    assert!(!world.touch(&buyer, &own).await);
    // Staff.
    world.bring(&world.owner, &buyer).await;
    world.app.pass(1).await;
    // As a guest through one's own entry, before signing in.
    let guest =
        world.app.post("/api/v1/sessions/guest", "", json!({ "deliver": "bearer" })).await.expect(201);
    let guest = crate::Who {
        id: guest["person"].as_str().unwrap().parse().unwrap(),
        token: guest["token"].as_str().unwrap().to_owned(),
    };
    assert!(world.touch(&guest, &own).await);
    let (from, to) = (guest.id, buyer.id);
    world.write(move |tx| reach::api::merge_guest(tx, from, to)).await;
    world.place(1, &buyer, &[10_000]).await;
    assert_eq!(world.commissions(1).await, []);
    let evidence = world.evidence(1).await;
    let reasons: Vec<_> =
        evidence["touches"].as_array().unwrap().iter().map(|touch| touch["reason"].clone()).collect();
    assert_eq!(reasons, ["own_entry", "staff"]);
    // Nobody's touch: no row at all.
    let other = world.member(2).await;
    world.place(2, &other, &[10_000]).await;
    assert_eq!(world.evidence(2).await["touches"], json!([]));
    world.app.audit().await;
});

app_test!(who_became_staff_after_sharing_does_not_earn, parts, |app| {
    let world = World::new(app).await;
    world.rules(1_000, 500, 48, "last_touch").await;
    let (top, sharer, buyer) = (world.member(1).await, world.member(2).await, world.member(3).await);
    world.bring(&top, &sharer).await;
    world.bring(&sharer, &buyer).await;
    let hire = |person| {
        world.write(move |tx| people::api::ensure_staff(tx, merchant(), person, rest::Rights::default()))
    };
    // Neither as the one who brought the sharer in …
    hire(top.id).await;
    world.place(1, &buyer, &[10_000]).await;
    assert_eq!(world.commissions(1).await.iter().map(|row| (row.0, row.2)).collect::<Vec<_>>(), [(1, 1_000)]);
    // … nor as the sharer.
    hire(sharer.id).await;
    world.place(2, &buyer, &[10_000]).await;
    assert_eq!(world.commissions(2).await, []);
    assert_eq!(world.evidence(2).await["touches"][0]["reason"], "staff");
    world.app.audit().await;
});

app_test!(a_guests_touches_are_the_members, parts, |app| {
    let world = World::new(app).await;
    world.rules(1_000, 0, 48, "last_touch").await;
    let (sharer, buyer) = (world.member(1).await, world.member(2).await);
    let code = world.share(&sharer).await;
    let guest =
        world.app.post("/api/v1/sessions/guest", "", json!({ "deliver": "bearer" })).await.expect(201);
    let token = guest["token"].as_str().unwrap().to_owned();
    let guest: PersonId = guest["person"].as_str().unwrap().parse().unwrap();
    assert!(world.touch(&crate::Who { id: guest, token }, &code).await);
    let member = buyer.id;
    world.write(move |tx| reach::api::merge_guest(tx, guest, member)).await;
    world.place(1, &buyer, &[10_000]).await;
    assert_eq!(world.commissions(1).await.len(), 1);
    let parent: String =
        world.read(|rx| rx.one("SELECT child FROM audit_referrals", &[], |row| row.get(0))).await;
    assert_eq!(parent, member.to_string());
    world.app.audit().await;
});

app_test!(a_snapshot_does_not_follow_the_rule, parts, |app| {
    let world = World::new(app).await;
    world.rules(1_000, 500, 48, "last_touch").await;
    let (top, sharer, buyer) = (world.member(1).await, world.member(2).await, world.member(3).await);
    world.bring(&top, &sharer).await;
    world.bring(&sharer, &buyer).await;
    world.buy(1, &buyer, &[9_999, 1]).await;
    let before = world.commissions(1).await;
    // Two levels of the first line; a share of 1 fen is nothing.
    assert_eq!(before.iter().map(|row| (row.0, row.2)).collect::<Vec<_>>(), [(1, 999), (2, 499)]);
    assert_eq!(before[1].1, top.id.to_string());
    world.rules(0, 0, 1, "first_touch").await;
    assert_eq!(world.commissions(1).await, before);
    assert_eq!(world.evidence(1).await["model"], "last_touch");
    // The window of returns is the one of the order, not the one set since.
    let path = format!("/api/v1/merchants/{}/commission-rules", merchant());
    let longer = json!({ "level1_bp": 0, "level2_bp": 0, "window_hours": 1, "model": "first_touch",
        "return_window_days": 30 });
    world.app.call("PUT", &path, &world.owner.token, longer).await.expect(200);
    let now = world.app.ctx.now();
    let settles = world.write(move |tx| reach::api::received(tx, order(1), merchant(), now)).await;
    assert_eq!(settles, now.plus_seconds(8 * DAY));
    let again =
        world.write(move |tx| reach::api::received(tx, order(1), merchant(), now.plus_seconds(5))).await;
    assert_eq!(again, settles);
    let other = world.write(move |tx| reach::api::received(tx, order(9), merchant(), now)).await;
    assert_eq!(other, now.plus_seconds(31 * DAY));
    assert_eq!(world.release(1).await, 999 + 499);
    world.app.audit().await;
});

async fn turn(world: &World, verb: &str, person: PersonId) {
    let make = |tx: &mut db::Tx| {
        let person = people::api::ensure_member(tx, &"13900000000".parse().unwrap(), "Operator")?;
        people::api::ensure_operator(tx, person)?;
        people::api::open_session(tx, person, "test")
    };
    let operator = world.write(make).await;
    let path = format!("/api/v1/people/{person}/{verb}");
    world.app.post(&path, &operator, json!({ "reason": "刷单" })).await.expect(204);
}

app_test!(a_banned_sharer_is_named_no_more_and_keeps_what_was_earned, parts, |app| {
    let world = World::new(app).await;
    world.rules(1_000, 500, 480, "last_touch").await;
    let (top, sharer) = (world.member(1).await, world.member(2).await);
    let (buyer, other) = (world.member(3).await, world.member(4).await);
    world.bring(&top, &sharer).await;
    world.bring(&other, &buyer).await;
    world.app.pass(1).await;
    world.bring(&sharer, &buyer).await;
    let levels = |rows: Vec<(i64, String, i64, i64, String)>| -> Vec<(i64, String)> {
        rows.into_iter().map(|(level, who, ..)| (level, who)).collect()
    };
    world.buy(1, &buyer, &[10_000]).await;
    let both = [(1, sharer.id.to_string()), (2, top.id.to_string())];
    assert_eq!(levels(world.commissions(1).await), both);
    // From now on the one who shared before counts, as if the banned had not.
    turn(&world, "ban", sharer.id).await;
    world.buy(2, &buyer, &[10_000]).await;
    assert_eq!(levels(world.commissions(2).await), [(1, other.id.to_string())]);
    let evidence = world.evidence(2).await;
    let reasons: Vec<_> =
        evidence["touches"].as_array().unwrap().iter().map(|touch| touch["reason"].clone()).collect();
    assert_eq!(reasons, ["banned", "counted"]);
    // What was earned before is paid as it would have been.
    assert_eq!(world.release(1).await, 1_000 + 500);
    assert_eq!(world.wallet(&sharer).await, 1_000);
    // Nor does who brought the sharer in earn while banned; with the ban it ends.
    turn(&world, "unban", sharer.id).await;
    turn(&world, "ban", top.id).await;
    world.buy(3, &buyer, &[10_000]).await;
    assert_eq!(levels(world.commissions(3).await), [(1, sharer.id.to_string())]);
    turn(&world, "unban", top.id).await;
    world.buy(4, &buyer, &[10_000]).await;
    assert_eq!(levels(world.commissions(4).await), both);
    world.app.audit().await;
});

app_test!(what_a_guest_touched_goes_with_the_guest_alone, parts, |app| {
    let world = World::new(app).await;
    world.rules(1_000, 0, 2_160, "last_touch").await;
    let sharer = world.member(1).await;
    let code = world.share(&sharer).await;
    let mut sessions = Vec::new();
    for _ in 0..3 {
        let guest = world.app.post("/api/v1/sessions/guest", "", json!({ "deliver": "bearer" })).await;
        let guest = guest.expect(201);
        let id: PersonId = guest["person"].as_str().unwrap().parse().unwrap();
        sessions.push(crate::Who { id, token: guest["token"].as_str().unwrap().to_owned() });
    }
    for guest in &sessions {
        assert!(world.touch(guest, &code).await);
    }
    let [_gone, merged, _] = &sessions[..] else { panic!("three guests") };
    // One signs in and is a member from now on, whose touch counts whatever comes of its sessions.
    world.app.post("/api/v1/sign-in/codes", "", json!({ "phone": "13700137000" })).await.expect(202);
    let read = world.app.get("/api/v1/demo/sign-in-codes?phone=13700137000", "").await.expect(200);
    let body = json!({ "phone": "13700137000", "code": read["code"], "deliver": "bearer" });
    let member = world.app.post("/api/v1/sessions", &merged.token, body).await.expect(201);
    let member: PersonId = member["person"].as_str().unwrap().parse().unwrap();
    // Upkeep begins; then sessions go, then guests.
    world.app.settle().await;
    for _ in 0..2 {
        world.app.pass(40 * DAY).await;
    }
    let count = |sql: &'static str| world.read(move |rx| rx.one::<i64>(sql, &[], |row| row.get(0)));
    assert_eq!(count("SELECT COUNT(*) FROM reach_touch").await, 1);
    assert_eq!(count("SELECT COUNT(*) FROM reach_turn").await, 1);
    assert_eq!(count("SELECT COUNT(*) FROM audit_referrals").await, 1);
    // Who came is counted as before.
    assert_eq!(count("SELECT CAST(SUM(visitors) AS BIGINT) FROM reach_funnel").await, 3);
    let who = crate::Who { id: member, token: String::new() };
    world.place(1, &who, &[10_000]).await;
    assert_eq!(world.commissions(1).await.len(), 1);
    world.app.audit().await;
});
