//! The steps, one after the other.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use base::{Money, PromotionId};

use super::coupon::CouponUse;
use super::promotion::{Action, Promotion, PromotionLane, Unmet};
use super::{
    ActivityPrice, Explanation, Lane, MemberPrice, PricedBy, PromotionUse, Quote, QuoteContext, QuoteError,
    QuoteLine, QuoteLineInput, explain, sum,
};

mod by_coupon;

use by_coupon::{coupon, ship_by_coupon};

/// A line on its way through the lanes.
struct Work<'a> {
    input: &'a QuoteLineInput,
    line: QuoteLine,
}

impl Work<'_> {
    /// What is left to pay for it.
    fn left(&self) -> i64 {
        self.line.total.minor()
    }

    fn take_off(&mut self, off: i64, explanation: Explanation) -> Result<(), QuoteError> {
        let off = Money::new(off, self.line.unit.currency());
        self.line.discount = self.line.discount.checked_add(off)?;
        self.line.total = self.line.total.checked_sub(off)?;
        self.line.adjustments.push(explanation);
        Ok(())
    }
}

/// What each promotion has taken off, and the quote's explanations so far.
struct Told {
    explanations: Vec<Explanation>,
    uses: BTreeMap<PromotionId, i64>,
}

impl Told {
    fn note_use(&mut self, promotion: &Promotion, off: i64) {
        let sum = self.uses.entry(promotion.id).or_default();
        *sum = sum.saturating_add(off);
    }
}

/// The quote, with the chosen coupon only where the total is lower by it. One that does not stack stands in the place of
/// the merchant's promotions and reductions.
pub(super) fn run(lines: &[QuoteLineInput], context: &QuoteContext) -> Result<Quote, QuoteError> {
    let Some(coupon) = &context.coupon else { return within_budgets(lines, context) };
    let without = within_budgets(lines, &QuoteContext { coupon: None, ..context.clone() })?;
    let with = if coupon.is_stacking {
        within_budgets(lines, context)?
    } else {
        let (promotions, full_reductions) = (Vec::new(), Vec::new());
        within_budgets(lines, &QuoteContext { promotions, full_reductions, ..context.clone() })?
    };
    let is_lower = with.coupon.is_some() && with.total.minor() < without.total.minor();
    Ok(if is_lower { with } else { without })
}

/// The quote without promotions whose budgets do not cover it.
fn within_budgets(lines: &[QuoteLineInput], context: &QuoteContext) -> Result<Quote, QuoteError> {
    let mut context = Cow::Borrowed(context);
    loop {
        let quote = once(lines, &context)?;
        let is_beyond = |used: &&PromotionUse| {
            let of = context.promotions.iter().find(|promotion| promotion.id == used.promotion);
            of.and_then(|promotion| promotion.left_minor).is_some_and(|left| used.off.minor() > left)
        };
        let Some(beyond) = quote.promotions.iter().find(is_beyond).map(|used| used.promotion) else {
            return Ok(quote);
        };
        // Each time one promotion fewer: it ends.
        context.to_mut().promotions.retain(|promotion| promotion.id != beyond);
    }
}

fn once(lines: &[QuoteLineInput], context: &QuoteContext) -> Result<Quote, QuoteError> {
    let currency = context.currency;
    let mut told = Told { explanations: Vec::new(), uses: BTreeMap::new() };
    let mut work = units(lines, context, &mut told)?;
    let goods = sum(currency, work.iter().map(|work| work.line.total))?;
    let matched = matched(&work, context)?;
    items(&mut work, context, &matched, &mut told)?;
    order(&mut work, context, &matched, &mut told)?;
    let (by_coupon, is_met) = coupon(&mut work, context, &mut told)?;
    let discount = sum(currency, work.iter().map(|work| work.line.discount))?;
    let after_discount = goods.checked_sub(discount)?;
    let shipping = ship(after_discount, context, &matched, &mut told)?;
    let (shipping, off_shipping) = ship_by_coupon(shipping, context, is_met, &mut told)?;
    let total = after_discount.checked_add(shipping)?;
    let off = by_coupon.saturating_add(off_shipping);
    let used = context.coupon.as_ref().filter(|_| off > 0);
    let coupon = used.map(|coupon| CouponUse { coupon: coupon.id, off: Money::new(off, currency) });
    let promotions = told
        .uses
        .into_iter()
        .map(|(promotion, off)| PromotionUse { promotion, off: Money::new(off, currency) })
        .collect();
    let lines = work.into_iter().map(|work| work.line).collect();
    let explanations = told.explanations;
    Ok(Quote {
        currency,
        lines,
        goods,
        discount,
        shipping,
        total,
        explanations,
        promotions,
        coupon,
        points: None,
    })
}

