//! Putting things right: refunds asked for, returns, exchanges, price protection, disputes.
//!
//! A buyer opens a case for lines of one order. The shop answers, the goods travel, the platform decides what the two
//! cannot; whoever does not answer in time is taken to agree, or to have let it be. What a case ends with is carried
//! out in the transaction that ends it: money, stock and commissions by the module `orders`. While a case is open, its
//! order is not settled.

mod answer;
pub mod api;
mod audits;
mod buyer;
mod claims;
pub mod events;
mod jobs;
mod model;
mod open_case;
mod options;
mod personal;
mod steps;
mod store;
mod terms;
mod views;

use db::Migrations;
use rest::Module;

/// This module's tables.
pub const MIGRATIONS: Migrations =
    db::migrations!("aftersale": 1 "aftersale" "../migrations/0001_aftersale.sql");

/// The module.
pub fn module() -> Module {
    let routes = open_case::routes()
        .merge(buyer::routes())
        .merge(answer::routes())
        .merge(options::routes())
        .merge(terms::routes())
        .merge(views::routes());
    Module {
        routes,
        subscribers: jobs::subscribers(),
        jobs: jobs::handlers(),
        audits: audits::audits(),
        personal: personal::PERSONAL,
        ..Module::new(MIGRATIONS)
    }
}
