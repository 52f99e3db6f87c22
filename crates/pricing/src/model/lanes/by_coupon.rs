//! The lane of the chosen coupon, and what it takes off delivery.

use base::Money;

use super::{Told, Work, spread};
use crate::model::coupon::CouponGift;
use crate::model::{Lane, QuoteContext, QuoteError};

/// What the chosen coupon takes off the goods it is about, and whether they are worth enough for it.
pub(super) fn coupon(
    work: &mut [Work<'_>],
    context: &QuoteContext,
    told: &mut Told,
) -> Result<(i64, bool), QuoteError> {
    let Some(coupon) = &context.coupon else { return Ok((0, false)) };
    let (mut places, mut worth) = (Vec::new(), 0_i64);
    for (place, one) in work.iter().enumerate().filter(|(_, one)| coupon.scope.has(one.input)) {
        places.push(place);
        worth = worth.checked_add(one.left()).ok_or(QuoteError::Overflow)?;
    }
    let all = work.iter().fold(0_i64, |sum, one| sum.saturating_add(one.left()));
    let off = coupon.off_goods(worth, all);
    if off < 1 {
        return Ok((0, coupon.is_met(worth)));
    }
    let say = |minor: i64| coupon.explained(Lane::Coupon, minor, context.currency);
    spread(work, places, off, &say)?;
    told.explanations.push(say(off));
    Ok((off, true))
}

/// What the chosen coupon takes off the delivery that is left to pay.
pub(super) fn ship_by_coupon(
    shipping: Money,
    context: &QuoteContext,
    is_met: bool,
    told: &mut Told,
) -> Result<(Money, i64), QuoteError> {
    let Some(coupon) = &context.coupon else { return Ok((shipping, 0)) };
    let CouponGift::Freight { cap_minor } = coupon.gift else { return Ok((shipping, 0)) };
    let off = if is_met { cap_minor.clamp(0, shipping.minor().max(0)) } else { 0 };
    if off < 1 {
        return Ok((shipping, 0));
    }
    told.explanations.push(coupon.explained(Lane::Freight, off, context.currency));
    Ok((shipping.checked_sub(Money::new(off, context.currency))?, off))
}
