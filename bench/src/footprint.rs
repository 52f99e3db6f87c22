//! P9: memory, start, size.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use testkit::http::Http;
use testkit::process::{Place, Running};

use crate::checkout::buyers;
use crate::figures::{Figure, Figures, median};
use crate::load::{Plan, Shopper, closed_loop};
use crate::world::World;

/// After this a server that was started is idle.
const SETTLE: Duration = Duration::from_secs(3);
/// Bytes a large store has.
const LARGE: u64 = 1 << 30;
/// Seconds of checkouts between two looks at the store.
const STEP_S: u64 = 5;
/// Checkouts make a large store in so many steps, or something is wrong.
const STEPS_MAX: usize = 200;

fn figure(what: &str, value: f64, unit: &'static str) -> Figure {
    Figure {
        id: "P9",
        what: what.to_owned(),
        value,
        unit,
        ratio: None,
        versus: None,
        p50_ms: None,
        p99_ms: None,
        errors: 0,
    }
}

/// Resident memory of a process, in MiB, as Linux tells it.
fn resident_mib(process: u32) -> Result<f64> {
    memory_mib(process, "VmRSS:")
}

/// The most it has had since it was started.
fn most_resident_mib(process: u32) -> Result<f64> {
    memory_mib(process, "VmHWM:")
}

fn memory_mib(process: u32, what: &'static str) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(what)).context(what)?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1_024.0)
}

pub(crate) async fn run(plan: &Plan, figures: &mut Figures) -> Result<()> {
    let world = World::open(&plan.program, None).await?;
    tokio::time::sleep(SETTLE).await;
    figures.add(figure("idle, demo store", resident_mib(world.server.id())?, "MiB resident"));
    let place = world.place.clone();
    world.server.kill();
    let started = Instant::now();
    let server = place.serve(&[("TUAN_LOG", "off")]);
    figures.add(figure(
        "start to the first connection, demo store",
        started.elapsed().as_secs_f64() * 1_000.0,
        "ms",
    ));
    server.kill();
    let bytes = std::fs::metadata(&plan.program)?.len();
    figures.add(figure("the program", f64::from(u32::try_from(bytes / 1_024)?) / 1_024.0, "MiB"));
    Ok(())
}

/// Starts a server; answers how long it took until the home page and the list of products were there, in milliseconds.
async fn start(place: &Place) -> Result<(Running, f64)> {
    let started = Instant::now();
    let server = place.serve(&[("TUAN_LOG", "off")]);
    let mut http = Http::new(server.address, "");
    for path in ["/", "/api/v1/products?limit=20"] {
        let reply = http.send("GET", path, "", &Value::Null).await?;
        ensure!(reply.status == 200, "{path}: {}", reply.status);
    }
    Ok((server, started.elapsed().as_secs_f64() * 1_000.0))
}

/// Lets people check out until the store is large; gives them back with how many checkouts that took.
async fn grow<S: Shopper>(store: &Path, mut shoppers: Vec<S>) -> Result<(Vec<S>, usize)> {
    let mut made = 0;
    for _ in 0..STEPS_MAX {
        if std::fs::metadata(store)?.len() >= LARGE {
            return Ok((shoppers, made));
        }
        let (back, run) = closed_loop(shoppers, STEP_S).await;
        ensure!(run.errors == 0, "{} checkouts failed", run.errors);
        made += run.times_ms.len();
        shoppers = back;
    }
    anyhow::bail!("the store does not grow")
}

/// The same with a store of 1 GiB, which takes some minutes to make.
pub(crate) async fn large(plan: &Plan, figures: &mut Figures) -> Result<()> {
    let world = World::open(&plan.program, None).await?;
    let store = world.place.folder.join("tuan.db");
    let (shoppers, made) = grow(&store, buyers(&world).await?).await?;
    let place = world.place.clone();
    let address = world.server.address;
    let making = most_resident_mib(world.server.id())?;
    world.server.kill();
    let mut starts = Vec::new();
    for _ in 0..plan.runs {
        let (server, ms) = start(&place).await?;
        starts.push(ms);
        server.kill();
    }
    let bytes = std::fs::metadata(&store)?.len();
    let what = format!("store of {} MiB, more than {made} checkouts", bytes >> 20);
    figures.add(figure(&format!("start to the first pages, {what}, after a kill"), median(starts), "ms"));
    let server = place.serve_at(address, &[("TUAN_LOG", "off")]);
    tokio::time::sleep(SETTLE).await;
    figures.add(figure(&format!("idle, {what}"), resident_mib(server.id())?, "MiB resident"));
    let (_, run) = closed_loop(shoppers, plan.seconds).await;
    let under = format!("under load, {:.0} checkouts/s, {what}", run.rate);
    let most = most_resident_mib(server.id())?;
    figures.add(Figure { errors: run.errors, ..figure(&under, most, "MiB resident at the most") });
    let made = format!("under load, from the demo's store to a {what}");
    figures.add(figure(&made, making, "MiB resident at the most"));
    Ok(())
}
