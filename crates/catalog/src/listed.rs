//! For who keeps a list of its own of what is sold: what was changed, and what a product says.

use std::collections::BTreeMap;

use base::{CategoryId, MerchantId, ProductId, Timestamp};
use db::{DbError, Rx};

use crate::api::Badge;
use crate::card::{ProductCard, card};
use crate::model::{Attribute, ProductOption, ProductState};
use crate::products::names_of;
use crate::store;

/// What a product says of itself.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its id.
    pub id: ProductId,
    /// Who sells it.
    pub merchant: MerchantId,
    /// The shop's name.
    pub merchant_name: String,
    /// Whether it is on sale.
    pub is_on_sale: bool,
    /// Its title.
    pub title: String,
    /// Its description.
    pub description: String,
    /// Its category.
    pub category: CategoryId,
    /// What its variants differ in.
    pub options: Vec<ProductOption>,
    /// Facts.
    pub attributes: Vec<Attribute>,
    /// The codes of the variants offered.
    pub codes: Vec<String>,
    /// The lowest price of its variants, in minor units.
    pub price_minor: i64,
    /// Whether it is bought together, and how.
    pub badge: Option<Badge>,
    /// When it was first put on sale.
    pub published_at: Timestamp,
}

/// The last number of each shard of the feed of changes. Whoever has read every shard up to its number has missed
/// nothing that was committed before.
///
/// # Errors
/// Whatever the store says.
pub fn feed_ends(rx: &mut Rx) -> Result<Vec<(i64, i64)>, DbError> {
    store::feed_ends(rx)
}

/// Changes of a shard after a number, in their order: the number and the product. Of a product only the newest change
/// is there, so that from 0 on it is a list of all products.
///
/// # Errors
/// Whatever the store says.
pub fn changes_after(
    rx: &mut Rx,
    shard: i64,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, ProductId)>, DbError> {
    store::list_changes(rx, shard, after, limit)
}

/// What products say of themselves, in any state; unknown ids are left out.
///
/// # Errors
/// Whatever the store says.
pub fn listed(rx: &mut Rx, products: &[ProductId]) -> Result<Vec<Listed>, DbError> {
    let rows: Vec<_> = store::find_products(rx, products)?.into_values().collect();
    let names = names_of(rx, &rows)?;
    let mut codes: BTreeMap<ProductId, Vec<String>> = BTreeMap::new();
    for sku in store::list_skus(rx, products)?.into_iter().filter(|sku| sku.is_offered) {
        codes.entry(sku.product).or_default().push(sku.code);
    }
    let view = |row: store::ProductRow| Listed {
        merchant_name: names.get(&row.merchant).cloned().unwrap_or_default(),
        codes: codes.remove(&row.id).unwrap_or_default(),
        id: row.id,
        merchant: row.merchant,
        is_on_sale: row.state == ProductState::Published,
        title: row.title,
        description: row.description,
        category: row.category,
        options: row.options,
        attributes: row.attributes,
        price_minor: row.price_from,
        badge: row.badge,
        published_at: row.published_at,
    };
    Ok(rows.into_iter().map(view).collect())
}

/// The cards of those products that are on sale now, in the order asked for; the others are left out.
///
/// # Errors
/// Whatever the store says.
pub fn cards(rx: &mut Rx, products: &[ProductId]) -> Result<Vec<ProductCard>, DbError> {
    let mut found = store::find_products(rx, products)?;
    found.retain(|_, row| row.state == ProductState::Published);
    let rows: Vec<_> = products.iter().filter_map(|id| found.remove(id)).collect();
    let names = names_of(rx, &rows)?;
    let now = rx.now();
    Ok(rows.into_iter().map(|row| card(row, &names, now)).collect())
}
