//! PostgreSQL goes away under load and comes back, with its data on disk as in earnest: the program stays up, says
//! "not now" where it must, and goes on by itself; nothing acknowledged is lost, and nothing is doubled.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::http::{Http, Reply};
use testkit::market::{Item, Market, Member};
use testkit::process::Place;
use testkit::shopper::Shopper;
use testkit::{PostgresServer, Stop};

use crate::{PRICE, USUAL, figure, place, says_not_now, status, until};

const SHOPPERS: usize = 8;
const FUNDS: i64 = 50_000_000;
const UNITS: i64 = 1_000_000;
/// What requests are refused with while the database is away.
const CODES: &[&str] = &["store.unavailable", "store.in_doubt", "store.busy"];
const REACHABLE: &str = "tuan_store_reachable";
/// Something that is read from the store.
const PAGE: &str = "/api/v1/products?limit=1";
/// A request waits for the database to come back, and is then answered: the worst case is a database that hangs.
const ANSWERED_WITHIN: Duration = Duration::from_secs(18);
/// Once the database has been away for a while, requests do not wait for it.
const REFUSED_WITHIN: Duration = Duration::from_secs(1);
/// Whoever watches the server is answered soon, whatever the database does.
const WATCHED_WITHIN: Duration = Duration::from_secs(4);

/// The program over a PostgreSQL of its own, with people who buy.
struct World {
    address: SocketAddr,
    server: Arc<PostgresServer>,
    shoppers: Vec<Shopper>,
    refused: usize,
}

impl World {
    /// Lets everybody buy while `trouble` goes on, and a little before and after it.
    async fn under_load(&mut self, trouble: impl AsyncFnOnce(&mut Self)) {
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = tokio::task::JoinSet::new();
        for mut shopper in self.shoppers.drain(..) {
            let stop = Arc::clone(&stop);
            tasks.spawn(async move {
                shopper.shop(&stop).await;
                shopper
            });
        }
        // So that the trouble comes in the middle of transactions.
        tokio::time::sleep(Duration::from_millis(400)).await;
        trouble(self).await;
        let is_ready = async || self.ready().await.status == 200;
        until("ready again", Duration::from_secs(10), is_ready).await;
        tokio::time::sleep(Duration::from_millis(400)).await;
        stop.store(true, Ordering::Relaxed);
        self.shoppers = tasks.join_all().await;
        for shopper in &mut self.shoppers {
            self.refused += shopper.refusals.len();
            shopper.refusals.iter().for_each(|refusal| says_not_now(refusal, CODES, ANSWERED_WITHIN));
            shopper.check().await;
        }
    }

    async fn ready(&self) -> Reply {
        self.watch("/readyz").await
    }

    /// Asks as a watcher does: with little patience, over a connection of its own.
    async fn watch(&self, path: &str) -> Reply {
        let started = Instant::now();
        let reply = Http::new(self.address, "").send("GET", path, "", &Value::Null).await.unwrap();
        assert!(started.elapsed() < WATCHED_WITHIN, "{path} took {:?}", started.elapsed());
        reply
    }

    /// For as long as the database is away: watchers are told, and so are buyers.
    async fn is_away(&mut self) {
        let is_unready = async || self.ready().await.status == 503;
        until("not ready", Duration::from_secs(15), is_unready).await;
        let figures = self.watch("/metrics").await;
        assert_eq!(figures.status, 200, "{}", figures.text());
        let text = figures.text();
        assert_eq!(figure(&text, REACHABLE), Some(0), "{text}");
        assert!(figure(&text, "tuan_writes_waiting").is_some(), "{text}");
        assert_eq!(figure(&text, "tuan_outbox_waiting"), None, "not known: {text}");
        assert_eq!(self.watch("/livez").await.status, 200);
    }
}

async fn stop(server: &Arc<PostgresServer>, how: Stop) {
    let server = Arc::clone(server);
    tokio::task::spawn_blocking(move || server.stop(how)).await.unwrap();
}

async fn start(server: &Arc<PostgresServer>) {
    let server = Arc::clone(server);
    tokio::task::spawn_blocking(move || server.start_again()).await.unwrap();
}

/// Gone for good and back at once, in every way.
async fn short_outages(world: &mut World) {
    for how in [Stop::Immediate, Stop::Killed, Stop::Fast] {
        let server = Arc::clone(&world.server);
        let restart = async |_: &mut World| {
            stop(&server, how).await;
            start(&server).await;
        };
        world.under_load(restart).await;
    }
}

/// One process of it dies: it ends all others and recovers by itself.
async fn a_crash_inside(world: &mut World) {
    let server = Arc::clone(&world.server);
    let crash = async |_: &mut World| {
        tokio::task::spawn_blocking(move || server.kill_a_session()).await.unwrap();
    };
    world.under_load(crash).await;
}

