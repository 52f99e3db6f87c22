//! P7: a hundred teams with one seat left each, and a thousand people who want to sit down.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use testkit::market::{Item, Market, text};

use crate::crowd::{check_wallets, gather};
use crate::figures::{Figure, Figures};
use crate::load::{Plan, to_f64};
use crate::rush::{End, Outcome, Rush, Wish, rush};
use crate::world::World;

const TEAMS: usize = 100;
/// A connection of its own for each.
const RACERS: usize = 1_000;
const PRICE: i64 = 1_000;
const UNITS: i64 = 10_000;
const FUNDS: i64 = 5_000;

pub(crate) async fn sqlite(plan: &Plan, figures: &mut Figures) -> Result<()> {
    let world = World::open(&plan.program, None).await?;
    race(&world, "SQLite", figures).await
}

pub(crate) async fn postgres(plan: &Plan, figures: &mut Figures) -> Result<()> {
    let database = tokio::task::spawn_blocking(testkit::fresh_database).await?;
    let world = World::open(&plan.program, Some(database)).await?;
    race(&world, "PostgreSQL", figures).await
}

/// Teams of two, each opened by somebody of its own who has paid; answers them with their price.
async fn open_teams(market: &mut Market, item: &Item) -> Result<(Vec<Value>, i64)> {
    let (activity, price) = market.activity(item, 2).await?;
    let mut teams = Vec::new();
    for number in 0..TEAMS {
        let mut leader = market.member(2_000_000 + number, FUNDS).await?;
        let alone = json!({ "activity": activity, "team": null });
        let order = leader.order(&item.sku, price, &alone).await?;
        let paid = leader.pay(&order).await?;
        ensure!(paid.status == 201, "a leader's payment: {}", paid.text());
        let team = text(&leader.get(&format!("/orders/{order}")).await?, "/team");
        teams.push(json!({ "activity": activity, "team": team }));
    }
    Ok((teams, price))
}

async fn race(world: &World, engine: &str, figures: &mut Figures) -> Result<()> {
    let mut market = Market::open(world.server.address).await?;
    let item = market.item("seats", PRICE, UNITS).await?;
    let (teams, price) = open_teams(&mut market, &item).await?;
    let lanes = gather(world.server.address, 2_100_000, RACERS, RACERS, FUNDS).await?;
    let too_late: &[&str] = &["team.full", "team.closed"];
    let over = rush(lanes, |number| {
        let deal = teams.get(number % TEAMS).cloned().unwrap_or_default();
        Wish { sku: item.sku.clone(), total: price, deal, too_late }
    })
    .await;
    tell(engine, &over, figures);
    check(world, &mut market, &item, (price, over)).await
}

fn tell(engine: &str, over: &Rush, figures: &mut Figures) {
    let answers = over.answers();
    figures.add(Figure {
        id: "P7",
        what: format!(
            "{engine}, last seats of {TEAMS} teams, {RACERS} people and connections, order and payment: \
             {} got one, {} too late, {} busy, {:.0} answers/s",
            over.count(End::Got),
            over.count(End::TooLate),
            over.busy,
            to_f64(answers.count()) / over.seconds
        ),
        value: answers.at(99),
        unit: "ms at p99",
        ratio: None,
        versus: None,
        p50_ms: Some(answers.at(50)),
        p99_ms: Some(answers.at(99)),
        errors: u64::try_from(over.count(End::Wrong)).unwrap_or(u64::MAX),
    });
}

/// One more in each team and no more; every wallet lacks what its owner got, and nothing else; the store adds up.
async fn check(world: &World, market: &mut Market, item: &Item, raced: (i64, Rush)) -> Result<()> {
    let (price, over) = raced;
    ensure!(over.count(End::Wrong) == 0, "{} wrong answers", over.count(End::Wrong));
    let mut winners: BTreeMap<usize, usize> = BTreeMap::new();
    for (number, _) in over.outcomes().enumerate().filter(|(_, outcome)| outcome.end == End::Got) {
        *winners.entry(number % TEAMS).or_default() += 1;
    }
    let is_exact = winners.len() == TEAMS && winners.values().all(|count| *count == 1);
    ensure!(is_exact, "winners by team: {winners:?}");
    let left = |outcome: &Outcome| if outcome.end == End::Got { FUNDS - price } else { FUNDS };
    let expected = |(lane, outcomes): (_, Vec<Outcome>)| (lane, outcomes.iter().map(left).collect());
    check_wallets(over.lanes.into_iter().map(expected).collect()).await?;
    let available = market.available(item).await?;
    ensure!(available == UNITS - 2 * i64::try_from(TEAMS)?, "{available} are still there");
    world.audit().await
}
