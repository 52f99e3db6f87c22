//! The quote: lanes in a fixed order, in a lane the best rule wins, and every minor unit has a source.
//!
//! base → member → activity → item → promotion → coupon → points → freight. The better of the member's and the activity's price *is* the
//! unit price of the line; what comes after is the discount of the order, spread over its lines by largest remainder.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects, clippy::integer_division)]

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use base::{CategoryId, Currency, MerchantId, Money, MoneyError, ProductId, SkuId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

mod activity;
mod by_points;
#[cfg(test)]
mod by_points_tests;
mod coupon;
#[cfg(test)]
mod coupon_tests;
mod lanes;
mod promotion;
#[cfg(test)]
mod promotion_tests;
#[cfg(test)]
mod tests;

pub use activity::{ActivityPrice, PricedBy};
pub use by_points::{PointsOffer, PointsUse, points_most};
pub use coupon::{Coupon, CouponGift, CouponUse};
pub use lanes::member_unit;
pub use promotion::{Action, BadPromotion, Needs, Promotion, PromotionLane, Scope, Unmet};

/// Most units of one SKU in a quote.
pub const QTY_MAX: i64 = 9_999;
/// Most lines of a quote.
pub const LINES_MAX: usize = 200;
/// Most tiers of a merchant's full reductions.
pub const REDUCTIONS_MAX: usize = 20;

/// One line to be priced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuoteLineInput {
    /// What is bought. The same SKU on two lines counts as the sum.
    pub sku: SkuId,
    /// Of which product.
    pub product: ProductId,
    /// In which category.
    pub category: CategoryId,
    /// How many, 1 to [`QTY_MAX`].
    pub qty: i64,
    /// The catalogue's price of one.
    pub base_unit: Money,
    /// The price of one in an activity; it counts when it is below the base price.
    pub activity: Option<ActivityPrice>,
    /// Most units this buyer may take now; `None` when only [`QTY_MAX`] limits.
    pub qty_limit: Option<i64>,
}

/// The rules a merchant sells by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuoteContext {
    /// The merchant of all lines: the source of promotion and freight.
    pub merchant: MerchantId,
    /// The currency of all amounts.
    pub currency: Currency,
    /// Tiers in any order; the best one reached counts, once.
    pub full_reductions: Vec<FullReduction>,
    /// What delivery costs.
    pub freight: Freight,
    /// Promotions that are live, in any order.
    pub promotions: Vec<Promotion>,
    /// The coupon the person has chosen.
    pub coupon: Option<Coupon>,
    /// The points the person may spend; `None` when the merchant has no program.
    pub points: Option<PointsOffer>,
    /// Who buys.
    pub person: PersonFacts,
    /// When.
    pub at: Timestamp,
}

impl QuoteContext {
    /// Whether a promotion asks if the person is a new buyer.
    pub fn asks_new_buyers(&self) -> bool {
        self.promotions.iter().any(|promotion| promotion.needs.new_buyers_only)
    }
}

/// What rules ask of the person who buys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonFacts {
    /// Whether the person has bought nothing of this merchant yet.
    pub is_new_buyer: bool,
    /// What the person's standing gives.
    pub member: Option<MemberPrice>,
}

/// What a member's standing gives: a share off the catalogue's price of one, rounded down, instead of an activity's
/// price where that is higher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberPrice {
    /// The tier's code, which promotions may ask for; named in explanations. Empty without a tier.
    pub tier: String,
    /// Off the base price of one, in hundredths of a percent.
    pub off_bp: i64,
    /// Whether delivery is free.
    pub is_freight_free: bool,
    /// Whether the share off is a paid card's, since that is the better one.
    pub is_price_of_card: bool,
    /// Whether it is a paid card by which delivery is free.
    pub is_freight_of_card: bool,
}

impl MemberPrice {
    /// What gives the price, and the code it is explained by.
    fn price_by(&self) -> (&str, &'static str) {
        if self.is_price_of_card { ("card", "card") } else { (&self.tier, "member") }
    }

    /// What gives the free delivery, and the code it is explained by.
    fn freight_by(&self) -> (&str, &'static str) {
        if self.is_freight_of_card { ("card", "card_freight") } else { (&self.tier, "member_freight") }
    }
}

