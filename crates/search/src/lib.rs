//! Finding products: full text in Chinese and English, pinyin, typos, synonyms, suggestions.
//!
//! What is found comes from an index that every node keeps for itself, made from the catalogue and following its
//! changes; what is shown comes from the store. See the crate's README.

mod asked;
mod document;
mod follow;
mod gather;
mod index;
mod marks;
mod missed;
mod personal;
mod plan;
mod products;
mod search;
mod spelling;
mod store;
mod suggest;
mod suggestions;
mod synonym_table;
mod synonyms;
mod text;
mod words;

use db::Migrations;
use rest::{Ctx, Module, OpenApiRouter};

/// What other crates may use.
pub mod api {
    pub use crate::follow::{FollowError, Follower, STORE};
    pub use crate::search::Search;
}

/// This module's tables.
pub const MIGRATIONS: Migrations = db::migrations!("search": 1 "search" "../migrations/0001_search.sql");

/// The module.
pub fn module() -> Module {
    Module {
        routes: routes(),
        jobs: vec![asked::FORGET.into()],
        personal: personal::PERSONAL,
        ..Module::new(MIGRATIONS)
    }
}

fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::from(axum::Router::new())
        .merge(products::routes())
        .merge(suggestions::routes())
        .merge(synonym_table::routes())
        .merge(missed::routes())
}
