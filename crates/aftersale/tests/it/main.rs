//! Cases over HTTP, on both engines.
#![cfg(test)]

mod cases;
mod exchanges;
mod races;
mod sequences;
mod shop;
#[path = "../../../orders/tests/it/world.rs"]
#[expect(dead_code, reason = "the shop of the tests of orders, of which these need a part")]
mod world;
