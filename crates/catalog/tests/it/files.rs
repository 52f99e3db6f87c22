use super::*;
use testkit::app_test;

const APPLES: &str = "\
标题,描述,分类,规格1名,规格1值,规格2名,规格2值,货号,价格,划线价,库存,状态,商品编码(handle)
红富士苹果,脆甜,新鲜水果,重量,5斤,,,A5,29.90,39.9,10,上架,apple
,,,,10斤,,,A10,49.9,,5,,apple
雪梨,,新鲜水果,,,,,P1,12,,7,草稿,pear
坏的,,,,,,,B1,免费,,7,,bad
";

async fn import(app: &App, shop: &Shop, is_dry: bool, file: &[u8]) -> Answer {
    let path = shop.path(&format!("products/import?dry_run={is_dry}"));
    upload(app, &path, &shop.token, "text/csv", file.to_vec()).await
}

fn counts(report: &Value) -> [i64; 3] {
    ["created", "updated", "skipped"].map(|key| report[key].as_i64().unwrap())
}

app_test!(a_file_is_looked_at_then_imported_then_left_alone, parts, |app| {
    let shop = shop(&app, 1).await;
    let gbk = encoding_rs::GBK.encode(APPLES).0.into_owned();
    let dry = import(&app, &shop, true, &gbk).await.expect(200);
    assert_eq!((counts(&dry), &dry["dry_run"]), ([2, 0, 1], &json!(true)));
    let problem = json!([{ "row": 5, "column": "价格", "code": "price.malformed",
        "detail": dry["problems"][0]["detail"] }]);
    assert_eq!(dry["problems"], problem);
    assert_eq!(rows(&app).await, [0; 7]);

    let real = import(&app, &shop, false, &gbk).await.expect(200);
    assert_eq!((counts(&real), &real["problems"]), ([2, 0, 1], &problem));
    let list = app.get("/api/v1/products", "").await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let apple = app.get(&product_path(&list["items"][0]), "").await.expect(200);
    assert_eq!(apple["options"], json!([{ "name": "重量", "values": ["5斤", "10斤"] }]));
    assert_eq!(
        (&apple["skus"][0]["available"], &apple["skus"][1]["price"]["amount_minor"]),
        (&json!(10), &json!(4990))
    );
    assert_eq!(apple["category"], json!(category(1)));

    // The same again, and in another encoding, does nothing.
    let before = rows(&app).await;
    for file in [&gbk[..], APPLES.as_bytes()] {
        assert_eq!(counts(&import(&app, &shop, false, file).await.expect(200)), [0, 0, 3]);
    }
    assert_eq!(rows(&app).await, before);

    let changed = APPLES.replace("29.90", "25").replace("草稿", "上架");
    assert_eq!(counts(&import(&app, &shop, true, changed.as_bytes()).await.expect(200)), [0, 2, 1]);
    assert_eq!(rows(&app).await, before);
    assert_eq!(counts(&import(&app, &shop, false, changed.as_bytes()).await.expect(200)), [0, 2, 1]);
    let now = app.get(&product_path(&apple), "").await.expect(200);
    assert_eq!(now["skus"][0]["price"]["amount_minor"], 2500);
    // The stock of a variant that is there is counted elsewhere.
    assert_eq!((&now["skus"][0]["id"], &now["skus"][0]["available"]), (&apple["skus"][0]["id"], &json!(10)));
    assert_eq!(app.get("/api/v1/products", "").await.expect(200)["items"].as_array().unwrap().len(), 2);
});

app_test!(one_that_does_not_go_keeps_none_from_going, parts, |app| {
    let shop = shop(&app, 1).await;
    shop.create(&app, simple("mine", "TAKEN", 100)).await;
    let file = "Handle,Title,Variant SKU,Variant Price\na,A,A1,1\nb,B,TAKEN,1\nc,C,A1,1\nd,D,D1,1\n";
    for is_dry in [true, false] {
        let report = import(&app, &shop, is_dry, file.as_bytes()).await.expect(200);
        assert_eq!(counts(&report), [2, 0, 2]);
        let found: Vec<_> = report["problems"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| (p["row"].clone(), p["column"].clone(), p["code"].clone()))
            .collect();
        let (column, code) = (json!("Variant SKU"), json!("product.code_taken"));
        assert_eq!(found, [(json!(3), column.clone(), code.clone()), (json!(4), column, code)]);
    }
    assert_eq!(count(&app, "SELECT COUNT(*) FROM catalog_product").await, 3);
});

