//! Variants and their codes.

use std::collections::BTreeMap;

use base::{CategoryId, FlashSaleId, MerchantId, ProductId, SkuId};
use db::{DbError, Row, Rx, Tx, Value, params};

use super::lists::{from_json, in_lists, to_json};
use super::products::StoredPicture;
use crate::model::{NewSku, ProductState};

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
    pub(crate) is_virtual: bool,
    pub(crate) flash: Option<FlashSaleId>,
    pub(crate) category: CategoryId,
}

pub(crate) fn find_skus(rx: &mut Rx, ids: &[SkuId]) -> Result<Vec<SkuWithProduct>, DbError> {
    let mut found = BTreeMap::new();
    in_lists(ids, |list, params| {
        let sql = format!(
            "SELECT s.id, s.product, s.code, s.option_values, s.price, s.compare_price, s.is_offered,
                    p.merchant, p.title, p.pictures, p.state, p.no_reason_return, p.category,
                    p.is_virtual, p.flash
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
                category: row.get(12)?,
                is_virtual: row.get(13)?,
                flash: row.get(14)?,
            })
        })?;
        found.extend(rows.into_iter().map(|row| (row.sku.id, row)));
        Ok(())
    })?;
    // In the order asked for, each once.
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// Writes variants of a product and offers them: new ones, and those with these ids anew.
pub(crate) fn put_skus(
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
    let anew =
        "ON CONFLICT (id) DO UPDATE SET place = excluded.place, option_values = excluded.option_values,
        price = excluded.price, compare_price = excluded.compare_price, is_offered = excluded.is_offered";
    tx.insert_later(head, &rows, anew)
}

/// Takes variants of a product off sale.
pub(crate) fn retire_skus(tx: &mut Tx, product: ProductId, ids: &[SkuId]) -> Result<(), DbError> {
    let keys: Vec<Value> = ids.iter().map(|id| (*id).into()).collect();
    let retire = "UPDATE catalog_sku SET is_offered = 0 WHERE product = :lead AND id IN (:in)";
    tx.execute_in(retire, &product.into(), &keys)?;
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

/// Keeps others from claiming or handing over these codes until the transaction ends.
pub(crate) fn lock_codes(tx: &mut Tx, merchant: MerchantId, codes: &[&str]) -> Result<(), DbError> {
    let codes: Vec<Value> = codes.iter().map(|code| Value::from(*code)).collect();
    let touch = "UPDATE catalog_code SET sku = sku WHERE merchant = :lead AND code IN (:in)";
    tx.execute_in(touch, &merchant.into(), &codes)?;
    Ok(())
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
