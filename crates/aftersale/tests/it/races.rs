//! Everybody at once.

use serde_json::json;
use testkit::{app_test, join_all};

use crate::shop::*;
use crate::world::{available, wallet};

fn statuses(answers: &[testkit::Answer]) -> Vec<u16> {
    answers.iter().map(|answer| answer.status.as_u16()).collect()
}

app_test!(of_many_who_ask_for_the_last_unit_one_is_heard, parts, |app| {
    let shop = shop(&app).await;
    let order = received(&app, &shop, 1).await;
    let calls = (0..16).map(|n| {
        let claim = if n % 2 == 0 { ("return", "no_reason") } else { ("refund", "faulty") };
        ask_units(&app, &shop, &order, claim, 1)
    });
    let outcomes = statuses(&join_all(calls).await);
    assert_eq!(outcomes.iter().filter(|status| **status == 201).count(), 1, "{outcomes:?}");
    assert!(outcomes.iter().all(|status| [201, 409].contains(status)), "{outcomes:?}");
    app.settle().await;
    app.audit().await;
});

app_test!(a_case_ends_once_whoever_is_faster, parts, |app| {
    let shop = shop(&app).await;
    let order = bought(&app, &shop, 2).await;
    let case = id(&ask_units(&app, &shop, &order, ("refund", "no_reason"), 1).await.expect(201));
    let calls = (0..16).map(|n| {
        let (who, verb) = if n % 2 == 0 { (&shop.buyer, "withdraw") } else { (&shop.owner, "agree") };
        act(&app, who, &case, verb, json!({}))
    });
    let outcomes = statuses(&join_all(calls).await);
    assert_eq!(outcomes.iter().filter(|status| **status == 200).count(), 1, "{outcomes:?}");
    let read = app.get(&format!("/api/v1/after-sales/{case}"), &shop.buyer.token).await.expect(200);
    let (money, units) = if read["state"] == "done" { (1_000, 1) } else { (0, 0) };
    assert_eq!(wallet(&app, &shop.buyer).await, FUNDS - 2_000 + money);
    assert_eq!(available(&app, shop.sku).await, 8 + units);
    app.settle().await;
    app.audit().await;
});

app_test!(a_case_and_the_shops_own_refund_never_give_back_more_than_was_paid, parts, |app| {
    let shop = shop(&app).await;
    let order = bought(&app, &shop, 1).await;
    let case = id(&ask_units(&app, &shop, &order, ("refund", "no_reason"), 1).await.expect(201));
    let refunds = format!("/api/v1/orders/{order}/refunds");
    let calls = (0..8).map(|n| {
        let (app, shop, case, refunds) = (&app, &shop, &case, &refunds);
        async move {
            if n % 2 == 0 {
                return act(app, &shop.owner, case, "agree", json!({})).await;
            }
            let body = json!({
                "lines": [{ "line": 1, "amount_minor": 600 }], "reason": "补偿", "restock": false,
            });
            app.post(refunds, &shop.owner.token, body).await
        }
    });
    join_all(calls).await;
    app.settle().await;
    let read = app.get(&format!("/api/v1/orders/{order}"), &shop.buyer.token).await.expect(200);
    let refunded = read["refunded"]["amount_minor"].as_i64().unwrap();
    assert!((600..=1_000).contains(&refunded), "{refunded}");
    assert_eq!(wallet(&app, &shop.buyer).await, FUNDS - 1_000 + refunded);
    app.audit().await;
});
