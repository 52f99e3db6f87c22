//! The promises of search, on both engines.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "a test that measures says what it found")]

mod consistency;
mod filters;
mod hostile;
mod real_queries;
mod recall;
mod tables;

use std::sync::Arc;

use base::{Id, MerchantId};
use catalog::api::{Attribute, CATEGORIES, NewProduct, NewSku};
use db::{DbError, Lane, Tx};
use people::api as who;
use search::api::{Follower, Search};
use serde_json::Value;
use testkit::{App, Parts};

pub(crate) fn parts() -> Parts {
    let folder = tempfile::tempdir().unwrap();
    let search = Search::new(folder.path().join("search"));
    Parts {
        modules: vec![people::module(), stock::module(), catalog::module(), search::module()],
        authenticate: Arc::new(who::Sessions),
        // The folder lives as long as the context does.
        extensions: vec![Arc::new(search), Arc::new(folder)],
    }
}

pub(crate) fn follower(app: &App) -> Follower {
    Follower::new((*app.ctx.extension::<Search>().unwrap()).clone(), app.store.db.clone())
}

/// A shop and the token of its owner.
pub(crate) async fn shop(app: &App, n: u8) -> (MerchantId, String) {
    let id = MerchantId::from_bytes([n; 16]);
    let phone: who::Phone = format!("138000000{n:02}").parse().unwrap();
    let make = move |tx: &mut Tx| {
        let owner = who::ensure_member(tx, &phone, "Owner")?;
        who::ensure_merchant(tx, id, &format!("Shop {n}"), "", owner)?;
        who::open_session(tx, owner, "test")
    };
    (id, app.store.db.write::<_, DbError, _>(Lane::Interactive, make).await.unwrap())
}

pub(crate) async fn member(app: &App, phone: &str, is_operator: bool) -> String {
    let phone: who::Phone = phone.parse().unwrap();
    let make = move |tx: &mut Tx| {
        let person = who::ensure_member(tx, &phone, "Member")?;
        if is_operator {
            who::ensure_operator(tx, person)?;
        }
        who::open_session(tx, person, "test")
    };
    app.store.db.write::<_, DbError, _>(Lane::Interactive, make).await.unwrap()
}

/// A product with one variant and facts written `name:value;…`.
pub(crate) fn product(title: &str, code: &str, facts: &str, (category, price): (&str, i64)) -> NewProduct {
    let facts = facts.split(';').filter_map(|fact| fact.split_once(':'));
    let category = CATEGORIES.iter().find(|known| known.slug == category).unwrap();
    NewProduct {
        title: title.to_owned(),
        description: String::new(),
        category: category.id(),
        options: Vec::new(),
        attributes: facts
            .map(|(name, value)| Attribute { name: name.to_owned(), value: value.to_owned() })
            .collect(),
        no_reason_return: false,
        is_virtual: false,
        pictures: Vec::new(),
        skus: vec![NewSku {
            code: code.to_owned(),
            option_values: Vec::new(),
            price_minor: price,
            compare_price_minor: None,
            stock: Some(5),
        }],
    }
}

/// Makes products and puts them on sale; answers their ids.
pub(crate) async fn sell(app: &App, merchant: MerchantId, products: Vec<NewProduct>) -> Vec<String> {
    let mut ids = Vec::new();
    for some in products.chunks(8) {
        let some = some.to_vec();
        let make = move |tx: &mut Tx| {
            let mut made = Vec::new();
            for product in &some {
                let id =
                    catalog::api::create_product(tx, merchant, product).map_err(|error| match error {
                        catalog::api::ProductError::Db(error) => error,
                        other => DbError::Bug(other.to_string()),
                    })?;
                catalog::api::publish(tx, id)?;
                made.push(id.to_string());
            }
            Ok(made)
        };
        ids.extend(app.store.db.write::<_, DbError, _>(Lane::Interactive, make).await.unwrap());
    }
    ids
}

/// The text as it stands in an address.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

pub(crate) async fn find(app: &App, query: &str) -> Value {
    app.get(&format!("/api/v1/search?q={}&limit=10", encoded(query)), "").await.expect(200)
}

/// The titles of what is found.
pub(crate) async fn titles(app: &App, query: &str) -> Vec<String> {
    let found = find(app, query).await;
    let items = found["items"].as_array().unwrap().iter();
    items.map(|item| item["product"]["title"].as_str().unwrap().to_owned()).collect()
}
