//! What lines cost now: the glue between catalogue, activities and the price.

use std::collections::BTreeMap;

use base::{CouponId, FlashSaleId, MerchantId, Money, PersonId, SkuId, Timestamp};
use catalog::api::SkuInfo;
use coupons::api::CouponRefused;
use db::{DbError, Rx};
use deals::api::{DealChoice, DealError};
use flash::api::{FlashPrice, FlashRefused};
use pricing::api::{
    ActivityPrice, CouponGift, Freight, NextOffer, PricedBy, Quote, QuoteContext, QuoteError, QuoteLineInput,
    next_offers, quote,
};
use serde::Serialize;

use crate::points_choice::{self, PointsOption, PointsWanted};

/// What delivery costs where nothing is sent.
pub(crate) const NOT_SENT: Freight = Freight { base_minor: 0, free_from_minor: None };

/// Most lines that are priced or ordered at once.
pub(crate) const LINES_MAX: usize = 200;

/// What somebody wants to buy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) items: Vec<(SkuId, i64)>,
    /// Only with exactly one item.
    pub(crate) deal: Option<DealChoice>,
    /// At most one for the goods of each merchant.
    pub(crate) coupons: Vec<CouponId>,
    /// By merchant.
    pub(crate) points: Vec<PointsWanted>,
    /// Whether it is told how many may be spent; who places an order has been told.
    pub(crate) is_shown: bool,
}

/// The lines of one merchant with their price.
pub(crate) struct Priced {
    pub(crate) merchant: MerchantId,
    pub(crate) skus: BTreeMap<SkuId, SkuInfo>,
    pub(crate) quote: Quote,
    /// Why lines that are in a flash sale are not at its price.
    pub(crate) refused: Vec<FlashRefused>,
    /// What a little more would bring.
    pub(crate) next: Vec<NextOffer>,
    /// What the quote was made of.
    of: (Vec<QuoteLineInput>, QuoteContext),
}

/// A coupon that the person has for this shop, and what it would take off here.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CouponOption {
    coupon: CouponId,
    title: String,
    gift: CouponGift,
    /// Least worth of the goods it is about.
    threshold: Money,
    /// How much lower the total is with it than without; 0 when it counts for nothing here.
    saves: Money,
    valid_to: Timestamp,
}

