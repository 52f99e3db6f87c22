//! Killed at random under load: nothing acknowledged is lost, nothing happens twice, every fen is in its place.
//!
//! Shoppers buy over HTTP and keep their own log of what was asked and what was answered. The server is killed with
//! SIGKILL and started again; then whatever was not answered is asked again with the same `Idempotency-Key`, and the
//! log is held against what the server says. `CRASH_ROUNDS` sets how often (INV-43, INV-47, INV-48).
#![expect(clippy::disallowed_methods, reason = "a test starts tasks of its own")]
#![cfg(test)]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use testkit::http::Http;
use testkit::process::{Place, sign_in};
use testkit::shopper::{Basket, Shopper};

const SHOPPERS: u32 = 6;
/// Rounds between two audits of everything; what was acknowledged is checked after each.
const AUDITED_EVERY: u32 = 5;
const TOP_UP: i64 = 50_000_000;

/// A shopper with money, an address and something to buy, whose SKU is the second.
async fn shopper(address: std::net::SocketAddr, number: u32) -> (Shopper, String) {
    let token = sign_in(address, &format!("1390000{number:04}")).await.unwrap();
    let mut http = Http::new(address, &token);
    let home = json!({ "name": "客", "phone": "13900000000", "region": "浙江省杭州市", "street": "一号", "is_default": true });
    let made = http.send("POST", "/api/v1/me/addresses", &format!("home-{number}"), &home).await.unwrap();
    assert!(made.status < 300, "{}", String::from_utf8_lossy(&made.body));
    let key = format!("fund-{number}");
    let body = json!({ "amount_minor": TOP_UP });
    let funded = http.send("POST", "/api/v1/demo/wallet-top-ups", &key, &body).await.unwrap();
    assert_eq!(funded.status, 201);
    let (sku, price) = something_to_buy(&mut http).await;
    let address = made.json()["id"].as_str().unwrap().to_owned();
    let basket = Basket { address, sku: sku.clone(), price, funds: TOP_UP };
    (Shopper::new(http, format!("crash-{number}"), basket), sku)
}

/// So much of it that no test buys it out.
async fn stock_up(address: std::net::SocketAddr, sku: &str) {
    for phone in ["13800009001", "13800009002", "13800009003"] {
        let token = sign_in(address, phone).await.unwrap();
        let path = format!("/api/v1/skus/{sku}/stock/adjust");
        let body = json!({ "delta": 1_000_000, "reason": "stocking" });
        let adjusted = Http::new(address, &token).send("POST", &path, "stock-up", &body).await.unwrap();
        if adjusted.status == 200 {
            return;
        }
    }
    panic!("none of the owners sells {sku}");
}

/// The SKU with the most in stock, and what one of it costs with delivery.
async fn something_to_buy(http: &mut Http) -> (String, i64) {
    let list = http.send("GET", "/api/v1/products?limit=50", "", &Value::Null).await.unwrap().json();
    let mut best = (0, String::new());
    for card in list["items"].as_array().unwrap() {
        let path = format!("/api/v1/products/{}", card["id"].as_str().unwrap());
        let product = http.send("GET", &path, "", &Value::Null).await.unwrap().json();
        // A paid card changes the price of the next one.
        if product["is_virtual"] == true {
            continue;
        }
        for sku in product["skus"].as_array().unwrap() {
            let available = sku["available"].as_i64().unwrap();
            if available > best.0 {
                best = (available, sku["id"].as_str().unwrap().to_owned());
            }
        }
    }
    let body = json!({ "items": [{ "sku": best.1, "qty": 1 }] });
    let quote = http.send("POST", "/api/v1/quotes", "", &body).await.unwrap().json();
    (best.1, quote["total"]["amount_minor"].as_i64().unwrap())
}

