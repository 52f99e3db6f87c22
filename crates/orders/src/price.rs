//! What lines cost now: the glue between catalogue, activities and the price.

use std::collections::BTreeMap;

use base::{MerchantId, PersonId, SkuId};
use catalog::api::SkuInfo;
use db::{DbError, Rx};
use deals::api::{DealChoice, DealError};
use pricing::api::{ActivityPrice, NextOffer, Quote, QuoteError, QuoteLineInput, next_offers, quote};

/// Most lines that are priced or ordered at once.
pub(crate) const LINES_MAX: usize = 200;

/// What somebody wants to buy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) items: Vec<(SkuId, i64)>,
    /// Only with exactly one item.
    pub(crate) deal: Option<DealChoice>,
}

/// The lines of one merchant with their price.
pub(crate) struct Priced {
    pub(crate) merchant: MerchantId,
    pub(crate) skus: BTreeMap<SkuId, SkuInfo>,
    pub(crate) quote: Quote,
    /// What a little more would bring.
    pub(crate) next: Vec<NextOffer>,
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
    let mut priced = Vec::with_capacity(by_merchant.len());
    for (merchant, lines) in by_merchant {
        let Some(currency) = lines.first().map(|(info, _)| info.price.currency()) else { continue };
        let inputs: Vec<QuoteLineInput> = lines
            .iter()
            .map(|(info, qty)| QuoteLineInput {
                sku: info.sku,
                product: info.product,
                category: info.category,
                qty: *qty,
                base_unit: info.price,
                activity,
                qty_limit: None,
            })
            .collect();
        let mut context = pricing::api::context(rx, merchant, currency, person, now)?;
        context.person.member = membership::api::member(rx, merchant, person, now)?;
        if context.asks_new_buyers() {
            context.person.is_new_buyer = !deals::api::has_bought(rx, merchant, person)?;
        }
        let quote = quote(&inputs, &context)?;
        let next = next_offers(&quote, &context)?;
        let skus = lines.into_iter().map(|(info, _)| (info.sku, info)).collect();
        priced.push(Priced { merchant, skus, quote, next });
    }
    Ok(priced)
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
    Ok(Some(ActivityPrice { activity: offer.activity, unit: offer.unit }))
}
