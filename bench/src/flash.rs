//! P6: a hundred units and twenty thousand who want one at the same moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use testkit::http::Http;

use crate::figures::{Figure, Figures};
use crate::load::Plan;
use crate::world::World;

const UNITS: i64 = 100;
const PEOPLE: usize = 200;
const ORDERS_EACH: usize = 100;
const CONNECTIONS: usize = 200;

/// An order that waits for its payment, and who pays it.
struct Waiting {
    http: Http,
    orders: Vec<Value>,
}

async fn prepare(world: &World, sku: &str, total: i64) -> Result<Vec<Waiting>> {
    let mut all = Vec::new();
    for number in 0..PEOPLE {
        let mut person = world.person(1_000 + number, total * 1_000).await?;
        let mut orders = Vec::new();
        for n in 0..ORDERS_EACH {
            let body = json!({
                "source": { "kind": "now", "sku": sku, "qty": 1, "deal": null },
                "address": person.address, "expected_total_minor": total,
            });
            let placed =
                person.http.send("POST", "/api/v1/checkouts", &format!("w{number}-{n}"), &body).await?;
            ensure!(placed.status == 201, "checkout: {}", String::from_utf8_lossy(&placed.body));
            orders.push(placed.json().get("orders").cloned().unwrap_or_default());
        }
        all.push(Waiting { http: person.http, orders });
    }
    Ok(all)
}

pub(crate) async fn run(plan: &Plan, figures: &mut Figures) -> Result<()> {
    let world = World::open(&plan.program, None).await?;
    let Some((sku, total)) = world.skus(1).await?.into_iter().next() else { return Ok(()) };
    world.adjust(&sku, 1_000_000).await?;
    let waiting = prepare(&world, &sku, total).await?;
    leave(&world, &sku, UNITS).await?;
    let sold = Arc::new(AtomicI64::new(0));
    let mut tasks = tokio::task::JoinSet::new();
    for (number, mut one) in waiting.into_iter().enumerate() {
        let sold = Arc::clone(&sold);
        tasks.spawn(async move {
            let (mut refused, mut all, mut errors) = (Vec::new(), Vec::new(), 0_u64);
            for (n, orders) in one.orders.iter().enumerate() {
                let body = json!({ "orders": orders, "method": "wallet" });
                let started = Instant::now();
                let answer =
                    one.http.send("POST", "/api/v1/payments", &format!("f{number}-{n}"), &body).await;
                let ms = started.elapsed().as_secs_f64() * 1_000.0;
                all.push(ms);
                match answer.map(|reply| reply.status) {
                    Ok(201) => {
                        sold.fetch_add(1, Ordering::Relaxed);
                    }
                    Ok(409) => refused.push(ms),
                    other => {
                        errors += 1;
                        crate::figures::tell_once(&format!("flash sale: {other:?}"));
                    }
                }
            }
            (refused, all, errors)
        });
    }
    let (mut refused, mut all, mut errors) = (Vec::new(), Vec::new(), 0);
    for (one_refused, one_all, one_errors) in tasks.join_all().await {
        refused.extend(one_refused);
        all.extend(one_all);
        errors += one_errors;
    }
    refused.sort_by(f64::total_cmp);
    all.sort_by(f64::total_cmp);
    world.place.audit();
    let sold = sold.load(Ordering::Relaxed);
    ensure!(sold == UNITS, "{sold} of {UNITS} sold");
    figures.add(Figure {
        id: "P6",
        what: format!(
            "{} payments for {UNITS} units over {CONNECTIONS} connections; sold exactly {sold}; p50 is of those refused",
            PEOPLE * ORDERS_EACH
        ),
        value: all.get(all.len() * 99 / 100).copied().unwrap_or(0.0),
        unit: "ms at p99",
        ratio: None,
        versus: None,
        p50_ms: refused.get(refused.len() / 2).copied(),
        p99_ms: all.get(all.len() * 99 / 100).copied(),
        errors,
    });
    Ok(())
}

/// Takes stock away until `units` are left.
async fn leave(world: &World, sku: &str, units: i64) -> Result<()> {
    let mut http = Http::new(world.server.address, "");
    let list = http.send("GET", "/api/v1/products?limit=50", "", &Value::Null).await?.json();
    for card in list.get("items").and_then(Value::as_array).into_iter().flatten() {
        let id = card.get("id").and_then(Value::as_str).unwrap_or_default();
        let product = http.send("GET", &format!("/api/v1/products/{id}"), "", &Value::Null).await?.json();
        for found in product.get("skus").and_then(Value::as_array).into_iter().flatten() {
            if found.get("id").and_then(Value::as_str) == Some(sku) {
                let available = found.get("available").and_then(Value::as_i64).unwrap_or(0);
                return world.adjust(sku, units - available).await;
            }
        }
    }
    anyhow::bail!("the SKU has gone")
}
