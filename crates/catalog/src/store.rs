//! All SQL of the catalogue.

use std::collections::{BTreeMap, BTreeSet};

use base::{ActivityId, CategoryId, Id, MerchantId, PictureId, ProductId, SkuId, Timestamp};
use db::{DbError, Param, Row, Rx, Tx, Value, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::api::Badge;
use crate::model::{Attribute, NewProduct, NewSku, ProductOption, ProductState};
use crate::words::Wanted;

/// Names of the parameters of an `IN` list.
const IN_NAMES: [&str; 64] = [
    "i0", "i1", "i2", "i3", "i4", "i5", "i6", "i7", "i8", "i9", "i10", "i11", "i12", "i13", "i14", "i15",
    "i16", "i17", "i18", "i19", "i20", "i21", "i22", "i23", "i24", "i25", "i26", "i27", "i28", "i29", "i30",
    "i31", "i32", "i33", "i34", "i35", "i36", "i37", "i38", "i39", "i40", "i41", "i42", "i43", "i44", "i45",
    "i46", "i47", "i48", "i49", "i50", "i51", "i52", "i53", "i54", "i55", "i56", "i57", "i58", "i59", "i60",
    "i61", "i62", "i63",
];

/// Runs `look` for up to 64 ids at a time, with the text of the list and its parameters. Lists are filled up to 1,
/// 8 or 64 by repetition, so that there are few statements to prepare.
fn in_lists<T: Clone + Into<Value>>(
    ids: &[T],
    mut look: impl FnMut(&str, Vec<Param>) -> Result<(), DbError>,
) -> Result<(), DbError> {
    for chunk in ids.chunks(IN_NAMES.len()) {
        let size = if chunk.len() == 1 {
            1
        } else if chunk.len() <= 8 {
            8
        } else {
            IN_NAMES.len()
        };
        let Some(last) = chunk.last() else { continue };
        let filled = chunk.iter().chain(std::iter::repeat(last)).take(size);
        let list: Vec<Param> = IN_NAMES.into_iter().zip(filled.map(|id| id.clone().into())).collect();
        let text = list.iter().map(|(name, _)| format!(":{name}")).collect::<Vec<_>>().join(", ");
        look(&text, list)?;
    }
    Ok(())
}

fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<String, DbError> {
    serde_json::to_string(value).map_err(|error| DbError::Bug(error.to_string()))
}

fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, DbError> {
    serde_json::from_str(text).map_err(|error| DbError::Bug(format!("stored JSON: {error}")))
}

// ---- products

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
    pub(crate) price_from: i64,
    pub(crate) handle: Option<String>,
    pub(crate) badge: Option<Badge>,
    pub(crate) published_at: Option<Timestamp>,
    pub(crate) updated_at: Timestamp,
}

const PRODUCT_COLUMNS: &str = "p.id, p.merchant, p.state, p.version, p.title, p.description, p.category, p.options,
    p.attributes, p.pictures, p.no_reason_return, p.price_from, p.handle, p.activity, p.team_price, p.team_size,
    p.published_at, p.updated_at";

fn badge(activity: Option<ActivityId>, price: Option<i64>, size: Option<i64>) -> Option<Badge> {
    Some(Badge { activity: activity?, team_price_minor: price?, size: size?.try_into().ok()? })
}

fn product(row: &Row<'_>) -> Result<ProductRow, DbError> {
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
        price_from: row.get(11)?,
        handle: row.get(12)?,
        badge: badge(row.get(13)?, row.get(14)?, row.get(15)?),
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
    tx.execute(
        "INSERT INTO catalog_product (id, merchant, state, version, title, description, category, options, attributes,
             pictures, no_reason_return, price_from, handle, activity, team_price, team_size, published_at,
             created_at, updated_at)
         VALUES (:id, :merchant, 'draft', 1, :title, :description, :category, :options, :attributes, :pictures,
             :no_reason, :price_from, :handle, NULL, NULL, NULL, NULL, :now, :now)",
        params![
            "id" => written.id, "merchant" => written.merchant, "title" => &product.title,
            "description" => &product.description, "category" => product.category,
            "options" => to_json(&product.options)?, "attributes" => to_json(&product.attributes)?,
            "pictures" => to_json(written.pictures)?, "no_reason" => product.no_reason_return,
            "price_from" => product.price_from(), "handle" => written.handle, "now" => now,
        ],
    )?;
    Ok(())
}

