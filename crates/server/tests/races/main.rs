//! Many at once, over sockets, against the program itself, on both engines: the last unit, the last seat, one wallet,
//! one order's money, one key, a flash sale. Every answer is looked at, every fen is counted, and the audit must be
//! clean (INV-01 to INV-04, INV-43).
//!
//! `RACE_ROUNDS` is the number of rounds of the first two (1,000 when nothing is said), `RACE_ORDERS` that of the orders
//! of the flash sale (20,000).
#![cfg(test)]

mod flash;
mod lanes;
mod money;

use std::path::PathBuf;
use std::time::Instant;

use testkit::http::Reply;
use testkit::market::{Market, Member};
use testkit::process::{Place, Running};
use tokio::task::JoinSet;

/// A server over a store of its own.
struct World {
    place: Place,
    server: Running,
    market: Market,
    _folder: tempfile::TempDir,
}

/// Puts a server up, lets `body` race on it, and audits the running store.
fn race(database: Option<String>, body: impl AsyncFnOnce(&mut World)) {
    let folder = tempfile::tempdir().unwrap();
    let program = PathBuf::from(env!("CARGO_BIN_EXE_tuan"));
    let place = Place { program, folder: folder.path().to_path_buf(), database };
    place.found();
    let run = async {
        let server = place.serve(&[("TUAN_LOG", "off"), ("TUAN_ANONYMOUS_WRITES_PER_MINUTE", "1000000")]);
        let market = Market::open(server.address).await.unwrap();
        let mut world = World { place, server, market, _folder: folder };
        body(&mut world).await;
        world.server.kill();
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(run);
}

/// Audits the store under the running server, and tells how long it and the race took.
fn finish(world: &World, what: &str, started: Instant) {
    let raced = started.elapsed();
    world.place.audit();
    println!("{what}: {raced:.1?}, audit {:.1?}", started.elapsed() - raced);
}

/// Lets everybody do the same at the same moment; who, and what came of it.
async fn all_at_once<P, T, F>(people: Vec<P>, each: impl Fn(P) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for one in people {
        tasks.spawn(each(one));
    }
    tasks.join_all().await
}

/// Checks that a payment was either made or refused for one of these reasons; whether it was made.
#[track_caller]
fn is_made(reply: &Reply, reasons: &[&str]) -> bool {
    if reply.status == 201 {
        return true;
    }
    let code = reply.code();
    assert!(reply.status == 409 && reasons.contains(&code.as_str()), "{} {}", reply.status, reply.text());
    false
}

/// People with money.
async fn crowd(world: &World, first: usize, count: usize, fen: i64) -> Vec<Member> {
    let mut crowd = Vec::new();
    for number in first..first + count {
        crowd.push(world.market.member(number, fen).await.unwrap());
    }
    crowd
}

fn size(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// All of them, one after the other.
async fn all(world: &mut World) {
    lanes::last_units(world).await;
    lanes::last_seats(world).await;
    money::all(world).await;
    flash::sale(world).await;
}

#[test]
fn sqlite() {
    race(None, all);
}

#[test]
fn postgres() {
    race(Some(testkit::fresh_database()), all);
}
