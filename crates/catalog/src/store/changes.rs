//! The feed of changes: who follows it from a place on misses nothing.
//!
//! A number is taken from its shard's row, which the transaction holds until it ends. So whoever sees a number sees
//! every lower one of the shard that there will ever be; that a product's older change is gone is no loss, as only its
//! present state is read. A transaction writes products of one merchant, and a merchant has one shard: two never wait
//! for each other in a circle.

use base::{Id, MerchantId, ProductId};
use db::{DbError, Rx, Tx, params};

const SHARDS: u8 = 16;

fn shard(merchant: MerchantId) -> i64 {
    i64::from(merchant.bytes().last().copied().unwrap_or(0) % SHARDS)
}

/// Notes that a product was changed.
pub(crate) fn note_change(tx: &mut Tx, merchant: MerchantId, product: ProductId) -> Result<(), DbError> {
    let shard = shard(merchant);
    tx.later("UPDATE catalog_feed SET last = last + 1 WHERE shard = :shard", params!["shard" => shard])?;
    tx.later(
        "INSERT INTO catalog_change (shard, number, product)
         SELECT shard, last, :product FROM catalog_feed WHERE shard = :shard",
        params!["shard" => shard, "product" => product],
    )?;
    tx.later(
        "DELETE FROM catalog_change WHERE product = :product AND (shard <> :shard
             OR number < (SELECT last FROM catalog_feed WHERE shard = :shard))",
        params!["shard" => shard, "product" => product],
    )
}

/// [`note_change`] for who does not know the merchant.
pub(crate) fn note_change_of(tx: &mut Tx, product: ProductId) -> Result<(), DbError> {
    let merchant = tx.opt(
        "SELECT merchant FROM catalog_product WHERE id = :product",
        params!["product" => product],
        |row| row.get(0),
    )?;
    merchant.map_or(Ok(()), |merchant| note_change(tx, merchant, product))
}

/// The last number of each shard.
pub(crate) fn feed_ends(rx: &mut Rx) -> Result<Vec<(i64, i64)>, DbError> {
    rx.list("SELECT shard, last FROM catalog_feed ORDER BY shard LIMIT 64", &[], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// Changes of a shard after a number, in their order.
pub(crate) fn list_changes(
    rx: &mut Rx,
    shard: i64,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, ProductId)>, DbError> {
    rx.list(
        "SELECT number, product FROM catalog_change WHERE shard = :shard AND number > :after
         ORDER BY number LIMIT :limit",
        params!["shard" => shard, "after" => after, "limit" => limit],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}
