use super::*;
use base::{ActivityId, ProductId, SkuId};
use catalog::api;
use testkit::app_test;

app_test!(a_product_lives_from_draft_to_archive, parts, |app| {
    let shop = shop(&app, 1).await;
    let product = shop.create(&app, shirt(["R", "B"])).await;
    assert_eq!((&product["state"], &product["version"]), (&json!("draft"), &json!(1)));
    assert_eq!(product["skus"][0]["available"], 3);
    assert_eq!(product["skus"][0]["compare_price"], json!({ "amount_minor": 7900, "currency": "CNY" }));
    assert_eq!(product["skus"][1]["available"], 0);
    assert_eq!(product["merchant_name"], "Shop 1");
    let path = product_path(&product);
    app.get(&path, "").await.expect_problem(404, "product.not_found");
    assert_eq!(app.get("/api/v1/products", "").await.expect(200)["items"], json!([]));
    assert_eq!(app.get(&path, &shop.token).await.expect(200), product);

    for _ in 0..2 {
        let shown = app.post(&format!("{path}/publish"), &shop.token, Value::Null).await.expect(200);
        assert_eq!((&shown["state"], &shown["version"]), (&json!("published"), &json!(2)));
    }
    let list = app.get("/api/v1/products", "").await.expect(200);
    assert_eq!(list["items"][0]["price"]["amount_minor"], 4900);
    assert_eq!(app.get(&path, "").await.expect(200)["title"], "纯棉 T-shirt");

    app.post(&format!("{path}/archive"), &shop.token, Value::Null).await.expect(200);
    app.get(&path, "").await.expect_problem(404, "product.not_found");
    assert_eq!(app.get("/api/v1/products", "").await.expect(200)["items"], json!([]));
    let acts = "SELECT COUNT(*) FROM people_act";
    assert_eq!(count(&app, acts).await, 3);
});

app_test!(what_strangers_are_shown_is_never_older_than_the_last_write, parts, |app| {
    let shop = shop(&app, 1).await;
    let product = shop.create(&app, shirt(["R", "B"])).await;
    let path = product_path(&product);
    app.post(&format!("{path}/publish"), &shop.token, Value::Null).await.expect(200);
    let (id, merchant): (SkuId, base::MerchantId) = (
        product["skus"][0]["id"].as_str().unwrap().parse().unwrap(),
        product["merchant"].as_str().unwrap().parse().unwrap(),
    );
    let by_price = "/api/v1/products?sort=price";
    for n in 1..=20_i64 {
        let mut body = shirt(["R", "B"]);
        body["skus"][0]["price_minor"] = json!(4900 - n);
        body["version"] = json!(1 + n);
        app.call("PUT", &path, &shop.token, body).await.expect(200);
        let read = app.get(&path, "").await.expect(200);
        assert_eq!(read["skus"][0]["price"]["amount_minor"], 4900 - n);
        let list = app.get(by_price, "").await.expect(200);
        assert_eq!(list["items"][0]["price"]["amount_minor"], 4900 - n);
        let more = move |tx: &mut db::Tx| {
            let reason = "stocking";
            let change = stock::api::Change { sku: id, merchant, delta: 1, reason, note: None, actor: None };
            stock::api::adjust(tx, &change)
        };
        app.store.db.write(db::Lane::Interactive, more).await.unwrap();
        // Once from the store, and then from memory.
        for _ in 0..2 {
            assert_eq!(app.get(&path, "").await.expect(200)["skus"][0]["available"], 3 + n);
        }
    }
});

