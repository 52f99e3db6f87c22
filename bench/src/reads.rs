//! P3 and P4: reading a product and a list, beside an empty handler.

use anyhow::{Context, Result};
use serde_json::Value;
use testkit::http::Http;

use crate::figures::{Figure, Figures, median};
use crate::load::{Plan, Run, Shopper, closed_loop};
use crate::world::World;

const CONNECTIONS: usize = 32;
const PRODUCTS: usize = 100_000;
/// Pages of each list that are asked for.
const PAGES: usize = 40;

struct Reader {
    http: Http,
    paths: Vec<String>,
    place: usize,
}

impl Shopper for Reader {
    async fn round(&mut self) -> bool {
        self.place = self.place.wrapping_add(1);
        let Some(path) = self.paths.get(self.place % self.paths.len().max(1)).cloned() else { return false };
        self.http.send("GET", &path, "", &Value::Null).await.is_ok_and(|reply| reply.status == 200)
    }
}

async fn read(address: std::net::SocketAddr, paths: &[String], seconds: u64) -> Run {
    let reader = |n: usize| Reader { http: Http::new(address, ""), paths: paths.to_vec(), place: n };
    closed_loop((0..CONNECTIONS).map(reader).collect(), seconds).await.1
}

/// Serves nothing, for ever; in a process of its own, as the server is.
pub(crate) async fn serve_empty(address: std::net::SocketAddr) -> Result<()> {
    let listener = tokio::net::TcpListener::bind(address).await?;
    let router = axum::Router::new().route("/", axum::routing::get(|| async { "" }));
    Ok(axum::serve(listener, router).await?)
}

/// The process that does nothing; ended with this value.
struct Empty(std::process::Child);

impl Drop for Empty {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

async fn empty_server() -> Result<(Empty, std::net::SocketAddr)> {
    let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let process = std::process::Command::new(std::env::current_exe()?)
        .args(["--serve-empty", &address.to_string()])
        .spawn()?;
    let empty = Empty(process);
    while tokio::net::TcpStream::connect(address).await.is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    Ok((empty, address))
}

/// Lists by category, order and page: what people who look around ask for.
async fn lists(http: &mut Http) -> Result<Vec<String>> {
    let categories = http.send("GET", "/api/v1/categories", "", &Value::Null).await?.json();
    let categories = categories.get("items").and_then(Value::as_array).context("categories")?.clone();
    let mut paths = Vec::new();
    for category in categories.iter().filter_map(|category| category.get("id")?.as_str()) {
        for sort in ["new", "price", "-price"] {
            let first = format!("/api/v1/products?category={category}&sort={sort}&limit=20");
            let mut path = first.clone();
            for _ in 0..PAGES {
                let page = http.send("GET", &path, "", &Value::Null).await?.json();
                paths.push(path);
                let Some(cursor) = page.get("next_cursor").and_then(Value::as_str) else { break };
                path = format!("{first}&cursor={cursor}");
            }
        }
    }
    Ok(paths)
}

pub(crate) async fn run(plan: &Plan, figures: &mut Figures) -> Result<()> {
    let world = World::open_with(&plan.program, None, PRODUCTS).await?;
    let mut http = Http::new(world.server.address, "");
    let list = http.send("GET", "/api/v1/products?limit=50", "", &Value::Null).await?.json();
    let items = list.get("items").and_then(Value::as_array).context("products")?;
    let ids: Vec<String> =
        items.iter().filter_map(|card| card.get("id")?.as_str().map(str::to_owned)).collect();
    let product: Vec<String> = ids.iter().map(|id| format!("/api/v1/products/{id}")).collect();
    let lists = lists(&mut http).await?;
    let (_process, empty) = empty_server().await?;
    for (id, what, paths) in [
        ("P3", "product page data", product.as_slice()),
        ("P4", "list of 20 with filters, of 100,000 products", &lists),
    ] {
        let (mut rates, mut ratios, mut p50, mut p99, mut errors) = (vec![], vec![], vec![], vec![], 0);
        for _ in 0..plan.runs {
            let ceiling = read(empty, &["/".to_owned()], plan.seconds.min(3)).await;
            let run = read(world.server.address, paths, plan.seconds.min(3)).await;
            ratios.push(run.rate / ceiling.rate);
            rates.push(run.rate);
            p50.push(run.percentile(50));
            p99.push(run.percentile(99));
            errors += run.errors;
        }
        figures.add(Figure {
            id,
            what: format!("{what}, {CONNECTIONS} connections"),
            value: median(rates),
            unit: "req/s",
            ratio: Some(median(ratios)),
            versus: Some("an empty axum handler in a process of its own".to_owned()),
            p50_ms: Some(median(p50)),
            p99_ms: Some(median(p99)),
            errors,
        });
    }
    Ok(())
}
