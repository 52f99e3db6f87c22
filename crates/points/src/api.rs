//! What other modules may call. Every function takes the caller's transaction.

use base::{Currency, MerchantId, OrderId, PersonId, PointsLotId, Timestamp};
use db::{DbError, Rx, Tx};
use pricing::api::{PointsOffer, PointsUse};

pub use crate::give_back::{release, returned, take_back};
use crate::model::{self, LOTS_MAX, Rules};
use crate::purse::{Change, Why, give, write};
use crate::store::{self, EarnedRow, Holder, LotRow, SpendRow};

/// Why points were not spent. Nothing was changed.
#[derive(Debug, thiserror::Error, rest::Problem)]
pub enum PointsRefused {
    /// Somebody, or time, was faster.
    #[error("your points have changed in the meantime; ask for the price again")]
    #[problem(409, "points.changed")]
    Changed,
    /// The store failed.
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

pub(crate) fn balance_of(lots: &[LotRow]) -> i64 {
    lots.iter().map(|lot| lot.remaining).fold(0, i64::saturating_add)
}

/// The merchant's rules, when points are earned and spent there.
pub(crate) fn rules_on(rx: &mut Rx, merchant: MerchantId) -> Result<Option<Rules>, DbError> {
    Ok(store::program(rx, merchant)?.map(|(rules, _)| rules).filter(|rules| rules.is_on))
}

/// What the person's points with the merchant can do for an order; `None` without a program. A merchant without one
/// costs one read.
///
/// # Errors
/// Whatever the store says.
pub fn offer(
    rx: &mut Rx,
    merchant: MerchantId,
    person: PersonId,
    at: Timestamp,
    wanted: i64,
) -> Result<Option<PointsOffer>, DbError> {
    let Some(rules) = rules_on(rx, merchant)? else { return Ok(None) };
    let lots = store::usable(rx, Holder { merchant, person }, at, LOTS_MAX)?;
    let Rules { worth_minor, share_bp, .. } = rules;
    Ok(Some(PointsOffer { wanted, balance: balance_of(&lots), worth_minor, share_bp }))
}

/// Spends points for an order, those that end first.
///
/// # Errors
/// [`PointsRefused::Changed`]; the transaction must then end.
pub fn spend(
    tx: &mut Tx,
    order: OrderId,
    (merchant, person): (MerchantId, PersonId),
    used: &PointsUse,
) -> Result<(), PointsRefused> {
    let holder = Holder { merchant, person };
    let rules = rules_on(tx, merchant)?.ok_or(PointsRefused::Changed)?;
    store::lock_purse(tx, holder)?;
    let now = tx.now();
    let lots = store::usable(tx, holder, now, LOTS_MAX)?;
    let there: Vec<(LotRow, i64)> = lots.into_iter().map(|lot| (lot, lot.remaining)).collect();
    let (taken, missing) = model::take_from(&there, used.points);
    if missing > 0 || taken.is_empty() {
        return Err(PointsRefused::Changed);
    }
    let whole: Vec<PointsLotId> =
        taken.iter().filter(|(lot, amount)| *amount == lot.remaining).map(|(lot, _)| lot.id).collect();
    if store::spend_all(tx, &whole)? != u64::try_from(whole.len()).unwrap_or(u64::MAX) {
        return Err(PointsRefused::Changed);
    }
    // Only the last can be taken in part.
    for (lot, amount) in taken.iter().filter(|(lot, amount)| *amount < lot.remaining) {
        if !store::spend_some(tx, lot.id, *amount)? {
            return Err(PointsRefused::Changed);
        }
    }
    let pieces: Vec<(PointsLotId, i64)> = taken.iter().map(|(lot, amount)| (lot.id, *amount)).collect();
    let row = SpendRow { order, holder, points: used.points, back: 0 };
    store::insert_spend(tx, &row, used.off.minor(), &pieces)?;
    let (amount, cause) = (used.points.saturating_neg(), order.to_string());
    let change = Change { holder, why: Why::Spend, cause: &cause, order: Some(order), amount, owed: 0 };
    write(tx, &rules, &change)?;
    Ok(())
}

/// An order that is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Which.
    pub order: OrderId,
    /// Who sold.
    pub merchant: MerchantId,
    /// Who bought.
    pub buyer: PersonId,
    /// The currency of the amount.
    pub currency: Currency,
    /// What the buyer paid for goods and has not got back, in minor units; delivery and points are no part of it.
    pub goods: i64,
}

/// Gives what a settled order earns, when its merchant has a program. Safe to repeat.
///
/// # Errors
/// Whatever the store says.
pub fn earn(tx: &mut Tx, settled: &Settled) -> Result<(), DbError> {
    let Settled { order, merchant, buyer, currency, goods } = *settled;
    let Some(rules) = rules_on(tx, merchant)? else { return Ok(()) };
    let holder = Holder { merchant, person: buyer };
    let (unit, per_unit) = (model::unit(currency), rules.per_unit);
    let points = model::earned(goods, unit, per_unit);
    let row = EarnedRow { order, holder, unit, per_unit, paid: goods.max(0), back: 0, points, forgiven: 0 };
    if store::insert_earned(tx, &row)? && points > 0 {
        give(tx, &rules, (holder, Why::Order, Some(order)), (&order.to_string(), points))?;
    }
    Ok(())
}
