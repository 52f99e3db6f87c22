//! What a cart costs, and where every minor unit of it comes from.
//!
//! The price is a pure function of lines and rules: [`api::quote`]. Nothing here knows of stock or orders.
#![warn(missing_docs)]

pub mod api;
mod audits;
mod model;
mod personal;
mod promotion_store;
mod promotions;
mod rules;
mod store;

use db::Migrations;
use rest::Module;

/// This module's tables.
pub const MIGRATIONS: Migrations = db::migrations!("pricing": 1 "pricing" "../migrations/0001_pricing.sql",
    2 "promotions" "../migrations/0002_promotions.sql");

/// The module.
pub fn module() -> Module {
    let routes = rules::routes().merge(promotions::routes());
    Module {
        routes,
        audits: audits::audits(),
        jobs: promotions::handlers(),
        personal: personal::PERSONAL,
        ..Module::new(MIGRATIONS)
    }
}
