//! Load against the server, beside twins that show the machine's limit.
//!
//! Machines are shared and noisy, so a figure counts as a ratio within one run: `make bench` interleaves the server
//! and its twin and quotes the median. Figures go to `target/bench/figures.json`; docs/performance.md keeps them.

mod checkout;
mod crowd;
mod figures;
mod flash;
mod footprint;
mod load;
mod quotes;
mod reads;
mod rush;
mod search;
mod seats;
mod twin;
mod world;

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;

/// Measure.
#[derive(Parser)]
struct Arguments {
    /// The program to measure.
    #[arg(long, default_value = "target/release/tuan")]
    program: PathBuf,
    /// Seconds of each run.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Times each pair is run; the median counts.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// A PostgreSQL server where databases may be made, for P2 and the second half of P6 and P7; left out when not given.
    #[arg(long, env = "TEST_POSTGRES_URL")]
    postgres: Option<String>,
    /// Only serve nothing at this address: the ceiling that reads are held against.
    #[arg(long, hide = true)]
    serve_empty: Option<std::net::SocketAddr>,
    /// Only the rows whose id starts with this; P9-1gb measures P9 with a store of 1 GiB.
    #[arg(long, default_value = "P")]
    only: String,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let plan = load::Plan { program: arguments.program, seconds: arguments.seconds, runs: arguments.runs };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if let Some(address) = arguments.serve_empty {
        return runtime.block_on(reads::serve_empty(address));
    }
    let mut figures = figures::Figures::default();
    let wants = |id: &str| id.starts_with(&arguments.only) || arguments.only == "P";
    if wants("P1") {
        runtime.block_on(checkout::sqlite(&plan, &mut figures))?;
    }
    if wants("P2") && arguments.postgres.is_some() {
        runtime.block_on(checkout::postgres(&plan, &mut figures))?;
    }
    if wants("P3") || wants("P4") {
        runtime.block_on(reads::run(&plan, &mut figures))?;
    }
    if wants("P5") {
        runtime.block_on(search::run(&plan, &mut figures))?;
    }
    if wants("P6") {
        runtime.block_on(flash::sqlite(&plan, &mut figures))?;
        if arguments.postgres.is_some() {
            runtime.block_on(flash::postgres(&plan, &mut figures))?;
        }
    }
    if wants("P7") {
        runtime.block_on(seats::sqlite(&plan, &mut figures))?;
        if arguments.postgres.is_some() {
            runtime.block_on(seats::postgres(&plan, &mut figures))?;
        }
    }
    if wants("P9") {
        runtime.block_on(footprint::run(&plan, &mut figures))?;
    }
    if wants("P15") {
        quotes::run(&mut figures)?;
    }
    // Only when it is asked for by its whole name: making the store takes minutes.
    if arguments.only == "P9-1gb" {
        runtime.block_on(footprint::large(&plan, &mut figures))?;
    }
    figures.write(std::path::Path::new("target/bench/figures.json"))
}
