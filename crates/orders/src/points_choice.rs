//! The points a buyer wants to spend, and how many may be spent.

use std::collections::BTreeMap;

use base::{MerchantId, Money};
use pricing::api::{PointsOffer, Quote, points_most};
use serde::{Deserialize, Serialize};

use crate::price::PriceError;

/// Points to be spent with one shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PointsWanted {
    merchant: MerchantId,
    /// More than may be spent counts as the most.
    #[schema(minimum = 1)]
    points: i64,
}

/// How many points the buyer may spend with a shop.
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PointsOption {
    /// Points there are to spend.
    balance: i64,
    /// The most that may be spent here.
    most: i64,
    /// What one takes off.
    worth_each: Money,
}

/// The wanted points by shop.
pub(crate) fn chosen(wanted: &[PointsWanted]) -> Result<BTreeMap<MerchantId, i64>, PriceError> {
    let by_shop: BTreeMap<MerchantId, i64> = wanted.iter().map(|one| (one.merchant, one.points)).collect();
    let is_sound = by_shop.len() == wanted.len() && wanted.iter().all(|one| one.points > 0);
    if is_sound { Ok(by_shop) } else { Err(PriceError::Points) }
}

/// What the buyer may spend on a quote; `None` where the shop takes none.
pub(crate) fn option(quote: &Quote, offer: Option<&PointsOffer>) -> Option<PointsOption> {
    offer.map(|offer| PointsOption {
        balance: offer.balance,
        most: points_most(quote, offer),
        worth_each: Money::new(offer.worth_minor, quote.currency),
    })
}
