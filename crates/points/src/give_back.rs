//! Orders that go back: points that were spent on them return, points that they earned are taken.

use base::{OrderId, PointsLotId, RefundId};
use db::{DbError, Tx};

use crate::model::{self, RETURNED_DAYS, Rules, TAKEN_FROM_MAX};
use crate::purse::{Change, Why, write};
use crate::store::{self, EarnedRow, LotRow, NewLot, PieceRow};

/// The merchant's rules as they are now, on or off: what is the person's stays so.
fn rules(tx: &mut Tx, merchant: base::MerchantId) -> Result<Rules, DbError> {
    Ok(store::program(tx, merchant)?.map_or(Rules::NONE, |(rules, _)| rules))
}

/// Returns all points of an order that ended. Safe to repeat.
///
/// # Errors
/// Whatever the store says.
pub fn release(tx: &mut Tx, order: OrderId) -> Result<(), DbError> {
    returned(tx, order, 1, 1)
}

/// Returns the share of an order's points that has gone back of its goods: `back` of `paid` so far, all with all of it.
/// Each returns to the lot it came from, what ends last first; in the place of lots that have ended in the meantime
/// there is a new one, for [`RETURNED_DAYS`]. Safe to repeat.
///
/// # Errors
/// Whatever the store says.
pub fn returned(tx: &mut Tx, order: OrderId, back: i64, paid: i64) -> Result<(), DbError> {
    let Some(row) = store::spend(tx, order)? else { return Ok(()) };
    let total = model::come_back(row.points, back, paid);
    let due = total.saturating_sub(row.back);
    if due < 1 {
        return Ok(());
    }
    let holder = row.holder;
    let rules = rules(tx, holder.merchant)?;
    store::lock_purse(tx, holder)?;
    let now = tx.now();
    let out: Vec<(PieceRow, i64)> =
        store::pieces(tx, order, now)?.into_iter().map(|piece| (piece, piece.out)).collect();
    let (pieces, missing) = model::take_from(&out, due);
    if missing > 0 {
        return Err(DbError::Bug(format!("the pieces of {order} are not what was spent")));
    }
    store::note_back(tx, &row, total)?;
    let whole = |is_live: bool| -> Vec<PointsLotId> {
        let pieces = pieces.iter().filter(|(piece, amount)| piece.is_live == is_live && *amount == piece.out);
        pieces.map(|(piece, _)| piece.lot).collect()
    };
    store::restore_all(tx, order, &whole(true))?;
    store::return_all(tx, order, &whole(false))?;
    // Only the last can go back in part.
    for (piece, amount) in pieces.iter().filter(|(piece, amount)| *amount < piece.out) {
        if piece.is_live {
            store::restore_some(tx, order, piece.lot, *amount)?;
        } else {
            store::return_some(tx, order, piece.lot, *amount)?;
        }
    }
    let ended = pieces.iter().filter(|(piece, _)| !piece.is_live);
    let late = ended.map(|(_, amount)| *amount).fold(0, i64::saturating_add);
    if late > 0 {
        let end = rules.end(now, RETURNED_DAYS);
        let lot = NewLot { holder, source: Why::Return.word(), order: Some(order), amount: late, end };
        store::insert_lot(tx, &lot)?;
    }
    let cause = format!("{order} {total}");
    let change = Change { holder, why: Why::Return, cause: &cause, order: Some(order), amount: due, owed: 0 };
    write(tx, &rules, &change)?;
    Ok(())
}

/// Where points come from that are taken back.
struct Taking {
    lots: Vec<(LotRow, i64)>,
    /// What expired without having been spent is gone already.
    forgiven: i64,
    /// What was spent already.
    short: i64,
}

/// From the order's own lot, then from what ends first.
fn taking(tx: &mut Tx, row: &EarnedRow, points: i64) -> Result<Taking, DbError> {
    let own = store::lot_of_order(tx, row.order)?;
    let own_there: Vec<(LotRow, i64)> = own.into_iter().map(|lot| (lot, lot.remaining)).collect();
    let (mut lots, rest) = model::take_from(&own_there, points);
    let expired = own.map_or(0, |lot| lot.expired).saturating_sub(row.forgiven);
    let forgiven = expired.clamp(0, rest);
    let rest = rest.saturating_sub(forgiven);
    if rest < 1 {
        return Ok(Taking { lots, forgiven, short: 0 });
    }
    let now = tx.now();
    let others = store::usable(tx, row.holder, now, TAKEN_FROM_MAX)?;
    let others = others.into_iter().filter(|lot| own.is_none_or(|own| own.id != lot.id));
    let others: Vec<(LotRow, i64)> = others.map(|lot| (lot, lot.remaining)).collect();
    let (more, short) = model::take_from(&others, rest);
    lots.extend(more);
    Ok(Taking { lots, forgiven, short })
}

/// Takes back what a settled order does not earn any more after a refund of goods. What was spent already is owed, and
/// filled by what is earned next. An order that earned nothing is left alone. Safe to repeat.
///
/// # Errors
/// Whatever the store says.
pub fn take_back(tx: &mut Tx, order: OrderId, refund: RefundId, goods: i64) -> Result<(), DbError> {
    let Some(found) = store::earned(tx, order)? else { return Ok(()) };
    let holder = found.holder;
    let rules = rules(tx, holder.merchant)?;
    store::lock_purse(tx, holder)?;
    // Read again under the lock.
    let Some(row) = store::earned(tx, order)? else { return Ok(()) };
    let back = row.back.saturating_add(goods.max(0)).min(row.paid);
    let points = model::earned(row.paid.saturating_sub(back), row.unit, row.per_unit);
    let Taking { lots, forgiven, short } = taking(tx, &row, row.points.saturating_sub(points))?;
    let taken = lots.iter().map(|(_, amount)| *amount).fold(0, i64::saturating_add);
    let cause = refund.to_string();
    let change = Change {
        holder,
        why: Why::TakeBack,
        cause: &cause,
        order: Some(order),
        amount: taken.saturating_neg(),
        owed: short,
    };
    if !write(tx, &rules, &change)? {
        return Ok(());
    }
    for (lot, amount) in &lots {
        store::take_some(tx, lot.id, *amount)?;
    }
    let after = EarnedRow { back, points, forgiven: row.forgiven.saturating_add(forgiven), ..row };
    store::update_earned(tx, &row, &after)
}
