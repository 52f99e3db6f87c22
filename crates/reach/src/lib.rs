//! Who brings whom: entries, touches, attribution and commission in at most two levels.
//!
//! See the crate's README for the rules.

pub mod api;
mod attribute;
mod audits;
mod codes;
mod commissions;
mod entries;
mod events;
mod forest;
mod funnel;
mod model;
mod payout;
mod personal;
mod poster;
mod review;
mod rules;
mod store;
mod touches;

use db::Migrations;
use rest::Module;

/// This module's tables.
pub const MIGRATIONS: Migrations = db::migrations!(
    "reach": 1 "reach" "../migrations/0001_reach.sql", 2 "turn" "../migrations/0002_turn.sql"
);

/// The module.
pub fn module() -> Module {
    let routes = entries::routes()
        .merge(touches::routes())
        .merge(rules::routes())
        .merge(funnel::routes())
        .merge(commissions::routes())
        .merge(poster::routes());
    Module {
        routes,
        subscribers: touches::subscribers(),
        audits: audits::audits(),
        merge_guest: Some(api::merge_guest),
        personal: personal::PERSONAL,
        ..Module::new(MIGRATIONS)
    }
}
