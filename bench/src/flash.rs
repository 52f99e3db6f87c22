//! P6: a hundred units and twenty thousand people who want one at the same moment.

use std::time::Instant;

use anyhow::{Result, ensure};
use serde_json::Value;
use testkit::market::{Item, Market};

use crate::crowd::{check_wallets, gather};
use crate::figures::{Figure, Figures};
use crate::load::{Plan, to_f64};
use crate::rush::{End, Outcome, Rush, Times, Wish, rush};
use crate::world::World;

const UNITS: usize = 100;
const PRICE: i64 = 1_000;
const FUNDS: i64 = 5_000;

const PEOPLE: usize = 20_000;
const CONNECTIONS: usize = 2_000;
/// Those who come when all is sold.
const LATE: usize = 2_000;
const LATE_CONNECTIONS: usize = 200;

pub(crate) async fn sqlite(plan: &Plan, figures: &mut Figures) -> Result<()> {
    let world = World::open(&plan.program, None).await?;
    sale(&world, "SQLite", figures).await
}

pub(crate) async fn postgres(plan: &Plan, figures: &mut Figures) -> Result<()> {
    let database = tokio::task::spawn_blocking(testkit::fresh_database).await?;
    let world = World::open(&plan.program, Some(database)).await?;
    sale(&world, "PostgreSQL", figures).await
}

async fn sale(world: &World, engine: &str, figures: &mut Figures) -> Result<()> {
    let address = world.server.address;
    let mut market = Market::open(address).await?;
    let item = market.item("flash", PRICE, i64::try_from(UNITS)?).await?;
    let wish = Wish { sku: item.sku.clone(), total: PRICE, deal: Value::Null, too_late: &["stock.short"] };
    let preparing = Instant::now();
    let late = gather(address, 1_500_000, LATE, LATE_CONNECTIONS, FUNDS).await?;
    let lanes = gather(address, 1_000_000, PEOPLE, CONNECTIONS, FUNDS).await?;
    let prepared_s = preparing.elapsed().as_secs_f64();
    let over = rush(lanes, |_| wish.clone()).await;
    tell(engine, prepared_s, &over, figures);
    check(world, &mut market, &item, over).await?;
    let late = rush(late, |_| wish.clone()).await;
    let (refused, others) = (late.count(End::TooLate), LATE - late.count(End::TooLate));
    let what = format!("later: the answer that refused {refused} more, {LATE_CONNECTIONS} connections");
    figures.add(row(engine, &what, &late.times(End::TooLate, Outcome::last_ms), others));
    ensure!(others == 0, "{others} were answered otherwise when all was sold");
    check_wallets(late.lanes.into_iter().map(|(lane, all)| (lane, vec![FUNDS; all.len()])).collect()).await?;
    world.audit().await
}

fn row(engine: &str, what: &str, times: &Times, errors: usize) -> Figure {
    Figure {
        id: "P6",
        what: format!("flash sale, {engine}, {what}"),
        value: times.at(99),
        unit: "ms at p99",
        ratio: None,
        versus: None,
        p50_ms: Some(times.at(50)),
        p99_ms: Some(times.at(99)),
        errors: u64::try_from(errors).unwrap_or(u64::MAX),
    }
}

fn tell(engine: &str, prepared_s: f64, over: &Rush, figures: &mut Figures) {
    let (got, late, wrong) = (over.count(End::Got), over.count(End::TooLate), over.count(End::Wrong));
    let answers = over.answers();
    let all = format!(
        "{PEOPLE} people (prepared in {prepared_s:.0} s), {UNITS} units, {CONNECTIONS} connections: \
         all {} answers, {} busy, in {:.2} s, {:.0} /s",
        answers.count(),
        over.busy,
        over.seconds,
        to_f64(answers.count()) / over.seconds
    );
    figures.add(row(engine, &all, &answers, wrong));
    let paid = format!("the payment of the {got} who got one");
    figures.add(row(engine, &paid, &over.times(End::Got, Outcome::last_ms), wrong));
    let refused = format!("the answer that refused {late}");
    figures.add(row(engine, &refused, &over.times(End::TooLate, Outcome::last_ms), wrong));
    let whole = |outcome: &Outcome| outcome.since_start_ms;
    let since = "from the start to the refusal, the wait for the connection included";
    figures.add(row(engine, since, &over.times(End::TooLate, whole), wrong));
}

/// As many sold as there were; every wallet lacks what its owner got, and nothing else; the store adds up.
async fn check(world: &World, market: &mut Market, item: &Item, over: Rush) -> Result<()> {
    let (got, wrong) = (over.count(End::Got), over.count(End::Wrong));
    ensure!(got == UNITS && wrong == 0, "{got} of {UNITS} sold, {wrong} wrong answers");
    let left = |outcome: &Outcome| if outcome.end == End::Got { FUNDS - PRICE } else { FUNDS };
    let expected = |(lane, outcomes): (_, Vec<Outcome>)| (lane, outcomes.iter().map(left).collect());
    check_wallets(over.lanes.into_iter().map(expected).collect()).await?;
    let available = market.available(item).await?;
    ensure!(available == 0, "{available} are still there");
    world.audit().await
}
