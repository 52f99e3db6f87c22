//! P9: memory, start, size.

use std::time::Instant;

use anyhow::{Context, Result};

use crate::figures::{Figure, Figures};
use crate::load::Plan;
use crate::world::World;

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
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1_024.0)
}

pub(crate) async fn run(plan: &Plan, figures: &mut Figures) -> Result<()> {
    let world = World::open(&plan.program, None).await?;
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
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
