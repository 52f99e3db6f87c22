//! Tiers and growth: no store, no clock.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects)]

use std::collections::BTreeSet;

use base::{Currency, Text};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Most tiers of a shop.
pub(crate) const TIERS_MAX: usize = 10;
/// Most growth for one whole unit of money.
pub(crate) const FACTOR_MAX: i64 = 100;
/// Longest time that growth counts, in days.
pub(crate) const DAYS_MAX: i64 = 3_650;
/// Most a tier takes off, in hundredths of a percent.
pub(crate) const OFF_BP_MAX: i64 = 9_000;
/// Highest threshold.
pub(crate) const THRESHOLD_MAX: i64 = 1_000_000_000;

/// A tier of a shop's members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tier {
    /// What promotions call it.
    pub(crate) code: Text<1, 20>,
    /// What people call it.
    pub(crate) title: Text<1, 30>,
    /// Growth from which on it is reached.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub(crate) threshold: i64,
    /// Off the catalogue's price of one, in hundredths of a percent.
    #[schema(minimum = 0, maximum = 9000)]
    pub(crate) off_bp: i64,
    /// Whether delivery is free.
    pub(crate) is_freight_free: bool,
}

/// Whether a program could be meant: each code once, thresholds that rise, numbers in their ranges.
pub(crate) fn is_sound(factor: i64, days: i64, tiers: &[Tier]) -> bool {
    let codes: BTreeSet<&str> = tiers.iter().map(|tier| tier.code.as_str()).collect();
    let rises = tiers.iter().zip(tiers.iter().skip(1)).all(|(low, high)| low.threshold < high.threshold);
    (0..=FACTOR_MAX).contains(&factor)
        && (1..=DAYS_MAX).contains(&days)
        && tiers.len() <= TIERS_MAX
        && codes.len() == tiers.len()
        && rises
        && tiers.iter().all(|tier| {
            (1..=THRESHOLD_MAX).contains(&tier.threshold) && (0..=OFF_BP_MAX).contains(&tier.off_bp)
        })
}

/// The best tier that growth reaches.
pub(crate) fn tier(tiers: &[Tier], growth: i64) -> Option<&Tier> {
    tiers.iter().rfind(|tier| tier.threshold <= growth)
}

/// The next tier that growth does not reach.
pub(crate) fn next(tiers: &[Tier], growth: i64) -> Option<&Tier> {
    tiers.iter().find(|tier| tier.threshold > growth)
}

/// Minor units in one whole unit.
pub(crate) fn unit(currency: Currency) -> i64 {
    10_i64.saturating_pow(u32::from(currency.exponent()))
}

/// What an order is worth: whole units of what was kept, times the factor.
pub(crate) fn growth(kept: i64, unit: i64, factor: i64) -> i64 {
    kept.max(0).checked_div(unit).unwrap_or(0).saturating_mul(factor)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    fn tiers(thresholds: &[i64]) -> Vec<Tier> {
        let tier = |(number, threshold): (usize, &i64)| Tier {
            code: Text::new(&format!("t{number}")).unwrap(),
            title: Text::new("银卡").unwrap(),
            threshold: *threshold,
            off_bp: 100,
            is_freight_free: false,
        };
        thresholds.iter().enumerate().map(tier).collect()
    }

    #[test]
    fn only_rising_thresholds_are_sound() {
        assert!(is_sound(1, 365, &tiers(&[1, 2, 3])));
        assert!(!is_sound(1, 365, &tiers(&[1, 1])));
        assert!(!is_sound(1, 365, &tiers(&[0])));
        assert!(!is_sound(1, 0, &[]));
        assert!(!is_sound(101, 1, &[]));
        let mut twice = tiers(&[1, 2]);
        twice.iter_mut().for_each(|tier| tier.code = Text::new("same").unwrap());
        assert!(!is_sound(1, 365, &twice));
    }

    #[test]
    fn the_tier_is_the_best_that_is_reached() {
        let tiers = tiers(&[10, 100]);
        let at = |growth| (tier(&tiers, growth), next(&tiers, growth));
        assert_eq!(at(9), (None, tiers.first()));
        assert_eq!(at(10), (tiers.first(), tiers.last()));
        assert_eq!(at(100), (tiers.last(), None));
    }

    proptest! {
        #[test]
        fn giving_back_in_parts_ends_where_giving_back_at_once_does(
            paid in 0_i64..10_000_000, parts in prop::collection::vec(0_i64..100_000, 0..20), factor in 0_i64..100,
        ) {
            let (mut kept, mut sum) = (paid, growth(paid, 100, factor));
            for part in parts {
                let after = (kept - part).max(0);
                let change = growth(after, 100, factor) - growth(kept, 100, factor);
                prop_assert!(change <= 0);
                (kept, sum) = (after, sum + change);
            }
            prop_assert_eq!(sum, growth(kept, 100, factor));
        }
    }
}
