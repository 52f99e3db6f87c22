//! Random orders, promotions and sequences of what people do about them: whatever happens, every amount and every
//! unit is where it must be.

use ledger::api::{Account, Asset, Kind, Owner};
use serde_json::{Value, json};
use testkit::{App, app_test};

use crate::shop::*;
use crate::world::{Someone, available, merchant, pay, product, someone, wallet};

/// A small generator of its own (Steele, Lea, Flood: SplitMix64), so that a failing run can be repeated by its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn range(&mut self, from: i64, to: i64) -> i64 {
        from + i64::try_from(self.roll(u64::try_from(to - from + 1).unwrap())).unwrap()
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[usize::try_from(self.roll(u64::try_from(words.len()).unwrap())).unwrap()]
    }
}

/// Three kinds of coupons: an amount that grows and stacks, a share for one of the goods, cheaper delivery.
async fn give_coupons(app: &App, shop: &Shop, other: base::SkuId) -> Vec<String> {
    let growth = json!({ "per_friend_minor": 0, "per_day_minor": 7, "to_minor": 300 });
    let kinds = [
        json!({ "gift": { "kind": "cash", "off_minor": 77 }, "growth": growth, "is_stacking": true }),
        json!({ "gift": { "kind": "percent", "off_bp": 3_333, "cap_minor": 500 }, "scope": { "skus": [other] } }),
        json!({ "gift": { "kind": "freight", "cap_minor": 251 }, "is_stacking": true, "threshold_minor": 1_000 }),
    ];
    let mut made = Vec::new();
    for mut body in kinds {
        for (key, value) in [
            ("title", json!("券")),
            ("per_person", json!(100)),
            ("validity", json!({ "kind": "days", "days": 30 })),
            ("starts_at", json!("2020-01-01T00:00:00Z")),
            ("ends_at", json!("2099-01-01T00:00:00Z")),
        ] {
            body[key] = value;
        }
        let path = format!("/api/v1/merchants/{}/coupon-templates", merchant());
        made.push(id(&app.post(&path, &shop.owner.token, body).await.expect(201)));
    }
    made
}

/// Points for orders and, so that there are some from the beginning, for looking in.
async fn give_points(app: &App, shop: &Shop) {
    let rules = json!({ "is_on": true, "per_unit": 7, "worth_minor": 3, "share_bp": 4_000, "days": 40, "check_in": 150,
        "streak_bonus": 0, "utc_offset_minutes": 480 });
    let path = format!("/api/v1/merchants/{}/points", merchant());
    app.call("PUT", &path, &shop.owner.token, json!({ "rules": rules, "version": 0 })).await.expect(200);
}

/// A cart of two products under full reductions and freight that may be free, often with a coupon and with points.
async fn place(app: &App, shop: &Shop, other: base::SkuId, given: &[String], dice: &mut Dice) -> String {
    let first = dice.range(1, 4);
    let second = dice.range(0, 3);
    let mut coupons = Vec::new();
    if let Some(template) = given.get(usize::try_from(dice.roll(4)).unwrap()) {
        let path = format!("/api/v1/coupon-templates/{template}/claim");
        coupons.push(id(&app.post(&path, &shop.buyer.token, json!({})).await.expect(201)));
    }
    let look_in = format!("/api/v1/merchants/{}/points/check-ins", merchant());
    app.post(&look_in, &shop.buyer.token, json!({})).await;
    let points = match dice.range(-150, 300) {
        wanted if wanted > 0 => json!([{ "merchant": merchant(), "points": wanted }]),
        _ => json!([]),
    };
    if second == 0 {
        let total = quote(app, &shop.buyer, &[(shop.sku, first)], (&coupons, &points)).await;
        let body = json!({
            "source": { "kind": "now", "sku": shop.sku, "qty": first, "deal": null },
            "address": shop.buyer.address, "coupons": coupons, "points": points, "expected_total_minor": total,
        });
        let placed = app.post("/api/v1/checkouts", &shop.buyer.token, body).await.expect(201);
        return placed["orders"][0].as_str().unwrap().to_owned();
    }
    let items = [(shop.sku, first), (other, second)];
    for (sku, qty) in items {
        let path = format!("/api/v1/cart/lines/{sku}");
        app.call("PUT", &path, &shop.buyer.token, json!({ "qty": qty })).await.expect(200);
    }
    let total = quote(app, &shop.buyer, &items, (&coupons, &points)).await;
    let body = json!({
        "source": { "kind": "cart", "skus": [shop.sku, other] }, "address": shop.buyer.address,
        "coupons": coupons, "points": points, "expected_total_minor": total,
    });
    let placed = app.post("/api/v1/checkouts", &shop.buyer.token, body).await.expect(201);
    placed["orders"][0].as_str().unwrap().to_owned()
}

