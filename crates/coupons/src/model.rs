//! What coupons give and how they grow: no store, no clock.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects)]

use base::{Currency, Money, Timestamp};
use pricing::api::{CouponGift, Scope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Ten million, in minor units: no coupon gives or asks for more.
pub(crate) const AMOUNT_MAX: i64 = 1_000_000_000;
/// Most that any limit says.
const LIMIT_MAX: i64 = 1_000_000_000_000;
/// Longest time a coupon is kept, in days.
const DAYS_MAX: i64 = 730;
/// Most coupons of one template for one person.
const PER_PERSON_MAX: i64 = 100;
/// Most ids in each list of a scope.
const IDS_MAX: usize = 500;
const DAY_MICROS: i64 = 86_400_000_000;
/// Highest share, in hundredths of a percent.
const OFF_BP_MAX: i64 = 9_900;

/// Minor units as money of the one currency there is so far.
pub(crate) fn yuan(minor: i64) -> Money {
    Money::new(minor, Currency::CNY)
}

/// Until when a claimed coupon may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = CouponValidity)]
pub(crate) enum Validity {
    /// Until a moment, the same for all.
    Until { until: Timestamp },
    /// For days after it was claimed.
    Days {
        #[schema(minimum = 1, maximum = 730)]
        days: i64,
    },
}

/// How an amount off grows: from what the coupon gives at first, by one step per cause, up to an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CouponGrowth)]
pub(crate) struct Growth {
    /// For each friend who helps, in minor units; 0 for none.
    #[schema(minimum = 0)]
    pub(crate) per_friend_minor: i64,
    /// For each whole day it is kept, in minor units; 0 for none.
    #[schema(minimum = 0)]
    pub(crate) per_day_minor: i64,
    /// The most it comes to.
    #[schema(minimum = 1)]
    pub(crate) to_minor: i64,
}

/// What a coupon is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rule {
    pub(crate) scope: Scope,
    pub(crate) threshold_minor: i64,
    pub(crate) gift: CouponGift,
    pub(crate) growth: Option<Growth>,
    pub(crate) validity: Validity,
    pub(crate) is_stacking: bool,
}

/// How many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) issue_max: Option<i64>,
    pub(crate) worth_max: Option<i64>,
    pub(crate) per_person: i64,
}

impl Rule {
    /// Whether it could be meant.
    pub(crate) fn is_sound(&self) -> bool {
        let amount = |minor: i64| (1..=AMOUNT_MAX).contains(&minor);
        let gift = match self.gift {
            CouponGift::Cash { off_minor } => amount(off_minor),
            CouponGift::Percent { off_bp, cap_minor } => {
                (1..=OFF_BP_MAX).contains(&off_bp) && amount(cap_minor)
            }
            CouponGift::Freight { cap_minor } => amount(cap_minor),
        };
        let growth = self.growth.is_none_or(|growth| match self.gift {
            CouponGift::Cash { off_minor } => {
                let steps = [growth.per_friend_minor, growth.per_day_minor];
                amount(growth.to_minor)
                    && growth.to_minor > off_minor
                    && steps.iter().all(|step| (0..=AMOUNT_MAX).contains(step))
                    && steps.iter().any(|step| *step > 0)
            }
            CouponGift::Percent { .. } | CouponGift::Freight { .. } => false,
        });
        let validity = match self.validity {
            Validity::Until { .. } => true,
            Validity::Days { days } => (1..=DAYS_MAX).contains(&days),
        };
        // An amount off may not be more than what has to be bought for it.
        let threshold = (0..=AMOUNT_MAX).contains(&self.threshold_minor)
            && (self.threshold_minor == 0
                || matches!(self.gift, CouponGift::Freight { .. } | CouponGift::Percent { .. })
                || self.worth_each() <= self.threshold_minor);
        let ids = [self.scope.categories.len(), self.scope.products.len(), self.scope.skus.len()];
        gift && growth && validity && threshold && ids.iter().all(|count| *count <= IDS_MAX)
    }

    /// The most that one coupon can take off.
    pub(crate) fn worth_each(&self) -> i64 {
        match (self.gift, self.growth) {
            (CouponGift::Cash { .. }, Some(growth)) => growth.to_minor,
            (CouponGift::Cash { off_minor }, None) => off_minor,
            (CouponGift::Percent { cap_minor, .. } | CouponGift::Freight { cap_minor }, _) => cap_minor,
        }
    }

    /// How much the coupon can grow at most.
    pub(crate) fn growth_max(&self) -> i64 {
        match (self.gift, self.growth) {
            (CouponGift::Cash { off_minor }, Some(growth)) => growth.to_minor.saturating_sub(off_minor),
            (CouponGift::Cash { .. } | CouponGift::Percent { .. } | CouponGift::Freight { .. }, _) => 0,
        }
    }

