//! Invoices over HTTP, on both engines.
#![cfg(test)]

mod invoices_of_orders;
#[path = "../../../orders/tests/it/world.rs"]
#[expect(dead_code, reason = "the shop of the tests of orders, of which these need a part")]
mod world;