/// Why a promotion would give nothing to these lines; `None` when it is met.
pub(super) fn unmet(
    promotion: &Promotion,
    lines: &[QuoteLineInput],
    context: &QuoteContext,
) -> Option<Unmet> {
    let mut told = Told { explanations: Vec::new(), uses: BTreeMap::new() };
    let Ok(work) = units(lines, context, &mut told) else { return Some(Unmet::Goods) };
    let only = QuoteContext { promotions: vec![promotion.clone()], ..context.clone() };
    match matched(&work, &only) {
        Ok(found) if found.is_empty() => {
            let (mut worth, mut units) = (0_i64, 0_i64);
            for one in work.iter().filter(|one| promotion.scope.has(one.input)) {
                worth = worth.saturating_add(one.left());
                units = units.saturating_add(one.line.qty);
            }
            promotion.needs.unmet(context, worth, units)
        }
        Ok(_) | Err(_) => None,
    }
}

/// base → member → activity: the price of one.
fn units<'a>(
    lines: &'a [QuoteLineInput],
    context: &QuoteContext,
    told: &mut Told,
) -> Result<Vec<Work<'a>>, QuoteError> {
    let currency = context.currency;
    let (mut work, mut base_goods) = (Vec::with_capacity(lines.len()), Money::zero(currency));
    let mut member_total = Money::zero(currency);
    let mut activity_totals = BTreeMap::<PricedBy, Money>::new();
    for input in lines {
        let (line, by_member, by_activity) = unit(input, context)?;
        base_goods = base_goods.checked_add(input.base_unit.times(input.qty)?)?;
        member_total = member_total.checked_add(by_member)?;
        if let Some((activity, saved)) = by_activity {
            let total = activity_totals.entry(activity).or_insert(Money::zero(currency));
            *total = total.checked_add(saved)?;
        }
        work.push(Work { input, line });
    }
    told.explanations.push(explain(Lane::Base, &context.merchant, "base", base_goods, []));
    if let Some(member) = context.person.member.as_ref().filter(|_| !member_total.is_zero()) {
        let params = [("off_bp", member.off_bp)];
        let (source, code) = member.price_by();
        told.explanations.push(explain(Lane::Member, &source, code, member_total, params));
    }
    for (activity, total) in activity_totals {
        told.explanations.push(explain(Lane::Activity, &activity, activity.code(), total, []));
    }
    Ok(work)
}

type UnitPriced = (QuoteLine, Money, Option<(PricedBy, Money)>);

/// The line at its price of one, and what the member's or the activity's price saves.
fn unit(input: &QuoteLineInput, context: &QuoteContext) -> Result<UnitPriced, QuoteError> {
    let currency = context.currency;
    let prices = [Some(input.base_unit), input.activity.map(|activity| activity.unit)];
    for price in prices.into_iter().flatten() {
        if price.currency() != currency {
            return Err(QuoteError::MixedCurrency);
        }
        if price.minor() < 0 {
            return Err(QuoteError::NegativePrice { sku: input.sku });
        }
    }
    let base_goods = input.base_unit.times(input.qty)?;
    let member = context.person.member.as_ref().filter(|member| member.off_bp > 0);
    let member_unit = member.map_or(input.base_unit, |member| member_unit(input.base_unit, member));
    // An activity's price counts where it is below the member's: the two do not add up.
    let better = input.activity.filter(|activity| activity.unit.minor() < member_unit.minor());
    let unit = better.map_or(member_unit, |activity| activity.unit);
    let goods = unit.times(input.qty)?;
    let saved = goods.checked_sub(base_goods)?;
    let mut line = QuoteLine {
        sku: input.sku,
        qty: input.qty,
        unit,
        base_unit: input.base_unit,
        discount: Money::zero(currency),
        total: goods,
        adjustments: Vec::new(),
    };
    let params =
        [("base_unit_minor", input.base_unit.minor()), ("unit_minor", unit.minor()), ("qty", input.qty)];
    match (better, member) {
        (Some(ActivityPrice { activity, .. }), _) => {
            line.adjustments.push(explain(Lane::Activity, &activity, activity.code(), saved, params));
            Ok((line, Money::zero(currency), Some((activity, saved))))
        }
        (None, Some(member)) if !saved.is_zero() => {
            let (source, code) = member.price_by();
            line.adjustments.push(explain(Lane::Member, &source, code, saved, params));
            Ok((line, saved, None))
        }
        (None, _) => Ok((line, Money::zero(currency), None)),
    }
}

