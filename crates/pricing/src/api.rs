//! What other modules may call.

use base::{Currency, MerchantId, OrderId, PersonId, PromotionId, Timestamp};
use db::{DbError, Rx, Tx};

pub use crate::model::{
    Action, ActivityPrice, BadPromotion, Coupon, CouponGift, CouponUse, Explanation, Freight, FullReduction,
    LINES_MAX, Lane, MemberPrice, Needs, NextOffer, PersonFacts, PointsOffer, PointsUse, PricedBy, Promotion,
    PromotionLane, PromotionUse, QTY_MAX, Quote, QuoteContext, QuoteError, QuoteLine, QuoteLineInput,
    REDUCTIONS_MAX, Scope, Unmet, check_rules, member_unit, next_offers, points_most, quote, unmet,
};
use crate::{promotion_store, store};

/// Whether an explanation tells what a paid card takes off.
pub fn is_of_card(one: &Explanation) -> bool {
    ["card", "card_freight"].contains(&one.code.as_str())
}

/// A merchant's full reductions and freight; nothing off and free delivery when it set none.
///
/// # Errors
/// Whatever the store says.
pub fn rules(rx: &mut Rx, merchant: MerchantId) -> Result<(Vec<FullReduction>, Freight), DbError> {
    Ok(store::find_rules(rx, merchant)?
        .map(|rules| (rules.full_reductions, rules.freight))
        .unwrap_or_default())
}

/// The rules [`quote`] prices a merchant's lines by, for this person at this moment. Whether the person is a new buyer the caller
/// looks up when it [matters](QuoteContext::asks_new_buyers).
///
/// # Errors
/// Whatever the store says.
pub fn context(
    rx: &mut Rx,
    merchant: MerchantId,
    currency: Currency,
    person: PersonId,
    at: Timestamp,
) -> Result<QuoteContext, DbError> {
    let rules = store::find_rules(rx, merchant)?.unwrap_or_default();
    let promotions = if rules.live > 0 {
        let rows = promotion_store::usable(rx, merchant, person, at)?;
        rows.into_iter().map(promotion_store::PromotionRow::promotion).collect()
    } else {
        Vec::new()
    };
    let store::Rules { full_reductions, freight, .. } = rules;
    let person = PersonFacts::default();
    Ok(QuoteContext {
        merchant,
        currency,
        full_reductions,
        freight,
        promotions,
        coupon: None,
        points: None,
        person,
        at,
    })
}

/// Promotions of a merchant by their ids, in whatever state, for trying them out.
///
/// # Errors
/// Whatever the store says.
pub fn promotions(rx: &mut Rx, merchant: MerchantId, ids: &[PromotionId]) -> Result<Vec<Promotion>, DbError> {
    let mut found = Vec::new();
    for id in ids {
        let row = promotion_store::find(rx, *id)?.filter(|row| row.merchant == merchant);
        found.extend(row.map(promotion_store::PromotionRow::promotion));
    }
    Ok(found)
}

/// Why an order was not placed under the promotions it was quoted with.
#[derive(Debug, thiserror::Error, rest::Problem)]
pub enum PromotionUsedUp {
    /// Somebody else was faster.
    #[error("a promotion was used up in the meantime; ask for the price again")]
    #[problem(409, "promotion.used_up")]
    UsedUp,
    /// The store failed.
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// Takes the promotions an order rests on: each limit is one guarded row.
///
/// # Errors
/// [`PromotionUsedUp::UsedUp`]; the transaction must then end.
pub fn take(
    tx: &mut Tx,
    order: OrderId,
    person: PersonId,
    uses: &[PromotionUse],
) -> Result<(), PromotionUsedUp> {
    for used in uses {
        let row = promotion_store::find(tx, used.promotion)?.ok_or(PromotionUsedUp::UsedUp)?;
        if !promotion_store::take(tx, &row, (order, person), used.off.minor())? {
            return Err(PromotionUsedUp::UsedUp);
        }
    }
    Ok(())
}

/// Gives back what an order took that was not bought, or went back in full. Safe to repeat.
///
/// # Errors
/// Whatever the store says.
pub fn release(tx: &mut Tx, order: OrderId) -> Result<(), DbError> {
    for used in promotion_store::taken(tx, order)? {
        promotion_store::release(tx, order, used)?;
    }
    Ok(())
}
