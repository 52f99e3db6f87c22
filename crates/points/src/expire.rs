//! Points whose time is over.

use db::Tx;
use work::{Failure, Progress, Upkeep};

use crate::model::Rules;
use crate::purse::{Change, Why, write};
use crate::store;

/// Lots of one batch: each takes some seven statements.
const BATCH: i64 = 6;

/// Ends lots, the oldest first. Nobody waits for it: points do not count from the moment on at which they end.
pub(crate) const EXPIRE: Upkeep = Upkeep { kind: "points.expire", every_s: 600, run: |tx, _| expire(tx) };

fn expire(tx: &mut Tx) -> Result<Progress, Failure> {
    let now = tx.now();
    let mut lots = store::over(tx, now, BATCH)?;
    let done = u64::try_from(lots.len()).unwrap_or(0);
    // In the order of those whose rows are touched.
    lots.sort_by_key(|lot| (lot.holder, lot.id));
    for lot in lots {
        let rules = store::program(tx, lot.holder.merchant)?.map_or(Rules::NONE, |(rules, _)| rules);
        store::lock_purse(tx, lot.holder)?;
        if !store::end_lot(tx, &lot)? {
            return Err(tx.give_up(db::DbError::Busy).into());
        }
        let (cause, amount) = (lot.id.to_string(), lot.remaining.saturating_neg());
        let change =
            Change { holder: lot.holder, why: Why::Expire, cause: &cause, order: None, amount, owed: 0 };
        write(tx, &rules, &change)?;
    }
    Ok(Progress::by_count(done, BATCH.unsigned_abs()))
}
