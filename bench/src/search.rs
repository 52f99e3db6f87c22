//! P5: searching among 100,000 products.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::Value;
use testkit::http::Http;

use crate::figures::{Figure, Figures, median};
use crate::load::{Plan, Run, Shopper, closed_loop};
use crate::world::{NOUNS, WORDS, World};

const CONNECTIONS: usize = 8;
const PRODUCTS: usize = 100_000;

struct Searcher {
    http: Http,
    queries: Arc<Vec<String>>,
    place: usize,
    /// Whether every search is another one, so that nothing is found in memory.
    is_new: bool,
}

impl Shopper for Searcher {
    async fn round(&mut self) -> bool {
        self.place = self.place.wrapping_add(CONNECTIONS);
        let Some(query) = self.queries.get(self.place % self.queries.len().max(1)) else { return false };
        let mut path = format!("/api/v1/search?limit=20&q={query}");
        if self.is_new {
            path.push_str(&format!("&price_from={}", self.place % 100_000));
        }
        self.http.send("GET", &path, "", &Value::Null).await.is_ok_and(|reply| reply.status == 200)
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// What people type: things, things with a word before them, pinyin, first letters, weights, slips of the pen.
fn queries() -> Vec<String> {
    let mut queries = Vec::new();
    for (n, (noun, pinyin)) in NOUNS.iter().enumerate() {
        queries.push((*noun).to_owned());
        queries.push((*pinyin).to_owned());
        queries.extend(WORDS.iter().map(|word| format!("{word}{noun}")));
        let word = WORDS.get(n % WORDS.len()).copied().unwrap_or_default();
        queries.push(format!("{word} {noun}"));
        queries.push(format!("{noun} {}kg", n % 9 + 1));
        queries.push(format!("{noun}{}斤", n % 9 + 1));
        queries.push(pinyin.get(..pinyin.len() - 1).unwrap_or(pinyin).to_owned());
    }
    // In an order that has nothing to do with what they are.
    queries
        .sort_by_key(|query| query.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31) ^ u32::from(byte)));
    queries.iter().map(|query| encoded(query)).collect()
}

async fn load(address: std::net::SocketAddr, queries: &Arc<Vec<String>>, is_new: bool, plan: &Plan) -> Run {
    let searcher = |n: usize| {
        let queries = Arc::clone(queries);
        Searcher { http: Http::new(address, ""), queries, place: n * 131, is_new }
    };
    closed_loop((0..CONNECTIONS).map(searcher).collect(), plan.seconds.min(4)).await.1
}

pub(crate) async fn run(plan: &Plan, figures: &mut Figures) -> Result<()> {
    let world = World::open_with(&plan.program, None, PRODUCTS).await?;
    let begun = Instant::now();
    let mut http = Http::new(world.server.address, "");
    loop {
        let found = http.send("GET", "/api/v1/search?limit=1", "", &Value::Null).await?.json();
        if found.get("total").and_then(Value::as_u64).is_some_and(|total| total >= 100_000) {
            break;
        }
        ensure!(begun.elapsed() < Duration::from_secs(300), "the index is not made: {found}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    figures.add(Figure {
        id: "P5",
        what: "index of 100,000 products made from the store".to_owned(),
        value: begun.elapsed().as_secs_f64(),
        unit: "s",
        ratio: None,
        versus: None,
        p50_ms: None,
        p99_ms: None,
        errors: 0,
    });
    let queries = Arc::new(queries());
    for (what, is_new) in [("every one another", true), ("the same 1,700 again and again", false)] {
        let (mut rates, mut p50, mut p99, mut errors) = (vec![], vec![], vec![], 0);
        for _ in 0..plan.runs {
            let run = load(world.server.address, &queries, is_new, plan).await;
            rates.push(run.rate);
            p50.push(run.percentile(50));
            p99.push(run.percentile(99));
            errors += run.errors;
        }
        figures.add(Figure {
            id: "P5",
            what: format!("search among 100,000 products, {what}, {CONNECTIONS} connections"),
            value: median(rates),
            unit: "req/s",
            ratio: None,
            versus: None,
            p50_ms: Some(median(p50)),
            p99_ms: Some(median(p99)),
            errors,
        });
    }
    Ok(())
}
