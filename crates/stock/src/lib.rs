//! How much there is of what, where, and what is set aside for whom.
//!
//! Available = on hand − held. Stock is held only when a payment begins, for a short time; what is paid for is
//! taken, and returns put back no more than was taken. One row per SKU and place guards all of it.

mod adjust;
pub mod api;
mod audits;
mod jobs;
mod personal;
mod store;

use db::Migrations;
use rest::Module;

/// This module's tables.
pub const MIGRATIONS: Migrations = db::migrations!("stock": 1 "stock" "../migrations/0001_stock.sql");

/// The module.
pub fn module() -> Module {
    Module {
        routes: adjust::routes(),
        jobs: jobs::handlers(),
        audits: audits::audits(),
        personal: personal::PERSONAL,
        ..Module::new(MIGRATIONS)
    }
}
