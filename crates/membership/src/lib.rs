//! What a shop gives to those who keep coming.
//!
//! Growth is earned by settled orders and taken back with their refunds. The tier follows from the growth of the last
//! days whenever somebody asks; its price is the member lane of the quote.

pub mod api;
mod audits;
mod mine;
mod model;
mod personal;
mod prices;
mod program;
mod store;

use db::Migrations;
use rest::Module;

/// This module's tables.
pub const MIGRATIONS: Migrations =
    db::migrations!("membership": 1 "membership" "../migrations/0001_membership.sql");

/// The module.
pub fn module() -> Module {
    let routes = program::routes().merge(mine::routes()).merge(prices::routes());
    Module { routes, audits: audits::audits(), personal: personal::PERSONAL, ..Module::new(MIGRATIONS) }
}
