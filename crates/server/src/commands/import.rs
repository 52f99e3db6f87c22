//! `tuan import`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use base::MerchantId;
use clap::Args;
use people::api::Phone;
use rest::Settings;
use serde_json::Value;

use crate::app::Assembly;
use crate::cli::Where;
use crate::inside::Inside;
use crate::output::{Refusal, say};
use crate::{retail, store};

/// Problems shown; the rest is counted.
const SHOWN_MAX: usize = 20;

/// Products from CSV: Shopify's columns, Chinese ones, or a list of items with prices.
#[derive(Args)]
pub(crate) struct Catalog {
    /// The file, plain or gzip; a relative one is looked for in `TUAN_DATA` too.
    file: PathBuf,
    /// The shop that sells them.
    #[arg(long)]
    merchant: Option<String>,
    /// Open a shop with this name for them instead.
    #[arg(long, conflicts_with_all = ["merchant", "dry_run"])]
    open_shop: Option<String>,
    /// The owner of the shop that is opened, or whoever works at the one that is there and imports.
    #[arg(long, default_value = "13800009100")]
    owner_phone: String,
    /// First stock of each item, for a list of items that says nothing of stock.
    #[arg(long, default_value_t = 1_000_000)]
    stock: i64,
    /// Only tell what would happen.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    place: Where,
}

impl Catalog {
    /// Imports, through the same code as an upload. The server must not be running on a SQLite store.
    ///
    /// # Errors
    /// When the file or the shop cannot be used.
    pub(crate) fn run(self) -> Result<ExitCode> {
        let bytes = retail::read(&super::replay::in_data_folder(&self.file))?;
        let bytes = if retail::is_items(&bytes) { retail::to_products(&bytes, self.stock)? } else { bytes };
        let config = self.place.load(&[])?;
        let assembly = Assembly::new();
        let (db, facts) = store::open(&config, &assembly.tables)?;
        let settings = Settings { is_demo: facts.is_demo, public_url: String::new() };
        let clock = std::sync::Arc::clone(db.clock());
        let inside = Inside::new(assembly.over(db.clone(), &config, settings)?, clock);
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let report = runtime.block_on(self.import(&inside, bytes))?;
        drop(runtime);
        db.close();
        print(&report);
        Ok(ExitCode::SUCCESS)
    }

    async fn import(&self, inside: &Inside, bytes: Vec<u8>) -> Result<Value> {
        let (merchant, token) = self.shop(inside).await?;
        let path = format!("/merchants/{merchant}/products/import?dry_run={}", self.dry_run);
        let answer = inside.try_call("POST", &path, &token, "text/csv", bytes).await?;
        answer.map_err(|code| anyhow::anyhow!("the import was refused: {code}"))
    }

    /// The shop, and the session of somebody who may import there.
    async fn shop(&self, inside: &Inside) -> Result<(MerchantId, String)> {
        let phone: Phone = self.owner_phone.parse().context("the owner's phone")?;
        match (&self.merchant, &self.open_shop) {
            (Some(merchant), _) => {
                let merchant: MerchantId = merchant.parse().context("the shop's id")?;
                // Nobody gets a right by this: a phone may be a stranger's, who signs in with it the day after.
                let open = move |tx: &mut db::Tx| {
                    let person = people::api::ensure_member(tx, &phone, "导入")?;
                    let works = people::api::is_staff(tx, merchant, person)?;
                    works.then(|| people::api::open_session(tx, person, "import")).transpose()
                };
                let refused = || {
                    Refusal(format!("{} does not work at a shop {merchant}: --owner-phone", self.owner_phone))
                };
                let token = inside.command(open).await?.ok_or_else(refused)?;
                Ok((merchant, token))
            }
            (None, Some(name)) => {
                let name = name.clone();
                let open = move |tx: &mut db::Tx| {
                    let owner = people::api::ensure_member(tx, &phone, "店主")?;
                    let merchant: MerchantId = tx.new_id();
                    people::api::ensure_merchant(tx, merchant, &name, "", owner)?;
                    Ok((merchant, people::api::open_session(tx, owner, "import")?))
                };
                let (merchant, token) = inside.command(open).await?;
                say(&format!("opened the shop {merchant}; its owner is {}", self.owner_phone));
                Ok((merchant, token))
            }
            (None, None) => Err(Refusal("name the shop: --merchant or --open-shop".to_owned()).into()),
        }
    }
}

fn print(report: &Value) {
    let number = |name: &str| report.get(name).and_then(Value::as_i64).unwrap_or(0);
    let (created, updated, skipped) = (number("created"), number("updated"), number("skipped"));
    say(&format!("{created} created, {updated} updated, {skipped} skipped"));
    let problems = report.get("problems").and_then(Value::as_array).cloned().unwrap_or_default();
    for problem in problems.iter().take(SHOWN_MAX) {
        let text = |name: &str| problem.get(name).map(ToString::to_string).unwrap_or_default();
        say(&format!("  row {} {}: {} {}", text("row"), text("column"), text("code"), text("detail")));
    }
    if problems.len() > SHOWN_MAX {
        say(&format!("  and {} more", problems.len().saturating_sub(SHOWN_MAX)));
    }
}