/// What one costs a member: the catalogue's price less the tier's share of it, which is rounded down.
pub fn member_unit(base_unit: Money, member: &MemberPrice) -> Money {
    let off = share_of(base_unit.minor(), member.off_bp);
    Money::new(base_unit.minor().saturating_sub(off), base_unit.currency())
}

/// `of · bp / 10,000`, rounded down.
pub(super) fn share_of(of: i64, bp: i64) -> i64 {
    let product = i128::from(of.max(0)).saturating_mul(i128::from(bp.clamp(0, 10_000)));
    i64::try_from(product.checked_div(10_000).unwrap_or(0)).unwrap_or(0)
}

/// A promotion whose needs are met, with the places of its lines.
struct Matched<'a> {
    promotion: &'a Promotion,
    places: Vec<usize>,
}

/// The promotions whose needs are met. Whether they are is decided once, at the prices after member and activity, so
/// that no step makes another's needs come or go.
fn matched<'a>(work: &[Work<'_>], context: &'a QuoteContext) -> Result<Vec<Matched<'a>>, QuoteError> {
    let mut found = Vec::new();
    for promotion in &context.promotions {
        let (mut places, mut worth, mut units) = (Vec::new(), 0_i64, 0_i64);
        for (place, one) in work.iter().enumerate() {
            if promotion.scope.has(one.input) {
                places.push(place);
                worth = worth.checked_add(one.left()).ok_or(QuoteError::Overflow)?;
                units = units.saturating_add(one.line.qty);
            }
        }
        if promotion.needs.unmet(context, worth, units).is_none() {
            found.push(Matched { promotion, places });
        }
    }
    found.sort_by_key(|matched| matched.promotion.id);
    Ok(found)
}

fn of_lane<'a, 'b>(
    matched: &'b [Matched<'a>],
    lane: PromotionLane,
) -> impl Iterator<Item = &'b Matched<'a>> + use<'a, 'b> {
    matched.iter().filter(move |matched| matched.promotion.action.lane() == lane)
}

