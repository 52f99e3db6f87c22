//! Products.

use std::collections::{BTreeMap, BTreeSet};

use base::{ActivityId, CategoryId, FlashSaleId, MerchantId, PictureId, ProductId, Timestamp};
use db::{DbError, Row, Rx, Tx, Value, params};
use serde::{Deserialize, Serialize};

use super::changes::note_change_of;
use super::lists::{from_json, in_lists, to_json};
use crate::api::{Badge, FlashBadge};
use crate::model::{Attribute, NewProduct, ProductOption, ProductState};

/// A picture as a product keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredPicture {
    pub(crate) id: PictureId,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// A product's row.
#[derive(Clone, Debug)]
pub(crate) struct ProductRow {
    pub(crate) id: ProductId,
    pub(crate) merchant: MerchantId,
    pub(crate) state: ProductState,
    pub(crate) version: i64,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) category: CategoryId,
    pub(crate) options: Vec<ProductOption>,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) pictures: Vec<StoredPicture>,
    pub(crate) no_reason_return: bool,
    pub(crate) is_virtual: bool,
    pub(crate) price_from: i64,
    pub(crate) handle: Option<String>,
    pub(crate) badge: Option<Badge>,
    pub(crate) flash: Option<FlashBadge>,
    pub(crate) published_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

pub(super) const PRODUCT_COLUMNS: &str = "p.id, p.merchant, p.state, p.version, p.title, p.description, p.category, p.options,
    p.attributes, p.pictures, p.no_reason_return, p.price_from, p.handle, p.activity, p.team_price, p.team_size,
    p.published_at, p.updated_at, p.is_virtual,
    p.flash, p.flash_price, p.flash_starts, p.flash_ends";

fn badge(activity: Option<ActivityId>, price: Option<i64>, size: Option<i64>) -> Option<Badge> {
    Some(Badge { activity: activity?, team_price_minor: price?, size: size?.try_into().ok()? })
}

fn flash(row: &Row<'_>) -> Result<Option<FlashBadge>, DbError> {
    let Some(sale) = row.get::<Option<FlashSaleId>>(19)? else { return Ok(None) };
    let (price_minor, starts_at, ends_at) = (row.get(20)?, row.get(21)?, row.get(22)?);
    Ok(Some(FlashBadge { sale, price_minor, starts_at, ends_at }))
}

pub(super) fn product(row: &Row<'_>) -> Result<ProductRow, DbError> {
    Ok(ProductRow {
        id: row.get(0)?,
        merchant: row.get(1)?,
        state: ProductState::is(&row.get::<String>(2)?),
        version: row.get(3)?,
        title: row.get(4)?,
        description: row.get(5)?,
        category: row.get(6)?,
        options: from_json(&row.get::<String>(7)?)?,
        attributes: from_json(&row.get::<String>(8)?)?,
        pictures: from_json(&row.get::<String>(9)?)?,
        no_reason_return: row.get(10)?,
        is_virtual: row.get(18)?,
        price_from: row.get(11)?,
        handle: row.get(12)?,
        badge: badge(row.get(13)?, row.get(14)?, row.get(15)?),
        flash: flash(row)?,
        published_at: row.get(16)?,
        updated_at: row.get(17)?,
    })
}

pub(crate) fn find_product(rx: &mut Rx, id: ProductId) -> Result<Option<ProductRow>, DbError> {
    let sql = format!("SELECT {PRODUCT_COLUMNS} FROM catalog_product p WHERE p.id = :id");
    rx.opt(&sql, params!["id" => id], product)
}

pub(crate) fn find_products(
    rx: &mut Rx,
    ids: &[ProductId],
) -> Result<BTreeMap<ProductId, ProductRow>, DbError> {
    let mut found = BTreeMap::new();
    in_lists(ids, |list, params| {
        let sql = format!("SELECT {PRODUCT_COLUMNS} FROM catalog_product p WHERE p.id IN ({list})");
        found.extend(rx.list(&sql, &params, product)?.into_iter().map(|row| (row.id, row)));
        Ok(())
    })?;
    Ok(found)
}

/// What is written of a product besides what the merchant says.
pub(crate) struct Written<'a> {
    pub(crate) id: ProductId,
    pub(crate) merchant: MerchantId,
    pub(crate) product: &'a NewProduct,
    pub(crate) pictures: &'a [StoredPicture],
    pub(crate) handle: Option<&'a str>,
}

