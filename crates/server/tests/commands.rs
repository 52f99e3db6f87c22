//! The commands of `tuan`, run as people run them.
#![cfg(test)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use testkit::http::Http;
use testkit::process::{Place, sign_in};

fn place(folder: &Path, database: Option<String>) -> Place {
    Place { program: PathBuf::from(env!("CARGO_BIN_EXE_tuan")), folder: folder.join("store"), database }
}

fn sample(name: &str) -> String {
    format!("{}/tests/sample/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn told(output: &std::process::Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn must(place: &Place, arguments: &[&str]) -> String {
    let output = place.run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", told(&output));
    told(&output)
}

/// Whatever has a store of its own is refused until it is safe, and says what is missing.
#[test]
fn unsafe_settings_are_refused_outside_a_demo() {
    let folder = tempfile::tempdir().unwrap();
    let place = place(folder.path(), None);
    let output = place.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    for name in ["public_url", "entry_secret", "sms_url", "sms_secret"] {
        assert!(told(&output).contains(name), "{}", told(&output));
    }
    assert!(!place.folder.join("tuan.db").exists());
    assert_eq!(place.run(&["demo", "--no-serve", "--config", "/nowhere"]).status.code(), Some(1));
}

/// A world, an import and a replay leave the books in order; a backup of them is whole.
fn the_whole_way(folder: &Path, database: Option<String>) {
    let place = place(folder, database);
    place.fill();
    place.audit();
    // A second time nothing is done twice.
    place.fill();
    must(&place, &["migrate", "status"]);
    imports_give_nobody_a_right(&place);
    let server = place.serve(&[]);
    let url = format!("http://{}", server.address);
    let file = sample("baskets.csv");
    let replay = std::process::Command::new(&place.program)
        .args(["replay", "orders", &file, "--url", &url, "--clients", "4"])
        .output()
        .unwrap();
    assert!(replay.status.success(), "{}", told(&replay));
    assert!(told(&replay).contains("0 lines name items"), "{}", told(&replay));
    place.audit();
    let copy = folder.join("copy.db");
    let copy = copy.to_str().unwrap();
    must(&place, &["backup", copy]);
    let (restored, other) = (folder.join("restored"), folder.join("other"));
    let empty = place.database.as_ref().map(|_| testkit::fresh_database());
    let restore = |folder: &Path| {
        let mut command = std::process::Command::new(&place.program);
        command.args(["restore", copy, "--verify", "--dir"]).arg(folder);
        if let Some(url) = &empty {
            command.args(["--database", url]);
        }
        command.output().unwrap()
    };
    let output = restore(&restored);
    assert!(output.status.success(), "{}", told(&output));
    assert!(told(&output).contains("invariants hold"), "{}", told(&output));
    assert!(restored.join("media").exists());
    assert_eq!(restore(&restored).status.code(), Some(2), "a folder in use is left alone");
    if empty.is_some() {
        assert_eq!(restore(&other).status.code(), Some(2), "a database in use is left alone");
        assert!(!other.exists());
    }
    a_broken_backup_makes_nothing(&place, Path::new(copy), folder);
    std::fs::write(copy, b"damaged").unwrap();
    assert_eq!(restore(&other).status.code(), Some(1));
    // What cannot be listed is not left out of a backup in silence.
    let media = place.folder.join("media");
    std::fs::rename(&media, place.folder.join("elsewhere")).unwrap();
    std::fs::write(&media, b"").unwrap();
    let output = place.run(&["backup", folder.join("second.db").to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
}

/// A shop is filled by those who work there; whose phone is given becomes nobody by that.
fn imports_give_nobody_a_right(place: &Place) {
    let items = sample("items.csv");
    let told_of = must(place, &["import", "catalog", &items, "--open-shop", "礼品屋"]);
    let shop = told_of.split_whitespace().find_map(|word| word.strip_suffix(';')).unwrap();
    assert!(shop.starts_with("mer_"), "{told_of}");
    let again = ["import", "catalog", &items, "--merchant", shop, "--dry-run"];
    assert!(must(place, &again).contains("0 created, 0 updated"));
    let stranger = [&again[..], &["--owner-phone", "13911110000"]].concat();
    let output = place.run(&stranger);
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    let dry = place.run(&["import", "catalog", &items, "--open-shop", "礼品屋", "--dry-run"]);
    assert_eq!(dry.status.code(), Some(2), "a dry run opens no shop: {}", told(&dry));
}

/// A picture that is damaged, or named where no picture lies, is told before anything is made.
fn a_broken_backup_makes_nothing(place: &Place, copy: &Path, folder: &Path) {
    let other = folder.join("other");
    let empty = place.database.as_ref().map(|_| testkit::fresh_database());
    let refused = || {
        let mut command = std::process::Command::new(&place.program);
        command.arg("restore").arg(copy).arg("--dir").arg(&other);
        if let Some(url) = &empty {
            command.args(["--database", url]);
        }
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", told(&output));
        assert!(!other.exists(), "{}", told(&output));
    };
    let list = PathBuf::from(format!("{}.json", copy.display()));
    let text = std::fs::read(&list).unwrap();
    let mut manifest: Value = serde_json::from_slice(&text).unwrap();
    let first = manifest["media"][0][0].as_str().unwrap().to_owned();
    let picture = PathBuf::from(format!("{}.media", copy.display())).join(&first);
    let bytes = std::fs::read(&picture).unwrap();
    std::fs::write(&picture, b"damaged").unwrap();
    refused();
    std::fs::write(&picture, bytes).unwrap();
    manifest["media"][0][0] = json!(format!("../{}.media/{first}", copy.file_name().unwrap().display()));
    std::fs::write(&list, manifest.to_string()).unwrap();
    refused();
    std::fs::write(&list, text).unwrap();
}

/// What one node does to the clock holds on the other soon after.
#[test]
fn nodes_of_a_demo_agree_on_the_time() {
    // Only PostgreSQL takes several nodes.
    let folder = tempfile::tempdir().unwrap();
    let place = place(folder.path(), Some(testkit::fresh_database()));
    must(&place, &["demo", "--no-serve", "--empty"]);
    let (one, two) = (place.serve(&[]), place.serve(&[]));
    testkit::block_on(async move {
        let (mut one, mut two) = (Http::new(one.address, ""), Http::new(two.address, ""));
        let day = json!({ "seconds": 86_400 });
        let moved = one.send("POST", "/api/v1/demo/clock/advance", "", &day).await.unwrap().json();
        let moved: base::Timestamp = serde_json::from_value(moved["now"].clone()).unwrap();
        let started = std::time::Instant::now();
        loop {
            let now = two.send("GET", "/api/v1/demo/clock", "", &Value::Null).await.unwrap().json();
            let now: base::Timestamp = serde_json::from_value(now["now"].clone()).unwrap();
            if now >= moved {
                break;
            }
            assert!(started.elapsed() < std::time::Duration::from_secs(5), "{now} after {moved}");
        }
    });
}

mod the_whole_way_works {
    #[test]
    fn sqlite() {
        super::the_whole_way(tempfile::tempdir().unwrap().path(), None);
    }

    #[test]
    fn postgres() {
        super::the_whole_way(tempfile::tempdir().unwrap().path(), Some(testkit::fresh_database()));
    }
}

/// An id of the form that the parameter wants; such a thing does not exist.
fn some_id(document: &Value, parameter: &Value) -> String {
    let reference = parameter["schema"]["$ref"].as_str().and_then(|to| to.rsplit('/').next()).unwrap_or("");
    if parameter["schema"]["type"] == "integer" {
        return "1".to_owned();
    }
    let pattern = document["components"]["schemas"][reference]["pattern"].as_str().unwrap_or("");
    match pattern.strip_prefix('^').and_then(|rest| rest.split_once('_')) {
        Some((prefix, _)) => format!("{prefix}_{}", "0".repeat(32)),
        None => parameter["schema"]["enum"][0].as_str().unwrap_or("x").to_owned(),
    }
}

/// The document says of exactly those operations that need an `Idempotency-Key` that they do.
#[test]
fn operations_that_need_a_key_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let place = place(folder.path(), None);
    must(&place, &["demo", "--no-serve", "--empty"]);
    let server = place.serve(&[]);
    let text = std::process::Command::new(&place.program).arg("openapi").output().unwrap().stdout;
    let document: Value = serde_json::from_slice(&text).unwrap();
    let (mut say, mut need) = (BTreeSet::new(), BTreeSet::new());
    testkit::block_on(async move {
        let token = sign_in(server.address, "13800009000").await.unwrap();
        let mut http = Http::new(server.address, &token);
        for (path, operations) in document["paths"].as_object().unwrap() {
            for (method, operation) in operations.as_object().unwrap() {
                let id = operation["operationId"].as_str().unwrap();
                if method == "get" || id == "session_sign_out" {
                    continue;
                }
                let mut filled = path.clone();
                for parameter in operation["parameters"].as_array().into_iter().flatten() {
                    if parameter["in"] == "path" {
                        let name = parameter["name"].as_str().unwrap();
                        filled = filled.replace(&format!("{{{name}}}"), &some_id(&document, parameter));
                    }
                    if parameter["$ref"] == "#/components/parameters/IdempotencyKey" {
                        say.insert(id.to_owned());
                    }
                }
                let answer = http.send(&method.to_uppercase(), &filled, "", &json!({})).await.unwrap();
                assert!(answer.status < 500, "{id}: {}", String::from_utf8_lossy(&answer.body));
                if answer.json()["code"] == "idempotency.key_missing" {
                    need.insert(id.to_owned());
                }
            }
        }
        assert_eq!(say, need);
        assert!(need.len() > 8);
    });
}
