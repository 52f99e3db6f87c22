//! The cart as a whole.

use base::{PersonId, SkuId};
use db::{DbError, Lane};
use serde_json::{Value, json};
use testkit::{App, app_test, join_all};

use crate::world::*;

async fn put(app: &App, token: &str, lines: Value) -> testkit::Answer {
    app.call("PUT", "/api/v1/cart/lines", token, json!({ "lines": lines })).await
}

app_test!(a_cart_is_replaced_as_a_whole, parts, |app| {
    owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, apple) = product(&app, "A", 1_000, 10).await;
    let (_, pear) = product(&app, "B", 700, 10).await;
    let both = json!([{ "sku": apple, "qty": 2 }, { "sku": pear, "qty": 1 }, { "sku": apple, "qty": 1 }]);
    let cart = put(&app, &buyer.token, both.clone()).await.expect(200);
    assert_eq!((&cart["count"], &cart["total"]["amount_minor"]), (&json!(4), &json!(3_700)));
    assert_eq!(put(&app, &buyer.token, both).await.expect(200), cart);
    let cart = put(&app, &buyer.token, json!([{ "sku": pear, "qty": 5 }])).await.expect(200);
    assert_eq!((&cart["count"], &cart["total"]["amount_minor"]), (&json!(5), &json!(3_500)));
    assert_eq!(cart["groups"][0]["lines"].as_array().unwrap().len(), 1);
    // What belongs to somebody else is not touched.
    let other = someone(&app, 3).await;
    put(&app, &other.token, json!([{ "sku": apple, "qty": 1 }])).await.expect(200);
    let cart = put(&app, &buyer.token, json!([])).await.expect(200);
    assert_eq!((&cart["count"], &cart["groups"]), (&json!(0), &json!([])));
    assert_eq!(app.get("/api/v1/cart", &other.token).await.expect(200)["count"], 1);
});

app_test!(a_refused_cart_changes_nothing, parts, |app| {
    owner(&app).await;
    let buyer = someone(&app, 2).await;
    let (_, apple) = product(&app, "A", 1_000, 10).await;
    let before = put(&app, &buyer.token, json!([{ "sku": apple, "qty": 3 }])).await.expect(200);
    let unknown = <base::SkuId as base::Id>::from_bytes([7; 16]);
    let of = |sku: base::SkuId, qty: i64| json!({ "sku": sku, "qty": qty });
    let many: Vec<Value> = (0..101_u8).map(|n| of(base::Id::from_bytes([n; 16]), 1)).collect();
    let refused = [
        (json!([of(apple, 1), of(unknown, 1)]), 404, "cart.sku_not_found"),
        (json!([of(apple, 0)]), 422, "cart.lines"),
        (json!([of(apple, -1)]), 422, "cart.lines"),
        (json!([of(apple, 9_999), of(apple, 1)]), 422, "cart.lines"),
        (json!([of(apple, i64::MAX), of(apple, i64::MAX)]), 422, "cart.lines"),
        (json!(many), 422, "cart.lines"),
        (json!([{ "sku": apple, "qty": 1, "price": 1 }]), 400, "body.invalid"),
    ];
    for (lines, status, code) in refused {
        put(&app, &buyer.token, lines).await.expect_problem(status, code);
        assert_eq!(app.get("/api/v1/cart", &buyer.token).await.expect(200), before);
    }
    put(&app, "", json!([])).await.expect_problem(401, "auth.required");
});

/// So many SKUs that are for sale.
async fn skus(app: &App, count: usize) -> Vec<SkuId> {
    let mut made = Vec::new();
    for n in 0..count {
        made.push(product(app, &format!("n{n}"), 100, 10).await.1);
    }
    made
}

fn lines(skus: &[SkuId]) -> Value {
    skus.iter().map(|sku| json!({ "sku": sku, "qty": 1 })).collect()
}

async fn in_cart(app: &App, person: PersonId) -> i64 {
    let read = move |rx: &mut db::Rx| {
        rx.one(
            "SELECT COUNT(*) FROM orders_cart WHERE person = :person",
            db::params!["person" => person],
            |row| row.get(0),
        )
    };
    app.store.db.read::<_, DbError, _>(read).await.unwrap()
}