pub(crate) fn insert_product(tx: &mut Tx, written: &Written<'_>) -> Result<(), DbError> {
    let (now, product) = (tx.now(), written.product);
    tx.later(
        "INSERT INTO catalog_product (id, merchant, state, version, title, description, category, options, attributes,
             pictures, no_reason_return, price_from, handle, activity, team_price, team_size, published_at,
             created_at, updated_at, is_virtual)
         VALUES (:id, :merchant, 'draft', 1, :title, :description, :category, :options, :attributes, :pictures,
             :no_reason, :price_from, :handle, NULL, NULL, NULL, 0, :now, :now, :virtual)",
        params![
            "id" => written.id, "merchant" => written.merchant, "title" => &product.title,
            "description" => &product.description, "category" => product.category,
            "options" => to_json(&product.options)?, "attributes" => to_json(&product.attributes)?,
            "pictures" => to_json(written.pictures)?, "no_reason" => product.no_reason_return,
            "virtual" => product.is_virtual,
            "price_from" => product.price_from(), "handle" => written.handle, "now" => now,
        ],
    )
}

/// Writes a product anew; `false` when it is not at `version` any more.
pub(crate) fn update_product(tx: &mut Tx, written: &Written<'_>, version: i64) -> Result<bool, DbError> {
    let (now, product) = (tx.now(), written.product);
    let changed = tx.execute(
        "UPDATE catalog_product SET title = :title, description = :description, category = :category,
             options = :options, attributes = :attributes, pictures = :pictures, no_reason_return = :no_reason,
             is_virtual = :virtual, price_from = :price_from, version = version + 1, updated_at = :now
         WHERE id = :id AND version = :version",
        params![
            "id" => written.id, "version" => version, "title" => &product.title,
            "description" => &product.description, "category" => product.category,
            "options" => to_json(&product.options)?, "attributes" => to_json(&product.attributes)?,
            "pictures" => to_json(written.pictures)?, "no_reason" => product.no_reason_return,
            "virtual" => product.is_virtual,
            "price_from" => product.price_from(), "now" => now,
        ],
    )?;
    Ok(changed == 1)
}

/// Moves a product to another state; `false` when it is there already.
pub(crate) fn move_state(tx: &mut Tx, id: ProductId, to: ProductState) -> Result<bool, DbError> {
    let now = tx.now();
    let changed = match to {
        ProductState::Published => tx.execute(
            "UPDATE catalog_product SET state = 'published', published_at = CASE WHEN published_at = 0 THEN :now ELSE published_at END,
                 version = version + 1, updated_at = :now
             WHERE id = :id AND state <> 'published'",
            params!["id" => id, "now" => now],
        )?,
        ProductState::Archived | ProductState::Draft => tx.execute(
            "UPDATE catalog_product SET state = :to, version = version + 1, updated_at = :now
             WHERE id = :id AND state <> :to",
            params!["id" => id, "to" => to.word(), "now" => now],
        )?,
    };
    if changed == 1 {
        note_change_of(tx, id)?;
    }
    Ok(changed == 1)
}

pub(crate) fn set_badge(tx: &mut Tx, id: ProductId, badge: Option<Badge>) -> Result<(), DbError> {
    tx.later(
        "UPDATE catalog_product SET activity = :activity, team_price = :price, team_size = :size WHERE id = :id",
        params![
            "id" => id, "activity" => badge.map(|badge| badge.activity),
            "price" => badge.map(|badge| badge.team_price_minor), "size" => badge.map(|badge| badge.size),
        ],
    )?;
    note_change_of(tx, id)
}

pub(crate) fn set_flash(tx: &mut Tx, id: ProductId, flash: Option<FlashBadge>) -> Result<(), DbError> {
    tx.later(
        "UPDATE catalog_product SET flash = :sale, flash_price = :price, flash_starts = :starts, flash_ends = :ends
         WHERE id = :id",
        params![
            "id" => id, "sale" => flash.map(|flash| flash.sale), "price" => flash.map(|flash| flash.price_minor),
            "starts" => flash.map(|flash| flash.starts_at), "ends" => flash.map(|flash| flash.ends_at),
        ],
    )?;
    note_change_of(tx, id)
}

/// Makes these the words the product is found by.
pub(crate) fn set_words(tx: &mut Tx, product: ProductId, words: &BTreeSet<String>) -> Result<(), DbError> {
    tx.execute("DELETE FROM catalog_word WHERE product = :product", params!["product" => product])?;
    let rows: Vec<Vec<Value>> = words.iter().map(|word| vec![word.into(), product.into()]).collect();
    tx.insert_later(
        "INSERT INTO catalog_word (word, product)",
        &rows,
        "ON CONFLICT (word, product) DO NOTHING",
    )
}