app_test!(a_product_is_written_anew_by_version, parts, |app| {
    let shop = shop(&app, 1).await;
    let product = shop.create(&app, shirt(["R", "B"])).await;
    let path = product_path(&product);
    let mut body = shirt(["R", "G"]);
    body["title"] = json!("  新款  ");
    body["options"][0]["values"] = json!(["红", "绿"]);
    body["skus"][1]["option_values"] = json!(["绿"]);
    body["skus"][0]["price_minor"] = json!(4500);
    body["skus"][0]["stock"] = json!(100);
    body["version"] = json!(1);
    let new = app.call("PUT", &path, &shop.token, body.clone()).await.expect(200);
    assert_eq!((&new["title"], &new["version"]), (&json!("新款"), &json!(2)));
    // A variant is the same by its code, and its stock is not touched.
    assert_eq!(new["skus"][0]["id"], product["skus"][0]["id"]);
    assert_eq!(
        (&new["skus"][0]["available"], &new["skus"][0]["price"]["amount_minor"]),
        (&json!(3), &json!(4500))
    );
    assert_eq!(new["skus"].as_array().unwrap().len(), 2);
    let before = rows(&app).await;
    app.call("PUT", &path, &shop.token, body.clone()).await.expect_problem(409, "product.version_conflict");
    assert_eq!(rows(&app).await, before);
    // The variant that went is still known, but not sold.
    let gone: SkuId = product["skus"][1]["id"].as_str().unwrap().parse().unwrap();
    let found = app.store.db.read::<_, DbError, _>(move |rx| api::skus(rx, &[gone])).await.unwrap();
    assert_eq!((found.len(), found[0].is_sellable), (1, false));
    // It comes back as what it was.
    let mut back = shirt(["R", "B"]);
    back["version"] = json!(2);
    let back = app.call("PUT", &path, &shop.token, back).await.expect(200);
    assert_eq!(back["skus"][1]["id"], product["skus"][1]["id"]);
});

app_test!(of_writers_at_once_one_wins, parts, |app| {
    let shop = shop(&app, 1).await;
    let product = shop.create(&app, shirt(["R", "B"])).await;
    let app = Arc::new(app);
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..8 {
        let (app, shop, path) = (Arc::clone(&app), shop.clone(), product_path(&product));
        let mut body = shirt(["R", "B"]);
        body["title"] = json!(format!("title {n}"));
        body["version"] = json!(1);
        tasks.spawn(async move { app.call("PUT", &path, &shop.token, body).await.status.as_u16() });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 409).count(), 7, "{answers:?}");
});

app_test!(a_code_is_one_variants_only, parts, |app| {
    let (one, two) = (shop(&app, 1).await, shop(&app, 2).await);
    let app = Arc::new(app);
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..8 {
        let (app, shop) = (Arc::clone(&app), one.clone());
        let body = simple(&format!("apple {n}"), "A", 100);
        tasks.spawn(async move { app.post(&shop.path("products"), &shop.token, body).await.status.as_u16() });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|status| **status == 201).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 409).count(), 7, "{answers:?}");
    let before = rows(&app).await;
    assert_eq!(before[..3], [1, 1, 1]);
    let body = simple("pear", "A", 100);
    app.post(&one.path("products"), &one.token, body.clone()).await.expect_problem(409, "product.code_taken");
    assert_eq!(rows(&app).await, before);
    // Another shop has codes of its own.
    two.create(&app, body).await;
});

app_test!(a_code_given_up_can_be_taken, parts, |app| {
    let shop = shop(&app, 1).await;
    let product = shop.create(&app, shirt(["R", "B"])).await;
    let mut body = shirt(["R", "B"]);
    body["skus"].as_array_mut().unwrap().truncate(1);
    body["version"] = json!(1);
    app.call("PUT", &product_path(&product), &shop.token, body).await.expect(200);
    shop.create(&app, simple("blue", "B", 100)).await;
    let mut back = shirt(["R", "B"]);
    back["version"] = json!(2);
    let before = rows(&app).await;
    let answer = app.call("PUT", &product_path(&product), &shop.token, back).await;
    answer.expect_problem(409, "product.code_taken");
    assert_eq!(rows(&app).await, before);
});

app_test!(a_code_is_not_taken_and_offered_again_at_once, parts, |app| {
    let shop = shop(&app, 1).await;
    let app = Arc::new(app);
    for n in 0..20 {
        let codes = [format!("R{n}"), format!("B{n}")];
        let shirt = |version: i64| {
            let mut body = shirt([&codes[0], &codes[1]]);
            body["version"] = json!(version);
            body
        };
        let product = shop.create(&app, super::shirt([&codes[0], &codes[1]])).await;
        let mut without = shirt(1);
        without["skus"].as_array_mut().unwrap().truncate(1);
        app.call("PUT", &product_path(&product), &shop.token, without).await.expect(200);
        let mut tasks = tokio::task::JoinSet::new();
        let both = [
            ("PUT", product_path(&product), shirt(2)),
            ("POST", shop.path("products"), simple("blue", &codes[1], 100)),
        ];
        for (method, path, body) in both {
            let (app, token) = (Arc::clone(&app), shop.token.clone());
            tasks.spawn(async move { app.call(method, &path, &token, body).await.status.as_u16() });
        }
        let answers = tasks.join_all().await;
        assert_eq!(answers.iter().filter(|status| **status == 409).count(), 1, "{answers:?}");
    }
});

