//! Pictures.

use std::collections::BTreeMap;

use base::{MerchantId, PictureId};
use db::{DbError, Rx, Tx, params};

use super::lists::in_lists;

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
    tx.later(
        "INSERT INTO catalog_picture (id, merchant, sha256, width, height, created_at)
         VALUES (:id, :merchant, :sha256, :width, :height, :now)",
        params![
            "id" => picture.id, "merchant" => picture.merchant, "sha256" => &picture.sha256,
            "width" => picture.width, "height" => picture.height, "now" => now,
        ],
    )
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
