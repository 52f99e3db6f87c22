//! The disk is full: writes are refused, reads go on, and nothing has to be restarted.

use serde_json::{Value, json};
use testkit::http::Http;
use testkit::market::Market;

use crate::{PRICE, figure, place, status};

/// Fails writes of a process to files while `flag` is there; answers the library.
fn library(folder: &std::path::Path) -> String {
    let (source, library) = (folder.join("disk.c"), folder.join("disk.so"));
    std::fs::write(&source, include_str!("disk.c")).unwrap();
    let mut compiler = std::process::Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-o"]).args([&library, &source]);
    assert!(compiler.status().expect("a C compiler").success());
    library.to_str().unwrap().to_owned()
}

/// Writes refused because of it, as the figures say.
async fn refused(http: &mut Http) -> i64 {
    let metrics = http.send("GET", "/metrics", "", &Value::Null).await.unwrap().text();
    figure(&metrics, "tuan_store_refused_total{reason=\"disk_full\"}").expect("a figure")
}

// PostgreSQL's disk is its own affair; it tells, and `db` has the error.
#[test]
fn a_full_disk_refuses_writes_and_nothing_else() {
    let (place, folder) = place(None);
    let flag = folder.path().join("disk-is-full");
    let library = library(folder.path());
    testkit::block_on(async move {
        let preload = [("LD_PRELOAD", library.as_str()), ("DISK_FULL_WHEN", flag.to_str().unwrap())];
        let server = place.serve(&[crate::USUAL, preload[0], preload[1]]);
        let mut market = Market::open(server.address).await.unwrap();
        let item = market.item("disk", PRICE, 1_000).await.unwrap();
        let mut buyer = market.member(1, 10 * PRICE).await.unwrap();
        let before = buyer.order(&item.sku, PRICE, &Value::Null).await.unwrap();
        assert_eq!(refused(&mut buyer.http).await, 0);
        std::fs::write(&flag, "").unwrap();
        let body = json!({ "orders": [before], "method": "wallet" });
        for _ in 0..10 {
            let told = buyer.http.send("POST", "/api/v1/payments", "full", &body).await.unwrap();
            assert_eq!((told.status, told.code().as_str()), (507, "store.full"), "{}", told.text());
        }
        // Whoever watches the figures sees it; what the program writes by itself is refused and counted too.
        assert!(refused(&mut buyer.http).await >= 10);
        assert_eq!(buyer.wallet().await.unwrap(), 10 * PRICE);
        for path in ["/livez", "/readyz", "/api/v1/products"] {
            assert_eq!(status(&mut buyer.http, path).await, 200, "{path}");
        }
        std::fs::remove_file(&flag).unwrap();
        // The same request, with the same key: the refusal was no answer to keep.
        let paid = buyer.http.send("POST", "/api/v1/payments", "full", &body).await.unwrap();
        assert_eq!(paid.status, 201, "{}", paid.text());
        assert_eq!(buyer.wallet().await.unwrap(), 9 * PRICE);
        place.audit();
        server.kill();
        let server = place.serve(&[crate::USUAL]);
        buyer.http.set_address(server.address);
        assert_eq!(buyer.wallet().await.unwrap(), 9 * PRICE, "after a restart");
        place.audit();
    });
}
