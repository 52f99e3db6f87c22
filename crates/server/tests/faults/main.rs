//! What goes wrong around the program: a full disk, a database that goes away, an end in the middle of requests,
//! clients that stall, a second process on the same store.
#![expect(clippy::disallowed_methods, reason = "a test starts tasks of its own")]
#![cfg(test)]

mod crowd;
mod disk;
mod nodes;
mod postgres;
mod search;
mod sockets;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use testkit::http::Http;
use testkit::process::Place;
use testkit::shopper::Refusal;

const USUAL: (&str, &str) = ("TUAN_ANONYMOUS_WRITES_PER_MINUTE", "1000000");
const PRICE: i64 = 1_000;

/// A place with an empty demo store; the folder goes with the second.
fn place(database: Option<String>) -> (Place, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let program = PathBuf::from(env!("CARGO_BIN_EXE_tuan"));
    let place = Place { program, folder: folder.path().to_path_buf(), database };
    place.found();
    (place, folder)
}

/// Reads a page without asking for more than its status.
async fn status(http: &mut Http, path: &str) -> u16 {
    http.send("GET", path, "", &serde_json::Value::Null).await.unwrap().status
}

/// An answer that says "not now": why, what to do, and when. Never that something is broken.
#[track_caller]
fn says_not_now(refusal: &Refusal, codes: &[&str], within: Duration) {
    let Refusal { reply, took } = refusal;
    assert_eq!(reply.status, 503, "{}", reply.text());
    assert!(codes.contains(&reply.code().as_str()), "{}", reply.text());
    assert!(reply.text().contains("same Idempotency-Key"), "{}", reply.text());
    assert!(reply.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok()));
    assert!(*took < within, "answered after {took:?}: {}", reply.text());
}

/// A figure of `/metrics` without labels, or with them in `name`; none when it is not told.
fn figure(metrics: &str, name: &str) -> Option<i64> {
    metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

/// Tries until it is so; a bound on the time makes a hang a failure.
async fn until<F: Future<Output = bool>>(what: &str, most: Duration, mut is_so: impl FnMut() -> F) {
    let started = Instant::now();
    while !is_so().await {
        assert!(started.elapsed() < most, "{what}: not after {most:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
