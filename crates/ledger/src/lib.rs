//! Who owns what: one double-entry ledger for money and other value.
//!
//! A transfer has legs that sum to zero and an id that follows from its cause, so it happens once. Entries are never
//! changed; each carries the hash of the one before it in its chain. See the crate's README for the rules.

pub mod api;
mod audits;
mod derived;
mod jobs;
mod kinds;
mod model;
mod personal;
mod roll;
mod store;
mod views;

use db::Migrations;
use rest::Module;

/// This module's tables.
pub const MIGRATIONS: Migrations = db::migrations!(
    "ledger": 1 "ledger" "../migrations/0001_ledger.sql", 2 "rolled" "../migrations/0002_rolled.sql"
);

/// The module.
pub fn module() -> Module {
    Module {
        routes: views::routes(),
        jobs: jobs::handlers(),
        audits: audits::audits(),
        personal: personal::PERSONAL,
        ..Module::new(MIGRATIONS)
    }
}
