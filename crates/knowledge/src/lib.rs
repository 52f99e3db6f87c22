//! What people know of goods: reviews, questions and answers, and what may be said.
//!
//! Who received a line of an order reviews it, once, and may add to it once. Members ask; the shop, buyers and others
//! answer. All three are posts: they are found helpful, reported, held back and hidden in the same way. What is in
//! public of a product is counted in the transaction that changes it.
//!
//! Each product has an article that staff write and others propose changes to; every revision is kept. Friends fill a
//! list of goods and vote on it together.

mod article;
mod article_views;
mod ask;
mod audits;
mod diff;
mod list;
mod list_fill;
mod list_views;
mod model;
mod moderate;
mod personal;
mod post;
mod proposal;
mod reply;
mod review;
mod store;
mod subscribers;
mod views;
mod vote;
mod words;

use db::Migrations;
use rest::Module;

/// This module's tables.
pub const MIGRATIONS: Migrations = db::migrations!("knowledge": 1 "knowledge" "../migrations/0001_knowledge.sql",
        2 "article" "../migrations/0002_article.sql", 3 "list" "../migrations/0003_list.sql",
        4 "hidden revision" "../migrations/0004_hidden_revision.sql");

/// The module.
pub fn module() -> Module {
    let routes = review::routes()
        .merge(reply::routes())
        .merge(ask::routes())
        .merge(vote::routes())
        .merge(moderate::routes())
        .merge(words::routes())
        .merge(views::routes())
        .merge(article::routes())
        .merge(proposal::routes())
        .merge(article_views::routes())
        .merge(list::routes())
        .merge(list_fill::routes())
        .merge(list_views::routes());
    Module {
        routes,
        subscribers: subscribers::subscribers(),
        audits: audits::audits(),
        personal: personal::PERSONAL,
        ..Module::new(MIGRATIONS)
    }
}
