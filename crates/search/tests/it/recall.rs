//! How much of what should be found is found: 300 queries with answers judged by hand.

use std::collections::BTreeMap;

use catalog::api::CATEGORIES;
use testkit::{App, Engine};

use crate::{find, follower, parts, product, sell, shop};

const PRODUCTS: &str = include_str!("../data/products.tsv");
const QUERIES: &str = include_str!("../data/queries.tsv");

/// What each kind must reach at least: part of what fits that is among the first ten, and mean of one over the place of
/// the first that fits. Set a little below what was reached when this was written.
const GOALS: &[(&str, &str, f64, f64)] = &[
    ("zh", "word", 0.98, 0.98),
    ("zh", "brand", 0.98, 0.98),
    ("zh", "category", 0.95, 0.97),
    ("zh", "pinyin", 0.96, 0.91),
    ("zh", "initials", 0.97, 0.87),
    ("zh", "typo", 0.97, 0.97),
    ("zh", "synonym", 0.98, 0.96),
    ("zh", "mixed", 0.97, 0.97),
    ("zh", "multi", 0.98, 0.98),
    ("en", "word", 0.98, 0.97),
    ("en", "brand", 0.98, 0.98),
    ("en", "category", 0.97, 0.97),
    ("en", "typo", 0.97, 0.97),
    ("en", "synonym", 0.97, 0.97),
    ("en", "multi", 0.98, 0.98),
];

struct Known {
    handle: &'static str,
    category: usize,
    id: String,
}

/// The products that a judgement names: handles, beginnings of handles with a star, `@` and a category's number.
fn judged<'a>(known: &'a [Known], judgement: &str) -> Vec<&'a str> {
    let fits = |one: &Known, part: &str| match (part.strip_prefix('@'), part.strip_suffix('*')) {
        (Some(category), _) => category.parse() == Ok(one.category),
        (_, Some(beginning)) => one.handle.starts_with(beginning),
        _ => one.handle == part,
    };
    for part in judgement.split(' ') {
        assert!(known.iter().any(|one| fits(one, part)), "no product fits {part:?}");
    }
    let is_named = |one: &&Known| judgement.split(' ').any(|part| fits(one, part));
    known.iter().filter(is_named).map(|one| one.id.as_str()).collect()
}

async fn world(app: &App) -> Vec<Known> {
    let (merchant, _) = shop(app, 1).await;
    let rows: Vec<Vec<&str>> = PRODUCTS.lines().map(|line| line.split('\t').collect()).collect();
    let number = |row: &[&str]| row[2].parse::<usize>().unwrap();
    let slug = |number: usize| CATEGORIES[if number == 99 { CATEGORIES.len() - 1 } else { number - 1 }].slug;
    let products = rows.iter().map(|row| {
        let place = (slug(number(row)), row[4].parse().unwrap());
        let mut made = product(row[1], &format!("code-{}", row[0]), row[3], place);
        made.description = row[5].to_owned();
        made
    });
    let ids = sell(app, merchant, products.collect()).await;
    let known = rows.iter().zip(ids).map(|(row, id)| Known { handle: row[0], category: number(row), id });
    known.collect()
}

// What is found is the same on either engine; `consistency` shows that the index is.
#[test]
fn what_fits_is_found() {
    testkit::block_on(async {
        let app = App::new(Engine::Sqlite, parts);
        let known = world(&app).await;
        follower(&app).catch_up().await.unwrap();
        let mut sums: BTreeMap<(&str, &str), (f64, f64, f64)> = BTreeMap::new();
        for line in QUERIES.lines() {
            let [kind, language, query, judgement] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("not a query: {line}");
            };
            let wanted = judged(&known, judgement);
            let found = find(&app, query).await;
            let found: Vec<&str> = found["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|i| i["product"]["id"].as_str().unwrap())
                .collect();
            let hits = found.iter().filter(|id| wanted.contains(id)).count();
            let most = wanted.len().min(10);
            let first = found.iter().position(|id| wanted.contains(id));
            #[expect(clippy::as_conversions, reason = "small counts")]
            let (recall, rank) = (hits as f64 / most as f64, first.map_or(0.0, |n| 1.0 / (n as f64 + 1.0)));
            let sum = sums.entry((language, kind)).or_default();
            *sum = (sum.0 + 1.0, sum.1 + recall, sum.2 + rank);
            if recall < 1.0 || rank < 1.0 {
                let names: Vec<&str> =
                    found.iter().filter_map(|id| Some(known.iter().find(|k| k.id == *id)?.handle)).collect();
                println!(
                    "  {language} {kind} {query}: {hits} of {most}, first {first:?}: {}",
                    names.join(" ")
                );
            }
        }
        let mut failed = Vec::new();
        for ((language, kind), (count, recall, rank)) in &sums {
            let (recall, rank) = (recall / count, rank / count);
            println!("{language} {kind:<10} {count:>3} queries  recall@10 {recall:.3}  MRR {rank:.3}");
            let goal = GOALS.iter().find(|goal| (goal.0, goal.1) == (*language, *kind)).unwrap();
            if recall < goal.2 || rank < goal.3 {
                failed.push(format!("{language} {kind}: {recall:.3} {rank:.3}"));
            }
        }
        assert!(failed.is_empty(), "below the goals: {failed:?}");
    });
}