/// One tier: `off_minor` less when the goods, after promotions of single lines, reach `threshold_minor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FullReduction {
    /// Least worth of the goods, in minor units.
    #[schema(minimum = 1)]
    pub threshold_minor: i64,
    /// What is taken off, in minor units; at most the threshold.
    #[schema(minimum = 1)]
    pub off_minor: i64,
}

/// What delivery costs: a flat amount, nothing from a worth of goods on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Freight {
    /// The flat amount, in minor units.
    #[schema(minimum = 0)]
    pub base_minor: i64,
    /// Free from this worth of goods after discounts, in minor units; `null` for never.
    #[schema(minimum = 0)]
    pub free_from_minor: Option<i64>,
}

/// The steps of pricing, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// The catalogue's price.
    Base,
    /// A member's price.
    Member,
    /// A price for those who buy in an activity.
    Activity,
    /// Promotions of single lines.
    Item,
    /// The merchant's reductions of the order.
    Promotion,
    /// The coupon the person has chosen.
    Coupon,
    /// Points that are spent.
    Points,
    /// Delivery.
    Freight,
}

/// Where an amount comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Explanation {
    /// The step that added it.
    pub lane: Lane,
    /// The id of what caused it: an activity, a promotion or a merchant; a tier's code.
    pub source: String,
    /// Pages translate `price.<code>` with `params`.
    pub code: String,
    /// What it adds; negative when it takes off.
    pub amount: Money,
    /// Numbers of the rule; names that end in `_minor` are amounts in the quote's currency.
    pub params: BTreeMap<String, String>,
}

/// One priced line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QuoteLine {
    /// What is bought.
    pub sku: SkuId,
    /// How many.
    pub qty: i64,
    /// The price of one, after the activity.
    pub unit: Money,
    /// The catalogue's price of one.
    pub base_unit: Money,
    /// This line's share of the order's discount.
    pub discount: Money,
    /// `qty · unit − discount`.
    pub total: Money,
    /// What leads from `qty · base_unit` to `total`: their amounts sum to the difference.
    pub adjustments: Vec<Explanation>,
}

/// What the lines cost together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Quote {
    /// The currency of all amounts.
    pub currency: Currency,
    /// One line per SKU, in the order in which the SKUs were first given.
    pub lines: Vec<QuoteLine>,
    /// Sum of `qty · unit`.
    pub goods: Money,
    /// Sum of the lines' discounts; from 0 to `goods`.
    pub discount: Money,
    /// Delivery, after its own reductions.
    pub shipping: Money,
    /// `goods − discount + shipping`.
    pub total: Money,
    /// Where the total comes from: the amounts sum to it.
    pub explanations: Vec<Explanation>,
    /// Promotions that took something off, in the order of their ids, and how much.
    pub promotions: Vec<PromotionUse>,
    /// The chosen coupon, when the total is lower by it; `null` when it is not, and then it is not used up.
    pub coupon: Option<CouponUse>,
    /// The points that are spent; `null` when none are.
    pub points: Option<PointsUse>,
}

/// A promotion that a quote rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PromotionUse {
    /// Which.
    pub promotion: base::PromotionId,
    /// What it takes off; above zero.
    pub off: Money,
}

