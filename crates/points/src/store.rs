//! All SQL of points.

use base::{MerchantId, OrderId, PersonId, PointsLotId, Timestamp};
use db::{DbError, Row, Rx, Tx, Value, params};

use crate::model::{End, Rules};

mod report;

pub(crate) use report::{MonthRow, by_expiry, by_month, ends, of_person, owed};

/// Whose points with which shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Holder {
    pub(crate) merchant: MerchantId,
    pub(crate) person: PersonId,
}

/// What is kept of one person's points with one shop as a whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PurseRow {
    pub(crate) owed: i64,
    pub(crate) streak: i64,
    pub(crate) last_day: i64,
    version: i64,
}

/// Points that came together and end together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LotRow {
    pub(crate) id: PointsLotId,
    pub(crate) holder: Holder,
    pub(crate) remaining: i64,
    pub(crate) expired: i64,
    pub(crate) expires_at: Timestamp,
}

/// A lot to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewLot {
    pub(crate) holder: Holder,
    pub(crate) source: &'static str,
    pub(crate) order: Option<OrderId>,
    pub(crate) amount: i64,
    pub(crate) end: End,
}

/// What an order was paid with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpendRow {
    pub(crate) order: OrderId,
    pub(crate) holder: Holder,
    pub(crate) points: i64,
    pub(crate) back: i64,
}

/// What of it came from a lot and has not come back, and whether it may go back into the lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PieceRow {
    pub(crate) lot: PointsLotId,
    pub(crate) out: i64,
    pub(crate) is_live: bool,
}

/// What an order has earned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EarnedRow {
    pub(crate) order: OrderId,
    pub(crate) holder: Holder,
    pub(crate) unit: i64,
    pub(crate) per_unit: i64,
    pub(crate) paid: i64,
    pub(crate) back: i64,
    pub(crate) points: i64,
    pub(crate) forgiven: i64,
}

/// A line of the log.
#[derive(Clone, Debug)]
pub(crate) struct LogRow {
    pub(crate) kind: String,
    pub(crate) order: Option<OrderId>,
    pub(crate) amount: i64,
    pub(crate) owed: i64,
    pub(crate) at: Timestamp,
}

fn bug(error: impl std::fmt::Display) -> DbError {
    DbError::Bug(error.to_string())
}

fn keys(lots: &[PointsLotId]) -> Vec<Value> {
    lots.iter().map(|id| Value::from(*id)).collect()
}

/// A merchant's rules and their version.
pub(crate) fn program(rx: &mut Rx, merchant: MerchantId) -> Result<Option<(Rules, i64)>, DbError> {
    rx.opt(
        "SELECT rules, version FROM points_program WHERE merchant = :merchant",
        params!["merchant" => merchant],
        |row| {
            let rules: String = row.get(0)?;
            Ok((serde_json::from_str(&rules).map_err(bug)?, row.get(1)?))
        },
    )
}

/// Puts rules in the place of those with the version; answers whether they were still there.
pub(crate) fn put_program(
    tx: &mut Tx,
    merchant: MerchantId,
    rules: &Rules,
    version: i64,
) -> Result<bool, DbError> {
    let rules = serde_json::to_string(rules).map_err(bug)?;
    let now = tx.now();
    let written = if version == 0 {
        tx.execute(
            "INSERT INTO points_program (merchant, rules, version, updated_at) VALUES (:merchant, :rules, 1, :now)
             ON CONFLICT DO NOTHING",
            params!["merchant" => merchant, "rules" => rules, "now" => now],
        )?
    } else {
        tx.execute(
            "UPDATE points_program SET rules = :rules, version = version + 1, updated_at = :now
             WHERE merchant = :merchant AND version = :version",
            params!["merchant" => merchant, "rules" => rules, "now" => now, "version" => version],
        )?
    };
    Ok(written == 1)
}

pub(crate) fn purse(rx: &mut Rx, holder: Holder) -> Result<Option<PurseRow>, DbError> {
    rx.opt(
        "SELECT owed, streak, last_day, version FROM points_purse WHERE merchant = :merchant AND person = :person",
        params!["merchant" => holder.merchant, "person" => holder.person],
        |row| {
            Ok(PurseRow {
                owed: row.get(0)?,
                streak: row.get(1)?,
                last_day: row.get(2)?,
                version: row.get(3)?,
            })
        },
    )
}

