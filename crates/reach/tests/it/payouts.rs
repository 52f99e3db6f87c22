//! Commission is paid once, and taken back to the fen.

use base::{Clock, Currency, Id, RefundId};
use db::Lane;
use ledger::api::{Account, Kind, Owner, Transfer, TransferKind};
use reach::api::{self, RefundedLine};
use serde_json::json;
use testkit::app_test;
use tokio::task::JoinSet;

use crate::{DAY, Who, World, account, merchant, order, parts};

fn refund_id(n: u32) -> RefundId {
    RefundId::from_bytes(u128::from(n).to_be_bytes())
}

async fn refund(world: &World, n: u32, refund: u32, lines: Vec<RefundedLine>) {
    world
        .app
        .store
        .db
        .write(Lane::Interactive, move |tx| {
            api::claw_back(tx, order(n), refund_id(refund), merchant(), Currency::CNY, &lines)
        })
        .await
        .unwrap();
}

fn part(line: i64, before: i64, now: i64, net: i64) -> RefundedLine {
    RefundedLine { line, refunded_before: before, refunded_now: now, net }
}

async fn spend(world: &World, who: &Who, amount: i64) {
    let (wallet, id) = (Account::wallet(who.id, Currency::CNY), who.id);
    world
        .app
        .store
        .db
        .write(Lane::Interactive, move |tx| {
            let to = account(Owner::Platform, Kind::Equity);
            let transfer =
                Transfer::simple(TransferKind::TopUp, &format!("spend {id} {amount}"), wallet, to, amount);
            ledger::api::post(tx, &transfer)
        })
        .await
        .unwrap();
}

/// top brought sharer, sharer brought buyer.
async fn three(world: &World) -> (Who, Who, Who) {
    world.rules(1_000, 333, 48, "last_touch").await;
    let (top, sharer, buyer) = (world.member(1).await, world.member(2).await, world.member(3).await);
    world.bring(&top, &sharer).await;
    world.bring(&sharer, &buyer).await;
    (top, sharer, buyer)
}

app_test!(a_release_happens_once, parts, |app| {
    let world = World::new(app).await;
    let (top, sharer, buyer) = three(&world).await;
    world.buy(1, &buyer, &[10_000, 777]).await;
    let mut tasks = JoinSet::new();
    for _ in 0..32 {
        let db = world.app.store.db.clone();
        tasks.spawn(async move {
            db.write(Lane::Interactive, |tx| api::release(tx, order(1), merchant(), Currency::CNY)).await
        });
    }
    for outcome in tasks.join_all().await {
        assert_eq!(outcome, Ok(1_077 + 358));
    }
    assert_eq!((world.wallet(&sharer).await, world.wallet(&top).await), (1_077, 358));
    assert!(world.commissions(1).await.iter().all(|row| row.4 == "released"));
    world.app.audit().await;
});

app_test!(a_refund_takes_back_once, parts, |app| {
    let world = World::new(app).await;
    let (top, sharer, buyer) = three(&world).await;
    world.buy(1, &buyer, &[10_000]).await;
    world.release(1).await;
    let mut tasks = JoinSet::new();
    for _ in 0..32 {
        let db = world.app.store.db.clone();
        tasks.spawn(async move {
            let lines = [part(1, 0, 3_333, 10_000)];
            db.write(Lane::Interactive, move |tx| {
                api::claw_back(tx, order(1), refund_id(1), merchant(), Currency::CNY, &lines)
            })
            .await
        });
    }
    assert!(tasks.join_all().await.into_iter().all(|outcome| outcome.is_ok()));
    // Two thirds of what the buyer kept, rounded down.
    assert_eq!((world.wallet(&sharer).await, world.wallet(&top).await), (666, 222));
    assert_eq!(world.credit(account(Owner::Merchant(merchant()), Kind::Payable)).await, 334 + 111);
    world.app.audit().await;
});