app_test!(a_cart_holds_a_hundred_things_even_at_once, parts, |app| {
    owner(&app).await;
    let buyer = someone(&app, 2).await;
    let skus = skus(&app, 112).await;
    let whole = lines(&skus[..96]);
    put(&app, &buyer.token, whole.clone()).await.expect(200);
    let add = async |sku: &SkuId| {
        let path = format!("/api/v1/cart/lines/{sku}");
        app.call("PUT", &path, &buyer.token, json!({ "qty": 1 })).await
    };
    let (added, refused): (Vec<_>, Vec<_>) =
        join_all(skus[96..].iter().map(add)).await.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((added.len(), in_cart(&app, buyer.person).await), (4, 100));
    for answer in refused {
        answer.expect_problem(409, "cart.full");
    }
    // More of what is in it is no more things.
    add(&skus[0]).await.expect(200);
    // Against the whole cart being replaced at once.
    let replace = join_all((0..4).map(|_| put(&app, &buyer.token, whole.clone())));
    let (replaced, _) = tokio::join!(replace, join_all(skus[96..].iter().map(add)));
    assert!(replaced.iter().all(|answer| answer.status == 200));
    assert!((96..=100).contains(&in_cart(&app, buyer.person).await));
});

app_test!(what_a_guest_brings_beyond_a_hundred_is_left_out, parts, |app| {
    owner(&app).await;
    let buyer = someone(&app, 2).await;
    let skus = skus(&app, 120).await;
    put(&app, &buyer.token, lines(&skus[..60])).await.expect(200);
    let guest = app.post("/api/v1/sessions/guest", "", json!({ "deliver": "bearer" })).await.expect(201);
    let token = guest["token"].as_str().unwrap();
    put(&app, token, lines(&skus[50..120])).await.expect(200);
    let (from, to): (PersonId, _) = (guest["person"].as_str().unwrap().parse().unwrap(), buyer.person);
    let merge = orders::module().merge_guest.unwrap();
    app.store.db.write::<_, DbError, _>(Lane::Interactive, move |tx| merge(tx, from, to)).await.unwrap();
    assert_eq!((in_cart(&app, to).await, in_cart(&app, from).await), (100, 0));
});

app_test!(the_lines_of_a_cart_are_ordered_once_even_at_once, parts, |app| {
    owner(&app).await;
    let buyer = someone(&app, 2).await;
    let skus = skus(&app, 2).await;
    for wanted in [&skus[..], &skus[..1]] {
        put(&app, &buyer.token, lines(wanted)).await.expect(200);
        let total = 100 * i64::try_from(wanted.len()).unwrap();
        let body = json!({
            "source": { "kind": "cart", "skus": wanted },
            "address": buyer.address, "expected_total_minor": total,
        });
        // Each with a key of its own: another tab, not the same request again.
        let asks = (0..8).map(|_| app.post("/api/v1/checkouts", &buyer.token, body.clone()));
        let answers = join_all(asks).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        for answer in answers.into_iter().filter(|answer| answer.status != 201) {
            answer.expect_problem(409, "checkout.cart_changed");
        }
    }
});

app_test!(a_guests_cart_goes_with_the_guest, parts, |app| {
    owner(&app).await;
    let (_, apple) = product(&app, "A", 1_000, 10).await;
    let guest = app.post("/api/v1/sessions/guest", "", json!({ "deliver": "bearer" })).await.expect(201);
    let lines = json!([{ "sku": apple, "qty": 1 }]);
    put(&app, guest["token"].as_str().unwrap(), lines.clone()).await.expect(200);
    let member = someone(&app, 2).await;
    put(&app, &member.token, lines).await.expect(200);
    // Upkeep begins; then sessions go, then guests.
    app.settle().await;
    for _ in 0..2 {
        app.pass(40 * 86_400).await;
    }
    let count = |sql: &'static str| {
        app.store.db.read::<_, DbError, _>(move |rx| rx.one::<i64>(sql, &[], |row| row.get(0)))
    };
    assert_eq!(count("SELECT COUNT(*) FROM orders_cart").await, Ok(1));
    assert_eq!(count("SELECT COUNT(*) FROM orders_cart_turn").await, Ok(1));
});
