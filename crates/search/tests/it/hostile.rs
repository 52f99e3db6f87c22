//! Whatever is typed is answered.

use testkit::{App, app_test};

use crate::{encoded, follower, parts, product, sell, shop};

async fn answers(app: &App, query: &str) {
    for path in ["search", "search/suggestions"] {
        let answer = app.get(&format!("/api/v1/{path}?q={}", encoded(query)), "").await;
        assert_eq!(answer.status, 200, "{query:?}: {}", String::from_utf8_lossy(&answer.body));
    }
}

app_test!(whatever_is_typed_is_answered, parts, |app| {
    let (merchant, _) = shop(&app, 1).await;
    let strange = [
        "苹果 \u{200b}",
        "e\u{301}\u{301}",
        "١٢٣ ½ ⅷ",
        "🍎🍏",
        "ǅ ŉ İ ß ﬁ",
        "𠮷野家",
        "ーーー",
        "5.5.5kg .kg",
    ];
    let products =
        (0..).zip(strange).map(|(n, title)| product(title, &format!("c{n}"), "", ("fruit", 1_000)));
    sell(&app, merchant, products.collect()).await;
    follower(&app).catch_up().await.unwrap();
    for query in [
        "",
        " ",
        "\0",
        "\u{1}\u{2}\u{1b}[31m",
        "!?…，。「」",
        "+苹果 -\"香蕉\" AND (OR) NOT title:* ~2 ^5 [a TO z] {}",
        "a/b\\c | d && e || f",
        "'; DROP TABLE catalog_product; --",
        "%00%ff %",
        "\u{202e}abc\u{feff}",
        "......",
        "''''",
        "1.2.3.4kg 99999999999999999999kg",
        "kgkgkg5kg5kg",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "a b c d e f g h i j k l m n o p q r s t u v w x y z",
        "xianxianxianxianxianxianxianxianxianxian",
    ]
    .into_iter()
    .chain(strange)
    {
        answers(&app, query).await;
    }
    for long in ["苹", "x", "pingguo", "x ", "5kg", "🍎", "苹x"] {
        answers(&app, &long.repeat(1_000)).await;
    }
    // Bytes that are no text, and a part of a character.
    for bad in ["%ff%fe", "%e8%8b", "%"] {
        let answer = app.get(&format!("/api/v1/search?q={bad}"), "").await;
        assert!(answer.status.as_u16() < 500, "{bad}: {}", answer.status);
    }
    for bad in
        ["cursor=x", "cursor=1~2", "limit=-1", "sort=up", "facts=nothing", "price_from=-1", "category=cat_1"]
    {
        let answer = app.get(&format!("/api/v1/search?{bad}"), "").await;
        assert_eq!(answer.status, 400, "{bad}");
    }
    let facts = "a:b|".repeat(11);
    assert_eq!(app.get(&format!("/api/v1/search?facts={}", encoded(&facts)), "").await.status, 400);
});
