//! What a promotion asks for and what it gives. Pure.

use base::{CategoryId, ProductId, PromotionId, SkuId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{QuoteContext, QuoteLineInput};

/// Most ids in each list of a scope.
const IDS_MAX: usize = 500;
/// Ten million, in minor units: no promotion gives or asks for more.
const AMOUNT_MAX: i64 = 1_000_000_000;
/// Minutes of a day.
const DAY_MINUTES: i64 = 1_440;
/// Weekdays and hours are those of China, eight hours before UTC.
const CHINA_S: i64 = 8 * 3_600;

/// A promotion that is live, or tried out before it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promotion {
    /// Which.
    pub id: PromotionId,
    /// What people call it.
    pub title: String,
    /// Which goods it is about.
    pub scope: Scope,
    /// What it asks for.
    pub needs: Needs,
    /// What it gives.
    pub action: Action,
    /// What it may still take off in all; a cart to which it would give more gets nothing of it.
    pub left_minor: Option<i64>,
}

/// Which goods: all of them when nothing is named, else whatever one of the lists names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = PromotionScope)]
pub struct Scope {
    /// These categories.
    #[schema(max_items = 500)]
    pub categories: Vec<CategoryId>,
    /// These products.
    #[schema(max_items = 500)]
    pub products: Vec<ProductId>,
    /// These variants.
    #[schema(max_items = 500)]
    pub skus: Vec<SkuId>,
}

impl Scope {
    /// Sorts the lists, each id once, so that they are searched quickly.
    pub fn sort(&mut self) {
        self.categories.sort();
        self.categories.dedup();
        self.products.sort();
        self.products.dedup();
        self.skus.sort();
        self.skus.dedup();
    }

    pub(super) fn has(&self, line: &QuoteLineInput) -> bool {
        self.is_about(line.sku, line.product, line.category)
    }

    /// Whether a variant is among the goods. The lists are sorted.
    #[must_use]
    pub fn is_about(&self, sku: SkuId, product: ProductId, category: CategoryId) -> bool {
        let is_all = self.categories.is_empty() && self.products.is_empty() && self.skus.is_empty();
        is_all
            || self.skus.binary_search(&sku).is_ok()
            || self.products.binary_search(&product).is_ok()
            || self.categories.binary_search(&category).is_ok()
    }
}

/// What a promotion asks for; what is left out is not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = PromotionNeeds)]
pub struct Needs {
    /// Least worth of the goods it is about, at the price of one after member and activity, in minor units.
    #[schema(minimum = 0)]
    pub worth_minor: i64,
    /// Least units of them.
    #[schema(minimum = 0)]
    pub units: i64,
    /// Only who has bought nothing of this merchant yet.
    pub new_buyers_only: bool,
    /// Only members of one of these tiers; empty for everybody.
    #[schema(max_items = 20)]
    pub tiers: Vec<String>,
    /// On these days only, 1 for Monday to 7 for Sunday, in China's time; empty for every day.
    #[schema(max_items = 7)]
    pub weekdays: Vec<u8>,
    /// From this minute of the day on, in China's time; before the other one, since a day ends at midnight.
    #[schema(minimum = 0, maximum = 1440)]
    pub from_minute: Option<i64>,
    /// Until before this minute of the day.
    #[schema(minimum = 0, maximum = 1440)]
    pub to_minute: Option<i64>,
}

/// Why a promotion gives nothing to a cart, for the one who tries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unmet {
    /// None of the goods are its.
    Goods,
    /// They are worth too little.
    Worth,
    /// They are too few.
    Units,
    /// Only for new buyers.
    NewBuyers,
    /// Only for members of other tiers.
    Tier,
    /// Not on this day or at this hour.
    Time,
}

impl Needs {
    pub(super) fn unmet(&self, context: &QuoteContext, worth: i64, units: i64) -> Option<Unmet> {
        let tier = context.person.member.as_ref().map(|member| member.tier.as_str());
        let is_of_tier = self.tiers.is_empty() || self.tiers.iter().any(|asked| Some(asked.as_str()) == tier);
        if units < 1 {
            Some(Unmet::Goods)
        } else if self.new_buyers_only && !context.person.is_new_buyer {
            Some(Unmet::NewBuyers)
        } else if !is_of_tier {
            Some(Unmet::Tier)
        } else if !self.is_at(context.at) {
            Some(Unmet::Time)
        } else if worth < self.worth_minor {
            Some(Unmet::Worth)
        } else if units < self.units {
            Some(Unmet::Units)
        } else {
            None
        }
    }

    fn is_at(&self, at: Timestamp) -> bool {
        let there = at.plus_seconds(CHINA_S);
        let minute = there.micros_since(there.day()).div_euclid(60_000_000);
        // 1970-01-01 was a Thursday, the fourth day.
        let weekday =
            there.micros().div_euclid(86_400_000_000).saturating_add(3).rem_euclid(7).saturating_add(1);
        let is_day = self.weekdays.is_empty() || self.weekdays.iter().any(|day| i64::from(*day) == weekday);
        is_day
            && self.from_minute.is_none_or(|from| minute >= from)
            && self.to_minute.is_none_or(|to| minute < to)
    }
}

