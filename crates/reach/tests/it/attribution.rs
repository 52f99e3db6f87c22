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
