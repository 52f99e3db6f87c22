//! Narrowing down, orders, pages, counts, marks.

use serde_json::Value;
use testkit::{App, app_test};

use crate::{encoded, find, follower, parts, product, sell, shop};

async fn search(app: &App, rest: &str) -> Value {
    app.get(&format!("/api/v1/search?q={}&{rest}", encoded("苹果")), "").await.expect(200)
}

fn prices(found: &Value) -> Vec<i64> {
    let items = found["items"].as_array().unwrap().iter();
    items.map(|item| item["product"]["price"]["amount_minor"].as_i64().unwrap()).collect()
}

async fn world(app: &App) {
    for n in 1..=2_u8 {
        let (merchant, _) = shop(app, n).await;
        let make = |i: i64| {
            let place = if i % 3 == 0 { "山东" } else { "陕西" };
            let category = if i % 5 == 0 { "snacks" } else { "fruit" };
            let facts = format!("产地:{place};等级:一级");
            product(&format!("苹果 {n}-{i}"), &format!("c{i}"), &facts, (category, i * 100))
        };
        sell(app, merchant, (1..=30).map(make).collect()).await;
    }
    follower(app).catch_up().await.unwrap();
}

app_test!(what_is_found_can_be_narrowed_down_and_counted, parts, |app| {
    world(&app).await;
    let all = search(&app, "counts=true").await;
    assert_eq!((all["total"].as_u64(), all["counts"]["together"].as_u64()), (Some(60), Some(0)));
    let counts = |of: &str| {
        let counts = all["counts"][of].as_array().unwrap().iter();
        counts.map(|count| count["count"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((counts("categories"), counts("merchants")), (vec![48, 12], vec![30, 30]));
    assert_eq!(counts("prices").iter().sum::<u64>(), 60);
    // A fact that all have narrows nothing down.
    let facts = all["counts"]["facts"].as_array().unwrap();
    assert_eq!((facts.len(), facts[0]["name"].as_str()), (1, Some("产地")));
    assert_eq!(facts[0]["values"][0]["count"].as_u64(), Some(40));
    let merchant = all["counts"]["merchants"][0]["merchant"].as_str().unwrap();
    let category = all["counts"]["categories"][1]["category"].as_str().unwrap();
    for (filter, total) in [
        (format!("merchant={merchant}"), 30),
        (format!("category={category}"), 12),
        (format!("facts={}", encoded("产地:山东")), 20),
        (format!("facts={}", encoded("产地:山东|产地:陕西")), 0),
        ("price_from=1000&price_to=2000".to_owned(), 22),
        ("together=true".to_owned(), 0),
        (format!("merchant={merchant}&category={category}&price_to=1500"), 3),
    ] {
        assert_eq!(search(&app, &filter).await["total"].as_u64(), Some(total), "{filter}");
    }
});

app_test!(pages_of_every_order_are_whole, parts, |app| {
    world(&app).await;
    for sort in ["fit", "new", "price", "-price"] {
        let (mut seen, mut all_prices, mut cursor) = (Vec::new(), Vec::new(), String::new());
        loop {
            let page = search(&app, &format!("sort={sort}&limit=7{cursor}")).await;
            all_prices.extend(prices(&page));
            let items = page["items"].as_array().unwrap().iter();
            seen.extend(items.map(|item| item["product"]["id"].as_str().unwrap().to_owned()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={}", encoded(next));
        }
        assert_eq!(seen.len(), 60, "{sort}");
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 60, "{sort}");
        match sort {
            "price" => assert!(all_prices.is_sorted()),
            "-price" => assert!(all_prices.iter().rev().is_sorted()),
            _ => {}
        }
    }
    // Without words everything is listed, newest first.
    let all = app.get("/api/v1/search?limit=1", "").await.expect(200);
    assert_eq!(all["total"].as_u64(), Some(60));
});

app_test!(more_than_a_hundred_can_be_turned_through, parts, |app| {
    let (merchant, _) = shop(&app, 1).await;
    let make = |n: i64| product("苹果", &format!("c{n}"), "", ("fruit", n));
    sell(&app, merchant, (1..=130).map(make).collect()).await;
    follower(&app).catch_up().await.unwrap();
    let first = search(&app, "limit=100&sort=price").await;
    let next = encoded(first["next_cursor"].as_str().unwrap());
    let second = search(&app, &format!("limit=100&sort=price&cursor={next}")).await;
    assert_eq!((prices(&second).len(), prices(&second)[0]), (30, 101));
    assert!(second["next_cursor"].is_null());
});

app_test!(matches_are_marked_and_slips_put_right, parts, |app| {
    let (merchant, _) = shop(&app, 1).await;
    let titles = ["山东 红富士苹果 5kg", "西红柿 3斤", "Butter Cookies"];
    let products = (0..).zip(titles).map(|(n, title)| product(title, &format!("c{n}"), "", ("fruit", 1_000)));
    sell(&app, merchant, products.collect()).await;
    follower(&app).catch_up().await.unwrap();
    for (query, marks) in [
        ("苹果", vec![(6, 8)]),
        ("pingguo", vec![(6, 8)]),
        ("hfs", vec![(3, 6)]),
        ("苹果 5公斤", vec![(6, 8), (9, 12)]),
        ("番茄", vec![(0, 3)]),
        ("COOKIES", vec![(7, 14)]),
    ] {
        let found = find(&app, query).await;
        let found = found["items"][0]["marks"].as_array().unwrap().iter();
        let found: Vec<_> = found.map(|m| (m["from"].as_u64().unwrap(), m["to"].as_u64().unwrap())).collect();
        assert_eq!(found, marks, "{query}");
    }
    for (query, meant) in [("苹菓", "苹果"), ("cokies", "cookies"), ("hongfushi 平果", "红富士 苹果")]
    {
        let found = find(&app, query).await;
        assert_eq!(
            (found["meant"].as_str(), found["is_loose"].as_bool()),
            (Some(meant), Some(true)),
            "{query}"
        );
        assert_eq!(found["items"].as_array().unwrap().len(), 1, "{query}");
    }
    let found = find(&app, "苹果").await;
    assert_eq!((&found["meant"], found["is_loose"].as_bool()), (&Value::Null, Some(false)));
});
