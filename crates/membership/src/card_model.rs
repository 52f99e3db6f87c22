//! Paid cards: no store, no clock.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects)]

use base::Timestamp;

use crate::model::{DAYS_MAX, OFF_BP_MAX};

const DAY_MICROS: i64 = 86_400_000_000;

/// Whether a card could be meant: 1 to 3,650 days, at most 90 % off, and one of the two benefits.
pub(crate) fn is_sound(days: i64, off_bp: i64, is_freight_free: bool) -> bool {
    (1..=DAYS_MAX).contains(&days) && (0..=OFF_BP_MAX).contains(&off_bp) && (off_bp > 0 || is_freight_free)
}

/// Whole days of a term that have not begun.
pub(crate) fn unused_days(starts_at: Timestamp, ends_at: Timestamp, now: Timestamp) -> i64 {
    let from = starts_at.max(now);
    ends_at.micros().saturating_sub(from.micros()).max(0).checked_div(DAY_MICROS).unwrap_or(0)
}

/// What `unused` of `days` are worth of what was paid, rounded down.
pub(crate) fn worth(paid: i64, unused: i64, days: i64) -> i64 {
    let worth = i128::from(paid.max(0)).saturating_mul(i128::from(unused.clamp(0, days)));
    worth.checked_div(i128::from(days)).and_then(|worth| i64::try_from(worth).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    fn at(days: i64, micros: i64) -> Timestamp {
        Timestamp::from_micros(days * DAY_MICROS + micros)
    }

    #[test]
    fn a_day_that_has_begun_is_used() {
        assert_eq!(unused_days(at(10, 0), at(40, 0), at(10, 0)), 30);
        assert_eq!(unused_days(at(10, 0), at(40, 0), at(10, 1)), 29);
        assert_eq!(unused_days(at(10, 0), at(40, 0), at(5, 0)), 30);
        assert_eq!(unused_days(at(10, 0), at(40, 0), at(41, 0)), 0);
    }

    #[test]
    fn a_card_gives_something() {
        assert!(is_sound(365, 0, true) && is_sound(1, 9_000, false));
        assert!(!is_sound(365, 0, false) && !is_sound(0, 100, true) && !is_sound(365, 9_001, true));
    }

    proptest! {
        #[test]
        fn no_more_goes_back_than_was_paid_and_less_each_day(
            paid in 0_i64..100_000_000, days in 1_i64..3_650, unused in 0_i64..4_000,
        ) {
            let back = worth(paid, unused, days);
            prop_assert!((0..=paid).contains(&back));
            prop_assert!(back <= worth(paid, unused + 1, days));
            prop_assert_eq!(worth(paid, days, days), paid);
        }
    }
}
