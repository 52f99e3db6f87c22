//! What other modules may call. Every function takes the caller's transaction.

use base::{Currency, MerchantId, OrderId, PersonId, RefundId, Timestamp};
use db::{DbError, Rx, Tx};
use pricing::api::MemberPrice;

use crate::model;
use crate::store::{self, OrderRow, ProgramRow};

pub(crate) const DAY: i64 = 86_400;

pub(crate) fn growth_in(
    rx: &mut Rx,
    program: &ProgramRow,
    (merchant, person): (MerchantId, PersonId),
    at: Timestamp,
) -> Result<i64, DbError> {
    let since = at.plus_seconds(program.days.saturating_mul(DAY).saturating_neg());
    store::growth_since(rx, merchant, person, since)
}

/// What the person's tier with the merchant gives at this moment; `None` without a tier. A merchant without tiers
/// costs one read.
///
/// # Errors
/// Whatever the store says.
pub fn member(
    rx: &mut Rx,
    merchant: MerchantId,
    person: PersonId,
    at: Timestamp,
) -> Result<Option<MemberPrice>, DbError> {
    let Some(program) = store::program(rx, merchant)?.filter(|program| !program.tiers.is_empty()) else {
        return Ok(None);
    };
    let growth = growth_in(rx, &program, (merchant, person), at)?;
    Ok(model::tier(&program.tiers, growth).map(|tier| MemberPrice {
        tier: tier.code.as_str().to_owned(),
        off_bp: tier.off_bp,
        is_freight_free: tier.is_freight_free,
    }))
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
    /// What the buyer paid and kept, in minor units, delivery included.
    pub kept: i64,
}

/// Counts the growth of a settled order, when its merchant has a program. Safe to repeat.
///
/// # Errors
/// Whatever the store says.
pub fn earn(tx: &mut Tx, settled: &Settled) -> Result<(), DbError> {
    let Settled { order, merchant, buyer, currency, kept } = *settled;
    let Some(program) = store::program(tx, merchant)? else { return Ok(()) };
    let (unit, factor) = (model::unit(currency), program.factor);
    let growth = model::growth(kept, unit, factor);
    let row = OrderRow { order, merchant, person: buyer, unit, factor, paid: kept.max(0), back: 0, growth };
    if store::insert_order(tx, &row)? {
        store::insert_growth(tx, &row, "settled", growth)?;
    }
    Ok(())
}

/// Takes back what a settled order is not worth any more after a refund. An order that earned nothing is left alone.
/// Safe to repeat.
///
/// # Errors
/// Whatever the store says.
pub fn take_back(tx: &mut Tx, order: OrderId, refund: RefundId, amount: i64) -> Result<(), DbError> {
    let Some(row) = store::order(tx, order)? else { return Ok(()) };
    let back = row.back.saturating_add(amount).min(row.paid);
    let growth = model::growth(row.paid.saturating_sub(back), row.unit, row.factor);
    if !store::insert_growth(tx, &row, &refund.to_string(), growth.saturating_sub(row.growth))? {
        return Ok(());
    }
    if store::update_order(tx, &row, back, growth)? { Ok(()) } else { Err(tx.give_up(DbError::Busy)) }
}