app_test!(stock_changes_by_what_can_be_meant, parts, |app| {
    let shop = shop(&app, 1).await;
    let product = shop.create(&app, simple("apple", "A", 100)).await;
    let path = format!("/api/v1/skus/{}/stock/adjust", product["skus"][0]["id"].as_str().unwrap());
    for delta in [0, 10_000_001, -10_000_001, i64::MAX, i64::MIN] {
        let body = json!({ "delta": delta, "reason": "count" });
        app.post(&path, &shop.token, body).await.expect_problem(422, "stock.delta");
    }
    let body = json!({ "delta": -5, "reason": "count" });
    assert_eq!(app.post(&path, &shop.token, body).await.expect(200)["on_hand"], 0);
});

app_test!(what_does_not_fit_is_refused_and_named, parts, |app| {
    let shop = shop(&app, 1).await;
    let other = super::shop(&app, 2).await;
    let change = |pointer: &str, value: Value| {
        let mut body = shirt(["R", "B"]);
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    let picture = pictures::upload_png(&app, &other, 10, 10).await;
    let cases = [
        ("/title", json!("   ")),
        ("/title", json!("长".repeat(121))),
        ("/category", json!(category(77))),
        ("/options/0/values/1", json!("红")),
        ("/options/0/name", json!("")),
        ("/skus/0/code", json!("")),
        ("/skus/1/code", json!("R")),
        ("/skus/1/option_values", json!(["红"])),
        ("/skus/1/option_values", json!(["紫"])),
        ("/skus/1/option_values", json!([])),
        ("/skus/0/price_minor", json!(0)),
        ("/skus/0/price_minor", json!(100_000_001)),
        ("/skus/0/compare_price_minor", json!(5000)),
        ("/skus/0/stock", json!(-1)),
        ("/skus", json!([])),
        ("/pictures", json!([picture["id"]])),
    ];
    for (pointer, value) in cases {
        let body = change(pointer, value);
        let answer = app.post(&shop.path("products"), &shop.token, body.clone()).await;
        let problem = answer.expect_problem(422, "product.invalid");
        let named = problem["fields"][0]["pointer"].as_str().unwrap();
        assert!(named.starts_with(pointer), "{pointer}: {problem}");
    }
    for (pointer, value) in
        [("/skus/0/price_minor", json!(1.5)), ("/title", json!(7)), ("/pictures", json!(["x"]))]
    {
        let answer = app.post(&shop.path("products"), &shop.token, change(pointer, value)).await;
        answer.expect_problem(400, "body.invalid");
    }
    let mut unknown = shirt(["R", "B"]);
    unknown["merchant"] = json!(other.id);
    app.post(&shop.path("products"), &shop.token, unknown).await.expect_problem(400, "body.invalid");
    assert_eq!(rows(&app).await, [0; 7]);
    assert_eq!(count(&app, "SELECT COUNT(*) FROM stock_level").await, 0);
});

app_test!(a_repeated_request_makes_one_product, parts, |app| {
    let shop = shop(&app, 1).await;
    let path = shop.path("products");
    let first = app.call_with_key("POST", &path, &shop.token, "k1", simple("a", "A", 100)).await.expect(201);
    let again = app.call_with_key("POST", &path, &shop.token, "k1", simple("a", "A", 100)).await.expect(201);
    assert_eq!(first, again);
    let other = app.call_with_key("POST", &path, &shop.token, "k1", simple("b", "B", 100)).await;
    other.expect_problem(422, "idempotency.key_reused");
    assert_eq!(rows(&app).await[..2], [1, 1]);
});

app_test!(what_others_call, parts, |app| {
    let shop = shop(&app, 1).await;
    let product = shop.publish(&app, shirt(["R", "B"])).await;
    let id: ProductId = product["id"].as_str().unwrap().parse().unwrap();
    let skus: Vec<SkuId> =
        (0..2).map(|n| product["skus"][n]["id"].as_str().unwrap().parse().unwrap()).collect();
    let (asked, unknown) =
        (vec![skus[1], SkuId::from_bytes([9; 16]), skus[0]], ProductId::from_bytes([9; 16]));
    let badge = api::Badge { activity: ActivityId::from_bytes([7; 16]), team_price_minor: 3900, size: 3 };
    let run = move |tx: &mut Tx| {
        let found = api::skus(tx, &asked)?;
        assert_eq!(found.iter().map(|sku| sku.code.as_str()).collect::<Vec<_>>(), ["B", "R"]);
        assert!(found[0].is_sellable && found[0].no_reason_return);
        assert_eq!((found[0].price.minor(), found[0].title.as_str()), (4900, "纯棉 T-shirt"));
        let info = api::product(tx, id)?.unwrap();
        assert_eq!(
            (info.price_from.minor(), info.skus.len(), info.state),
            (4900, 2, api::ProductState::Published)
        );
        assert_eq!(api::product(tx, unknown)?, None);
        assert_eq!(api::product_titles(tx, &[id, unknown])?.len(), 1);
        api::set_badge(tx, id, Some(badge))
    };
    app.store.db.write::<_, DbError, _>(Lane::Interactive, run).await.unwrap();
    let card = app.get("/api/v1/products", "").await.expect(200)["items"][0].clone();
    assert_eq!(
        (&card["activity"]["size"], &card["activity"]["team_price"]["amount_minor"]),
        (&json!(3), &json!(3900))
    );
    let together = || app.get("/api/v1/products?together=true", "");
    assert_eq!(together().await.expect(200)["items"][0]["id"], card["id"]);
    let clear = move |tx: &mut Tx| api::set_badge(tx, id, None);
    app.store.db.write::<_, DbError, _>(Lane::Interactive, clear).await.unwrap();
    let card = app.get("/api/v1/products", "").await.expect(200)["items"][0].clone();
    assert_eq!(card["activity"], Value::Null);
    assert_eq!(together().await.expect(200)["items"], json!([]));
});

/// What is asked of a product with a hundred variants stays within what one transaction may do.
const STATEMENTS_MAX: u32 = 50;

fn wide(codes: std::ops::Range<u32>, price: i64) -> catalog::api::NewProduct {
    let sku = |n: u32| catalog::api::NewSku {
        code: format!("W{n}"),
        option_values: vec![n.to_string()],
        price_minor: price,
        compare_price_minor: None,
        stock: Some(7),
    };
    catalog::api::NewProduct {
        title: "宽".to_owned(),
        description: String::new(),
        category: base::Id::from_bytes([0; 16]),
        options: vec![catalog::api::ProductOption {
            name: "号".to_owned(),
            values: codes.clone().map(|n| n.to_string()).collect(),
        }],
        attributes: Vec::new(),
        no_reason_return: true,
        is_virtual: false,
        pictures: Vec::new(),
        skus: codes.map(sku).collect(),
    }
}

app_test!(a_hundred_variants_take_few_statements, parts, |app| {
    let shop = shop(&app, 1).await;
    let list = app.get("/api/v1/categories", "").await.expect(200);
    let category: base::CategoryId = list["items"][0]["id"].as_str().unwrap().parse().unwrap();
    let product = move |codes, price| catalog::api::NewProduct { category, ..wide(codes, price) };
    let (new, merchant) = (product(0..100, 100), shop.id);
    let create = move |tx: &mut Tx| {
        let id = catalog::api::create_product(tx, merchant, &new)?;
        Ok::<_, catalog::api::ProductError>((id, tx.statements()))
    };
    let (id, statements) = app.store.db.write(Lane::Interactive, create).await.unwrap();
    assert!(statements <= STATEMENTS_MAX, "{statements} to create");
    // Half of them go, then come back at another price with as many new ones.
    for (version, (codes, price)) in (1..).zip([(0..50, 100), (0..100, 90)]) {
        let anew = product(codes, price);
        let update = move |tx: &mut Tx| {
            catalog::api::update_product(tx, id, version, &anew)?;
            Ok::<_, catalog::api::ProductError>(tx.statements())
        };
        let statements = app.store.db.write(Lane::Interactive, update).await.unwrap();
        assert!(statements <= STATEMENTS_MAX, "{statements} to update");
    }
    let read = move |rx: &mut db::Rx| {
        let skus = catalog::api::product(rx, id)?.unwrap().skus;
        let infos = catalog::api::skus(rx, &skus)?;
        Ok((infos, stock::api::available(rx, &skus)?))
    };
    let (infos, available) = app.store.db.read::<_, DbError, _>(read).await.unwrap();
    assert_eq!((infos.len(), available.len()), (100, 100));
    assert!(infos.iter().all(|info| info.price.minor() == 90));
    assert!(available.values().all(|units| *units == 7), "stock is set once");
    app.audit().await;
});