app_test!(refunds_in_any_steps_end_at_nothing, parts, |app| {
    let world = World::new(app).await;
    let (top, sharer, buyer) = three(&world).await;
    let mut random = 7_u64;
    let mut draw = move |below: i64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(random >> 33).unwrap() % below
    };
    let mut refunds = 0;
    for n in 1..=12_u32 {
        let nets = [1 + draw(100_000), 1 + draw(900)];
        world.buy(n, &buyer, &nets).await;
        let released_after = draw(8);
        let mut given = [0_i64; 2];
        for step in 0.. {
            if step == released_after {
                world.release(n).await;
            }
            if given == nets {
                break;
            }
            let mut lines = Vec::new();
            for line in 0..2 {
                let left = nets[line] - given[line];
                let now = if step > 5 { left } else { draw(left + 1) };
                if now > 0 {
                    lines.push(part(i64::try_from(line).unwrap() + 1, given[line], now, nets[line]));
                    given[line] += now;
                }
            }
            refunds += 1;
            refund(&world, n, refunds, lines.clone()).await;
            refund(&world, n, refunds, lines).await;
        }
        world.release(n).await;
        for row in world.commissions(n).await {
            assert_eq!((row.2, row.4.as_str()), (row.3, "clawed_back"));
        }
    }
    assert_eq!((world.wallet(&sharer).await, world.debt(&sharer).await), (0, 0));
    assert_eq!((world.wallet(&top).await, world.debt(&top).await), (0, 0));
    // What the sharers gave back is what came out of escrow.
    let back = world.credit(account(Owner::Merchant(merchant()), Kind::Payable)).await;
    let paid: i64 = world
        .read(|rx| rx.one("SELECT CAST(SUM(paid) AS BIGINT) FROM reach_commission", &[], |row| row.get(0)))
        .await;
    assert_eq!(back, paid);
    world.app.audit().await;
});

app_test!(releases_and_refunds_race_to_the_same_end, parts, |app| {
    let world = World::new(app).await;
    let (top, sharer, buyer) = three(&world).await;
    world.buy(1, &buyer, &[9_999]).await;
    let mut tasks = JoinSet::new();
    for n in 0..32_u32 {
        let db = world.app.store.db.clone();
        tasks.spawn(async move {
            if n % 4 == 0 {
                let run = |tx: &mut db::Tx| api::release(tx, order(1), merchant(), Currency::CNY);
                return db.write(Lane::Interactive, run).await.map(|_| ());
            }
            // Three refunds, each tried eight times.
            let which = i64::from(n % 4) - 1;
            let lines = [part(1, which * 3_333, 3_333, 9_999)];
            let id = refund_id(u32::try_from(which).unwrap());
            db.write(Lane::Interactive, move |tx| {
                api::claw_back(tx, order(1), id, merchant(), Currency::CNY, &lines)
            })
            .await
        });
    }
    assert!(tasks.join_all().await.into_iter().all(|outcome| outcome.is_ok()));
    assert_eq!((world.wallet(&sharer).await, world.debt(&sharer).await), (0, 0));
    assert_eq!((world.wallet(&top).await, world.debt(&top).await), (0, 0));
    assert!(world.commissions(1).await.iter().all(|row| row.4 == "clawed_back" && row.2 == row.3));
    world.app.audit().await;
});

app_test!(a_debt_is_paid_off_first, parts, |app| {
    let world = World::new(app).await;
    let (_, sharer, buyer) = three(&world).await;
    world.buy(1, &buyer, &[10_000]).await;
    world.release(1).await;
    spend(&world, &sharer, 900).await;
    refund(&world, 1, 1, vec![part(1, 0, 10_000, 10_000)]).await;
    assert_eq!((world.wallet(&sharer).await, world.debt(&sharer).await), (0, 900));
    world.app.audit().await;
    world.buy(2, &buyer, &[6_000]).await;
    assert_eq!(world.release(2).await, 600 + 199);
    assert_eq!((world.wallet(&sharer).await, world.debt(&sharer).await), (0, 300));
    world.buy(3, &buyer, &[5_000]).await;
    world.release(3).await;
    assert_eq!((world.wallet(&sharer).await, world.debt(&sharer).await), (200, 0));
    world.app.audit().await;
});

app_test!(parallel_payments_pay_a_debt_off_once, parts, |app| {
    let world = World::new(app).await;
    let (_, sharer, buyer) = three(&world).await;
    world.buy(1, &buyer, &[10_000]).await;
    world.release(1).await;
    spend(&world, &sharer, 1_000).await;
    refund(&world, 1, 1, vec![part(1, 0, 10_000, 10_000)]).await;
    for n in 2..10 {
        world.buy(n, &buyer, &[3_000]).await;
    }
    let mut tasks = JoinSet::new();
    for n in 2..10 {
        let db = world.app.store.db.clone();
        tasks.spawn(async move {
            db.write(Lane::Interactive, move |tx| api::release(tx, order(n), merchant(), Currency::CNY)).await
        });
    }
    assert!(tasks.join_all().await.into_iter().all(|outcome| outcome.is_ok()));
    assert_eq!((world.wallet(&sharer).await, world.debt(&sharer).await), (8 * 300 - 1_000, 0));
    world.app.audit().await;
});

