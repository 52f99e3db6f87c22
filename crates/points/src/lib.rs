//! What a shop gives for buying and coming by, and takes as payment.
//!
//! Points lie in lots, each with a source and an end. Whatever changes them changes lots and ledger together, one person
//! at a time; what ends first is spent first.

pub mod api;
mod audits;
mod check_in;
mod expire;
mod give_back;
mod mine;
mod model;
mod personal;
mod program;
mod purse;
mod report;
mod store;

use db::Migrations;
use rest::Module;

/// This module's tables.
pub const MIGRATIONS: Migrations = db::migrations!("points": 1 "points" "../migrations/0001_points.sql");

/// The module.
pub fn module() -> Module {
    let routes = program::routes().merge(mine::routes()).merge(check_in::routes()).merge(report::routes());
    Module {
        routes,
        jobs: vec![expire::EXPIRE.into()],
        audits: audits::audits(),
        personal: personal::PERSONAL,
        ..Module::new(MIGRATIONS)
    }
}
