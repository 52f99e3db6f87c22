//! `tuan replay`.

mod client;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context, Result};
use clap::Args;
use parking_lot::Mutex;

use crate::output::{complain, say};
use crate::{config, retail};
use client::{Buyer, Client, Shop};

/// Baskets from CSV, as orders with payment over the API of a demo.
#[derive(Args)]
pub(crate) struct Orders {
    /// `user,item,basket,ts,qty,cents`, plain or gzip; a relative one is looked for in `TUAN_DATA` too.
    file: PathBuf,
    /// The demo's address.
    #[arg(long)]
    url: String,
    /// The phone of the owner of the shop that sells the items.
    #[arg(long, default_value = "13800009100")]
    owner_phone: String,
    /// How fast: `max` is as fast as the server takes them.
    #[arg(long, default_value = "max", value_parser = ["max"])]
    speed: String,
    /// People who buy at the same time.
    #[arg(long, default_value_t = 16)]
    clients: usize,
    /// At most so many days of the file.
    #[arg(long)]
    days: Option<usize>,
}

/// What came of the baskets.
#[derive(Default)]
struct Tally {
    orders: u64,
    lines: u64,
    /// Items the shop does not sell.
    unknown: u64,
    refused: BTreeMap<String, u64>,
}

impl Orders {
    /// Replays day by day, moving the demo's clock.
    ///
    /// # Errors
    /// When the file cannot be read, or the server cannot be used; refused orders are counted.
    pub(crate) fn run(self) -> Result<ExitCode> {
        let days = retail::baskets(&retail::read(&in_data_folder(&self.file))?)?;
        let days: Vec<_> = days.into_iter().take(self.days.unwrap_or(usize::MAX)).collect();
        let client = Client::new(&self.url);
        let shop = Shop::open(&client, &self.owner_phone)?;
        say(&format!("{} days, {} items on sale", days.len(), shop.skus.len()));
        let buyers: Mutex<BTreeMap<u64, Arc<Mutex<Buyer>>>> = Mutex::default();
        let tally = Mutex::new(Tally::default());
        let started = Instant::now();
        for (n, baskets) in days.iter().enumerate() {
            self.day(&client, &shop, &buyers, (baskets, &tally))?;
            client.pass_a_day()?;
            if n % 30 == 29 {
                let orders = tally.lock().orders;
                let rate = per_second(orders, started);
                complain(&format!("day {}: {orders} orders, {rate:.0}/s", n.saturating_add(1)));
            }
        }
        let tally = tally.into_inner();
        let (orders, seconds) = (tally.orders, started.elapsed().as_secs_f64());
        say(&format!("{orders} orders with {} lines by {} people", tally.lines, buyers.lock().len()));
        say(&format!("{seconds:.1} s, {:.0} orders/s", per_second(orders, started)));
        say(&format!("{} lines name items that the shop does not sell", tally.unknown));
        for (code, count) in &tally.refused {
            say(&format!("refused  {count:>7}  {code}"));
        }
        Ok(if tally.refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// One day: everyone's baskets in their order, different people at the same time.
    fn day(
        &self,
        client: &Client,
        shop: &Shop,
        buyers: &Mutex<BTreeMap<u64, Arc<Mutex<Buyer>>>>,
        (baskets, tally): (&[retail::Basket], &Mutex<Tally>),
    ) -> Result<()> {
        let mut of_user: BTreeMap<u64, Vec<&retail::Basket>> = BTreeMap::new();
        for basket in baskets {
            of_user.entry(basket.user).or_default().push(basket);
        }
        let queue: Vec<_> = of_user.into_iter().collect();
        let next = AtomicUsize::new(0);
        let work = || -> Result<()> {
            while let Some((user, baskets)) = queue.get(next.fetch_add(1, Ordering::Relaxed)) {
                let buyer = Arc::clone(buyers.lock().entry(*user).or_default());
                let mut buyer = buyer.lock();
                for basket in baskets {
                    buy(client, shop, &mut buyer, basket, tally)?;
                }
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..self.clients.max(1)).map(|_| scope.spawn(work)).collect();
            for thread in threads {
                thread.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a client panicked")))?;
            }
            Ok(())
        })
    }
}

fn buy(
    client: &Client,
    shop: &Shop,
    buyer: &mut Buyer,
    basket: &retail::Basket,
    tally: &Mutex<Tally>,
) -> Result<()> {
    let known: Vec<(&str, i64)> = basket
        .lines
        .iter()
        .filter_map(|(item, qty)| Some((shop.skus.get(&retail::code(item))?.as_str(), *qty)))
        .collect();
    let unknown = basket.lines.len().saturating_sub(known.len());
    tally.lock().unknown += u64::try_from(unknown)?;
    for part in known.chunks(client::LINES_MAX) {
        let bought = buyer.buy(client, basket.user, part)?;
        let mut tally = tally.lock();
        match bought {
            Ok(()) => {
                tally.orders += 1;
                tally.lines += u64::try_from(part.len())?;
            }
            Err(code) => *tally.refused.entry(code).or_default() += 1,
        }
    }
    Ok(())
}

#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "a rate to look at")]
fn per_second(count: u64, started: Instant) -> f64 {
    count as f64 / started.elapsed().as_secs_f64().max(0.001)
}

/// The file itself, or the one of that name in the data folder.
pub(super) fn in_data_folder(file: &Path) -> PathBuf {
    if file.exists() {
        return file.to_path_buf();
    }
    config::data_folder()
        .map(|folder| folder.join(file))
        .filter(|path| path.exists())
        .unwrap_or_else(|| file.into())
}

/// Text at a JSON pointer.
fn text(value: &serde_json::Value, pointer: &str) -> Result<String> {
    let found = value.pointer(pointer).and_then(serde_json::Value::as_str);
    found.map(str::to_owned).with_context(|| format!("no text at {pointer} in {value}"))
}
