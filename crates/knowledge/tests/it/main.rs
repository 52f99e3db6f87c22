//! Posts over HTTP, on both engines.
#![cfg(test)]

mod articles;
mod lists;
mod moderation;
mod questions;
mod races;
mod reviews;
mod shop;
#[path = "../../../orders/tests/it/world.rs"]
#[expect(dead_code, reason = "the shop of the tests of orders, of which these need a part")]
mod world;