/// Away for longer than a request waits.
async fn long_outage(world: &mut World) {
    let before = world.refused;
    let server = Arc::clone(&world.server);
    let away = async |world: &mut World| {
        stop(&server, Stop::Immediate).await;
        world.is_away().await;
        // After a while nobody is kept waiting any more.
        let is_refused_at_once = async || {
            let started = Instant::now();
            let refused = Http::new(world.address, "").send("GET", PAGE, "", &Value::Null).await.unwrap();
            assert_eq!(refused.code(), "store.unavailable", "{} {}", refused.status, refused.text());
            started.elapsed() < REFUSED_WITHIN
        };
        until("requests are refused at once", Duration::from_secs(20), is_refused_at_once).await;
        world.is_away().await;
        start(&server).await;
    };
    world.under_load(away).await;
    assert!(world.refused >= before + SHOPPERS, "{} were refused", world.refused - before);
}

/// There, but it does not answer.
async fn a_standstill(world: &mut World) {
    let server = Arc::clone(&world.server);
    let still = async |world: &mut World| {
        let frozen = tokio::task::spawn_blocking(move || server.freeze()).await.unwrap();
        let is_unready = async || world.ready().await.status == 503;
        until("not ready", Duration::from_secs(15), is_unready).await;
        assert_eq!(world.watch("/metrics").await.status, 200);
        // Those that were under way when it stood still are given up by then.
        let is_noticed = async || figure(&world.watch("/metrics").await.text(), REACHABLE) == Some(0);
        until("the standstill is noticed", Duration::from_secs(30), is_noticed).await;
        drop(frozen);
    };
    world.under_load(still).await;
}

/// Leaders of teams that nobody joins.
async fn leaders(market: &mut Market, item: &Item) -> (Vec<Member>, i64) {
    let (activity, price) = market.activity(item, 2).await.unwrap();
    let mut leaders = Vec::new();
    for number in 0..5 {
        let mut leader = market.member(500 + number, price).await.unwrap();
        let deal = json!({ "activity": activity, "team": null });
        let order = leader.order(&item.sku, price, &deal).await.unwrap();
        assert_eq!(leader.pay(&order).await.unwrap().status, 201);
        leaders.push(leader);
    }
    (leaders, price)
}

async fn outages(place: Place, server: PostgresServer) {
    // Few connections, so that all of them are in the middle of something.
    let running = place.serve(&[USUAL, ("TUAN_DATABASE_CONNECTIONS", "4")]);
    let mut market = Market::open(running.address).await.unwrap();
    let item = market.item("outage", PRICE, UNITS).await.unwrap();
    let team_item = market.item("team", PRICE, 100).await.unwrap();
    let (mut leaders, team_price) = leaders(&mut market, &team_item).await;
    let mut shoppers = Vec::new();
    for number in 0..SHOPPERS {
        shoppers.push(market.member(number, FUNDS).await.unwrap().into_shopper(&item, FUNDS));
    }
    let server = Arc::new(server);
    let mut world = World { address: running.address, server, shoppers, refused: 0 };
    short_outages(&mut world).await;
    a_crash_inside(&mut world).await;
    long_outage(&mut world).await;
    a_standstill(&mut world).await;
    assert!(world.shoppers.iter().all(|shopper| shopper.paid > 0), "somebody bought nothing");
    let paid: i64 = world.shoppers.iter().map(|shopper| shopper.paid).sum();
    assert_eq!(market.available(&item).await.unwrap(), UNITS - paid);
    // Timers and subscribers go on: teams are given up and paid back, and no event is left over.
    market.owner.must("POST", "/demo/clock/advance", &json!({ "seconds": 3_700 })).await.unwrap();
    for leader in &mut leaders {
        let wallet = tokio::sync::Mutex::new(leader.beside(running.address));
        let is_back = async || wallet.lock().await.wallet().await.unwrap() >= team_price;
        until("the money of a team that failed", Duration::from_secs(60), is_back).await;
    }
    let is_delivered =
        async || figure(&world.watch("/metrics").await.text(), "tuan_outbox_waiting") == Some(0);
    until("all events are delivered", Duration::from_secs(60), is_delivered).await;
    assert_eq!(status(&mut Http::new(running.address, ""), "/readyz").await, 200);
    println!("{paid} bought, {} refused", world.refused);
    place.audit();
    let dead = place.run(&["admin", "jobs", "dead"]);
    assert!(dead.status.success() && dead.stdout.is_empty(), "{}", String::from_utf8_lossy(&dead.stdout));
    running.kill();
}

// A file does not go away.
#[test]
fn a_database_that_goes_away_is_waited_for() {
    let server = PostgresServer::start();
    let (place, _folder) = place(Some(server.database()));
    testkit::block_on(outages(place, server));
}
