//! What products are called in files.

use std::collections::BTreeMap;

use base::{MerchantId, ProductId};
use db::{DbError, Rx, Tx, params};

use super::lists::in_lists;

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
    tx.later(
        "UPDATE catalog_handle SET digest = :digest WHERE merchant = :merchant AND handle = :handle",
        params!["merchant" => merchant, "handle" => handle, "digest" => digest],
    )
}
