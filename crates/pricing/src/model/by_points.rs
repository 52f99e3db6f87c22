//! What points take off: after everything else, so that neither coupons nor free delivery look at them. Pure.

use base::{Currency, Money, SkuId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::lanes::share_of;
use super::{Lane, Quote, QuoteContext, QuoteError, explain};

/// The points a person may spend with a merchant, and how many are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PointsOffer {
    /// How many the person wants to spend; more than may be spent counts as the most.
    pub wanted: i64,
    /// How many there are to spend.
    pub balance: i64,
    /// What one takes off, in minor units; above zero.
    pub worth_minor: i64,
    /// The most they pay of the goods after all other discounts, in hundredths of a percent.
    pub share_bp: i64,
}

/// The points that a quote rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PointsUse {
    /// How many; above zero.
    pub points: i64,
    /// What they take off; above zero.
    pub off: Money,
}

/// The most points that may be spent on a quote: whole points within the share, and never the last minor unit of the
/// goods, since an order without a payment would never be paid. What the quote spends already does not count against it.
pub fn points_most(quote: &Quote, offer: &PointsOffer) -> i64 {
    let spent = quote.points.map_or(0, |used| used.off.minor());
    let goods = quote.goods.minor().saturating_sub(quote.discount.minor()).saturating_add(spent);
    let off = share_of(goods, offer.share_bp).min(goods.saturating_sub(1)).max(0);
    off.checked_div(offer.worth_minor.max(1)).unwrap_or(0).min(offer.balance).max(0)
}

/// Takes the wanted points off a quote, spread over its lines by what is left of each: largest remainder, in the order of
/// their SKUs.
pub(super) fn spend(mut quote: Quote, context: &QuoteContext) -> Result<Quote, QuoteError> {
    let Some(offer) = &context.points else { return Ok(quote) };
    let points = offer.wanted.min(points_most(&quote, offer));
    let minor = points.checked_mul(offer.worth_minor).ok_or(QuoteError::Overflow)?;
    if minor < 1 {
        return Ok(quote);
    }
    let say = |minor: i64| {
        let off = Money::new(minor.saturating_neg(), context.currency);
        explain(Lane::Points, &context.merchant, "points", off, [("points", points)])
    };
    spread(&mut quote, minor, context.currency, &say)?;
    let off = Money::new(minor, context.currency);
    quote.discount = quote.discount.checked_add(off)?;
    quote.total = quote.total.checked_sub(off)?;
    let place = quote.explanations.iter().position(|told| told.lane == Lane::Freight);
    quote.explanations.insert(place.unwrap_or(quote.explanations.len()), say(minor));
    quote.points = Some(PointsUse { points, off });
    Ok(quote)
}

fn spread(
    quote: &mut Quote,
    off: i64,
    currency: Currency,
    say: &dyn Fn(i64) -> super::Explanation,
) -> Result<(), QuoteError> {
    let mut places: Vec<(SkuId, usize)> =
        quote.lines.iter().enumerate().map(|(place, line)| (line.sku, place)).collect();
    places.sort_unstable();
    let mut weights = Vec::with_capacity(places.len());
    for (_, place) in &places {
        let left = quote.lines.get(*place).map_or(0, |line| line.total.minor());
        weights.push(u64::try_from(left).or(Err(QuoteError::Overflow))?);
    }
    for ((_, place), share) in places.into_iter().zip(base::allocate(off, &weights)?) {
        if let Some(line) = quote.lines.get_mut(place).filter(|_| share != 0) {
            let off = Money::new(share, currency);
            line.discount = line.discount.checked_add(off)?;
            line.total = line.total.checked_sub(off)?;
            line.adjustments.push(say(share));
        }
    }
    Ok(())
}