app_test!(what_is_cancelled_is_never_paid, parts, |app| {
    let world = World::new(app).await;
    let (_, sharer, buyer) = three(&world).await;
    world.place(1, &buyer, &[10_000]).await;
    world.buy(2, &buyer, &[10_000]).await;
    for n in [1, 1, 2, 2] {
        world.write(move |tx| api::cancelled(tx, order(n))).await;
    }
    // Of an order that was paid, all is taken back; of the other there was nothing to take.
    let rows = [world.commissions(1).await, world.commissions(2).await];
    assert!(rows[0].iter().all(|row| row.3 == 0 && row.4 == "cancelled"));
    assert!(rows[1].iter().all(|row| row.3 == row.2 && row.4 == "cancelled"));
    assert_eq!((world.release(1).await, world.release(2).await), (0, 0));
    assert_eq!(world.wallet(&sharer).await, 0);
    world.app.audit().await;
});

app_test!(a_burst_is_held_until_a_person_looks, parts, |app| {
    let world = World::new(app).await;
    let (_, sharer, buyer) = three(&world).await;
    for n in 1..=41 {
        world.buy(n, &buyer, &[1_000]).await;
    }
    world.app.store.clock.advance(DAY * 1_000_000);
    world.buy(42, &buyer, &[1_000]).await;
    let now = world.app.ctx.now();
    for n in [1, 2, 42] {
        world.write(move |tx| api::received(tx, order(n), merchant(), now)).await;
    }
    assert!(world.commissions(1).await.iter().all(|row| row.4 == "held"));
    assert!(world.commissions(42).await.iter().all(|row| row.4 == "frozen"));
    assert_eq!((world.release(1).await, world.release(42).await), (0, 100 + 33));
    let list = format!("/api/v1/merchants/{}/commissions?limit=100", merchant());
    let listed = world.app.get(&list, &world.owner.token).await.expect(200);
    let items = listed["items"].as_array().unwrap();
    let id = |n: u32| {
        let text = order(n).to_string();
        let item = items.iter().find(|item| item["order"] == text.as_str() && item["level"] == 1).unwrap();
        assert_eq!(item["held_for"], "burst");
        item["id"].as_str().unwrap().to_owned()
    };
    let path = |id: &str, verb: &str| format!("/api/v1/commissions/{id}/{verb}");
    let denied = world.app.post(&path(&id(1), "approve"), &world.owner.token, json!({})).await;
    denied.expect(403);
    let operator = world.member(77).await;
    let person = operator.id;
    world.write(move |tx| people::api::ensure_operator(tx, person)).await;
    // Order 1 is settled: the merchant pays. Order 2 is not: it is paid with the rest.
    let paid = world.app.post(&path(&id(1), "approve"), &operator.token, json!({})).await.expect(200);
    assert_eq!(paid["state"], "released");
    assert_eq!(world.wallet(&sharer).await, 200);
    assert_eq!(world.credit(account(Owner::Merchant(merchant()), Kind::Payable)).await, -100);
    let again = world.app.post(&path(&id(1), "approve"), &operator.token, json!({})).await;
    again.expect_problem(409, "reach.not_held");
    let frozen = world.app.post(&path(&id(2), "approve"), &operator.token, json!({})).await.expect(200);
    assert_eq!(frozen["state"], "frozen");
    assert_eq!(world.release(2).await, 100);
    assert_eq!(world.release(1).await, 0);
    world.app.audit().await;
});

app_test!(an_audit_tells_of_a_debt_the_ledger_does_not_know, parts, |app| {
    let world = World::new(app).await;
    let who = world.member(1).await;
    let audit = reach::module().audits.into_iter().find(|audit| audit.id == "INV-40").unwrap().run;
    let told = world.read(audit).await;
    assert_eq!(told, Vec::<String>::new());
    let person = who.id;
    world
        .write(move |tx| {
            let sql = "INSERT INTO reach_debt (person, currency, owed) VALUES (:person, 'CNY', 5)";
            tx.execute(sql, db::params!["person" => person])
        })
        .await;
    assert_eq!(world.read(audit).await, [who.id.to_string()]);
});