/// Writes a product anew; `false` when it is not at `version` any more.
pub(crate) fn update_product(tx: &mut Tx, written: &Written<'_>, version: i64) -> Result<bool, DbError> {
    let (now, product) = (tx.now(), written.product);
    let changed = tx.execute(
        "UPDATE catalog_product SET title = :title, description = :description, category = :category,
             options = :options, attributes = :attributes, pictures = :pictures, no_reason_return = :no_reason,
             price_from = :price_from, version = version + 1, updated_at = :now
         WHERE id = :id AND version = :version",
        params![
            "id" => written.id, "version" => version, "title" => &product.title,
            "description" => &product.description, "category" => product.category,
            "options" => to_json(&product.options)?, "attributes" => to_json(&product.attributes)?,
            "pictures" => to_json(written.pictures)?, "no_reason" => product.no_reason_return,
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
            "UPDATE catalog_product SET state = 'published', published_at = COALESCE(published_at, :now),
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
    Ok(changed == 1)
}

pub(crate) fn set_badge(tx: &mut Tx, id: ProductId, badge: Option<Badge>) -> Result<(), DbError> {
    tx.execute(
        "UPDATE catalog_product SET activity = :activity, team_price = :price, team_size = :size WHERE id = :id",
        params![
            "id" => id, "activity" => badge.map(|badge| badge.activity),
            "price" => badge.map(|badge| badge.team_price_minor), "size" => badge.map(|badge| badge.size),
        ],
    )?;
    Ok(())
}

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
    pub(crate) words: Vec<Wanted>,
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
    word_conditions(&shown.words, &mut sql, &mut params);
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

// ---- variants

/// A variant's row.
#[derive(Clone, Debug)]
pub(crate) struct SkuRow {
    pub(crate) id: SkuId,
    pub(crate) product: ProductId,
    pub(crate) code: String,
    pub(crate) option_values: Vec<String>,
    pub(crate) price: i64,
    pub(crate) compare_price: Option<i64>,
    pub(crate) is_offered: bool,
}

fn sku(row: &Row<'_>) -> Result<SkuRow, DbError> {
    Ok(SkuRow {
        id: row.get(0)?,
        product: row.get(1)?,
        code: row.get(2)?,
        option_values: from_json(&row.get::<String>(3)?)?,
        price: row.get(4)?,
        compare_price: row.get(5)?,
        is_offered: row.get(6)?,
    })
}

/// Every variant of these products, offered or not, in their order.
pub(crate) fn list_skus(rx: &mut Rx, products: &[ProductId]) -> Result<Vec<SkuRow>, DbError> {
    let mut found = Vec::new();
    in_lists(products, |list, params| {
        let sql = format!(
            "SELECT id, product, code, option_values, price, compare_price, is_offered FROM catalog_sku
             WHERE product IN ({list}) ORDER BY product, place, id LIMIT 20000"
        );
        found.extend(rx.list(&sql, &params, sku)?);
        Ok(())
    })?;
    Ok(found)
}

/// A variant with what its product says of it.
pub(crate) struct SkuWithProduct {
    pub(crate) sku: SkuRow,
    pub(crate) merchant: MerchantId,
    pub(crate) title: String,
    pub(crate) pictures: Vec<StoredPicture>,
    pub(crate) is_published: bool,
    pub(crate) no_reason_return: bool,
}

pub(crate) fn find_skus(rx: &mut Rx, ids: &[SkuId]) -> Result<Vec<SkuWithProduct>, DbError> {
    let mut found = BTreeMap::new();
    in_lists(ids, |list, params| {
        let sql = format!(
            "SELECT s.id, s.product, s.code, s.option_values, s.price, s.compare_price, s.is_offered,
                    p.merchant, p.title, p.pictures, p.state, p.no_reason_return
             FROM catalog_sku s JOIN catalog_product p ON p.id = s.product WHERE s.id IN ({list})"
        );
        let rows = rx.list(&sql, &params, |row| {
            Ok(SkuWithProduct {
                sku: sku(row)?,
                merchant: row.get(7)?,
                title: row.get(8)?,
                pictures: from_json(&row.get::<String>(9)?)?,
                is_published: ProductState::is(&row.get::<String>(10)?) == ProductState::Published,
                no_reason_return: row.get(11)?,
            })
        })?;
        found.extend(rows.into_iter().map(|row| (row.sku.id, row)));
        Ok(())
    })?;
    // In the order asked for, each once.
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

pub(crate) fn insert_skus(
    tx: &mut Tx,
    product: ProductId,
    skus: &[(SkuId, i64, &NewSku)],
) -> Result<(), DbError> {
    let mut rows = Vec::with_capacity(skus.len());
    for (id, place, sku) in skus {
        rows.push(vec![
            (*id).into(),
            product.into(),
            (*place).into(),
            (&sku.code).into(),
            to_json(&sku.option_values)?.into(),
            sku.price_minor.into(),
            sku.compare_price_minor.into(),
            true.into(),
        ]);
    }
    let head =
        "INSERT INTO catalog_sku (id, product, place, code, option_values, price, compare_price, is_offered)";
    tx.insert(head, &rows, "")?;
    Ok(())
}

/// Writes a variant anew and offers it.
pub(crate) fn update_sku(tx: &mut Tx, id: SkuId, place: i64, sku: &NewSku) -> Result<(), DbError> {
    tx.execute(
        "UPDATE catalog_sku SET place = :place, option_values = :values, price = :price, compare_price = :compare,
             is_offered = 1
         WHERE id = :id",
        params![
            "id" => id, "place" => place, "values" => to_json(&sku.option_values)?, "price" => sku.price_minor,
            "compare" => sku.compare_price_minor,
        ],
    )?;
    Ok(())
}

/// Takes a variant off sale.
pub(crate) fn retire_sku(tx: &mut Tx, id: SkuId) -> Result<(), DbError> {
    tx.execute("UPDATE catalog_sku SET is_offered = 0 WHERE id = :id", params!["id" => id])?;
    Ok(())
}

/// Claims codes for variants; answers how many could be.
pub(crate) fn claim_codes(
    tx: &mut Tx,
    merchant: MerchantId,
    codes: &[(&str, SkuId)],
) -> Result<u64, DbError> {
    let rows: Vec<Vec<Value>> =
        codes.iter().map(|(code, sku)| vec![merchant.into(), (*code).into(), (*sku).into()]).collect();
    let head = "INSERT INTO catalog_code (merchant, code, sku)";
    tx.insert(head, &rows, "ON CONFLICT (merchant, code) DO NOTHING")
}

/// Who has a code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holder {
    pub(crate) sku: SkuId,
    /// `None` while the variant is being made in this very transaction.
    pub(crate) product: Option<ProductId>,
    pub(crate) is_offered: bool,
}

/// Who has these codes.
pub(crate) fn code_holders(
    rx: &mut Rx,
    merchant: MerchantId,
    codes: &[&str],
) -> Result<BTreeMap<String, Holder>, DbError> {
    let mut found = BTreeMap::new();
    in_lists(codes, |list, mut params| {
        params.push(("merchant", merchant.into()));
        let sql = format!(
            "SELECT c.code, c.sku, s.product, COALESCE(s.is_offered, 1)
             FROM catalog_code c LEFT JOIN catalog_sku s ON s.id = c.sku
             WHERE c.merchant = :merchant AND c.code IN ({list})"
        );
        found.extend(rx.list(&sql, &params, |row| {
            let holder = Holder { sku: row.get(1)?, product: row.get(2)?, is_offered: row.get(3)? };
            Ok((row.get::<String>(0)?, holder))
        })?);
        Ok(())
    })?;
    Ok(found)
}

/// Hands a code over from a variant that is not offered any more; `false` when it has it no more.
pub(crate) fn take_code(
    tx: &mut Tx,
    (merchant, code): (MerchantId, &str),
    from: SkuId,
    to: SkuId,
) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE catalog_code SET sku = :to WHERE merchant = :merchant AND code = :code AND sku = :from",
        params!["merchant" => merchant, "code" => code, "from" => from, "to" => to],
    )?;
    Ok(changed == 1)
}