/// Makes the changes of one person's points with one shop happen one after the other: whoever is second runs again.
pub(crate) fn lock_purse(tx: &mut Tx, holder: Holder) -> Result<PurseRow, DbError> {
    if let Some(found) = purse(tx, holder)? {
        tx.later_one(
            "UPDATE points_purse SET version = version + 1
             WHERE merchant = :merchant AND person = :person AND version = :version",
            params!["merchant" => holder.merchant, "person" => holder.person, "version" => found.version],
        )?;
        return Ok(found);
    }
    let made = tx.execute(
        "INSERT INTO points_purse (merchant, person, version, owed, streak, last_day)
         VALUES (:merchant, :person, 1, 0, 0, 0) ON CONFLICT DO NOTHING",
        params!["merchant" => holder.merchant, "person" => holder.person],
    )?;
    if made == 1 {
        Ok(PurseRow { owed: 0, streak: 0, last_day: 0, version: 1 })
    } else {
        // Somebody was faster: run again, and see it.
        Err(tx.give_up(DbError::Conflict))
    }
}

/// Changes what is owed, of a purse that is locked.
pub(crate) fn owe(tx: &mut Tx, holder: Holder, change: i64) -> Result<(), DbError> {
    if change == 0 {
        return Ok(());
    }
    tx.later_one(
        "UPDATE points_purse SET owed = owed + :change
         WHERE merchant = :merchant AND person = :person AND owed + :change >= 0",
        params!["merchant" => holder.merchant, "person" => holder.person, "change" => change],
    )
}

/// Notes a look in; answers whether it is the first of the day.
pub(crate) fn look_in(tx: &mut Tx, holder: Holder, day: i64, streak: i64) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE points_purse SET streak = :streak, last_day = :day
         WHERE merchant = :merchant AND person = :person AND last_day < :day",
        params!["merchant" => holder.merchant, "person" => holder.person, "streak" => streak, "day" => day],
    )?;
    Ok(changed == 1)
}

const LOT: &str = "SELECT id, merchant, person, remaining, expired, expires_at FROM points_lot";

fn lot_row(row: &Row<'_>) -> Result<LotRow, DbError> {
    Ok(LotRow {
        id: row.get(0)?,
        holder: Holder { merchant: row.get(1)?, person: row.get(2)? },
        remaining: row.get(3)?,
        expired: row.get(4)?,
        expires_at: row.get(5)?,
    })
}

/// Lots with something to spend, those that end first in front.
pub(crate) fn usable(rx: &mut Rx, holder: Holder, at: Timestamp, limit: i64) -> Result<Vec<LotRow>, DbError> {
    rx.list(
        &format!(
            "{LOT} WHERE merchant = :merchant AND person = :person AND remaining > 0 AND expires_at > :at
             ORDER BY expires_at, id LIMIT :limit"
        ),
        params!["merchant" => holder.merchant, "person" => holder.person, "at" => at, "limit" => limit],
        lot_row,
    )
}

/// The lot that an order has earned.
pub(crate) fn lot_of_order(rx: &mut Rx, order: OrderId) -> Result<Option<LotRow>, DbError> {
    rx.opt(
        &format!("{LOT} WHERE order_id = :order AND source = 'order' ORDER BY id LIMIT 1"),
        params!["order" => order],
        lot_row,
    )
}

/// Lots whose time is over, the oldest in front.
pub(crate) fn over(rx: &mut Rx, at: Timestamp, limit: i64) -> Result<Vec<LotRow>, DbError> {
    rx.list(
        &format!("{LOT} WHERE remaining > 0 AND expires_at <= :at ORDER BY expires_at, id LIMIT :limit"),
        params!["at" => at, "limit" => limit],
        lot_row,
    )
}

pub(crate) fn insert_lot(tx: &mut Tx, lot: &NewLot) -> Result<(), DbError> {
    let (id, now): (PointsLotId, Timestamp) = (tx.new_id(), tx.now());
    tx.later_new(
        "INSERT INTO points_lot (id, merchant, person, source, order_id, amount, remaining, spent, taken, expired,
             expires_at, expires_month, created_at)
         VALUES (:id, :merchant, :person, :source, :order, :amount, :amount, 0, 0, 0, :expires_at, :month, :now)",
        params![
            "id" => id, "merchant" => lot.holder.merchant, "person" => lot.holder.person, "source" => lot.source,
            "order" => lot.order, "amount" => lot.amount, "expires_at" => lot.end.at, "month" => lot.end.month,
            "now" => now,
        ],
    )
}

/// Spends all that is in these lots; answers how many still had something and some time.
pub(crate) fn spend_all(tx: &mut Tx, lots: &[PointsLotId]) -> Result<u64, DbError> {
    let now = tx.now();
    tx.execute_in(
        "UPDATE points_lot SET spent = spent + remaining, remaining = 0
         WHERE expires_at > :lead AND id IN (:in) AND remaining > 0",
        &Value::from(now),
        &keys(lots),
    )
}

/// Spends some of a lot; answers whether there was so much.
pub(crate) fn spend_some(tx: &mut Tx, lot: PointsLotId, amount: i64) -> Result<bool, DbError> {
    let now = tx.now();
    let changed = tx.execute(
        "UPDATE points_lot SET spent = spent + :amount, remaining = remaining - :amount
         WHERE id = :id AND remaining >= :amount AND expires_at > :now",
        params!["id" => lot, "amount" => amount, "now" => now],
    )?;
    Ok(changed == 1)
}

