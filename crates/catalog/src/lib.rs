//! What is sold: products, variants, pictures, import and export.
//!
//! A product is written as a whole; a variant keeps its id by its code and is never deleted, since orders name it.
//! See the crate's README.

pub mod api;
mod card;
mod categories;
mod drafts;
mod export;
mod import;
mod listed;
mod media;
mod model;
mod products;
mod stock_list;
mod store;
mod table;
mod words;

use db::Migrations;
use rest::{Ctx, Module, OpenApiRouter, routes};

pub use media::Media;

/// This module's tables.
pub const MIGRATIONS: Migrations = db::migrations!("catalog":
    1 "catalog" "../migrations/0001_catalog.sql",
    2 "category price" "../migrations/0002_category_price.sql",
    3 "change" "../migrations/0003_change.sql",
    4 "virtual" "../migrations/0004_virtual.sql",
    5 "flash" "../migrations/0005_flash.sql",
);

/// The module.
pub fn module() -> Module {
    Module { routes: routes(), ..Module::new(MIGRATIONS) }
}

fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::from(axum::Router::new())
        .merge(products::routes())
        .merge(media::routes())
        .merge(import::routes())
        .routes(routes!(categories::category_list))
        .routes(routes!(export::product_export))
        .routes(routes!(stock_list::merchant_stock_list))
}