// ---- words, handles, pictures

/// Makes these the words the product is found by.
pub(crate) fn set_words(tx: &mut Tx, product: ProductId, words: &BTreeSet<String>) -> Result<(), DbError> {
    tx.execute("DELETE FROM catalog_word WHERE product = :product", params!["product" => product])?;
    let rows: Vec<Vec<Value>> = words.iter().map(|word| vec![word.into(), product.into()]).collect();
    tx.insert("INSERT INTO catalog_word (word, product)", &rows, "ON CONFLICT (word, product) DO NOTHING")?;
    Ok(())
}

/// Claims a handle; `false` when another product has it.
pub(crate) fn claim_handle(
    tx: &mut Tx,
    merchant: MerchantId,
    handle: &str,
    (product, digest): (ProductId, [u8; 32]),
) -> Result<bool, DbError> {
    let inserted = tx.execute(
        "INSERT INTO catalog_handle (merchant, handle, product, digest)
         VALUES (:merchant, :handle, :product, :digest) ON CONFLICT (merchant, handle) DO NOTHING",
        params!["merchant" => merchant, "handle" => handle, "product" => product, "digest" => digest],
    )?;
    Ok(inserted == 1)
}

/// Whose handles are, and what was imported last.
pub(crate) fn find_handles(
    rx: &mut Rx,
    merchant: MerchantId,
    handles: &[&str],
) -> Result<BTreeMap<String, (ProductId, [u8; 32])>, DbError> {
    let mut found = BTreeMap::new();
    in_lists(handles, |list, mut params| {
        params.push(("merchant", merchant.into()));
        let sql = format!(
            "SELECT handle, product, digest FROM catalog_handle WHERE merchant = :merchant AND handle IN ({list})"
        );
        found.extend(rx.list(&sql, &params, |row| {
            Ok((row.get::<String>(0)?, (row.get::<ProductId>(1)?, row.get::<[u8; 32]>(2)?)))
        })?);
        Ok(())
    })?;
    Ok(found)
}