    /// What a friend who helps now adds; 0 when it has grown as far as it may or friends add nothing.
    pub(crate) fn by_friend(&self, grown: i64) -> i64 {
        let step = self.growth.map_or(0, |growth| growth.per_friend_minor);
        step.min(self.growth_max().saturating_sub(grown)).max(0)
    }

    /// What whole days that are not written yet add: how many there are by now, and the amount.
    pub(crate) fn by_days(&self, grown: i64, written: i64, kept_micros: i64) -> (i64, i64) {
        let days = kept_micros.max(0).checked_div(DAY_MICROS).unwrap_or(0);
        let step = self.growth.map_or(0, |growth| growth.per_day_minor);
        let due = days.saturating_sub(written).max(0).saturating_mul(step);
        (days, due.min(self.growth_max().saturating_sub(grown)).max(0))
    }

    /// What the coupon gives when it has grown so far.
    pub(crate) fn gift(&self, grown: i64) -> CouponGift {
        match self.gift {
            CouponGift::Cash { off_minor } => CouponGift::Cash { off_minor: off_minor.saturating_add(grown) },
            gift @ (CouponGift::Percent { .. } | CouponGift::Freight { .. }) => gift,
        }
    }

    /// Until when a coupon that is claimed now may be used.
    pub(crate) fn valid_to(&self, now: Timestamp) -> Timestamp {
        match self.validity {
            Validity::Until { until } => until,
            Validity::Days { days } => now.plus_seconds(days.saturating_mul(86_400)),
        }
    }
}

impl Limits {
    /// Whether they could be meant for coupons that take off up to `worth_each`.
    pub(crate) fn is_sound(&self, worth_each: i64) -> bool {
        let is_limit = |limit: Option<i64>| limit.is_none_or(|limit| (1..=LIMIT_MAX).contains(&limit));
        is_limit(self.issue_max)
            && is_limit(self.worth_max)
            && self.worth_max.is_none_or(|most| most >= worth_each)
            && (1..=PER_PERSON_MAX).contains(&self.per_person)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    fn growing(off_minor: i64, per_friend_minor: i64, per_day_minor: i64, to_minor: i64) -> Rule {
        Rule {
            scope: Scope::default(),
            threshold_minor: 0,
            gift: CouponGift::Cash { off_minor },
            growth: Some(Growth { per_friend_minor, per_day_minor, to_minor }),
            validity: Validity::Days { days: 30 },
            is_stacking: true,
        }
    }

    #[test]
    fn what_cannot_be_meant_is_not_sound() {
        assert!(growing(100, 50, 0, 300).is_sound());
        assert!(!growing(100, 0, 0, 300).is_sound());
        assert!(!growing(300, 50, 0, 300).is_sound());
        assert!(!growing(0, 50, 0, 300).is_sound());
        let threshold = |threshold_minor| Rule { threshold_minor, ..growing(100, 50, 0, 300) };
        assert!(threshold(300).is_sound() && !threshold(299).is_sound());
        let percent = CouponGift::Percent { off_bp: 1_000, cap_minor: 1_000 };
        assert!(!Rule { gift: percent, ..growing(100, 50, 0, 300) }.is_sound());
        assert!(Rule { gift: percent, growth: None, ..growing(100, 50, 0, 300) }.is_sound());
        let limits = |worth_max| Limits { issue_max: None, worth_max, per_person: 1 };
        assert!(limits(Some(300)).is_sound(300) && !limits(Some(299)).is_sound(300));
    }

    #[test]
    fn days_are_whole_and_written_once() {
        let rule = growing(100, 0, 30, 200);
        assert_eq!(rule.by_days(0, 0, DAY_MICROS - 1), (0, 0));
        assert_eq!(rule.by_days(0, 0, DAY_MICROS), (1, 30));
        assert_eq!(rule.by_days(30, 1, 2 * DAY_MICROS), (2, 30));
        assert_eq!(rule.by_days(30, 1, 9 * DAY_MICROS), (9, 70));
    }

    proptest! {
        #[test]
        fn growth_never_passes_its_cap_and_reaches_it_by_days_alone(
            off in 1_i64..10_000, friend in 0_i64..500, day in 1_i64..500, more in 1_i64..10_000,
            steps in prop::collection::vec(any::<bool>(), 0..60),
        ) {
            let rule = growing(off, friend, day, off + more);
            let (mut grown, mut written, mut now) = (0, 0, 0);
            for is_friend in steps {
                if is_friend {
                    grown += rule.by_friend(grown);
                } else {
                    now += DAY_MICROS + 1;
                    let (days, added) = rule.by_days(grown, written, now);
                    (written, grown) = (days, grown + added);
                }
                prop_assert!((0..=more).contains(&grown));
                prop_assert_eq!(rule.gift(grown), CouponGift::Cash { off_minor: off + grown });
            }
            let (_, added) = rule.by_days(grown, written, now + 20_000 * DAY_MICROS);
            prop_assert_eq!(grown + added, more);
        }
    }
}
