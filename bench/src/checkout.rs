//! P1 and P2: cart, order, payment from the wallet. Three requests, everything real and durable before the answer.

use anyhow::Result;
use serde_json::json;

use crate::figures::{Figure, Figures, median, tell_once};
use crate::load::{Plan, Shopper, closed_loop};
use crate::twin::{Twin, settled};
use crate::world::{Person, World};

const SHOPPERS: usize = 64;
/// Seconds of checkouts that the twin writes again.
const TWIN_SECONDS: u64 = 3;

struct Buyer {
    person: Person,
    number: usize,
    made: u64,
    skus: Vec<(String, i64)>,
}

impl Shopper for Buyer {
    async fn round(&mut self) -> bool {
        self.made = self.made.wrapping_add(1);
        let place =
            self.number.wrapping_add(usize::try_from(self.made).unwrap_or(0)) % self.skus.len().max(1);
        let Some((sku, total)) = self.skus.get(place).cloned() else { return false };
        let http = &mut self.person.http;
        let put = http.send("PUT", &format!("/api/v1/cart/lines/{sku}"), "", &json!({ "qty": 1 })).await;
        if put.is_ok_and(|reply| reply.status != 200) {
            return false;
        }
        let body = json!({
            "source": { "kind": "cart", "skus": [sku] }, "address": self.person.address, "expected_total_minor": total
        });
        let key = format!("o{}-{}", self.number, self.made);
        let Ok(placed) = http.send("POST", "/api/v1/checkouts", &key, &body).await else { return false };
        if placed.status != 201 {
            tell_once(&format!("checkout: {} {}", placed.status, String::from_utf8_lossy(&placed.body)));
            return false;
        }
        let body = json!({ "orders": placed.json().get("orders"), "method": "wallet" });
        let key = format!("p{}-{}", self.number, self.made);
        let Ok(paid) = http.send("POST", "/api/v1/payments", &key, &body).await else { return false };
        if paid.status != 201 {
            tell_once(&format!("payment: {} {}", paid.status, String::from_utf8_lossy(&paid.body)));
        }
        paid.status == 201
    }
}

/// Shoppers with money, and enough of everything for them.
pub(crate) async fn buyers(world: &World) -> Result<Vec<impl Shopper + use<>>> {
    all(world).await
}

async fn all(world: &World) -> Result<Vec<Buyer>> {
    let skus = world.skus(24).await?;
    for (sku, _) in &skus {
        world.adjust(sku, 5_000_000).await?;
    }
    let mut buyers = Vec::new();
    for number in 0..SHOPPERS {
        let person = world.person(number, 100_000_000).await?;
        buyers.push(Buyer { person, number, made: 0, skus: skus.clone() });
    }
    Ok(buyers)
}

/// Checkouts between two copies of the store, for the twin to write again.
async fn twin(world: &World, shoppers: Vec<Buyer>) -> Result<(Vec<Buyer>, Twin)> {
    let folder = tempfile::tempdir()?;
    let (before, later) = (folder.path().join("before.db"), folder.path().join("later.db"));
    let store = world.place.folder.join("tuan.db");
    db::copy_sqlite(&store, &before)?;
    let (back, _) = closed_loop(shoppers, TWIN_SECONDS).await;
    settled(&store)?;
    db::copy_sqlite(&store, &later)?;
    Ok((back, Twin::of(folder, before, &later)?))
}

pub(crate) async fn sqlite(plan: &Plan, figures: &mut Figures) -> Result<()> {
    let world = World::open(&plan.program, None).await?;
    let (mut shoppers, twin) = twin(&world, all(&world).await?).await?;
    let (mut rates, mut ratios, mut p50, mut p99, mut errors) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), 0);
    for _ in 0..plan.runs {
        let limit = twin.grouped_rate(plan.seconds)?;
        let (back, run) = closed_loop(shoppers, plan.seconds).await;
        shoppers = back;
        ratios.push(run.rate / limit);
        rates.push(run.rate);
        p50.push(run.percentile(50));
        p99.push(run.percentile(99));
        errors += run.errors;
    }
    figures.add(Figure {
        id: "P1",
        what: format!("full checkout, wallet, SQLite, {SHOPPERS} shoppers"),
        value: median(rates),
        unit: "checkouts/s",
        ratio: Some(median(ratios)),
        versus: Some(format!(
            "the same rows, {:.0} each, written straight into SQLite in groups",
            twin.rows_each()
        )),
        p50_ms: Some(median(p50)),
        p99_ms: Some(median(p99)),
        errors,
    });
    world.audit().await
}

pub(crate) async fn postgres(plan: &Plan, figures: &mut Figures) -> Result<()> {
    let database = tokio::task::spawn_blocking(testkit::fresh_database).await?;
    let world = World::open(&plan.program, Some(database)).await?;
    let mut shoppers = all(&world).await?;
    let (mut rates, mut p50, mut p99, mut errors) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for _ in 0..plan.runs {
        let (back, run) = closed_loop(shoppers, plan.seconds).await;
        shoppers = back;
        rates.push(run.rate);
        p50.push(run.percentile(50));
        p99.push(run.percentile(99));
        errors += run.errors;
    }
    figures.add(Figure {
        id: "P2",
        what: format!("full checkout, wallet, PostgreSQL, {SHOPPERS} shoppers"),
        value: median(rates),
        unit: "checkouts/s",
        ratio: None,
        versus: None,
        p50_ms: Some(median(p50)),
        p99_ms: Some(median(p99)),
        errors,
    });
    world.audit().await
}
