//! Who is who: persons, sign-in, sessions, addresses, shops and their staff.
//!
//! A person is a guest until a phone number is proven; what a guest did stays with the member. Sessions are read on
//! every request, so that a sign-out, a ban or a changed right takes effect at once. See the crate's README.

pub mod api;
mod events;
mod model;
mod sessions;
mod store;

use db::Migrations;
use rest::{MergeGuest, Module};

/// This module's tables.
pub const MIGRATIONS: Migrations = db::migrations!("people": 1 "people" "../migrations/0001_people.sql");

/// What all modules do when a guest turns out to be a member. Put into the context's extensions at start.
#[derive(Clone, Default)]
pub struct Hooks(pub Vec<MergeGuest>);

/// The module.
pub fn module() -> Module {
    Module::new(MIGRATIONS)
}
