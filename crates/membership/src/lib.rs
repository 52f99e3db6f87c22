//! What a shop gives to those who keep coming.
//!
//! Growth is earned by settled orders and taken back with their refunds. The tier follows from the growth of the last
//! days whenever somebody asks. A paid card is a virtual variant that somebody bought; it gives for its days what it
//! promised. The better of both is the member lane of the quote.

pub mod api;
mod audits;
mod card_api;
mod card_model;
mod card_store;
mod cards;
mod mine;
mod model;
mod personal;
mod prices;
mod program;
mod store;

use db::Migrations;
use rest::Module;

/// This module's tables.
pub const MIGRATIONS: Migrations = db::migrations!(
    "membership": 1 "membership" "../migrations/0001_membership.sql", 2 "card" "../migrations/0002_card.sql"
);

/// The module.
pub fn module() -> Module {
    let routes = program::routes().merge(mine::routes()).merge(prices::routes()).merge(cards::routes());
    Module { routes, audits: audits::audits(), personal: personal::PERSONAL, ..Module::new(MIGRATIONS) }
}