app_test!(files_that_cannot_be_read_are_refused, parts, |app| {
    let shop = shop(&app, 1).await;
    let damaged = APPLES.replace('果', "\u{fffd}");
    let mut long = "Title,Price\n".to_owned();
    for n in 0..50_001 {
        long.push_str(&format!("p{n},1\n"));
    }
    let cases: [(&[u8], &str); 4] = [
        (damaged.as_bytes(), "import.encoding"),
        (b"Name,Cost\nx,1\n", "import.columns"),
        (b"", "import.columns"),
        (long.as_bytes(), "import.too_many_rows"),
    ];
    for (file, code) in cases {
        import(&app, &shop, false, file).await.expect_problem(422, code);
    }
    assert_eq!(rows(&app).await, [0; 7]);
});

app_test!(an_export_is_imported_as_what_it_was, parts, |app| {
    let (one, two) = (shop(&app, 1).await, shop(&app, 2).await);
    let picture = pictures::upload_png(&app, &one, 20, 20).await;
    let mut formula = shirt(["=cmd|' /C calc'!A0", "B"]);
    formula["title"] = json!("=1+1, \"x\"");
    formula["description"] = json!("第一行\n<b> & 二");
    formula["pictures"] = json!([picture["id"]]);
    let product = one.publish(&app, formula).await;
    one.create(&app, simple("苹果", "A", 1250)).await;
    let file = app.get(&one.path("products/export"), &one.token).await;
    assert_eq!(file.status.as_u16(), 200);
    let text = String::from_utf8(file.body.clone()).unwrap();
    assert!(text.starts_with("\u{feff}Handle,Title,"));
    assert!(text.contains("\"'=1+1, \"\"x\"\"\"") && text.contains("'=cmd|"), "{text}");
    for line in text.lines() {
        assert!(line.split(',').all(|cell| !cell.trim_matches('"').starts_with(['=', '+', '@'])), "{line}");
    }
    // Home again: the products are found by their ids. Elsewhere: they are new.
    assert_eq!(counts(&import(&app, &one, false, &file.body).await.expect(200)), [0, 2, 0]);
    assert_eq!(counts(&import(&app, &one, false, &file.body).await.expect(200)), [0, 0, 2]);
    assert_eq!(count(&app, "SELECT COUNT(*) FROM catalog_product").await, 2);
    let mut same = app.get(&product_path(&product), "").await.expect(200);
    let mut before = product.clone();
    for key in ["version", "updated_at"] {
        (same[key], before[key]) = (Value::Null, Value::Null);
    }
    assert_eq!(same, before);
    assert_eq!(counts(&import(&app, &two, false, &file.body).await.expect(200)), [2, 0, 0]);
});

