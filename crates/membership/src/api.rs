//! What other modules may call. Every function takes the caller's transaction.

use base::{Currency, MerchantId, OrderId, PersonId, RefundId, Timestamp};
use db::{DbError, Rx, Tx};
use pricing::api::MemberPrice;

pub use crate::card_api::{OpenTerm, VirtualLine, begin, end, open_terms, promise, take_turn};
use crate::store::{self, OrderRow, ProgramRow};
use crate::{card_store, model};

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

/// What the person's standing with the merchant gives at this moment: of tier and paid card, the better one for the
/// price, and free delivery by either. `None` without both.
///
/// # Errors
/// Whatever the store says.
pub fn member(
    rx: &mut Rx,
    merchant: MerchantId,
    person: PersonId,
    at: Timestamp,
) -> Result<Option<MemberPrice>, DbError> {
    let (program, card) = card_store::standing(rx, merchant, person, at)?;
    let program = program.filter(|program| !program.tiers.is_empty());
    let tier = match &program {
        Some(program) => {
            let growth = growth_in(rx, program, (merchant, person), at)?;
            model::tier(&program.tiers, growth)
        }
        None => None,
    };
    if tier.is_none() && card.is_none() {
        return Ok(None);
    }
    let (by_tier, by_card) = (tier.map_or(0, |tier| tier.off_bp), card.map_or(0, |(off_bp, _)| off_bp));
    let is_free_by_tier = tier.is_some_and(|tier| tier.is_freight_free);
    let is_free_by_card = card.is_some_and(|(_, is_free)| is_free);
    Ok(Some(MemberPrice {
        tier: tier.map(|tier| tier.code.as_str().to_owned()).unwrap_or_default(),
        off_bp: by_tier.max(by_card),
        is_freight_free: is_free_by_tier || is_free_by_card,
        is_price_of_card: by_card > by_tier,
        is_freight_of_card: is_free_by_card && !is_free_by_tier,
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