pub(crate) fn set_digest(
    tx: &mut Tx,
    merchant: MerchantId,
    handle: &str,
    digest: [u8; 32],
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE catalog_handle SET digest = :digest WHERE merchant = :merchant AND handle = :handle",
        params!["merchant" => merchant, "handle" => handle, "digest" => digest],
    )?;
    Ok(())
}

/// A picture's row.
#[derive(Clone, Debug)]
pub(crate) struct PictureRow {
    pub(crate) id: PictureId,
    pub(crate) merchant: MerchantId,
    pub(crate) sha256: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

pub(crate) fn insert_picture(tx: &mut Tx, picture: &PictureRow) -> Result<(), DbError> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO catalog_picture (id, merchant, sha256, width, height, created_at)
         VALUES (:id, :merchant, :sha256, :width, :height, :now)",
        params![
            "id" => picture.id, "merchant" => picture.merchant, "sha256" => &picture.sha256,
            "width" => picture.width, "height" => picture.height, "now" => now,
        ],
    )?;
    Ok(())
}

pub(crate) fn find_pictures(
    rx: &mut Rx,
    ids: &[PictureId],
) -> Result<BTreeMap<PictureId, PictureRow>, DbError> {
    let mut found = BTreeMap::new();
    in_lists(ids, |list, params| {
        let sql =
            format!("SELECT id, merchant, sha256, width, height FROM catalog_picture WHERE id IN ({list})");
        let rows = rx.list(&sql, &params, |row| {
            Ok(PictureRow {
                id: row.get(0)?,
                merchant: row.get(1)?,
                sha256: row.get(2)?,
                width: row.get(3)?,
                height: row.get(4)?,
            })
        })?;
        found.extend(rows.into_iter().map(|row| (row.id, row)));
        Ok(())
    })?;
    Ok(found)
}

/// The place before every product: ids below it are none.
pub(crate) fn after_all() -> ProductId {
    ProductId::from_bytes([0xff; 16])
}
