//! The demo: a small world to look around in, and the routes that only a demo has.

mod life;
mod pictures;
mod routes;
mod shops;
mod world;

use std::sync::Arc;

use anyhow::Result;
use base::{Clock, FixedClock, MerchantId, SystemClock};
use people::api::Phone;
use rest::Settings;

pub(crate) use routes::{ClockGate, follow_clock, routes};
pub(crate) use world::World;

use crate::app::Assembly;
use crate::config::Config;
use crate::inside::Inside;
use crate::store;

/// A shop that is open.
pub(crate) struct OpenShop {
    key: String,
    merchant: MerchantId,
    /// The owner's session.
    token: String,
    products: Vec<Offered>,
}

/// A product on sale.
pub(crate) struct Offered {
    id: String,
    title: String,
    skus: Vec<String>,
    /// Its activity and the size of its teams.
    activity: Option<(String, i64)>,
}

/// How much is put into a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Amount {
    /// Only the operator.
    Operator,
    /// The world and thirty days in it.
    All,
}

/// Fills the store that the settings name, through the same commands that people use.
///
/// # Errors
/// When a command is refused or the store fails.
pub(crate) fn fill(config: &Config, amount: Amount) -> Result<()> {
    let world = World::load()?;
    let assembly = Assembly::new();
    let now = SystemClock::default().now();
    let past = if amount == Amount::All { life::DAYS * 86_400 } else { 0 };
    let clock: Arc<dyn Clock> = Arc::new(FixedClock::at(now.plus_seconds(-past)));
    let db = store::open_with(config, &assembly.tables, Arc::clone(&clock))?;
    store::begin_demo(&db)?;
    let settings = Settings { is_demo: true, public_url: "http://localhost:8080".to_owned() };
    let app = assembly.over(db.clone(), config, settings)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let inside = Inside::new(app, clock);
        if amount == Amount::All {
            let shops = shops::open(&inside, &world).await?;
            life::Life::begin(&inside, &world, &shops).await?.live().await?;
            shops::begin_flash_sales(&inside, &world, &shops).await?;
        } else {
            shops::operator(&inside, &world.operator).await?;
        }
        sign_all_out(&inside, &world).await
    })?;
    drop(runtime);
    store::end_demo(&db)?;
    db.close();
    Ok(())
}

/// Ends the sessions that filling took.
async fn sign_all_out(inside: &Inside, world: &World) -> Result<()> {
    let staff = world.shop.iter().flat_map(|shop| [shop.owner.clone(), shop.staff.clone()]);
    let all = staff.chain(world.people()).chain([world.operator.clone()]);
    for person in all {
        let phone: Phone = person.phone.parse()?;
        inside.command(move |tx| people::api::end_sessions(tx, &phone)).await?;
    }
    Ok(())
}
