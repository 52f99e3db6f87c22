//! What the numbers say: sums by day, buyer and product, made from events as they happen.

mod dashboard;
mod personal;
mod store;

use db::{Migrations, StoredEvent, Tx};
use orders::events::{OrderPaid, OrderRefunded};
use rest::Module;
use work::{Failure, Subscriber};

use crate::store::Change;

/// This module's tables.
pub const MIGRATIONS: Migrations = db::migrations!("insight": 1 "insight" "../migrations/0001_insight.sql");

/// The module.
pub fn module() -> Module {
    Module {
        routes: dashboard::routes(),
        subscribers: vec![
            Subscriber { name: "insight.on_order_paid", kinds: &["orders.paid"], handle: paid },
            Subscriber { name: "insight.on_order_refunded", kinds: &["orders.refunded"], handle: refunded },
        ],
        personal: personal::PERSONAL,
        ..Module::new(MIGRATIONS)
    }
}

fn paid(tx: &mut Tx, event: &StoredEvent) -> Result<(), Failure> {
    let day = event.at.day();
    let event: OrderPaid = Failure::check(serde_json::from_str(&event.payload))?;
    store::add_day(tx, event.merchant, day, Change { orders: 1, paid: event.total, refunded: 0 })?;
    store::add_buyer(tx, event.merchant, event.buyer, day)?;
    for line in event.lines {
        store::add_product(tx, event.merchant, day, line.product, (line.qty, line.total))?;
    }
    Ok(())
}

fn refunded(tx: &mut Tx, event: &StoredEvent) -> Result<(), Failure> {
    let day = event.at.day();
    let event: OrderRefunded = Failure::check(serde_json::from_str(&event.payload))?;
    store::add_day(tx, event.merchant, day, Change { orders: 0, paid: 0, refunded: event.amount })?;
    Ok(())
}