async fn quote(
    app: &App,
    who: &Someone,
    items: &[(base::SkuId, i64)],
    (coupons, points): (&[String], &Value),
) -> i64 {
    let items: Vec<Value> = items.iter().map(|(sku, qty)| json!({ "sku": sku, "qty": qty })).collect();
    let quote = app
        .post("/api/v1/quotes", &who.token, json!({ "items": items, "coupons": coupons, "points": points }))
        .await
        .expect(200);
    quote["total"]["amount_minor"].as_i64().unwrap()
}

/// One thing that somebody does about an order; a refusal is an answer too.
async fn happen(app: &App, shop: &Shop, order: &str, cases: &mut Vec<String>, dice: &mut Dice) {
    match dice.roll(12) {
        0..=3 => {
            let kind = dice.of(&["refund", "return", "exchange", "price_protection"]);
            let reason = if kind == "price_protection" {
                "price_drop"
            } else {
                dice.of(&["no_reason", "faulty", "missing", "other", "damaged"])
            };
            let mut items = Vec::new();
            for line in 1..=dice.range(1, 2) {
                let units = dice.range(0, 3);
                let amount = (units == 0).then(|| dice.range(1, 900));
                items.push(json!({ "line": line, "units": units, "amount_minor": amount }));
            }
            let body = json!({ "kind": kind, "reason": reason, "items": items });
            let answer = ask(app, &shop.buyer, order, body).await;
            if answer.status.as_u16() == 201 {
                cases.push(id(&answer.json));
            }
        }
        4 => {
            let body = json!({
                "lines": [{ "line": 1, "amount_minor": dice.range(0, 500) }], "shipping_minor": dice.range(0, 300),
                "reason": "补偿", "restock": dice.roll(2) == 0,
            });
            app.post(&format!("/api/v1/orders/{order}/refunds"), &shop.owner.token, body).await;
        }
        5 => app.pass(dice.range(1, 60) * 3_600).await,
        6 | 7 => invoice(app, shop, order, dice).await,
        _ => {
            if cases.is_empty() {
                return;
            }
            let case =
                cases[usize::try_from(dice.roll(u64::try_from(cases.len()).unwrap())).unwrap()].clone();
            step(app, shop, &case, dice).await;
        }
    }
}

/// The buyer asks for an invoice, or the shop makes it out, at whatever moment.
async fn invoice(app: &App, shop: &Shop, order: &str, dice: &mut Dice) {
    let path = format!("/api/v1/orders/{order}/invoice");
    let seen = app.get(&path, &shop.buyer.token).await.expect(200);
    if seen["invoice"]["state"] != "asked" {
        app.post(&path, &shop.buyer.token, json!({ "kind": "person", "name": "客" })).await;
        return;
    }
    let path = format!("/api/v1/invoices/{}/issue", id(&seen["invoice"]));
    let number = format!("{:010}{:010}", dice.range(1, 9_999_999), dice.range(1, 9_999_999));
    let body = json!({ "number": number, "expected_minor": seen["invoice"]["amount"]["amount_minor"] });
    app.post(&path, &shop.owner.token, body).await;
}

