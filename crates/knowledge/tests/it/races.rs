//! Everybody at once.

use serde_json::json;
use testkit::{app_test, join_all};

use crate::shop::*;
use crate::world::someone;

fn statuses(answers: &[testkit::Answer]) -> Vec<u16> {
    answers.iter().map(|answer| answer.status.as_u16()).collect()
}

app_test!(a_line_has_one_review_whoever_is_faster, parts, |app| {
    let shop = shop(&app).await;
    let order = received(&app, &shop).await;
    let calls = (0..16).map(|n| write(&app, &shop.buyer, &order, stars(1 + n % 5, "好")));
    let outcomes = statuses(&join_all(calls).await);
    assert_eq!(outcomes.iter().filter(|status| **status == 201).count(), 1, "{outcomes:?}");
    assert!(outcomes.iter().all(|status| [201, 409].contains(status)), "{outcomes:?}");
    assert_eq!((summary(&app, &shop).await.0, list(&app, &shop, "").await.len()), (1, 1));
    app.audit().await;
});

app_test!(of_many_votes_each_persons_counts_once, parts, |app| {
    let shop = shop(&app).await;
    let post = reviewed(&app, &shop, 5, "好").await;
    let mut people = Vec::new();
    for n in 0..16 {
        people.push(someone(&app, 100 + n).await);
    }
    let calls = (0..32).map(|n| act(&app, &people[n % 16], &post, "helpful", json!({})));
    let outcomes = statuses(&join_all(calls).await);
    assert!(outcomes.iter().all(|status| *status == 200), "{outcomes:?}");
    let seen = app.get(&format!("/api/v1/posts/{post}"), &people[3].token).await.expect(200);
    assert_eq!((&seen["helpful"], &seen["has_voted"]), (&json!(16), &json!(true)));
    app.audit().await;
});

app_test!(reports_at_once_bring_a_post_into_the_queue_once, parts, |app| {
    let (shop, operator) = (shop(&app).await, operator(&app).await);
    let post = reviewed(&app, &shop, 5, "好").await;
    let mut people = Vec::new();
    for n in 0..8 {
        people.push(someone(&app, 100 + n).await);
    }
    let body = json!({ "reason": "abuse" });
    let calls = (0..32).map(|n| act(&app, &people[n % 8], &post, "reports", body.clone()));
    let outcomes = statuses(&join_all(calls).await);
    assert!(outcomes.iter().all(|status| *status == 200), "{outcomes:?}");
    let queue = app.get("/api/v1/moderation", &operator.token).await.expect(200);
    let items = queue["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[0]["reports"]), (1, &json!(8)));
    app.audit().await;
});

app_test!(reviews_and_decisions_at_once_are_counted_rightly, parts, |app| {
    let (shop, operator) = (shop(&app).await, operator(&app).await);
    let mut posts = Vec::new();
    for n in 0..4 {
        posts.push(reviewed(&app, &shop, 1 + n, "好").await);
    }
    let calls = (0..32).map(|n| {
        let verdict = if n % 2 == 0 { hide() } else { keep() };
        act(&app, &operator, &posts[n % 4], "decide", verdict)
    });
    let outcomes = statuses(&join_all(calls).await);
    assert!(outcomes.iter().all(|status| [200, 409].contains(status)), "{outcomes:?}");
    let shown = list(&app, &shop, "").await.len();
    assert_eq!(summary(&app, &shop).await.0, i64::try_from(shown).unwrap());
    app.audit().await;
});
