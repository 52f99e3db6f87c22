//! Cases from outside, where they are at hand: the folder that `TUAN_INTEROP` names.

use std::path::PathBuf;
use std::time::Instant;

use serde_json::Value;
use testkit::{App, Engine};

use crate::{find, follower, parts, product, sell, shop, titles};

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("TUAN_INTEROP").map(|folder| PathBuf::from(folder).join("chinese_text"));
    if folder.is_none() {
        println!("skipped: TUAN_INTEROP names no folder with cases");
    }
    folder
}

fn cases(folder: &std::path::Path, kind: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join("expected.jsonl")).unwrap();
    let cases = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    cases.filter(|case| case["kind"] == kind).collect()
}

// One engine: nothing here depends on the store.
#[test]
fn real_queries_are_answered_soon() {
    let Some(folder) = folder() else { return };
    let text = std::fs::read_to_string(folder.join("files/ecom-queries-1000.tsv")).unwrap();
    let queries: Vec<&str> = text.lines().filter_map(|line| line.split('\t').nth(1)).collect();
    testkit::block_on(async {
        let app = App::new(Engine::Sqlite, parts);
        let (merchant, _) = shop(&app, 1).await;
        let rows =
            include_str!("../data/products.tsv").lines().map(|line| line.split('\t').collect::<Vec<_>>());
        let products = rows.map(|row| product(row[1], row[0], row[3], ("other", 1_000)));
        sell(&app, merchant, products.collect()).await;
        follower(&app).catch_up().await.unwrap();
        let (mut times, mut none, mut loose) = (Vec::new(), 0, 0);
        for query in &queries {
            let begun = Instant::now();
            let found = find(&app, query).await;
            times.push(begun.elapsed());
            none += usize::from(found["total"] == 0);
            loose += usize::from(found["is_loose"] == true);
        }
        times.sort();
        println!(
            "{} queries: {none} find nothing, {loose} only something alike; p50 {:?} p99 {:?}",
            queries.len(),
            times[times.len() / 2],
            times[times.len() * 99 / 100]
        );
        assert!(queries.len() >= 1_000);
    });
}

#[test]
fn titles_are_found_by_pinyin_as_elsewhere() {
    let Some(folder) = folder() else { return };
    let cases = cases(&folder, "pinyin_search_tokens");
    testkit::block_on(async {
        let app = App::new(Engine::Sqlite, parts);
        let (merchant, _) = shop(&app, 1).await;
        let is_chinese = |text: &str| text.chars().all(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        let mut texts: Vec<&str> = cases.iter().filter_map(|case| case["text"].as_str()).collect();
        texts.retain(|text| is_chinese(text) && text.chars().count() > 1);
        texts.sort_unstable();
        texts.dedup();
        let products =
            (0..).zip(&texts).map(|(n, title)| product(title, &format!("c{n}"), "", ("other", 1_000)));
        sell(&app, merchant, products.collect()).await;
        follower(&app).catch_up().await.unwrap();
        let (mut right, mut wrong) = (0, Vec::new());
        for case in &cases {
            let Some(text) = case["text"].as_str().filter(|text| texts.contains(text)) else { continue };
            let tokens = case["expect"]["tokens"].as_object().into_iter().flat_map(|tokens| tokens.values());
            // A single letter says too little for one text to be meant.
            for token in tokens.filter_map(Value::as_str) {
                if token.len() < 2 || !token.bytes().all(|b| b.is_ascii_lowercase()) {
                    continue;
                }
                if titles(&app, token).await.iter().any(|title| title == text) {
                    right += 1;
                } else {
                    wrong.push(format!("{text}: {token}"));
                }
            }
        }
        println!(
            "{} texts, {right} spellings find their text, {} do not: {wrong:?}",
            texts.len(),
            wrong.len()
        );
        assert!(right > 0 && wrong.len() * 20 <= right, "{wrong:?}");
    });
}

#[test]
fn goods_are_found_by_category_brand_and_name() {
    let Some(folder) = folder() else { return };
    let goods = folder.join("files/litemall-goods.jsonl");
    let kinds = ["search_category", "search_brand", "search_known_item"];
    let cases: Vec<Value> = kinds.iter().flat_map(|kind| cases(&folder, kind)).collect();
    if !goods.exists() || cases.is_empty() {
        println!("skipped: {} is not there, or no case names its goods", goods.display());
    }
}