async fn step(app: &App, shop: &Shop, case: &str, dice: &mut Dice) {
    let words = json!({ "words": "请看" });
    match dice.roll(7) {
        0 | 1 => act(app, &shop.owner, case, "agree", json!({})).await,
        2 => act(app, &shop.owner, case, "decline", words).await,
        3 => {
            let parcel = json!({ "carrier": "顺丰", "tracking": "SF3" });
            act(app, &shop.buyer, case, "send", parcel).await
        }
        4 | 5 => {
            let outcome = dice.of(&["refund", "replace"]);
            let shelf: Vec<Value> =
                (1..=2).map(|line| json!({ "line": line, "units": dice.range(0, 2) })).collect();
            let lines = usize::try_from(dice.range(0, 2)).unwrap();
            let body = json!({ "outcome": outcome, "shelf": shelf[..lines] });
            act(app, &shop.owner, case, "accept", body).await
        }
        _ => {
            let verb = dice.of(&["withdraw", "dispute"]);
            act(app, &shop.buyer, case, verb, if verb == "dispute" { words } else { json!({}) }).await
        }
    };
}

/// One order from beginning to end under `seed`.
async fn story(app: &App, shop: &Shop, other: base::SkuId, given: &[String], seed: u64) {
    let mut dice = Dice(seed);
    let order = place(app, shop, other, given, &mut dice).await;
    pay(app, &shop.buyer, &order, "wallet").await.expect(201);
    let mut cases = Vec::new();
    for _ in 0..dice.range(0, 3) {
        happen(app, shop, &order, &mut cases, &mut dice).await;
    }
    let shipped = json!({ "carrier": "顺丰", "tracking": "SF1" });
    app.post(&format!("/api/v1/orders/{order}/shipments"), &shop.owner.token, shipped).await;
    for _ in 0..dice.range(0, 3) {
        happen(app, shop, &order, &mut cases, &mut dice).await;
    }
    app.post(&format!("/api/v1/orders/{order}/receive"), &shop.buyer.token, Value::Null).await;
    for _ in 0..dice.range(4, 14) {
        happen(app, shop, &order, &mut cases, &mut dice).await;
    }
    app.settle().await;
}

/// The shop gives back a line of each of the last orders that are settled, by which they earn less.
async fn give_back_late(app: &App, shop: &mut Shop) {
    app.pass(9 * 86_400).await;
    sign_in(app, shop).await;
    let page = app.get("/api/v1/orders?state=completed&limit=3", &shop.buyer.token).await.expect(200);
    for view in page["items"].as_array().unwrap() {
        let minor = |name: &str| view["lines"][0][name]["amount_minor"].as_i64().unwrap();
        let line = json!({ "line": 1, "amount_minor": minor("total") - minor("refunded") });
        let body = json!({ "lines": [line], "reason": "补偿", "restock": false });
        let order = view["id"].as_str().unwrap();
        app.post(&format!("/api/v1/orders/{order}/refunds"), &shop.owner.token, body).await;
    }
}

/// What the shop has promised is what its months sum to and what the buyer has, less what the buyer owes; and each thing
/// that can happen to points did.
async fn points_add_up(app: &App, shop: &Shop) {
    let path = format!("/api/v1/merchants/{}/points", merchant());
    let report = app.get(&format!("{path}/report"), &shop.owner.token).await.expect(200);
    let mine = app.get(&format!("{path}/me"), &shop.buyer.token).await.expect(200);
    let sum = |name: &str| -> i64 {
        let months = report["months"].as_array().unwrap().iter();
        let sum = months.map(|month| month[name].as_i64().unwrap()).sum();
        assert!(sum > 0, "some points were {name}");
        sum
    };
    let promised = sum("issued") + sum("returned") - sum("spent") - sum("taken_back") - sum("expired");
    let (outstanding, owed) = (report["outstanding"].as_i64().unwrap(), report["owed"].as_i64().unwrap());
    assert_eq!(outstanding - owed, promised);
    assert_eq!((&mine["balance"], &mine["owed"]), (&report["outstanding"], &report["owed"]));
    assert_eq!(report["worth"]["amount_minor"], outstanding * 3);
}

/// Each invoice less its red letters is what its order kept.
async fn invoices_add_up(app: &App, shop: &Shop) {
    let path = format!("/api/v1/merchants/{}/invoices?state=issued&limit=100", merchant());
    let issued = app.get(&path, &shop.owner.token).await.expect(200);
    let issued = issued["items"].as_array().unwrap();
    let mut letters = 0;
    for one in issued {
        let order = format!("/api/v1/orders/{}", one["order"].as_str().unwrap());
        let order = app.get(&order, &shop.buyer.token).await.expect(200);
        let minor = |view: &Value, name: &str| view[name]["amount_minor"].as_i64().unwrap();
        let kept = minor(&order, "captured") - minor(&order, "refunded");
        assert_eq!(minor(one, "amount") - minor(one, "red"), kept, "{one}");
        letters += one["letters"].as_array().unwrap().len();
    }
    assert!(issued.len() > 3 && letters > 3, "{} invoices, {letters} red letters", issued.len());
}

