//! Flash sales: a low price for a short time, for as many as there are.
//!
//! A sale gives variants of one product a price between two moments of the server's clock. How many there are is one row
//! per variant, how many a person has another; both are taken when an order is placed, in the order of placing, and given
//! back when it comes to nothing.

pub mod api;
mod audits;
mod personal;
mod sales;
mod store;

use db::Migrations;
use rest::Module;

/// This module's tables.
pub const MIGRATIONS: Migrations = db::migrations!("flash": 1 "flash" "../migrations/0001_flash.sql");

/// The module.
pub fn module() -> Module {
    Module {
        routes: sales::routes(),
        jobs: sales::handlers(),
        audits: audits::audits(),
        personal: personal::PERSONAL,
        ..Module::new(MIGRATIONS)
    }
}
