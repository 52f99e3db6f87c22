//! From the cart to the settled order.
//!
//! Checkout copies what is wanted; a payment takes stock and seat and then the money; shipment, receipt and the end
//! of the return window follow, and the money goes to those who earned it. Refunds put back what they must in one
//! transaction: money, stock, commissions.

pub mod api;
mod audits;
mod cancel_order;
mod cart;
mod cart_store;
mod cash;
pub mod events;
mod fulfil_order;
mod jobs;
mod model;
mod paid;
mod pay;
mod personal;
mod place_order;
mod points_choice;
mod price;
mod quit_card;
mod refund_order;
mod replace_order;
mod simulate;
mod store;
mod subscribers;
mod views;

use db::Migrations;
use rest::Module;

/// This module's tables.
pub const MIGRATIONS: Migrations = db::migrations!(
    "orders": 1 "orders" "../migrations/0001_orders.sql", 2 "cart turn" "../migrations/0002_cart_turn.sql",
    3 "after sale" "../migrations/0003_after_sale.sql", 4 "virtual" "../migrations/0004_virtual.sql"
);

/// The module.
pub fn module() -> Module {
    let routes = cart::routes()
        .merge(place_order::routes())
        .merge(pay::routes())
        .merge(cash::routes())
        .merge(cancel_order::routes())
        .merge(fulfil_order::routes())
        .merge(refund_order::routes())
        .merge(quit_card::routes())
        .merge(simulate::routes())
        .merge(views::routes());
    Module {
        routes,
        subscribers: subscribers::subscribers(),
        jobs: jobs::handlers(),
        audits: audits::audits(),
        merge_guest: Some(cart_store::merge),
        personal: personal::PERSONAL,
        ..Module::new(MIGRATIONS)
    }
}
