//! What is refused before any handler. On one engine: it never reaches the store.

use std::path::Path;

use serde_json::json;
use testkit::block_on;
use testkit::http::Http;
use testkit::process::Place;

#[test]
fn a_made_up_token_takes_nothing_off_the_count_of_sign_ins() {
    let folder = tempfile::tempdir().unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_tuan")).to_path_buf();
    let place = Place { program, folder: folder.path().join("store"), database: None };
    place.found();
    let server = place.serve(&[("TUAN_ANONYMOUS_WRITES_PER_MINUTE", "4")]);
    block_on(async {
        let mut statuses = Vec::new();
        for token in ["", "made-up-1", "made-up-2"] {
            let mut http = Http::new(server.address, token);
            for _ in 0..2 {
                let guest = json!({ "deliver": "bearer" });
                statuses.push(http.send("POST", "/api/v1/sessions/guest", "", &guest).await.unwrap().status);
            }
        }
        assert_eq!(statuses, [201, 201, 201, 201, 429, 429]);
    });
}