// A list of prices is no description, and what was exported was not changed by that.
app_test!(what_a_file_does_not_speak_of_stays, parts, |app| {
    let shop = shop(&app, 1).await;
    let mut body = shirt(["R", "B"]);
    body["description"] = json!("第一段\n\n第二段");
    let product = shop.create(&app, body).await;
    let path = product_path(&product);
    let seen = |product: &Value| {
        ["state", "description", "category", "title"].map(|key| product[key].as_str().unwrap().to_owned())
    };
    let file = app.get(&shop.path("products/export"), &shop.token).await.body;
    assert_eq!(counts(&import(&app, &shop, false, &file).await.expect(200)), [0, 1, 0]);
    let now = app.get(&path, &shop.token).await.expect(200);
    assert_eq!(seen(&now), seen(&product));

    let id = product["id"].as_str().unwrap();
    let prices = format!(
        "Handle,Title,Option1 Name,Option1 Value,SKU,Price\n{id},纯棉 T-shirt,颜色,红,R,61\n{id},,,蓝,B,51\n"
    );
    assert_eq!(counts(&import(&app, &shop, false, prices.as_bytes()).await.expect(200)), [0, 1, 0]);
    let now = app.get(&path, &shop.token).await.expect(200);
    assert_eq!(seen(&now), seen(&product));
    let amounts = ["price", "compare_price"].map(|key| now["skus"][0][key]["amount_minor"].clone());
    assert_eq!(amounts, [json!(6100), json!(7900)]);
    // A column that is there and empty says that there is nothing.
    let emptied = prices.replace("Price\n", "Price,Description,Compare-at price\n");
    assert_eq!(counts(&import(&app, &shop, false, emptied.as_bytes()).await.expect(200)), [0, 1, 0]);
    let now = app.get(&path, &shop.token).await.expect(200);
    assert_eq!((&now["description"], &now["skus"][0]["compare_price"]), (&json!(""), &Value::Null));
});

// Whoever imports may hang up, and a long import runs into the deadline of requests.
app_test!(an_import_that_is_cut_off_stands_in_the_log, parts, |app| {
    let shop = shop(&app, 1).await;
    let mut file = "Handle,Title,SKU,Price\n".to_owned();
    for n in 0..400 {
        file.push_str(&format!("h{n},Product {n},S{n},5\n"));
    }
    let some_came_in = async {
        while count(&app, "SELECT COUNT(*) FROM catalog_product").await == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = import(&app, &shop, false, file.as_bytes()) => {}
        () = some_came_in => {}
    }
    let acts = "SELECT COUNT(*) FROM people_act WHERE action = 'product.import'";
    assert_eq!(count(&app, acts).await, 1);
});

app_test!(four_hundred_products_come_in, parts, |app| {
    let shop = shop(&app, 1).await;
    let mut file = "URL handle,Title,SKU,Price,Inventory quantity,Status\n".to_owned();
    for n in 0..400 {
        file.push_str(&format!("h{n},Product {n},S{n},{n}.5,3,active\n"));
    }
    file = file.replace(",0.5,", ",0.05,");
    assert_eq!(counts(&import(&app, &shop, false, file.as_bytes()).await.expect(200)), [400, 0, 0]);
    assert_eq!(count(&app, "SELECT COUNT(*) FROM catalog_product WHERE state = 'published'").await, 400);
    assert_eq!(count(&app, "SELECT CAST(SUM(on_hand) AS BIGINT) FROM stock_level").await, 1_200);
});

app_test!(shopify_files_come_in_as_counted, parts, |app| {
    let Some(folder) = std::env::var_os("TUAN_INTEROP").map(std::path::PathBuf::from) else {
        println!("skipped: set TUAN_INTEROP to the folder with product_import/expected.jsonl");
        return;
    };
    let folder = folder.join("product_import");
    let cases = std::fs::read_to_string(folder.join("expected.jsonl")).unwrap();
    let cases = cases.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut number = 0;
    for case in cases.filter(|case| case["format"] == "shopify") {
        number += 1;
        let shop = shop(&app, number).await;
        let file = std::fs::read(folder.join(case["file"].as_str().unwrap())).unwrap();
        let expect = &case["expect"];
        let report = import(&app, &shop, false, &file).await.expect(200);
        assert_eq!(report["problems"], json!([]), "{}", case["id"]);
        assert_eq!(report["created"], expect["products"], "{}", case["id"]);
        let (mut variants, mut cursor) = (0, String::new());
        loop {
            let path = format!("{}?limit=100{cursor}", shop.path("products"));
            let page = app.get(&path, &shop.token).await.expect(200);
            let items = page["items"].as_array().unwrap();
            variants += items.iter().map(|item| item["skus"].as_array().unwrap().len()).sum::<usize>();
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(json!(variants), expect["variants"], "{}", case["id"]);
        assert_eq!(counts(&import(&app, &shop, false, &file).await.expect(200))[..2], [0, 0]);
    }
    assert!(number > 0);
});
