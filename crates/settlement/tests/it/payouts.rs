//! Payouts and pledges.

use ledger::api::{Kind, Owner};
use serde_json::{Value, json};
use testkit::{Answer, App, app_test, join_all};

use crate::shop::*;
use crate::world::{Someone, merchant, parts};

async fn ask(app: &App, who: &Someone, amount: i64) -> Answer {
    prove(app).await;
    ask_unproven(app, who, amount).await
}

async fn ask_unproven(app: &App, who: &Someone, amount: i64) -> Answer {
    let body = json!({ "amount_minor": amount, "destination": "招商银行 6225 **** 1234 鲜果铺" });
    app.post(&of_shop("payouts"), &who.token, body).await
}

async fn act(app: &App, who: &Someone, payout: &Value, verb: &str, body: Value) -> Answer {
    prove(app).await;
    act_unproven(app, who, payout, verb, body).await
}

async fn act_unproven(app: &App, who: &Someone, payout: &Value, verb: &str, body: Value) -> Answer {
    let id = payout["id"].as_str().unwrap();
    app.post(&format!("/api/v1/payouts/{id}/{verb}"), &who.token, body).await
}

async fn waiting(app: &App) -> i64 {
    balance(app, Owner::Merchant(merchant()), Kind::Payout).await
}

app_test!(one_asks_and_another_agrees, parts, |app| {
    let shop = shop(&app).await;
    sell(&app, &shop, 5).await;
    ask(&app, &shop.owner, 5_001).await.expect_problem(409, "payout.beyond_balance");
    ask(&app, &shop.owner, 0).await.expect_problem(422, "payout.amount");
    ask(&app, &shop.buyer, 1).await.expect_problem(404, "not_found");
    let payout = ask(&app, &shop.owner, 4_000).await.expect(201);
    assert_eq!((earned(&app).await, waiting(&app).await), (1_000, 4_000));
    act(&app, &shop.owner, &payout, "approve", json!({})).await.expect_problem(403, "auth.forbidden");
    let paid = json!({ "reference": "BK20261123" });
    act(&app, &shop.operator, &payout, "pay", paid.clone()).await.expect_problem(409, "payout.state");
    act(&app, &shop.operator, &payout, "approve", json!({})).await.expect(200);
    act(&app, &shop.owner, &payout, "cancel", json!({})).await.expect_problem(409, "payout.state");
    let done = act(&app, &shop.operator, &payout, "pay", paid.clone()).await.expect(200);
    assert_eq!((&done["state"], &done["reference"]), (&json!("paid"), &json!("BK20261123")));
    act(&app, &shop.operator, &payout, "pay", paid).await.expect_problem(409, "payout.state");
    assert_eq!((earned(&app).await, waiting(&app).await), (1_000, 0));
    app.audit().await;
});

app_test!(money_leaves_only_for_who_has_just_proven_who_it_is, parts, |app| {
    let shop = shop(&app).await;
    sell(&app, &shop, 5).await;
    let payout = ask(&app, &shop.owner, 1_000).await.expect(201);
    app.pass(601).await;
    ask_unproven(&app, &shop.owner, 1_000).await.expect_problem(403, "auth.step_up_required");
    for (verb, body) in [("approve", json!({})), ("pay", json!({ "reference": "BK1" }))] {
        act_unproven(&app, &shop.operator, &payout, verb, body)
            .await
            .expect_problem(403, "auth.step_up_required");
    }
    // Who may not know or do it is told that, and not to prove anything.
    ask_unproven(&app, &shop.buyer, 1).await.expect_problem(404, "not_found");
    act_unproven(&app, &shop.owner, &payout, "approve", json!({}))
        .await
        .expect_problem(403, "auth.forbidden");
    assert_eq!(waiting(&app).await, 1_000);
    // The refusal is not remembered under the key of the request: after the proof the same request goes through.
    let body = json!({ "amount_minor": 1_000, "destination": "招商银行 6225" });
    let path = of_shop("payouts");
    let again = || app.call_with_key("POST", &path, &shop.owner.token, "one-key", body.clone());
    again().await.expect_problem(403, "auth.step_up_required");
    prove(&app).await;
    again().await.expect(201);
    assert_eq!(waiting(&app).await, 2_000);
    // Taking a payout back and refusing one need no proof: the money stays.
    act_unproven(&app, &shop.owner, &payout, "cancel", json!({})).await.expect(200);
    app.audit().await;
});

app_test!(an_operator_does_not_agree_to_what_he_asked_for, parts, |app| {
    let shop = shop(&app).await;
    sell(&app, &shop, 1).await;
    let payout = ask(&app, &shop.operator, 1_000).await.expect(201);
    act(&app, &shop.operator, &payout, "approve", json!({})).await.expect_problem(409, "payout.same_person");
    let second = operator(&app, 71).await;
    act(&app, &second, &payout, "approve", json!({})).await.expect(200);
    app.audit().await;
});