/// Why there is no price.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, rest::Problem)]
pub enum QuoteError {
    /// Nothing to price.
    #[error("there are no lines to price")]
    #[problem(422, "pricing.empty")]
    Empty,
    /// More lines than [`LINES_MAX`].
    #[error("at most {LINES_MAX} lines can be priced together, got {got}")]
    #[problem(422, "pricing.too_many_lines")]
    TooManyLines {
        /// Lines given.
        got: usize,
    },
    /// Below 1 or above [`QTY_MAX`], the SKU's lines taken together.
    #[error("quantity of {sku} must be 1 to {QTY_MAX}, got {qty}")]
    #[problem(422, "pricing.bad_quantity")]
    BadQuantity {
        /// Which SKU.
        sku: SkuId,
        /// Units asked for.
        qty: i64,
    },
    /// More than this buyer may take.
    #[error("at most {limit} of {sku} can be bought now, got {qty}")]
    #[problem(422, "pricing.quantity_limit")]
    QuantityLimit {
        /// Which SKU.
        sku: SkuId,
        /// Units asked for.
        qty: i64,
        /// Units allowed.
        limit: i64,
    },
    /// Two lines of one SKU with different prices or limits.
    #[error("the lines of {sku} do not agree on its price")]
    #[problem(422, "pricing.line_conflict")]
    LineConflict {
        /// Which SKU.
        sku: SkuId,
    },
    /// A price below nothing.
    #[error("price of {sku} is negative")]
    #[problem(422, "pricing.negative_price")]
    NegativePrice {
        /// Which SKU.
        sku: SkuId,
    },
    /// Amounts of two currencies.
    #[error("all prices of a quote must be in one currency")]
    #[problem(422, "pricing.mixed_currency")]
    MixedCurrency,
    /// A tier or freight rule that cannot be meant.
    #[error("{rule} is out of range")]
    #[problem(422, "pricing.bad_rule")]
    BadRule {
        /// Which part of the rules.
        rule: &'static str,
    },
    /// A sum that does not fit 64 bits.
    #[error("the sum is out of range")]
    #[problem(422, "pricing.overflow")]
    Overflow,
}

impl From<MoneyError> for QuoteError {
    fn from(error: MoneyError) -> Self {
        match error {
            MoneyError::CurrencyMismatch(..) | MoneyError::UnknownCurrency => Self::MixedCurrency,
            MoneyError::Overflow | MoneyError::NoWeights => Self::Overflow,
        }
    }
}

/// Checks rules before they are stored; [`quote`] checks them too.
///
/// # Errors
/// [`QuoteError::BadRule`].
pub fn check_rules(full_reductions: &[FullReduction], freight: &Freight) -> Result<(), QuoteError> {
    let bad = |rule| Err(QuoteError::BadRule { rule });
    if full_reductions.len() > REDUCTIONS_MAX {
        return bad("number of full reductions");
    }
    if full_reductions.iter().any(|tier| tier.off_minor < 1 || tier.threshold_minor < tier.off_minor) {
        return bad("full reduction");
    }
    if freight.base_minor < 0 {
        return bad("freight");
    }
    if freight.free_from_minor.is_some_and(|from| from < 0) {
        return bad("threshold of free freight");
    }
    Ok(())
}

/// Prices `lines` by the rules in `context`.
///
/// Pure: the same input gives the same quote, and the order of lines and rules changes no amount.
///
/// # Errors
/// [`QuoteError`]; nothing is clamped or guessed.
pub fn quote(lines: &[QuoteLineInput], context: &QuoteContext) -> Result<Quote, QuoteError> {
    check_rules(&context.full_reductions, &context.freight)?;
    let lines = merge(lines)?;
    by_points::spend(lanes::run(&lines, context)?, context)
}

/// Why a promotion would give nothing to these lines; `None` when what it asks for is met.
///
/// # Errors
/// [`QuoteError`] where the lines cannot be priced at all.
pub fn unmet(
    promotion: &Promotion,
    lines: &[QuoteLineInput],
    context: &QuoteContext,
) -> Result<Option<Unmet>, QuoteError> {
    Ok(lanes::unmet(promotion, &merge(lines)?, context))
}

/// What a little more would bring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct NextOffer {
    /// What would be added; above 0.
    pub missing: Money,
    /// What the offer takes off; another reduction of the order that counts now would not.
    pub saves: Money,
    /// Pages translate `price.<code>` with `params`, as in an [`Explanation`].
    pub code: String,
    /// Numbers of the rule; names that end in `_minor` are amounts in the quote's currency.
    pub params: BTreeMap<String, String>,
}

