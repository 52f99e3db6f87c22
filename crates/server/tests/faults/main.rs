//! What goes wrong around the program: a full disk, a database that goes away, an end in the middle of requests,
//! clients that stall, a second process on the same store.
#![expect(clippy::disallowed_methods, reason = "a test starts tasks of its own")]
#![cfg(test)]

mod disk;
mod nodes;
mod sockets;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use testkit::http::Http;
use testkit::process::Place;

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

/// Tries until it is so; a bound on the time makes a hang a failure.
async fn until<F: Future<Output = bool>>(what: &str, most: Duration, mut is_so: impl FnMut() -> F) {
    let started = Instant::now();
    while !is_so().await {
        assert!(started.elapsed() < most, "{what}: not after {most:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
