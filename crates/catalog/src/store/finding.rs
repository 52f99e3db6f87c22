//! Lists of products: on sale, and a shop's own.

use base::{CategoryId, Id, MerchantId, ProductId};
use db::{DbError, Param, Rx};

use super::products::{PRODUCT_COLUMNS, ProductRow, product};
use crate::model::ProductState;
use crate::words::Wanted;

/// In which order products on sale are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    /// Newest first.
    New,
    /// Cheapest first.
    Price,
    /// Dearest first.
    PriceDown,
}

/// Which products on sale are listed.
pub(crate) struct Shown {
    pub(crate) category: Option<CategoryId>,
    pub(crate) merchant: Option<MerchantId>,
    /// Only those with an activity.
    pub(crate) is_together: bool,
    pub(crate) sort: Sort,
    /// The sort key of the row before.
    pub(crate) after: Option<(i64, ProductId)>,
    pub(crate) limit: i64,
}

const WORD_NAMES: [(&str, &str); 8] = [
    ("w0", "e0"),
    ("w1", "e1"),
    ("w2", "e2"),
    ("w3", "e3"),
    ("w4", "e4"),
    ("w5", "e5"),
    ("w6", "e6"),
    ("w7", "e7"),
];

/// Conditions on the product's words, and their parameters.
fn word_conditions(words: &[Wanted], sql: &mut String, params: &mut Vec<Param>) {
    for (wanted, (from, to)) in words.iter().zip(WORD_NAMES) {
        sql.push_str(" AND p.id IN (SELECT product FROM catalog_word WHERE word ");
        if wanted.is_prefix {
            sql.push_str(&format!(">= :{from} AND word < :{to})"));
            // The highest character there is: whatever begins like the word sorts before it.
            params.push((to, format!("{}\u{10ffff}", wanted.word).into()));
        } else {
            sql.push_str(&format!("= :{from})"));
        }
        params.push((from, (&wanted.word).into()));
    }
}

/// Products on sale, after a place.
pub(crate) fn list_shown(rx: &mut Rx, shown: &Shown) -> Result<Vec<ProductRow>, DbError> {
    let mut sql = format!("SELECT {PRODUCT_COLUMNS} FROM catalog_product p WHERE p.state = 'published'");
    let mut params: Vec<Param> = vec![("limit", shown.limit.into())];
    if let Some(category) = shown.category {
        sql.push_str(" AND p.category = :category");
        params.push(("category", category.into()));
    }
    if let Some(merchant) = shown.merchant {
        sql.push_str(" AND p.merchant = :merchant");
        params.push(("merchant", merchant.into()));
    }
    if shown.is_together {
        sql.push_str(" AND p.activity IS NOT NULL");
    }
    if let Some((key, id)) = shown.after {
        sql.push_str(match shown.sort {
            Sort::New => " AND (p.published_at < :key OR (p.published_at = :key AND p.id < :id))",
            Sort::Price => " AND (p.price_from > :key OR (p.price_from = :key AND p.id > :id))",
            Sort::PriceDown => " AND (p.price_from < :key OR (p.price_from = :key AND p.id < :id))",
        });
        params.extend([("key", key.into()), ("id", id.into())]);
    }
    sql.push_str(match shown.sort {
        Sort::New => " ORDER BY p.published_at DESC, p.id DESC LIMIT :limit",
        Sort::Price => " ORDER BY p.price_from, p.id LIMIT :limit",
        Sort::PriceDown => " ORDER BY p.price_from DESC, p.id DESC LIMIT :limit",
    });
    rx.list(&sql, &params, product)
}

/// A merchant's products, newest first, before a place.
pub(crate) fn list_own(
    rx: &mut Rx,
    merchant: MerchantId,
    (state, words): (Option<ProductState>, &[Wanted]),
    before: ProductId,
    limit: i64,
) -> Result<Vec<ProductRow>, DbError> {
    let mut sql = format!(
        "SELECT {PRODUCT_COLUMNS} FROM catalog_product p WHERE p.merchant = :merchant AND p.id < :before"
    );
    let mut params: Vec<Param> =
        vec![("merchant", merchant.into()), ("before", before.into()), ("limit", limit.into())];
    if let Some(state) = state {
        sql.push_str(" AND p.state = :state");
        params.push(("state", state.word().into()));
    }
    word_conditions(words, &mut sql, &mut params);
    sql.push_str(" ORDER BY p.id DESC LIMIT :limit");
    rx.list(&sql, &params, product)
}

/// The place before every product: ids below it are none.
pub(crate) fn after_all() -> ProductId {
    ProductId::from_bytes([0xff; 16])
}