/// The offers just out of reach of a quote: the nearest better full reduction, and free delivery.
///
/// Adding goods worth `missing` reaches the offer by the same rules, if nothing else changes.
///
/// # Errors
/// [`QuoteError::Overflow`].
pub fn next_offers(quote: &Quote, context: &QuoteContext) -> Result<Vec<NextOffer>, QuoteError> {
    let offer = |missing: i64, saves: i64, code: &str, params: &[(&str, i64)]| NextOffer {
        missing: Money::new(missing, context.currency),
        saves: Money::new(saves, context.currency),
        code: code.to_owned(),
        params: params.iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect(),
    };
    let distance = |to: i64, from: i64| to.checked_sub(from).ok_or(QuoteError::Overflow);
    let mut offers = Vec::new();
    // What a lane takes off, above zero. Tiers look at the goods after the item lane, and stand against what the
    // promotion lane gives, not against the whole discount.
    let taken_by = |lane: Lane| {
        let told = quote.explanations.iter().filter(|told| told.lane == lane);
        told.fold(0_i64, |sum, told| sum.saturating_sub(told.amount.minor()))
    };
    let goods = quote.goods.minor();
    let worth = distance(goods, taken_by(Lane::Item))?;
    let given = taken_by(Lane::Promotion);
    // A coupon in the place of promotions leaves no room for a tier.
    let is_alone =
        quote.coupon.is_some() && context.coupon.as_ref().is_some_and(|coupon| !coupon.is_stacking);
    let better = context.full_reductions.iter().filter(|tier| {
        // Tiers reached already are in the quote.
        !is_alone && tier.threshold_minor > worth && tier.off_minor > given
    });
    if let Some(tier) = better.min_by_key(|tier| (tier.threshold_minor, Reverse(tier.off_minor))) {
        let params = [("threshold_minor", tier.threshold_minor), ("off_minor", tier.off_minor)];
        let missing = distance(tier.threshold_minor, worth)?;
        offers.push(offer(missing, tier.off_minor, "full_reduction", &params));
    }
    // Delivery does not look at points.
    let by_points = quote.points.map_or(0, |used| used.off.minor());
    let after_discount = distance(goods, distance(quote.discount.minor(), by_points)?)?;
    let free_from = context.freight.free_from_minor.filter(|from| *from > after_discount);
    if let Some(from) = free_from.filter(|_| quote.shipping.minor() > 0) {
        let missing = distance(from, after_discount)?;
        offers.push(offer(missing, quote.shipping.minor(), "freight_free", &[("free_from_minor", from)]));
    }
    Ok(offers)
}

/// One line per SKU, in the order of first mention.
fn merge(lines: &[QuoteLineInput]) -> Result<Vec<QuoteLineInput>, QuoteError> {
    if lines.is_empty() {
        return Err(QuoteError::Empty);
    }
    if lines.len() > LINES_MAX {
        return Err(QuoteError::TooManyLines { got: lines.len() });
    }
    let mut places = HashMap::<SkuId, usize>::new();
    let mut merged: Vec<QuoteLineInput> = Vec::with_capacity(lines.len());
    for line in lines {
        check_quantity(line)?;
        let place = *places.entry(line.sku).or_insert(merged.len());
        match merged.get_mut(place) {
            None => merged.push(line.clone()),
            Some(first) => {
                let is_same = first.base_unit == line.base_unit
                    && first.activity == line.activity
                    && first.qty_limit == line.qty_limit;
                if !is_same {
                    return Err(QuoteError::LineConflict { sku: line.sku });
                }
                first.qty = first.qty.checked_add(line.qty).ok_or(QuoteError::Overflow)?;
            }
        }
    }
    for line in &merged {
        check_quantity(line)?;
        match line.qty_limit {
            Some(limit) if line.qty > limit => {
                return Err(QuoteError::QuantityLimit { sku: line.sku, qty: line.qty, limit });
            }
            Some(_) | None => {}
        }
    }
    Ok(merged)
}

fn check_quantity(line: &QuoteLineInput) -> Result<(), QuoteError> {
    if (1..=QTY_MAX).contains(&line.qty) {
        Ok(())
    } else {
        Err(QuoteError::BadQuantity { sku: line.sku, qty: line.qty })
    }
}

fn explain<const N: usize>(
    lane: Lane,
    source: &impl ToString,
    code: &str,
    amount: Money,
    params: [(&str, i64); N],
) -> Explanation {
    let params = params.into_iter().map(|(name, value)| (name.to_owned(), value.to_string())).collect();
    Explanation { lane, source: source.to_string(), code: code.to_owned(), amount, params }
}

fn sum(currency: Currency, amounts: impl IntoIterator<Item = Money>) -> Result<Money, QuoteError> {
    let mut total = Money::zero(currency);
    for amount in amounts {
        total = total.checked_add(amount)?;
    }
    Ok(total)
}
