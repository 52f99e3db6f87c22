use super::*;
use testkit::app_test;

fn titles(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
}

app_test!(products_are_listed_sorted_and_paged, parts, |app| {
    let (one, two) = (shop(&app, 1).await, shop(&app, 2).await);
    for (n, price) in [300, 100, 200, 100, 500].into_iter().enumerate() {
        app.pass(1).await;
        one.publish(&app, simple(&format!("p{n}"), &format!("P{n}"), price)).await;
    }
    app.pass(1).await;
    let mut other = simple("q", "Q", 50);
    other["category"] = json!(category(2));
    two.publish(&app, other).await;
    one.create(&app, simple("draft", "D", 1)).await;

    let all = |query: String| {
        let app = &app;
        async move {
            let (mut found, mut cursor) = (Vec::new(), String::new());
            loop {
                let path = format!("/api/v1/products?limit=2&{query}{cursor}");
                let page = app.get(&path, "").await.expect(200);
                found.extend(titles(&page));
                match page["next_cursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => return found,
                }
            }
        }
    };
    assert_eq!(all(String::new()).await, ["q", "p4", "p3", "p2", "p1", "p0"]);
    let up = all("sort=price".to_owned()).await;
    assert_eq!([&up[..1], &up[3..]].concat(), ["q", "p2", "p0", "p4"]);
    let mut down = all("sort=-price".to_owned()).await;
    down.reverse();
    assert_eq!(down, up);
    assert_eq!(all(format!("category={}", category(2))).await, ["q"]);
    assert_eq!(all(format!("merchant={}", one.id)).await.len(), 5);
    assert_eq!(all(format!("merchant={}&category={}", one.id, category(2))).await.len(), 0);
    app.get("/api/v1/products?sort=old", "").await.expect_problem(400, "query.invalid");
    app.get("/api/v1/products?category=x", "").await.expect_problem(400, "query.invalid");
    // A cursor that means nothing does not start over: a client would walk in circles.
    app.get("/api/v1/products?cursor=%27%3B--", "").await.expect_problem(400, "query.invalid");

    let own = app.get(&format!("{}?state=draft", one.path("products")), &one.token).await.expect(200);
    assert_eq!(titles(&own), ["draft"]);
    let first = app.get(&format!("{}?limit=4", one.path("products")), &one.token).await.expect(200);
    let rest = format!("{}?cursor={}", one.path("products"), first["next_cursor"].as_str().unwrap());
    let rest = app.get(&rest, &one.token).await.expect(200);
    assert_eq!((titles(&first).len(), titles(&rest).len()), (4, 2));
});

app_test!(products_are_found_by_all_their_words, parts, |app| {
    let shop = shop(&app, 1).await;
    shop.publish(&app, simple("烟台红富士苹果 5kg 装", "APPLE-5", 100)).await;
    shop.publish(&app, simple("苹果手机壳", "CASE", 100)).await;
    shop.publish(&app, shirt(["R1", "B1"])).await;
    let find = |q: &str| {
        let path = format!("{}?q={}", shop.path("products"), encoded(q));
        let (app, token) = (&app, &shop.token);
        async move {
            let mut found = titles(&app.get(&path, token).await.expect(200));
            found.sort();
            found
        }
    };
    assert_eq!(find("苹果").await.len(), 2);
    assert_eq!(find("红富士").await, ["烟台红富士苹果 5kg 装"]);
    assert_eq!(find("苹果 5KG").await, ["烟台红富士苹果 5kg 装"]);
    assert_eq!(find("apple").await, ["烟台红富士苹果 5kg 装"]);
    assert_eq!(find("app").await, ["烟台红富士苹果 5kg 装"]);
    assert_eq!(find("壳").await, ["苹果手机壳"]);
    assert_eq!(find("浙江").await, ["纯棉 T-shirt"]);
    assert_eq!(find("果苹").await.len(), 0);
    assert_eq!(find("%' OR 1=1 --").await.len(), 0);
    assert_eq!(find("  ").await.len(), 3);
    let own = format!("{}?q={}", shop.path("products"), encoded("r1"));
    assert_eq!(titles(&app.get(&own, &shop.token).await.expect(200)), ["纯棉 T-shirt"]);
});

pub(crate) fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

app_test!(categories_are_there, parts, |app| {
    let list = app.get("/api/v1/categories", "").await.expect(200);
    assert_eq!(list["items"][0]["id"], json!(category(1)));
    assert_eq!(list["items"][0]["slug"], "fruit");
    assert!(list["items"].as_array().unwrap().len() > 10);
});

app_test!(stock_is_listed_with_titles, parts, |app| {
    let shop = shop(&app, 1).await;
    shop.create(&app, simple("a", "A", 100)).await;
    shop.create(&app, shirt(["R", "B"])).await;
    let all = app.get(&shop.path("stock"), &shop.token).await.expect(200);
    let mut found: Vec<_> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["code"].clone(), row["available"].clone()))
        .collect();
    found.sort_by_key(|(code, _)| code.to_string());
    // A variant that came without units is there too, so that the first can be put in.
    assert_eq!(found, [(json!("A"), json!(5)), (json!("B"), json!(0)), (json!("R"), json!(3))]);
    let low = app.get(&format!("{}?low=3", shop.path("stock")), &shop.token).await.expect(200);
    assert_eq!(titles(&low), ["纯棉 T-shirt"; 2]);
    let mut values: Vec<_> =
        low["items"].as_array().unwrap().iter().map(|row| &row["option_values"]).collect();
    values.sort_by_key(ToString::to_string);
    assert_eq!(values, [&json!(["红"]), &json!(["蓝"])]);
    let bare = &all["items"].as_array().unwrap().iter().find(|row| row["code"] == "B").unwrap()["sku"];
    let path = format!("/api/v1/skus/{}/stock/adjust", bare.as_str().unwrap());
    let first = json!({ "delta": 4, "reason": "stocking" });
    let level = app.post(&path, &shop.token, first).await.expect(200);
    assert_eq!(level["available"], 4);
});
