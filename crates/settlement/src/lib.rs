//! Who gets what of what buyers paid.
//!
//! The platform's share of each line is promised when an order is placed, taken when it is settled and given back with
//! refunds. What a merchant has earned is told line by line in its statement, whose sum is the balance of its account.
//! Payouts need two people; pledges are put down from what was earned; what people earned is counted by quarter.

pub mod api;
mod audits;
mod deposits;
mod fees;
mod income;
mod model;
mod payouts;
mod personal;
mod statement;
mod store;

use db::Migrations;
use rest::Module;

/// This module's tables.
pub const MIGRATIONS: Migrations =
    db::migrations!("settlement": 1 "settlement" "../migrations/0001_settlement.sql");

/// The module.
pub fn module() -> Module {
    let routes = fees::routes()
        .merge(statement::routes())
        .merge(payouts::routes())
        .merge(deposits::routes())
        .merge(income::routes());
    Module { routes, audits: audits::audits(), personal: personal::PERSONAL, ..Module::new(MIGRATIONS) }
}
