//! Races that are run again and again, several beside each other: the last unit and the last seat.

use std::time::Instant;

use serde_json::{Value, json};
use testkit::market::{Item, Member, text};

use crate::{World, all_at_once, crowd, finish, is_made, size};

/// Races that are under way at a time.
const LANES: usize = 8;
const ROUNDS: usize = 1_000;
const FUND: i64 = 100_000_000;
const PRICE: i64 = 1_000;

/// Somebody who wants it, with an order that waits for its payment.
struct Racer {
    member: Member,
    order: Option<String>,
    paid: i64,
}

/// Lets all racers pay at the same moment: exactly one is let through, the others are refused for one of `reasons`.
async fn one_wins(racers: Vec<Racer>, reasons: &'static [&'static str]) -> Vec<Racer> {
    let ran = all_at_once(racers, |mut racer: Racer| async move {
        let order = racer.order.clone().unwrap();
        let reply = racer.member.pay(&order).await.unwrap();
        (racer, reply)
    })
    .await;
    let mut winners = 0;
    let mut back = Vec::new();
    for (mut racer, reply) in ran {
        if is_made(&reply, reasons) {
            winners += 1;
            racer.paid += 1;
            racer.order = None;
        }
        back.push(racer);
    }
    assert_eq!(winners, 1, "of those who wanted the last one");
    back
}

async fn racers(world: &World, first: usize, count: usize) -> Vec<Racer> {
    let members = crowd(world, first, count, FUND).await;
    members.into_iter().map(|member| Racer { member, order: None, paid: 0 }).collect()
}

/// Rounds of this lane, so that all lanes together have as many as wanted.
fn rounds_of(lane: usize) -> usize {
    let rounds = size("RACE_ROUNDS", ROUNDS);
    rounds / LANES + usize::from(lane < rounds % LANES)
}

/// Each round one unit arrives, and four want it.
pub(crate) async fn last_units(world: &mut World) {
    let (started, address) = (Instant::now(), world.market.address);
    let mut lanes = Vec::new();
    for lane in 0..LANES {
        let item = world.market.item(&format!("race-{lane}"), PRICE, 0).await.unwrap();
        let owner = world.market.owner.beside(address);
        lanes.push((rounds_of(lane), owner, item, racers(world, lane * 10, 4).await));
    }
    let ended = all_at_once(lanes, |(rounds, mut owner, item, mut racers)| async move {
        for _ in 0..rounds {
            owner.adjust(&item, 1).await.unwrap();
            for racer in &mut racers {
                if racer.order.is_none() {
                    let order = racer.member.order(&item.sku, item.price, &Value::Null).await.unwrap();
                    racer.order = Some(order);
                }
            }
            racers = one_wins(racers, &["stock.short"]).await;
        }
        (rounds, item, racers)
    })
    .await;
    for (rounds, item, mut racers) in ended {
        assert_eq!(world.market.available(&item).await.unwrap(), 0);
        settled(&mut racers, rounds, item.price).await;
    }
    finish(world, &format!("{} last units", size("RACE_ROUNDS", ROUNDS)), started);
}

/// As many were paid as rounds were run, and each wallet lacks just what its owner got.
async fn settled(racers: &mut [Racer], rounds: usize, price: i64) {
    let paid: i64 = racers.iter().map(|racer| racer.paid).sum();
    assert_eq!(usize::try_from(paid), Ok(rounds));
    for racer in racers {
        assert_eq!(racer.member.wallet().await.unwrap(), FUND - price * racer.paid);
    }
}

/// Each round somebody opens a team of two, and three want the other seat.
pub(crate) async fn last_seats(world: &mut World) {
    let started = Instant::now();
    let mut lanes = Vec::new();
    for lane in 0..LANES {
        let item = world.market.item(&format!("seat-{lane}"), PRICE, 1_000_000).await.unwrap();
        let (activity, price) = world.market.activity(&item, 2).await.unwrap();
        let leader = world.market.member(1_005 + lane * 10, FUND).await.unwrap();
        lanes.push((
            rounds_of(lane),
            Item { price, ..item },
            activity,
            leader,
            racers(world, 1_000 + lane * 10, 3).await,
        ));
    }
    let ended = all_at_once(lanes, |(rounds, item, activity, mut leader, mut racers)| async move {
        for _ in 0..rounds {
            let deal = json!({ "activity": activity, "team": null });
            let first = leader.order(&item.sku, item.price, &deal).await.unwrap();
            assert_eq!(leader.pay(&first).await.unwrap().status, 201);
            let team = text(&leader.get(&format!("/orders/{first}")).await.unwrap(), "/team");
            let deal = json!({ "activity": activity, "team": team });
            for racer in &mut racers {
                racer.order = Some(racer.member.order(&item.sku, item.price, &deal).await.unwrap());
            }
            racers = one_wins(racers, &["team.full", "team.closed"]).await;
        }
        (rounds, item, leader, racers)
    })
    .await;
    for (rounds, item, mut leader, mut racers) in ended {
        let bought = i64::try_from(rounds).unwrap();
        assert_eq!(leader.wallet().await.unwrap(), FUND - item.price * bought);
        settled(&mut racers, rounds, item.price).await;
        // Two of each team, and nobody else.
        assert_eq!(world.market.available(&item).await.unwrap(), 1_000_000 - 2 * bought);
    }
    finish(world, &format!("{} last seats", size("RACE_ROUNDS", ROUNDS)), started);
}