/// Why there is no price.
#[derive(Debug, thiserror::Error, rest::Problem)]
pub(crate) enum PriceError {
    /// Nothing, or too much, or the same SKU in a way that cannot be meant.
    #[error("name 1 to 200 items, each SKU once, 1 to 9,999 of it")]
    #[problem(422, "checkout.items")]
    Items,
    /// The SKU is gone or not for sale.
    #[error("{sku} is not for sale any more; take it out")]
    #[problem(409, "checkout.not_for_sale")]
    NotForSale { sku: SkuId },
    /// Something else than one SKU together with an activity, or one of another product.
    #[error("an activity goes with exactly one item of its product")]
    #[problem(422, "checkout.deal")]
    Deal,
    /// The price of a team is low already.
    #[error("a coupon does not go with the price of a team; leave one of them out")]
    #[problem(422, "coupon.not_with_deal")]
    CouponDeal,
    /// A shop twice, one that is not bought from, or less than a point.
    #[error("name points once for each shop that is bought from, from 1 on")]
    #[problem(422, "points.wanted")]
    Points,
    /// The price of a team is low already.
    #[error("points do not go with the price of a team; leave one of them out")]
    #[problem(422, "points.not_with_deal")]
    PointsDeal,
    #[error(transparent)]
    #[problem(transparent)]
    Coupon(#[from] CouponRefused),
    #[error(transparent)]
    #[problem(transparent)]
    Team(#[from] DealError),
    #[error(transparent)]
    #[problem(transparent)]
    Quote(#[from] QuoteError),
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// Prices what somebody wants, one quote per merchant, in the order of their ids.
pub(crate) fn price(rx: &mut Rx, person: PersonId, wanted: &Wanted) -> Result<Vec<Priced>, PriceError> {
    must_be_sound(&wanted.items)?;
    let ids: Vec<SkuId> = wanted.items.iter().map(|(sku, _)| *sku).collect();
    let known = known(rx, &ids)?;
    price_known(rx, person, wanted, &known)
}

/// What the catalogue says of these SKUs; those it does not have are left out.
pub(crate) fn known(rx: &mut Rx, skus: &[SkuId]) -> Result<BTreeMap<SkuId, SkuInfo>, DbError> {
    Ok(catalog::api::skus(rx, skus)?.into_iter().map(|info| (info.sku, info)).collect())
}

fn must_be_sound(items: &[(SkuId, i64)]) -> Result<(), PriceError> {
    let unique: std::collections::BTreeSet<SkuId> = items.iter().map(|(sku, _)| *sku).collect();
    let is_sound = !items.is_empty()
        && items.len() <= LINES_MAX
        && unique.len() == items.len()
        && items.iter().all(|(_, qty)| (1..=pricing::api::QTY_MAX).contains(qty));
    if is_sound { Ok(()) } else { Err(PriceError::Items) }
}

/// As [`price`], with what the catalogue says looked up before.
pub(crate) fn price_known(
    rx: &mut Rx,
    person: PersonId,
    wanted: &Wanted,
    known: &BTreeMap<SkuId, SkuInfo>,
) -> Result<Vec<Priced>, PriceError> {
    let items = &wanted.items;
    must_be_sound(items)?;
    let mut by_merchant: BTreeMap<MerchantId, Vec<(SkuInfo, i64)>> = BTreeMap::new();
    for (sku, qty) in items {
        let info =
            known.get(sku).filter(|info| info.is_sellable).ok_or(PriceError::NotForSale { sku: *sku })?;
        by_merchant.entry(info.merchant).or_default().push((info.clone(), *qty));
    }
    let activity = activity_price(rx, person, wanted, known)?;
    let now = rx.now();
    if wanted.deal.is_some() && !wanted.coupons.is_empty() {
        return Err(PriceError::CouponDeal);
    }
    let in_flash = flash_prices(rx, person, wanted, known)?;
    let mut chosen = coupons::api::chosen(rx, person, &wanted.coupons, now)?;
    if chosen.keys().any(|merchant| !by_merchant.contains_key(merchant)) {
        return Err(CouponRefused::Unusable.into());
    }
    let mut spent = points_choice::chosen(&wanted.points)?;
    if wanted.deal.is_some() && !spent.is_empty() {
        return Err(PriceError::PointsDeal);
    }
    if spent.keys().any(|merchant| !by_merchant.contains_key(merchant)) {
        return Err(PriceError::Points);
    }
    let mut priced = Vec::with_capacity(by_merchant.len());
    for (merchant, lines) in by_merchant {
        let Some(currency) = lines.first().map(|(info, _)| info.price.currency()) else { continue };
        let mut refused = Vec::new();
        let inputs: Vec<QuoteLineInput> = lines
            .iter()
            .map(|(info, qty)| QuoteLineInput {
                sku: info.sku,
                product: info.product,
                category: info.category,
                qty: *qty,
                base_unit: info.price,
                activity: activity.or_else(|| flash_price(&in_flash, info, *qty, &mut refused)),
                qty_limit: None,
            })
            .collect();
        let mut context = pricing::api::context(rx, merchant, currency, person, now)?;
        if lines.iter().all(|(info, _)| info.is_virtual) {
            context.freight = NOT_SENT;
        }
        context.person.member = membership::api::member(rx, merchant, person, now)?;
        if context.asks_new_buyers() {
            context.person.is_new_buyer = !deals::api::has_bought(rx, merchant, person)?;
        }
        context.coupon = chosen.remove(&merchant);
        let points = spent.remove(&merchant);
        if wanted.deal.is_none() && (wanted.is_shown || points.is_some()) {
            context.points = points::api::offer(rx, merchant, person, now, points.unwrap_or(0))?;
        }
        let quote = quote(&inputs, &context)?;
        let next = next_offers(&quote, &context)?;
        let skus = lines.into_iter().map(|(info, _)| (info.sku, info)).collect();
        priced.push(Priced { merchant, skus, quote, refused, next, of: (inputs, context) });
    }
    Ok(priced)
}

impl Priced {
    /// Whether something of it is sent to an address.
    pub(crate) fn is_sent(&self) -> bool {
        self.skus.values().any(|info| !info.is_virtual)
    }

    /// Whether a paid card makes it cheaper.
    pub(crate) fn is_of_card(&self) -> bool {
        self.quote.explanations.iter().any(pricing::api::is_of_card)
    }

    /// The lines that are at a flash sale's price, in the order of their variants.
    pub(crate) fn in_flash(&self) -> Vec<(SkuId, i64, FlashSaleId)> {
        let mut taken: Vec<_> = self
            .quote
            .lines
            .iter()
            .filter(|line| line.adjustments.iter().any(|one| one.code == "flash"))
            .filter_map(|line| {
                let input = self.of.0.iter().find(|input| input.sku == line.sku)?;
                match input.activity?.activity {
                    PricedBy::Flash(sale) => Some((line.sku, line.qty, sale)),
                    PricedBy::Team(_) => None,
                }
            })
            .collect();
        taken.sort();
        taken
    }

    /// What the person may spend here; `None` where the shop takes no points.
    pub(crate) fn points(&self) -> Option<PointsOption> {
        points_choice::option(&self.quote, self.of.1.points.as_ref())
    }
}

/// The coupons a person has for the shop of these lines, the one that saves most in front.
pub(crate) fn coupon_options(
    rx: &mut Rx,
    person: PersonId,
    priced: &Priced,
) -> Result<Vec<CouponOption>, PriceError> {
    let (inputs, context) = &priced.of;
    let is_of_team = |line: &QuoteLineInput| {
        line.activity.is_some_and(|price| matches!(price.activity, PricedBy::Team(_)))
    };
    if inputs.iter().any(is_of_team) {
        return Ok(Vec::new());
    }
    let now = rx.now();
    let usable = coupons::api::usable(rx, person, priced.merchant, now)?;
    if usable.is_empty() {
        return Ok(Vec::new());
    }
    let total = |coupon| {
        Ok::<_, QuoteError>(quote(inputs, &QuoteContext { coupon, points: None, ..context.clone() })?.total)
    };
    let without = total(None)?;
    let mut options = Vec::with_capacity(usable.len());
    for coupons::api::Usable { coupon, valid_to, .. } in usable {
        let (id, title, gift) = (coupon.id, coupon.title.clone(), coupon.gift);
        let threshold = Money::new(coupon.threshold_minor, context.currency);
        let saves = without.checked_sub(total(Some(coupon))?).or(Err(QuoteError::Overflow))?;
        options.push(CouponOption { coupon: id, title, gift, threshold, saves, valid_to });
    }
    options.sort_by_key(|one| (std::cmp::Reverse(one.saves.minor()), one.valid_to, one.coupon));
    Ok(options)
}

/// What the lines cost in flash sales that run; nothing is read when none is in one.
fn flash_prices(
    rx: &mut Rx,
    person: PersonId,
    wanted: &Wanted,
    known: &BTreeMap<SkuId, SkuInfo>,
) -> Result<BTreeMap<SkuId, FlashPrice>, DbError> {
    let is_in = |sku: &SkuId| known.get(sku).is_some_and(|info| info.flash.is_some());
    let skus: Vec<SkuId> = wanted.items.iter().map(|(sku, _)| *sku).filter(is_in).collect();
    if skus.is_empty() || wanted.deal.is_some() {
        return Ok(BTreeMap::new());
    }
    let now = rx.now();
    flash::api::prices(rx, person, &skus, now)
}

/// A sale's price for a line, when so many can be had.
fn flash_price(
    prices: &BTreeMap<SkuId, FlashPrice>,
    info: &SkuInfo,
    qty: i64,
    refused: &mut Vec<FlashRefused>,
) -> Option<ActivityPrice> {
    let price = prices.get(&info.sku)?;
    if let Some(why) = price.refusal(info.sku, qty) {
        refused.push(why);
        return None;
    }
    let unit = Money::new(price.unit, info.price.currency());
    Some(ActivityPrice { activity: PricedBy::Flash(price.sale), unit })
}

fn activity_price(
    rx: &mut Rx,
    person: PersonId,
    wanted: &Wanted,
    known: &BTreeMap<SkuId, SkuInfo>,
) -> Result<Option<ActivityPrice>, PriceError> {
    let Some(choice) = &wanted.deal else { return Ok(None) };
    let [(sku, _)] = wanted.items.as_slice() else { return Err(PriceError::Deal) };
    let offer = deals::api::offer(rx, choice, *sku, person)?;
    if known.get(sku).map(|info| info.product) != Some(offer.product) {
        return Err(PriceError::Deal);
    }
    Ok(Some(ActivityPrice { activity: PricedBy::Team(offer.activity), unit: offer.unit }))
}