/// What a promotion gives. Every percentage is of what the goods it is about cost at that step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = PromotionAction)]
pub enum Action {
    /// An amount off, once.
    AmountOff {
        /// In minor units.
        off_minor: i64,
    },
    /// An amount off for each so much.
    EveryOff {
        /// For each of these, in minor units.
        every_minor: i64,
        /// So much, at most the same.
        off_minor: i64,
        /// So often at the most.
        times_max: i64,
    },
    /// A share off, rounded down.
    PercentOff {
        /// In hundredths of a percent.
        off_bp: i64,
        /// At most so much, in minor units.
        cap_minor: Option<i64>,
    },
    /// Another price of one, where it is lower.
    UnitPrice {
        /// In minor units.
        unit_minor: i64,
    },
    /// Each n-th unit of a line for less.
    NthOff {
        /// 2 for the second.
        nth: i64,
        /// Off its price, in hundredths of a percent, rounded down.
        off_bp: i64,
    },
    /// Of each so many and so many more of a line, those more are free.
    BuyGet {
        /// So many are paid for.
        buy: i64,
        /// So many are not.
        get: i64,
    },
    /// One of each of these variants together for one price.
    Bundle {
        /// At least two, each once.
        skus: Vec<SkuId>,
        /// The price of all of them, in minor units.
        price_minor: i64,
    },
    /// Delivery costs less.
    FreightOff {
        /// So much less, in minor units; nothing is left to pay when it is more than delivery costs.
        off_minor: i64,
    },
}

/// At which step a promotion counts. In each step the best one wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PromotionLane {
    /// The best for each line.
    Item,
    /// The best for the order, full reductions among them.
    Order,
    /// The best for the delivery.
    Freight,
}

impl Action {
    /// At which step it counts.
    pub fn lane(&self) -> PromotionLane {
        match self {
            Self::UnitPrice { .. } | Self::NthOff { .. } | Self::BuyGet { .. } => PromotionLane::Item,
            Self::AmountOff { .. }
            | Self::EveryOff { .. }
            | Self::PercentOff { .. }
            | Self::Bundle { .. } => PromotionLane::Order,
            Self::FreightOff { .. } => PromotionLane::Freight,
        }
    }

    /// The word that explanations are found by.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::AmountOff { .. } => "amount_off",
            Self::EveryOff { .. } => "every_off",
            Self::PercentOff { .. } => "percent_off",
            Self::UnitPrice { .. } => "unit_price",
            Self::NthOff { .. } => "nth_off",
            Self::BuyGet { .. } => "buy_get",
            Self::Bundle { .. } => "bundle",
            Self::FreightOff { .. } => "freight_off",
        }
    }
}

/// What is wrong with a promotion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPromotion {
    /// A list that is too long, or a weekday or minute there is not.
    #[error("scope or needs are out of range")]
    Needs,
    /// Amounts, shares or numbers out of range.
    #[error("the action is out of range")]
    Action,
}

impl Promotion {
    /// Whether it can be meant.
    ///
    /// # Errors
    /// See [`BadPromotion`].
    pub fn check(&self) -> Result<(), BadPromotion> {
        let Needs { worth_minor, units, tiers, weekdays, from_minute, to_minute, .. } = &self.needs;
        let scope = &self.scope;
        let is_short = [scope.categories.len(), scope.products.len(), scope.skus.len()]
            .into_iter()
            .all(|count| count <= IDS_MAX);
        let is_minute = |minute: &Option<i64>| minute.is_none_or(|at| (0..=DAY_MINUTES).contains(&at));
        let is_fine = is_short
            && (0..=AMOUNT_MAX).contains(worth_minor)
            && (0..=AMOUNT_MAX).contains(units)
            && tiers.len() <= 20
            && weekdays.len() <= 7
            && weekdays.iter().all(|day| (1..=7).contains(day))
            && is_minute(from_minute)
            && is_minute(to_minute)
            && from_minute.unwrap_or(0) < to_minute.unwrap_or(DAY_MINUTES);
        if !is_fine {
            return Err(BadPromotion::Needs);
        }
        if self.action.is_sound() { Ok(()) } else { Err(BadPromotion::Action) }
    }
}

impl Action {
    fn is_sound(&self) -> bool {
        let is_amount = |minor: i64| (1..=AMOUNT_MAX).contains(&minor);
        let is_share = |bp: i64| (1..=10_000).contains(&bp);
        match self {
            Self::AmountOff { off_minor } | Self::FreightOff { off_minor } => is_amount(*off_minor),
            Self::EveryOff { every_minor, off_minor, times_max } => {
                is_amount(*every_minor)
                    && is_amount(*off_minor)
                    && off_minor <= every_minor
                    && (1..=1_000).contains(times_max)
            }
            Self::PercentOff { off_bp, cap_minor } => is_share(*off_bp) && cap_minor.is_none_or(is_amount),
            Self::UnitPrice { unit_minor } => is_amount(*unit_minor),
            Self::NthOff { nth, off_bp } => (2..=100).contains(nth) && is_share(*off_bp),
            Self::BuyGet { buy, get } => (1..=100).contains(buy) && (1..=100).contains(get),
            Self::Bundle { skus, price_minor } => {
                let unique: std::collections::BTreeSet<_> = skus.iter().collect();
                (2..=10).contains(&skus.len()) && unique.len() == skus.len() && is_amount(*price_minor)
            }
        }
    }
}
