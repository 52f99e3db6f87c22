//! What a person should see before it is paid.
//!
//! Two signs, both plain: the touch came from the very session the entry was made in, and a burst of orders. They
//! hold a commission, they never refuse it.

use base::{CommissionId, Timestamp};
use db::{DbError, Tx};

use crate::codes::id_at;
use crate::store::{self, CommissionRow};

/// Half of the time in which a burst is looked for, in seconds.
const BURST_HALF_S: i64 = 300;
/// More orders than this, earning one beneficiary something within the time, are a burst.
const BURST_ORDERS_MAX: i64 = 40;

/// Holds what earns a beneficiary something as one of very many orders at once. Looked at when the goods arrive,
/// when the orders around it are known and nobody waits.
pub(crate) fn hold_bursts(tx: &mut Tx, rows: &[CommissionRow]) -> Result<(), DbError> {
    for level in [1, 2] {
        let Some(row) = rows.iter().find(|row| row.level == level && row.state == "frozen") else { continue };
        let at: Timestamp = row.created_at;
        let from: CommissionId = id_at(at.plus_seconds(BURST_HALF_S.saturating_neg()));
        let to: CommissionId = id_at(at.plus_seconds(BURST_HALF_S));
        if store::orders_between(tx, row.beneficiary, from, to)? > BURST_ORDERS_MAX {
            store::hold_level(tx, row.order, level, "burst")?;
        }
    }
    Ok(())
}
