//! What is changed is found as it is, and nothing is found that is not on sale.

use std::time::{Duration, Instant};

use db::{DbError, Lane, Tx};
use search::api::{Follower, Search};
use serde_json::json;
use testkit::{App, app_test};
use work::Tasks;

use crate::{find, follower, parts, product, sell, shop, titles};

/// Waits until `query` finds these titles; answers how long that took.
async fn until(app: &App, query: &str, wanted: &[&str]) -> Duration {
    let begun = Instant::now();
    loop {
        let found = titles(app, query).await;
        if found == wanted {
            return begun.elapsed();
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{query} finds {found:?}, not {wanted:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Two seconds are promised; a machine that does other things besides is given some more.
const SOON: Duration = Duration::from_secs(2);

app_test!(changes_are_found_within_two_seconds, parts, |app| {
    let (merchant, token) = shop(&app, 1).await;
    let tasks = Tasks::default();
    let mut follower = follower(&app);
    follower.catch_up().await.unwrap();
    tasks.spawn(follower.run(tasks.stopping()));
    let ids = sell(&app, merchant, vec![product("红富士苹果", "a", "", ("fruit", 1_000))]).await;
    assert!(until(&app, "苹果", &["红富士苹果"]).await < SOON);
    let path = format!("/api/v1/products/{}", ids[0]);
    let category = format!("cat_{:032x}", 1);
    let sku = json!({ "code": "a", "option_values": [], "price_minor": 500 });
    let body = json!({ "title": "皇冠梨", "category": category, "skus": [sku], "version": 2 });
    app.call("PUT", &path, &token, body).await.expect(200);
    assert!(until(&app, "皇冠", &["皇冠梨"]).await < SOON);
    assert!(until(&app, "富士", &[]).await < SOON);
    app.post(&format!("{path}/archive"), &token, json!(null)).await.expect(200);
    assert_eq!(titles(&app, "皇冠").await, Vec::<String>::new(), "off sale is off at once");
    assert!(until(&app, "皇冠", &[]).await < SOON);
    app.post(&format!("{path}/publish"), &token, json!(null)).await.expect(200);
    assert!(until(&app, "皇冠", &["皇冠梨"]).await < SOON);
    tasks.stop().await;
});

app_test!(there_is_no_answer_from_half_an_index, parts, |app| {
    app.get("/api/v1/search?q=a", "").await.expect_problem(503, "search.busy");
    follower(&app).catch_up().await.unwrap();
    app.get("/api/v1/search?q=a", "").await.expect(200);
});

app_test!(nothing_off_sale_is_shown_however_old_the_index_is, parts, |app| {
    let (merchant, token) = shop(&app, 1).await;
    let titles_of = |n: usize| product(&format!("苹果 {n}"), &format!("c{n}"), "", ("fruit", 1_000));
    let ids = sell(&app, merchant, (0..5).map(titles_of).collect()).await;
    follower(&app).catch_up().await.unwrap();
    for id in &ids[..3] {
        app.post(&format!("/api/v1/products/{id}/archive"), &token, json!(null)).await.expect(200);
    }
    // Nobody follows: the index still has all five.
    let found = find(&app, "苹果").await;
    assert_eq!((found["items"].as_array().unwrap().len(), found["total"].as_u64()), (2, Some(5)));
});

app_test!(an_index_goes_on_where_it_was, parts, |app| {
    let (merchant, _) = shop(&app, 1).await;
    sell(&app, merchant, vec![product("苹果", "a", "", ("fruit", 1_000))]).await;
    let mut first = follower(&app);
    first.catch_up().await.unwrap();
    drop(first);
    sell(&app, merchant, vec![product("香蕉", "b", "", ("fruit", 1_000))]).await;
    // As after a restart, or after the end of the process in the middle: nothing but the folder is left.
    let mut second = follower(&app);
    second.catch_up().await.unwrap();
    assert_eq!(titles(&app, "苹果").await, ["苹果"]);
    assert_eq!(titles(&app, "香蕉").await, ["香蕉"]);
});

app_test!(a_damaged_or_missing_index_is_made_anew, parts, |app| {
    let (merchant, _) = shop(&app, 1).await;
    sell(&app, merchant, vec![product("苹果", "a", "", ("fruit", 1_000))]).await;
    let folder = app.ctx.extension::<tempfile::TempDir>().unwrap().path().join("search/0/index");
    for damage in ["none", "meta", "data", "all"] {
        follower(&app).catch_up().await.unwrap();
        assert_eq!(titles(&app, "苹果").await, ["苹果"], "{damage}");
        match damage {
            "meta" => std::fs::write(folder.join("meta.json"), "{").unwrap(),
            "data" => {
                for file in std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()) {
                    if file.extension().is_some_and(|kind| kind == "pos" || kind == "idx") {
                        let mut bytes = std::fs::read(&file).unwrap();
                        bytes[0] ^= 0xff;
                        std::fs::write(&file, bytes).unwrap();
                    }
                }
            }
            "all" => std::fs::remove_dir_all(&folder).unwrap(),
            _ => {}
        }
    }
    follower(&app).catch_up().await.unwrap();
    assert_eq!(titles(&app, "苹果").await, ["苹果"]);
});

app_test!(an_index_ahead_of_its_store_is_made_anew, parts, |app| {
    let (merchant, _) = shop(&app, 1).await;
    sell(&app, merchant, vec![product("苹果", "a", "", ("fruit", 1_000))]).await;
    follower(&app).catch_up().await.unwrap();
    // The store is put back to before anything was sold.
    let back = |tx: &mut Tx| {
        tx.execute("UPDATE catalog_feed SET last = 0 WHERE last > 0", &[])?;
        tx.execute("DELETE FROM catalog_change WHERE number > 0", &[])?;
        tx.execute("UPDATE catalog_product SET state = 'draft' WHERE state <> 'draft'", &[]).map(|_| ())
    };
    app.store.db.write::<_, DbError, _>(Lane::Interactive, back).await.unwrap();
    follower(&app).catch_up().await.unwrap();
    assert_eq!(find(&app, "苹果").await["total"].as_u64(), Some(0));
    // Or to another state with as many changes: then it has no name, and gets another.
    sell(&app, merchant, vec![product("香蕉", "b", "", ("fruit", 1_000))]).await;
    let rename = |tx: &mut Tx| db::set_fact(tx, search::api::STORE, 7);
    app.store.db.write::<_, DbError, _>(Lane::Interactive, rename).await.unwrap();
    follower(&app).catch_up().await.unwrap();
    assert_eq!(titles(&app, "香蕉").await, ["香蕉"]);
});

app_test!(no_change_is_missed_while_many_write, parts, |app| {
    let mut shops = Vec::new();
    for n in 1..=6 {
        shops.push(shop(&app, n * 16 % 90 + 1).await.0);
    }
    let tasks = Tasks::default();
    let mut follower = follower(&app);
    follower.catch_up().await.unwrap();
    tasks.spawn(follower.run(tasks.stopping()));
    let writers = shops.iter().enumerate().map(|(shop, merchant)| {
        let app = &app;
        async move {
            for n in 0..10 {
                let title = format!("苹果 {shop} 号 {n}");
                sell(app, *merchant, vec![product(&title, &format!("c{n}"), "", ("fruit", 1_000))]).await;
            }
        }
    });
    testkit::join_all(writers).await;
    let begun = Instant::now();
    while find(&app, "苹果").await["total"].as_u64() != Some(60) {
        assert!(begun.elapsed() < Duration::from_secs(20), "{}", find(&app, "苹果").await["total"]);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tasks.stop().await;
});

app_test!(two_processes_share_a_folder_and_not_an_index, parts, |app| {
    let (merchant, _) = shop(&app, 1).await;
    sell(&app, merchant, vec![product("苹果", "a", "", ("fruit", 1_000))]).await;
    let folder = app.ctx.extension::<tempfile::TempDir>().unwrap().path().join("search");
    let mut here = follower(&app);
    let mut there = Follower::new(Search::new(folder.clone()), app.store.db.clone());
    here.catch_up().await.unwrap();
    there.catch_up().await.unwrap();
    assert!(folder.join("0/index/meta.json").exists() && folder.join("1/index/meta.json").exists());
});
