use super::*;
use rest::Right;
use testkit::app_test;

// Every route of the back office × who asks. A stranger may not know; staff without the right may not act.
app_test!(the_rights_table, parts, |app| {
    let shop = shop(&app, 1).await;
    let other = super::shop(&app, 2).await;
    let product = shop.create(&app, simple("draft", "D", 100)).await;
    let path = product_path(&product);
    let mut update = simple("draft", "D", 100);
    update["version"] = json!(99);
    let guest = app.post("/api/v1/sessions/guest", "", json!({ "deliver": "bearer" })).await.expect(201);
    let products = vec![Right::Products];
    let stock = vec![Right::Stock, Right::Orders];
    let who = [
        (String::new(), 401, 401),
        (guest["token"].as_str().unwrap().to_owned(), 404, 404),
        (member(&app, "13800000091", None).await, 404, 404),
        (other.token.clone(), 404, 404),
        (member(&app, "13800000092", Some((shop.id, stock))).await, 403, 200),
        (member(&app, "13800000093", Some((shop.id, products))).await, 200, 403),
        (shop.token.clone(), 200, 200),
    ];
    // The writes are such that they are refused for their own reason when the right is there.
    let routes = [
        ("GET", shop.path("products"), Value::Null, false),
        ("POST", shop.path("products"), simple("", "X", 100), false),
        ("PUT", path.clone(), update, false),
        ("POST", format!("{path}/archive"), Value::Null, false),
        ("POST", shop.path("products/import?dry_run=false"), json!({}), false),
        ("GET", shop.path("products/export"), Value::Null, false),
        ("POST", shop.path("pictures"), json!({}), false),
        ("GET", shop.path("stock"), Value::Null, true),
    ];
    for (method, path, body, is_stock) in routes {
        for (n, (token, products, stock)) in who.iter().enumerate() {
            let wanted = if is_stock { *stock } else { *products };
            let before = rows(&app).await;
            let answer = app.call(method, &path, token, body.clone()).await;
            let got = match answer.json["code"].as_str().unwrap_or("") {
                "product.invalid" | "product.version_conflict" | "import.columns" | "picture.unreadable" => {
                    200
                }
                _ => answer.status.as_u16(),
            };
            assert_eq!(got, wanted, "{method} {path} {n} {}", answer.json);
            if wanted != 200 {
                assert_eq!(rows(&app).await, before, "{method} {path} {n}");
            }
        }
    }
    // Whoever works there sees the draft; nobody else does.
    for (n, (token, products, _)) in who.iter().enumerate() {
        let wanted = if [200, 403].contains(products) { 200 } else { 404 };
        assert_eq!(app.get(&product_path(&product), token).await.status.as_u16(), wanted, "{n}");
    }
});