app_test!(what_is_not_sent_is_the_merchants_again, parts, |app| {
    let shop = shop(&app).await;
    sell(&app, &shop, 2).await;
    let first = ask(&app, &shop.owner, 1_500).await.expect(201);
    act(&app, &shop.owner, &first, "cancel", json!({})).await.expect(200);
    let second = ask(&app, &shop.owner, 2_000).await.expect(201);
    act(&app, &shop.operator, &second, "approve", json!({})).await.expect(200);
    let why = json!({ "reason": "账号有误" });
    let back = act(&app, &shop.operator, &second, "reject", why).await.expect(200);
    assert_eq!((&back["state"], &back["reference"]), (&json!("rejected"), &json!("账号有误")));
    assert_eq!((earned(&app).await, waiting(&app).await), (2_000, 0));
    let view = statement(&app, &shop).await;
    assert_eq!(view["closing"]["amount_minor"], 2_000);
    let mut kinds: Vec<&str> = view["lines"]["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["kind"].as_str().unwrap())
        .collect();
    // All at one moment, so in no order.
    kinds.sort_unstable();
    assert_eq!(kinds, ["payout", "payout", "payout_returned", "payout_returned", "settled"]);
    app.audit().await;
});

app_test!(of_many_who_ask_for_most_of_it_one_gets_it, parts, |app| {
    let shop = shop(&app).await;
    sell(&app, &shop, 10).await;
    let answers = join_all((0..32).map(|_| ask(&app, &shop.owner, 6_000))).await;
    let asked = answers.iter().filter(|answer| answer.status.as_u16() == 201).count();
    assert_eq!(asked, 1);
    assert!(answers.iter().all(|answer| [201, 409].contains(&answer.status.as_u16())));
    assert_eq!((earned(&app).await, waiting(&app).await), (4_000, 6_000));
    app.audit().await;
});

app_test!(a_payout_and_a_late_refund_take_turns, parts, |app| {
    let shop = shop(&app).await;
    let mut orders = Vec::new();
    for _ in 0..4 {
        orders.push(sell(&app, &shop, 1).await);
    }
    let (shop, orders) = (&shop, &orders);
    let calls = (0..8).map(|n| {
        let app = &app;
        async move {
            if n % 2 == 0 {
                return ask(app, &shop.owner, 1_000).await;
            }
            let lines = json!([{ "line": 1, "amount_minor": 1_000 }]);
            let body = json!({ "lines": lines, "reason": "质量问题", "restock": false });
            let path = format!("/api/v1/orders/{}/refunds", orders[n / 2]);
            app.post(&path, &shop.owner.token, body).await
        }
    });
    let answers = join_all(calls).await;
    let paid_out = answers.iter().step_by(2).filter(|answer| answer.status.as_u16() == 201).count();
    assert!(answers.iter().skip(1).step_by(2).all(|answer| answer.status.as_u16() == 201));
    let (asked, left) = (i64::try_from(paid_out).unwrap() * 1_000, earned(&app).await);
    // A payout is never more than there is; a refund that comes after it makes a debt.
    assert_eq!((waiting(&app).await, left), (asked, -asked));
    app.settle().await;
    app.audit().await;
});

app_test!(a_pledge_is_put_down_kept_in_part_and_given_back, parts, |app| {
    let shop = shop(&app).await;
    sell(&app, &shop, 5).await;
    let path = of_shop("deposit");
    let ask = json!({ "due_minor": 3_000 });
    app.call("PUT", &path, &shop.owner.token, ask.clone()).await.expect_problem(403, "auth.forbidden");
    app.call("PUT", &path, &shop.operator.token, ask).await.expect(200);
    let amount = |minor: i64| json!({ "amount_minor": minor });
    let pay = format!("{path}/pay");
    app.post(&pay, &shop.owner.token, amount(5_001)).await.expect_problem(409, "deposit.beyond");
    let view = app.post(&pay, &shop.owner.token, amount(3_000)).await.expect(200);
    let minor = |view: &Value| (view["due"]["amount_minor"].clone(), view["held"]["amount_minor"].clone());
    assert_eq!(minor(&view), (json!(3_000), json!(3_000)));
    let fine = json!({ "amount_minor": 500, "reason": "虚假发货" });
    let deduct = format!("{path}/deduct");
    app.post(&deduct, &shop.owner.token, fine.clone()).await.expect_problem(403, "auth.forbidden");
    let view = app.post(&deduct, &shop.operator.token, fine).await.expect(200);
    assert_eq!(view["held"]["amount_minor"], 2_500);
    let back = format!("{path}/return");
    app.post(&back, &shop.operator.token, amount(2_501)).await.expect_problem(409, "deposit.beyond");
    app.post(&back, &shop.operator.token, amount(2_500)).await.expect(200);
    assert_eq!((earned(&app).await, fees(&app).await), (4_500, 500));
    let answers = join_all((0..16).map(|_| app.post(&pay, &shop.owner.token, amount(2_500)))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status.as_u16() == 200).count(), 1);
    app.audit().await;
});