/// Takes back some of a lot, of a purse that is locked.
pub(crate) fn take_some(tx: &mut Tx, lot: PointsLotId, amount: i64) -> Result<(), DbError> {
    tx.later_one(
        "UPDATE points_lot SET taken = taken + :amount, remaining = remaining - :amount
         WHERE id = :id AND remaining >= :amount",
        params!["id" => lot, "amount" => amount],
    )
}

/// Ends a lot with what was seen in it; answers whether it still was so.
pub(crate) fn end_lot(tx: &mut Tx, lot: &LotRow) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE points_lot SET expired = expired + remaining, remaining = 0
         WHERE id = :id AND remaining = :remaining AND expires_at = :expires_at",
        params!["id" => lot.id, "remaining" => lot.remaining, "expires_at" => lot.expires_at],
    )?;
    Ok(changed == 1)
}

pub(crate) fn insert_spend(
    tx: &mut Tx,
    row: &SpendRow,
    worth: i64,
    pieces: &[(PointsLotId, i64)],
) -> Result<(), DbError> {
    let now = tx.now();
    tx.later_new(
        "INSERT INTO points_spend (order_id, merchant, person, points, worth, back, at)
         VALUES (:order, :merchant, :person, :points, :worth, 0, :now)",
        params![
            "order" => row.order, "merchant" => row.holder.merchant, "person" => row.holder.person,
            "points" => row.points, "worth" => worth, "now" => now,
        ],
    )?;
    let rows: Vec<Vec<Value>> = pieces
        .iter()
        .map(|(lot, amount)| {
            vec![row.order.into(), (*lot).into(), (*amount).into(), 0_i64.into(), 0_i64.into()]
        })
        .collect();
    tx.insert_later("INSERT INTO points_piece (order_id, lot, amount, back, restored)", &rows, "")
}

pub(crate) fn spend(rx: &mut Rx, order: OrderId) -> Result<Option<SpendRow>, DbError> {
    rx.opt(
        "SELECT order_id, merchant, person, points, back FROM points_spend WHERE order_id = :order",
        params!["order" => order],
        |row| {
            Ok(SpendRow {
                order: row.get(0)?,
                holder: Holder { merchant: row.get(1)?, person: row.get(2)? },
                points: row.get(3)?,
                back: row.get(4)?,
            })
        },
    )
}

/// Notes how much of an order's points have come back, when it is as it was read.
pub(crate) fn note_back(tx: &mut Tx, row: &SpendRow, back: i64) -> Result<(), DbError> {
    tx.later_one(
        "UPDATE points_spend SET back = :back WHERE order_id = :order AND back = :before",
        params!["order" => row.order, "back" => back, "before" => row.back],
    )
}

/// What of an order's points has not come back, by lot; what ends last in front. A lot that was ended takes nothing back.
pub(crate) fn pieces(rx: &mut Rx, order: OrderId, at: Timestamp) -> Result<Vec<PieceRow>, DbError> {
    rx.list(
        "SELECT p.lot, p.amount - p.back, l.expires_at, l.expired FROM points_piece p JOIN points_lot l ON l.id = p.lot
         WHERE p.order_id = :order AND p.back < p.amount ORDER BY l.expires_at DESC, p.lot DESC LIMIT 500",
        params!["order" => order],
        |row| {
            let (expires_at, expired): (Timestamp, i64) = (row.get(2)?, row.get(3)?);
            Ok(PieceRow { lot: row.get(0)?, out: row.get(1)?, is_live: expires_at > at && expired == 0 })
        },
    )
}

/// Puts all that an order still has from these lots back into them.
pub(crate) fn restore_all(tx: &mut Tx, order: OrderId, lots: &[PointsLotId]) -> Result<(), DbError> {
    let (order, lots) = (Value::from(order), keys(lots));
    tx.execute_in(
        "UPDATE points_lot SET
             remaining = remaining + (SELECT p.amount - p.back FROM points_piece p
                 WHERE p.order_id = :lead AND p.lot = points_lot.id),
             spent = spent - (SELECT p.amount - p.back FROM points_piece p
                 WHERE p.order_id = :lead AND p.lot = points_lot.id)
         WHERE id IN (:in)",
        &order,
        &lots,
    )?;
    tx.execute_in(
        "UPDATE points_piece SET restored = restored + amount - back, back = amount
         WHERE order_id = :lead AND lot IN (:in)",
        &order,
        &lots,
    )?;
    Ok(())
}

