//! Invoices of orders, and red letters for what goes back after.
//!
//! A buyer asks for the invoice of what was paid and kept; the shop makes it out with the tax office and notes the number.
//! Money that goes back after that asks for a red letter over the same lines.

mod ask;
mod audits;
mod issue;
mod letters;
mod model;
mod personal;
mod store;
mod terms;
mod views;

use db::Migrations;
use rest::Module;

/// This module's tables.
pub const MIGRATIONS: Migrations =
    db::migrations!("invoices": 1 "invoices" "../migrations/0001_invoices.sql");

/// The module.
pub fn module() -> Module {
    let routes = ask::routes().merge(issue::routes()).merge(letters::routes()).merge(terms::routes());
    Module {
        routes,
        subscribers: letters::subscribers(),
        audits: audits::audits(),
        personal: personal::PERSONAL,
        ..Module::new(MIGRATIONS)
    }
}
