//! The prices of an activity, and what is changed of one.

use base::ActivityId;
use db::{DbError, Tx, Value, params};

use super::ActivityRow;
use crate::model::SkuRule;

pub(crate) fn insert_prices(tx: &mut Tx, activity: ActivityId, skus: &[SkuRule]) -> Result<(), DbError> {
    let mut prices = Vec::with_capacity(skus.len());
    for sku in skus {
        let tiers = serde_json::to_string(&sku.tiers).map_err(|error| DbError::Bug(error.to_string()))?;
        let leader = Value::from(sku.leader_price);
        prices.push(vec![activity.into(), sku.sku.into(), sku.team_price.into(), leader, tiers.into()]);
    }
    tx.insert_later("INSERT INTO deals_price (activity, sku, team_price, leader_price, tiers)", &prices, "")
}

pub(crate) fn replace_prices(tx: &mut Tx, activity: ActivityId, skus: &[SkuRule]) -> Result<(), DbError> {
    tx.execute("DELETE FROM deals_price WHERE activity = :activity", params!["activity" => activity])?;
    insert_prices(tx, activity, skus)
}

/// Writes an activity down anew, state and product excepted; `false` when it is not in the state of `row` any more, or
/// more of its quota is used than the new one has.
pub(crate) fn update_activity(tx: &mut Tx, row: &ActivityRow) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE deals_activity SET title = :title, size = :size, window_s = :window, starts_at = :starts,
             ends_at = :ends, quota = :quota, per_person = :person, new_buyers_only = :new, currency = :currency
         WHERE id = :id AND state = :state AND quota_used <= :most",
        params![
            "id" => row.id, "state" => &row.state, "title" => &row.title, "size" => row.size,
            "window" => row.window_s, "starts" => row.starts_at, "ends" => row.ends_at, "quota" => row.quota,
            "person" => row.per_person, "new" => row.new_buyers_only, "currency" => row.currency,
            "most" => row.quota.unwrap_or(i64::MAX),
        ],
    )?;
    Ok(changed == 1)
}