/// Puts some of what an order has from a lot back into it.
pub(crate) fn restore_some(
    tx: &mut Tx,
    order: OrderId,
    lot: PointsLotId,
    amount: i64,
) -> Result<(), DbError> {
    tx.later_one(
        "UPDATE points_lot SET remaining = remaining + :amount, spent = spent - :amount WHERE id = :id",
        params!["id" => lot, "amount" => amount],
    )?;
    tx.later_one(
        "UPDATE points_piece SET restored = restored + :amount, back = back + :amount
         WHERE order_id = :order AND lot = :lot",
        params!["order" => order, "lot" => lot, "amount" => amount],
    )
}

/// Notes that something came back of what was from lots that have ended.
pub(crate) fn return_all(tx: &mut Tx, order: OrderId, lots: &[PointsLotId]) -> Result<(), DbError> {
    tx.execute_in(
        "UPDATE points_piece SET back = amount WHERE order_id = :lead AND lot IN (:in)",
        &Value::from(order),
        &keys(lots),
    )?;
    Ok(())
}

/// As [`return_all`], of a part.
pub(crate) fn return_some(tx: &mut Tx, order: OrderId, lot: PointsLotId, amount: i64) -> Result<(), DbError> {
    tx.later_one(
        "UPDATE points_piece SET back = back + :amount WHERE order_id = :order AND lot = :lot",
        params!["order" => order, "lot" => lot, "amount" => amount],
    )
}

/// Answers whether the order was not there yet.
pub(crate) fn insert_earned(tx: &mut Tx, row: &EarnedRow) -> Result<bool, DbError> {
    let now = tx.now();
    let written = tx.execute(
        "INSERT INTO points_earned (order_id, merchant, person, unit, per_unit, paid, back, points, forgiven, at)
         VALUES (:order, :merchant, :person, :unit, :per_unit, :paid, 0, :points, 0, :now) ON CONFLICT DO NOTHING",
        params![
            "order" => row.order, "merchant" => row.holder.merchant, "person" => row.holder.person,
            "unit" => row.unit, "per_unit" => row.per_unit, "paid" => row.paid, "points" => row.points, "now" => now,
        ],
    )?;
    Ok(written == 1)
}

pub(crate) fn earned(rx: &mut Rx, order: OrderId) -> Result<Option<EarnedRow>, DbError> {
    rx.opt(
        "SELECT order_id, merchant, person, unit, per_unit, paid, back, points, forgiven FROM points_earned
         WHERE order_id = :order",
        params!["order" => order],
        |row| {
            Ok(EarnedRow {
                order: row.get(0)?,
                holder: Holder { merchant: row.get(1)?, person: row.get(2)? },
                unit: row.get(3)?,
                per_unit: row.get(4)?,
                paid: row.get(5)?,
                back: row.get(6)?,
                points: row.get(7)?,
                forgiven: row.get(8)?,
            })
        },
    )
}

/// Writes what an order is worth now, when it is as it was read.
pub(crate) fn update_earned(tx: &mut Tx, before: &EarnedRow, after: &EarnedRow) -> Result<(), DbError> {
    tx.later_one(
        "UPDATE points_earned SET back = :back, points = :points, forgiven = :forgiven
         WHERE order_id = :order AND back = :before AND points = :points_before",
        params![
            "order" => before.order, "back" => after.back, "points" => after.points, "forgiven" => after.forgiven,
            "before" => before.back, "points_before" => before.points,
        ],
    )
}

/// Answers whether this cause was not written yet.
pub(crate) fn insert_log(
    tx: &mut Tx,
    holder: Holder,
    (kind, cause): (&str, &str),
    row: &LogRow,
    month: i64,
) -> Result<bool, DbError> {
    let written = tx.execute(
        "INSERT INTO points_log (merchant, person, kind, cause, order_id, amount, owed, month, at)
         VALUES (:merchant, :person, :kind, :cause, :order, :amount, :owed, :month, :at) ON CONFLICT DO NOTHING",
        params![
            "merchant" => holder.merchant, "person" => holder.person, "kind" => kind, "cause" => format!("{kind} {cause}"),
            "order" => row.order, "amount" => row.amount, "owed" => row.owed, "month" => month, "at" => row.at,
        ],
    )?;
    Ok(written == 1)
}

/// The last changes, newest first; those that changed nothing are left out.
pub(crate) fn log(rx: &mut Rx, holder: Holder, limit: i64) -> Result<Vec<LogRow>, DbError> {
    rx.list(
        "SELECT kind, order_id, amount, owed, at FROM points_log
         WHERE merchant = :merchant AND person = :person AND (amount <> 0 OR owed <> 0)
         ORDER BY at DESC, cause LIMIT :limit",
        params!["merchant" => holder.merchant, "person" => holder.person, "limit" => limit],
        |row| {
            Ok(LogRow {
                kind: row.get(0)?,
                order: row.get(1)?,
                amount: row.get(2)?,
                owed: row.get(3)?,
                at: row.get(4)?,
            })
        },
    )
}
