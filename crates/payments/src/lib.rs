//! Money comes in and goes back.
//!
//! A payment pays one or more orders, from the wallet or through a provider. What a provider tells is believed only
//! when its signature, amount and currency are right, and counts once however often it is told. Money received lies
//! in clearing until the orders take it ([`api::capture`]) or it is sent back ([`api::give_back`]).

mod alipay;
mod amount;
pub mod api;
mod audits;
mod bills;
mod code;
mod day;
pub mod events;
mod http;
#[cfg(test)]
mod interop;
mod jobs;
mod method;
mod notices;
mod personal;
mod provider;
mod providers;
mod reconcile;
mod rsa;
mod sandbox;
mod secret;
mod store;
mod stripe;
mod views;
mod wechat_pay;

use db::Migrations;
use rest::Module;

/// This module's tables.
pub const MIGRATIONS: Migrations = db::migrations!(
    "payments": 1 "payments" "../migrations/0001_payments.sql", 2 "providers" "../migrations/0002_providers.sql"
);

/// The module.
pub fn module() -> Module {
    Module {
        routes: views::routes()
            .merge(providers::routes())
            .merge(notices::routes())
            .merge(sandbox::routes())
            .merge(bills::routes())
            .merge(code::routes()),
        jobs: jobs::handlers(),
        outside: Some(jobs::outside),
        audits: audits::audits(),
        personal: personal::PERSONAL,
        ..Module::new(MIGRATIONS)
    }
}
