//! What a shop gives to be claimed.
//!
//! A template says what a coupon gives, to how many, and for how long; a person claims one and uses it for one order.
//! Some grow: by friends who help, and by days kept. Nothing asks for friends: a coupon is usable as it is.

pub mod api;
mod audits;
mod claim;
mod help;
mod mine;
mod model;
mod offers;
mod personal;
mod store;
mod templates;

use db::Migrations;
use rest::Module;

/// This module's tables.
pub const MIGRATIONS: Migrations = db::migrations!("coupons": 1 "coupons" "../migrations/0001_coupons.sql");

/// The module.
pub fn module() -> Module {
    let routes = templates::routes().merge(offers::routes()).merge(mine::routes()).merge(help::routes());
    let routes = routes.merge(claim::routes());
    Module { routes, audits: audits::audits(), personal: personal::PERSONAL, ..Module::new(MIGRATIONS) }
}