/// The best promotion of each line.
fn items(
    work: &mut [Work<'_>],
    context: &QuoteContext,
    matched: &[Matched<'_>],
    told: &mut Told,
) -> Result<(), QuoteError> {
    let mut best: BTreeMap<usize, (i64, &Promotion)> = BTreeMap::new();
    for Matched { promotion, places } in of_lane(matched, PromotionLane::Item) {
        for place in places {
            let Some(one) = work.get(*place) else { continue };
            let off = item_off(&promotion.action, one);
            let before = best.get(place).map_or(0, |(off, _)| *off);
            // Of two that give the same, the one with the lower id: they come in the order of their ids.
            if off > before {
                best.insert(*place, (off, promotion));
            }
        }
    }
    let mut totals: BTreeMap<PromotionId, (i64, &Promotion)> = BTreeMap::new();
    for (place, (off, promotion)) in best {
        let Some(one) = work.get_mut(place) else { continue };
        one.take_off(off, explained(Lane::Item, promotion, off, context))?;
        let total = totals.entry(promotion.id).or_insert((0, promotion));
        total.0 = total.0.saturating_add(off);
        told.note_use(promotion, off);
    }
    for (off, promotion) in totals.into_values() {
        told.explanations.push(explained(Lane::Item, promotion, off, context));
    }
    Ok(())
}

/// What an action of the item lane takes off a line.
fn item_off(action: &Action, one: &Work<'_>) -> i64 {
    let (unit, qty) = (one.line.unit.minor(), one.line.qty);
    let off = match action {
        Action::UnitPrice { unit_minor } => unit.saturating_sub(*unit_minor).max(0).saturating_mul(qty),
        Action::NthOff { nth, off_bp } => {
            share_of(unit, *off_bp).saturating_mul(qty.checked_div(*nth).unwrap_or(0))
        }
        Action::BuyGet { buy, get } => {
            let free = qty.checked_div(buy.saturating_add(*get)).unwrap_or(0).saturating_mul(*get);
            unit.saturating_mul(free)
        }
        Action::AmountOff { .. }
        | Action::EveryOff { .. }
        | Action::PercentOff { .. }
        | Action::Bundle { .. }
        | Action::FreightOff { .. } => 0,
    };
    off.clamp(0, one.left())
}

/// What wins the order lane.
enum Winner<'a> {
    Tier { threshold: i64, off: i64 },
    Promotion(&'a Promotion, Vec<usize>),
}

/// The best reduction of the order: a tier of the full reductions or a promotion.
fn order(
    work: &mut [Work<'_>],
    context: &QuoteContext,
    matched: &[Matched<'_>],
    told: &mut Told,
) -> Result<(), QuoteError> {
    let worth = work.iter().fold(0_i64, |sum, one| sum.saturating_add(one.left()));
    let reached = context.full_reductions.iter().filter(|tier| tier.threshold_minor <= worth);
    // Of tiers that take off the same, the one reached first is named.
    let tier = reached.max_by_key(|tier| (tier.off_minor, Reverse(tier.threshold_minor)));
    let mut best = tier.map_or((0, None), |tier| {
        let (threshold, off) = (tier.threshold_minor, tier.off_minor);
        (off, Some(Winner::Tier { threshold, off }))
    });
    for Matched { promotion, places } in of_lane(matched, PromotionLane::Order) {
        let (off, places) = order_off(&promotion.action, work, places);
        if off > best.0 {
            best = (off, Some(Winner::Promotion(promotion, places)));
        }
    }
    let (off, Some(winner)) = best else { return Ok(()) };
    let (all, say): (Vec<usize>, Box<dyn Fn(i64) -> Explanation>) = match winner {
        Winner::Tier { threshold, off } => {
            let params = [("threshold_minor", threshold), ("off_minor", off)];
            let say = move |minor: i64| {
                let off = Money::new(minor.saturating_neg(), context.currency);
                explain(Lane::Promotion, &context.merchant, "full_reduction", off, params)
            };
            ((0..work.len()).collect(), Box::new(say))
        }
        Winner::Promotion(promotion, places) => {
            told.note_use(promotion, off);
            (places, Box::new(move |minor| explained(Lane::Promotion, promotion, minor, context)))
        }
    };
    spread(work, all, off, &say)?;
    told.explanations.push(say(off));
    Ok(())
}

/// What an action of the order lane takes off, and the places of the lines it is taken off.
fn order_off(action: &Action, work: &[Work<'_>], places: &[usize]) -> (i64, Vec<usize>) {
    let worth_of = |places: &[usize]| {
        places
            .iter()
            .filter_map(|place| work.get(*place))
            .fold(0_i64, |sum, one| sum.saturating_add(one.left()))
    };
    let worth = worth_of(places);
    let off = match action {
        Action::AmountOff { off_minor } => *off_minor,
        Action::EveryOff { every_minor, off_minor, times_max } => {
            worth.checked_div(*every_minor).unwrap_or(0).min(*times_max).saturating_mul(*off_minor)
        }
        Action::PercentOff { off_bp, cap_minor } => {
            share_of(worth, *off_bp).min(cap_minor.unwrap_or(i64::MAX))
        }
        Action::Bundle { skus, price_minor } => {
            let own: Vec<usize> = places
                .iter()
                .copied()
                .filter(|place| work.get(*place).is_some_and(|one| skus.contains(&one.line.sku)))
                .collect();
            let lines: Vec<&Work<'_>> = own.iter().filter_map(|place| work.get(*place)).collect();
            let times = lines.iter().map(|one| one.line.qty).min().unwrap_or(0);
            if lines.len() < skus.len() || times < 1 {
                return (0, own);
            }
            // What one of each costs after the lanes before.
            let each = |one: &&Work<'_>| one.left().checked_div(one.line.qty.max(1)).unwrap_or(0);
            let one_set = lines.iter().map(each).fold(0_i64, i64::saturating_add);
            let off = one_set.saturating_sub(*price_minor).max(0).saturating_mul(times);
            return (off.clamp(0, worth_of(&own)), own);
        }
        Action::UnitPrice { .. }
        | Action::NthOff { .. }
        | Action::BuyGet { .. }
        | Action::FreightOff { .. } => 0,
    };
    (off.clamp(0, worth), places.to_vec())
}

/// Takes `off`, at most what they cost, off these lines by what is left of each: largest remainder, in the order of
/// their SKUs.
fn spread(
    work: &mut [Work<'_>],
    mut places: Vec<usize>,
    off: i64,
    say: &dyn Fn(i64) -> Explanation,
) -> Result<(), QuoteError> {
    places.sort_by_key(|place| work.get(*place).map(|one| one.line.sku));
    let mut weights = Vec::with_capacity(places.len());
    for place in &places {
        let left = work.get(*place).map_or(0, Work::left);
        weights.push(u64::try_from(left).or(Err(QuoteError::Overflow))?);
    }
    for (place, share) in places.into_iter().zip(base::allocate(off, &weights)?) {
        if let Some(one) = work.get_mut(place).filter(|_| share != 0) {
            one.take_off(share, say(share))?;
        }
    }
    Ok(())
}

/// What delivery costs for goods worth `after_discount`: nothing from a worth on or for some members, else less by
/// the best promotion.
fn ship(
    after_discount: Money,
    context: &QuoteContext,
    matched: &[Matched<'_>],
    told: &mut Told,
) -> Result<Money, QuoteError> {
    let base = Money::new(context.freight.base_minor, context.currency);
    if base.is_zero() {
        return Ok(base);
    }
    told.explanations.push(explain(Lane::Freight, &context.merchant, "freight", base, []));
    let nothing = Money::zero(context.currency);
    let free = nothing.checked_sub(base)?;
    if let Some(from) = context.freight.free_from_minor.filter(|from| after_discount.minor() >= *from) {
        let params = [("free_from_minor", from)];
        told.explanations.push(explain(Lane::Freight, &context.merchant, "freight_free", free, params));
        return Ok(nothing);
    }
    if let Some(member) = context.person.member.as_ref().filter(|member| member.is_freight_free) {
        let (source, code) = member.freight_by();
        told.explanations.push(explain(Lane::Freight, &source, code, free, []));
        return Ok(nothing);
    }
    let mut best: Option<(i64, &Promotion)> = None;
    for Matched { promotion, .. } in of_lane(matched, PromotionLane::Freight) {
        let Action::FreightOff { off_minor } = promotion.action else { continue };
        let off = off_minor.min(base.minor());
        if off > best.map_or(0, |(off, _)| off) {
            best = Some((off, promotion));
        }
    }
    let Some((off, promotion)) = best else { return Ok(base) };
    told.note_use(promotion, off);
    told.explanations.push(explained(Lane::Freight, promotion, off, context));
    Ok(base.checked_sub(Money::new(off, context.currency))?)
}

/// Tells that a promotion takes `off` off, with its numbers.
fn explained(lane: Lane, promotion: &Promotion, off: i64, context: &QuoteContext) -> Explanation {
    let amount = Money::new(off.saturating_neg(), context.currency);
    let (id, code) = (&promotion.id, promotion.action.code());
    let mut told = match &promotion.action {
        Action::AmountOff { off_minor } | Action::FreightOff { off_minor } => {
            explain(lane, id, code, amount, [("off_minor", *off_minor)])
        }
        Action::EveryOff { every_minor, off_minor, .. } => {
            explain(lane, id, code, amount, [("every_minor", *every_minor), ("off_minor", *off_minor)])
        }
        Action::PercentOff { off_bp, .. } => explain(lane, id, code, amount, [("off_bp", *off_bp)]),
        Action::UnitPrice { unit_minor } => explain(lane, id, code, amount, [("unit_minor", *unit_minor)]),
        Action::NthOff { nth, off_bp } => {
            explain(lane, id, code, amount, [("nth", *nth), ("off_bp", *off_bp)])
        }
        Action::BuyGet { buy, get } => explain(lane, id, code, amount, [("buy", *buy), ("get", *get)]),
        Action::Bundle { price_minor, .. } => {
            explain(lane, id, code, amount, [("price_minor", *price_minor)])
        }
    };
    told.params.insert("title".to_owned(), promotion.title.clone());
    told
}
