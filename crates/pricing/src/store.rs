//! All SQL of pricing.

use base::{MerchantId, Timestamp};
use db::{DbError, Rx, Tx, params};

use crate::model::{Freight, FullReduction};

/// What a merchant set.
#[derive(Default)]
pub(crate) struct Rules {
    pub(crate) full_reductions: Vec<FullReduction>,
    pub(crate) freight: Freight,
    /// How many promotions are live.
    pub(crate) live: i64,
}

pub(crate) fn find_rules(rx: &mut Rx, merchant: MerchantId) -> Result<Option<Rules>, DbError> {
    rx.opt(
        "SELECT full_reductions, freight_base, freight_free_from, live FROM pricing_rules WHERE merchant = :merchant",
        params!["merchant" => merchant],
        |row| {
            let tiers: String = row.get(0)?;
            let full_reductions =
                serde_json::from_str(&tiers).map_err(|error| DbError::Bug(error.to_string()))?;
            let freight = Freight { base_minor: row.get(1)?, free_from_minor: row.get(2)? };
            Ok(Rules { full_reductions, freight, live: row.get(3)? })
        },
    )
}

/// Puts rules in the place of those before; the version counts the changes.
pub(crate) fn put_rules(tx: &mut Tx, merchant: MerchantId, rules: &Rules) -> Result<(), DbError> {
    let tiers =
        serde_json::to_string(&rules.full_reductions).map_err(|error| DbError::Bug(error.to_string()))?;
    let now: Timestamp = tx.now();
    tx.later(
        "INSERT INTO pricing_rules AS r
             (merchant, full_reductions, freight_base, freight_free_from, version, updated_at)
         VALUES (:merchant, :tiers, :base, :free_from, 1, :now)
         ON CONFLICT (merchant) DO UPDATE SET full_reductions = excluded.full_reductions,
             freight_base = excluded.freight_base, freight_free_from = excluded.freight_free_from,
             version = r.version + 1, updated_at = excluded.updated_at",
        params![
            "merchant" => merchant, "tiers" => tiers, "base" => rules.freight.base_minor,
            "free_from" => rules.freight.free_from_minor, "now" => now,
        ],
    )
}