fn rounds(usual: u32) -> u32 {
    std::env::var("CRASH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

async fn crash(place: Place, rounds: u32) {
    let mut server = place.serve(&[]);
    let (mut shoppers, mut skus) = (Vec::new(), std::collections::BTreeSet::new());
    for number in 0..SHOPPERS {
        let (shopper, sku) = shopper(server.address, number).await;
        shoppers.push(shopper);
        skus.insert(sku);
    }
    for sku in skus {
        stock_up(server.address, &sku).await;
    }
    for round in 0..rounds {
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = tokio::task::JoinSet::new();
        for mut shopper in shoppers.drain(..) {
            let stop = Arc::clone(&stop);
            tasks.spawn(async move {
                shopper.shop(&stop).await;
                shopper
            });
        }
        // Different every round, without a clock or a seed: the process id and the round spread the moments.
        let wait = 40 + u64::from((std::process::id().wrapping_mul(31) + round * 97) % 260);
        tokio::time::sleep(Duration::from_millis(wait)).await;
        server.kill();
        stop.store(true, Ordering::Relaxed);
        shoppers = tasks.join_all().await;
        server = place.serve(&[]);
        for shopper in &mut shoppers {
            shopper.http.set_address(server.address);
            shopper.check().await;
        }
        // The audit reads the whole history, which grows from round to round.
        if round % AUDITED_EVERY == 0 || round + 1 == rounds {
            place.audit();
        }
    }
    assert!(shoppers.iter().all(|shopper| shopper.paid > 0), "somebody bought nothing between the crashes");
    server.kill();
}

/// A library that lets fsync fail as soon as a file is there: what a dying disk does.
const FAILING_FSYNC: &str = r#"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
static int fails(void) { const char *flag = getenv("FAIL_FSYNC_WHEN"); return flag && access(flag, F_OK) == 0; }
int fsync(int fd) { if (fails()) { errno = EIO; return -1; } (void)fd; sync(); return 0; }
int fdatasync(int fd) { if (fails()) { errno = EIO; return -1; } (void)fd; sync(); return 0; }
"#;

/// A failed fsync is the end: nothing is acknowledged after it, the server stops with an error, and what was
/// acknowledged before is there after a restart.
async fn failing_disk(place: Place) {
    let folder = place.folder.clone();
    let (source, library, flag) =
        (folder.join("fsync.c"), folder.join("fsync.so"), folder.join("disk-is-dying"));
    std::fs::write(&source, FAILING_FSYNC).unwrap();
    let compiler = std::process::Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([&library, &source])
        .status()
        .expect("a C compiler");
    assert!(compiler.success());
    let (library, flag_text) = (library.to_str().unwrap(), flag.to_str().unwrap());
    let server = place.serve(&[("LD_PRELOAD", library), ("FAIL_FSYNC_WHEN", flag_text)]);
    let (mut shopper, sku) = shopper(server.address, 1).await;
    stock_up(server.address, &sku).await;
    let stop = Arc::new(AtomicBool::new(false));
    let own_stop = Arc::clone(&stop);
    let shopping = tokio::task::spawn(async move {
        shopper.shop(&own_stop).await;
        shopper
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    std::fs::write(&flag, "").unwrap();
    let status = tokio::task::spawn_blocking(move || server.wait(Duration::from_secs(30))).await.unwrap();
    let status = status.expect("the server stops by itself");
    assert!(!status.success(), "the server must not end as if all were well");
    stop.store(true, Ordering::Relaxed);
    let mut shopper = shopping.await.unwrap();
    std::fs::remove_file(&flag).unwrap();
    let server = place.serve(&[]);
    shopper.http.set_address(server.address);
    shopper.check().await;
    assert!(shopper.paid > 0);
    server.kill();
    place.audit();
}

#[test]
fn a_failed_fsync_is_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let program = PathBuf::from(env!("CARGO_BIN_EXE_tuan"));
    let place = Place { program, folder: folder.path().to_path_buf(), database: None };
    place.fill();
    testkit::block_on(failing_disk(place));
}

fn run(database: Option<String>, usual: u32) {
    let folder = tempfile::tempdir().unwrap();
    let program = PathBuf::from(env!("CARGO_BIN_EXE_tuan"));
    let place = Place { program, folder: folder.path().to_path_buf(), database };
    place.fill();
    testkit::block_on(crash(place, rounds(usual)));
}

#[test]
fn sqlite() {
    run(None, 30);
}

#[test]
fn postgres() {
    run(Some(testkit::fresh_database()), 10);
}
