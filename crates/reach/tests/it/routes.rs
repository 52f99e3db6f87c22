//! What people, sharers and merchants see.

use base::Clock as _;
use serde_json::json;
use testkit::{app_test, join_all};

use crate::{World, merchant, parts};

app_test!(an_entry_is_shared_followed_and_counted, parts, |app| {
    let world = World::new(app).await;
    world.rules(1_000, 0, 48, "last_touch").await;
    let (sharer, buyer) = (world.member(1).await, world.member(2).await);
    let code = world.share(&sharer).await;
    assert_eq!(world.share(&sharer).await, code);
    let preview = world.app.get(&format!("/api/v1/entries/{}", code.to_lowercase()), "").await.expect(200);
    assert_eq!(preview["title"], "脐橙 5 斤");
    assert_eq!(preview["price"]["amount_minor"], 2_990);
    // Who follows a link need not know the sharer: the same mask as in teams.
    assert_eq!(preview["sharer_name"], "m**");
    assert!(world.touch(&buyer, &code).await);
    assert!(!world.touch(&buyer, &code).await);
    assert!(!world.touch(&sharer, &code).await);
    world.buy(1, &buyer, &[10_000]).await;
    let shares = world.app.get("/api/v1/me/shares", &sharer.token).await.expect(200);
    let share = &shares["items"][0];
    assert_eq!((&share["visits"], &share["orders"]), (&json!(3), &json!(1)));
    assert_eq!(share["url"], format!("http://shop.test/s/{code}"));
    assert_eq!(share["frozen"]["amount_minor"], 1_000);
    world.release(1).await;
    let shares = world.app.get("/api/v1/me/shares", &sharer.token).await.expect(200);
    assert_eq!(shares["items"][0]["paid"]["amount_minor"], 1_000);
    let earned = world.app.get("/api/v1/me/commissions", &sharer.token).await.expect(200);
    assert_eq!(earned["items"][0]["product_title"], "脐橙 5 斤");
    assert_eq!(earned["items"][0]["state"], "released");
    assert_eq!(world.app.get("/api/v1/me/commissions", &buyer.token).await.expect(200)["items"], json!([]));
    let funnel = world.app.get(&format!("/api/v1/merchants/{}/funnel", merchant()), &world.owner.token).await;
    let row = funnel.expect(200)["items"][0].clone();
    assert_eq!(
        row,
        json!({ "entry_kind": "link", "visits": 3, "visitors": 1, "sign_ups": 0, "orders": 1,
            "paid": { "amount_minor": 10_000, "currency": "CNY" } })
    );
    world.app.audit().await;
});

app_test!(codes_cannot_be_made_up, parts, |app| {
    let world = World::new(app).await;
    let sharer = world.member(1).await;
    let code = world.share(&sharer).await;
    let last = if code.ends_with('0') { '1' } else { '0' };
    let forged = format!("{}{last}", &code[..15]);
    for path in [forged.clone(), format!("{forged}/qr.svg"), format!("{forged}/poster.png"), "x".to_owned()] {
        world.app.get(&format!("/api/v1/entries/{path}"), "").await.expect(404);
    }
    world.app.post("/api/v1/touches", &sharer.token, json!({ "code": forged })).await.expect(404);
    world.app.post("/api/v1/touches", "", json!({ "code": code })).await.expect_problem(401, "auth.required");
});

app_test!(a_new_member_counts_for_the_entry, parts, |app| {
    let world = World::new(app).await;
    let sharer = world.member(1).await;
    let code = world.share(&sharer).await;
    let guest =
        world.app.post("/api/v1/sessions/guest", "", json!({ "deliver": "bearer" })).await.expect(201);
    let (id, token) = (guest["person"].as_str().unwrap().parse().unwrap(), guest["token"].as_str().unwrap());
    assert!(world.touch(&crate::Who { id, token: token.to_owned() }, &code).await);
    let phone = "13900000009";
    world.app.post("/api/v1/sign-in/codes", token, json!({ "phone": phone })).await.expect(202);
    let sent = world.app.get(&format!("/api/v1/demo/sign-in-codes?phone={phone}"), "").await.expect(200);
    let sign_in = json!({ "phone": phone, "code": sent["code"], "deliver": "bearer" });
    world.app.post("/api/v1/sessions", token, sign_in).await.expect(201);
    world.app.settle().await;
    let funnel = world.app.get(&format!("/api/v1/merchants/{}/funnel", merchant()), &world.owner.token).await;
    assert_eq!(funnel.expect(200)["items"][0]["sign_ups"], 1);
});

app_test!(what_is_touched_after_joining_brought_nobody_in, parts, |app| {
    let world = World::new(app).await;
    let (sharer, joined) = (world.member(1).await, world.member(2).await);
    let code = world.share(&sharer).await;
    // The event waits; the member has come through an entry by the time it is looked at.
    world.app.store.clock.advance(1_000_000);
    assert!(world.touch(&joined, &code).await);
    world.app.settle().await;
    let funnel = world.app.get(&format!("/api/v1/merchants/{}/funnel", merchant()), &world.owner.token).await;
    let row = funnel.expect(200)["items"][0].clone();
    assert_eq!((&row["visitors"], &row["sign_ups"]), (&json!(1), &json!(0)));
});