app_test!(whatever_people_do_every_fen_and_unit_is_where_it_must_be, parts, |app| {
    let mut shop = shop(&app).await;
    let (_, other) = product(&app, "B", 333, 1_000).await;
    let more = json!({ "delta": 990, "reason": "stocking" });
    app.post(&format!("/api/v1/skus/{}/stock/adjust", shop.sku), &shop.owner.token, more).await.expect(200);
    let rules = json!({
        "full_reductions": [
            { "threshold_minor": 1_500, "off_minor": 101 }, { "threshold_minor": 3_000, "off_minor": 333 },
        ],
        "freight": { "base_minor": 600, "free_from_minor": 4_000 },
    });
    let path = format!("/api/v1/merchants/{}/pricing", merchant());
    app.call("PUT", &path, &shop.owner.token, rules).await.expect(200);
    let operator = someone(&app, 70).await;
    let person = operator.person;
    let make = move |tx: &mut db::Tx| people::api::ensure_operator(tx, person);
    app.store.db.write(db::Lane::Interactive, make).await.unwrap();
    let fee = json!({ "rate_bp": 333, "note": "平台服务费" });
    app.call("PUT", "/api/v1/fee-rules", &operator.token, fee).await.expect(200);
    let terms = json!({ "is_on": true, "rate_bp": 1_300, "rates": [], "version": 0 });
    let path = format!("/api/v1/merchants/{}/invoice-terms", merchant());
    app.call("PUT", &path, &shop.owner.token, terms).await.expect(200);
    let given = give_coupons(&app, &shop, other).await;
    give_points(&app, &shop).await;
    for seed in 0..36 {
        sign_in(&app, &mut shop).await;
        story(&app, &shop, other, &given, seed).await;
        if seed % 6 == 5 {
            give_back_late(&app, &mut shop).await;
        }
        app.audit().await;
    }
    // Everybody lets time pass: whatever was open ends, what is due is settled.
    app.pass(60 * 86_400).await;
    for _ in 0..3 {
        app.pass(20 * 86_400).await;
    }
    app.audit().await;
    sign_in(&app, &mut shop).await;
    let mut spent = 0;
    let mut cursor = String::new();
    loop {
        let page = app.get(&format!("/api/v1/orders?limit=50{cursor}"), &shop.buyer.token).await.expect(200);
        for view in page["items"].as_array().unwrap() {
            let minor = |name: &str| view[name]["amount_minor"].as_i64().unwrap();
            spent += minor("captured") - minor("refunded");
            let lines = view["lines"].as_array().unwrap();
            let of_lines: i64 =
                lines.iter().map(|line| line["refunded"]["amount_minor"].as_i64().unwrap()).sum();
            assert_eq!(of_lines + minor("shipping_refunded"), minor("refunded"), "{view}");
        }
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(wallet(&app, &shop.buyer).await, FUNDS - spent);
    let (escrow, payable) = balance(&app, &shop).await;
    let fees = Account::new(Owner::Platform, Kind::Fee, Asset::Money(base::Currency::CNY));
    let read = move |rx: &mut db::Rx| ledger::api::balance(rx, &fees);
    let fees = app.store.db.read(read).await.unwrap().credit();
    assert!(fees > 0, "some of it is the platform's");
    assert_eq!(escrow + payable + fees, spent);
    let templates = format!("/api/v1/merchants/{}/coupon-templates", merchant());
    let templates = app.get(&templates, &shop.owner.token).await.expect(200);
    for one in templates["items"].as_array().unwrap() {
        assert!(one["used"].as_i64().unwrap() > 0, "each kind of coupon was used: {one}");
    }
    points_add_up(&app, &shop).await;
    invoices_add_up(&app, &shop).await;
    assert!(available(&app, shop.sku).await <= 1_000 && available(&app, other).await <= 1_000);
});