app_test!(thirty_touches_an_hour_are_kept_even_at_once, parts, |app| {
    let world = World::new(app).await;
    let buyer = world.member(1).await;
    let mut codes = Vec::new();
    for n in 2..36 {
        codes.push(world.share(&world.member(n).await).await);
    }
    let touches = join_all(codes.iter().map(|code| world.touch(&buyer, code))).await;
    assert_eq!(touches.iter().filter(|recorded| **recorded).count(), 30);
    // The same entry once more, from many tabs, is one touch.
    let again = touches.iter().position(|recorded| *recorded).unwrap();
    world.app.store.clock.advance(3_601_000_000);
    let touches = join_all((0..8).map(|_| world.touch(&buyer, &codes[again]))).await;
    assert_eq!(touches.iter().filter(|recorded| **recorded).count(), 1);
    let kept: i64 = world.read(|rx| rx.one("SELECT COUNT(*) FROM reach_touch", &[], |row| row.get(0))).await;
    assert_eq!(kept, 31);
});

app_test!(lists_go_on_where_their_own_cursor_says, parts, |app| {
    let world = World::new(app).await;
    world.rules(1_000, 0, 48, "last_touch").await;
    let (sharer, buyer) = (world.member(1).await, world.member(2).await);
    world.bring(&sharer, &buyer).await;
    world.place(1, &buyer, &[10_000, 20_000]).await;
    let shop = json!({ "kind": "link", "target": { "kind": "merchant", "id": merchant() } });
    world.app.post("/api/v1/entries", &sharer.token, shop).await.expect(201);
    let base = format!("/api/v1/merchants/{}", merchant());
    let (entries, owed) = (format!("{base}/entries"), format!("{base}/commissions"));
    let mut cursors = Vec::new();
    for (path, who) in [
        ("/api/v1/me/shares", &sharer),
        ("/api/v1/me/commissions", &sharer),
        (entries.as_str(), &world.owner),
        (owed.as_str(), &world.owner),
    ] {
        let all = world.app.get(path, &who.token).await.expect(200);
        assert_eq!(
            (all["items"].as_array().unwrap().len(), &all["next_cursor"]),
            (2, &json!(null)),
            "{path}"
        );
        let first = world.app.get(&format!("{path}?limit=1"), &who.token).await.expect(200);
        let cursor = first["next_cursor"].as_str().unwrap().to_owned();
        let rest = world.app.get(&format!("{path}?cursor={cursor}"), &who.token).await.expect(200);
        assert_eq!((&first["items"][0], &rest["items"][0]), (&all["items"][0], &all["items"][1]), "{path}");
        cursors.push((path, who, cursor));
    }
    // The first page in its place would be read again and again.
    for (n, (path, who, _)) in cursors.iter().enumerate() {
        let of_another = cursors[(n + 1) % 2].2.as_str();
        for bad in [if n < 2 { of_another } else { "x" }, ""] {
            let answer = world.app.get(&format!("{path}?cursor={bad}"), &who.token).await;
            answer.expect_problem(400, "query.invalid");
        }
    }
});

app_test!(pictures_are_painted, parts, |app| {
    let world = World::new(app).await;
    let sharer = world.member(1).await;
    let code = world.share(&sharer).await;
    let qr = world.app.get(&format!("/api/v1/entries/{code}/qr.svg"), "").await;
    assert_eq!(qr.headers["content-type"], "image/svg+xml");
    assert!(String::from_utf8(qr.body).unwrap().starts_with("<svg"));
    let poster = world.app.get(&format!("/api/v1/entries/{code}/poster.png"), "").await;
    assert_eq!(poster.status.as_u16(), 200);
    assert_eq!(&poster.body[..8], b"\x89PNG\r\n\x1a\n");
    // Width and height, from the header.
    assert_eq!(&poster.body[16..24], [0, 0, 2, 238, 0, 0, 3, 232]);
    let again = world.app.get(&format!("/api/v1/entries/{code}/poster.png"), "").await;
    assert_eq!(again.body, poster.body);
    if let Ok(folder) = std::env::var("TUAN_KEEP_POSTER") {
        std::fs::write(std::path::Path::new(&folder).join("poster.png"), &poster.body).unwrap();
    }
});

app_test!(rights_are_looked_at, parts, |app| {
    let world = World::new(app).await;
    let stranger = world.member(1).await;
    let base = format!("/api/v1/merchants/{}", merchant());
    for path in ["commission-rules", "entries", "funnel", "commissions"] {
        let path = format!("{base}/{path}");
        world.app.get(&path, "").await.expect(401);
        world.app.get(&path, &stranger.token).await.expect(404);
        world.app.get(&path, &world.owner.token).await.expect(200);
    }
    let body = json!({ "kind": "shelf", "target": { "kind": "merchant", "id": merchant() } });
    world.app.post("/api/v1/entries", &stranger.token, body.clone()).await.expect(404);
    let entry = world.app.post("/api/v1/entries", &world.owner.token, body).await.expect(201);
    let preview =
        world.app.get(&format!("/api/v1/entries/{}", entry["code"].as_str().unwrap()), "").await.expect(200);
    assert_eq!((&preview["sharer_name"], &preview["price"]), (&json!("老王水果"), &json!(null)));
    let guest =
        world.app.post("/api/v1/sessions/guest", "", json!({ "deliver": "bearer" })).await.expect(201);
    let body = json!({ "kind": "link", "target": { "kind": "product", "id": world.product } });
    let refused = world.app.post("/api/v1/entries", guest["token"].as_str().unwrap(), body).await;
    refused.expect_problem(401, "auth.required");
    for bad in
        [json!([2_600, 2_500, 24, 7]), json!([0, 0, 0, 7]), json!([0, 0, 24, 6]), json!([-1, 0, 24, 7])]
    {
        let rules = json!({ "level1_bp": bad[0], "level2_bp": bad[1], "window_hours": bad[2],
            "model": "last_touch", "return_window_days": bad[3] });
        let refused =
            world.app.call("PUT", &format!("{base}/commission-rules"), &world.owner.token, rules).await;
        refused.expect_problem(422, "reach.bad_rule");
    }
});
