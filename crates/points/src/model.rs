//! What points are worth, when they end, and which are taken: no store, no clock.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects)]

use base::{Currency, Timestamp};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Every how many days in a row the additional points come.
pub(crate) const STREAK_DAYS: i64 = 7;
/// How many days points live that come back from an order after their own time was over.
pub(crate) const RETURNED_DAYS: i64 = 15;
/// Most lots that one order is paid from: those that end first.
pub(crate) const LOTS_MAX: i64 = 100;
/// Most lots of other sources that points are taken back from: those that end first.
pub(crate) const TAKEN_FROM_MAX: i64 = 20;
const DAY: i64 = 86_400;

/// What a shop gives and takes points for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PointsRules)]
pub(crate) struct Rules {
    /// Whether points are earned and spent. Those that are there stay until their time is over.
    pub(crate) is_on: bool,
    /// Points for one whole unit of money that goods were paid with and kept.
    #[schema(minimum = 0, maximum = 1000)]
    pub(crate) per_unit: i64,
    /// What one takes off an order, in minor units.
    #[schema(minimum = 1, maximum = 10_000)]
    pub(crate) worth_minor: i64,
    /// The most they pay of the goods of an order, in hundredths of a percent.
    #[schema(minimum = 0, maximum = 9_000)]
    pub(crate) share_bp: i64,
    /// How many days points live at the least; they end with a month.
    #[schema(minimum = 1, maximum = 1_095)]
    pub(crate) days: i64,
    /// For the first look in of a day; 0 for none.
    #[schema(minimum = 0, maximum = 1000)]
    pub(crate) check_in: i64,
    /// More of them on every seventh day in a row.
    #[schema(minimum = 0, maximum = 10_000)]
    pub(crate) streak_bonus: i64,
    /// Where the shop's days and months begin, in minutes from UTC.
    #[schema(minimum = -720, maximum = 840)]
    pub(crate) utc_offset_minutes: i64,
}

impl Rules {
    /// What is meant while nothing is set.
    pub(crate) const NONE: Self = Self {
        is_on: false,
        per_unit: 1,
        worth_minor: 1,
        share_bp: 3_000,
        days: 365,
        check_in: 0,
        streak_bonus: 0,
        utc_offset_minutes: 480,
    };

    /// Whether they could be meant.
    pub(crate) fn is_sound(&self) -> bool {
        (0..=1_000).contains(&self.per_unit)
            && (1..=10_000).contains(&self.worth_minor)
            && (0..=9_000).contains(&self.share_bp)
            && (1..=1_095).contains(&self.days)
            && (0..=1_000).contains(&self.check_in)
            && (0..=10_000).contains(&self.streak_bonus)
            && (-720..=840).contains(&self.utc_offset_minutes)
    }

    /// The number of the shop's day.
    pub(crate) fn day(&self, at: Timestamp) -> i64 {
        let offset = self.utc_offset_minutes.saturating_mul(60_000_000);
        at.micros().saturating_add(offset).div_euclid(DAY.saturating_mul(1_000_000))
    }

    fn offset(&self) -> Offset {
        let seconds = self.utc_offset_minutes.saturating_mul(60);
        i32::try_from(seconds)
            .ok()
            .and_then(|seconds| Offset::from_seconds(seconds).ok())
            .unwrap_or(Offset::UTC)
    }

    fn date(&self, at: Timestamp) -> Date {
        let at = jiff::Timestamp::from_microsecond(at.micros()).unwrap_or(jiff::Timestamp::MAX);
        self.offset().to_datetime(at).date()
    }

    /// The shop's month, as in 202611.
    pub(crate) fn month(&self, at: Timestamp) -> i64 {
        let date = self.date(at);
        i64::from(date.year()).saturating_mul(100).saturating_add(i64::from(date.month()))
    }

    /// When points end that live `days` from now on: with the month in which those are over.
    pub(crate) fn end(&self, now: Timestamp, days: i64) -> End {
        let over = now.plus_seconds(days.saturating_mul(DAY));
        let next = self.date(over).last_of_month().tomorrow();
        let first = next.ok().map(|next| DateTime::from_parts(next, Time::midnight()));
        let at = first.and_then(|first| self.offset().to_timestamp(first).ok());
        let at = at.map_or(over, |at| Timestamp::from_micros(at.as_microsecond()));
        End { at, month: self.month(over) }
    }

    /// What looking in on a day gives, and how many days in a row that are.
    pub(crate) fn look_in(&self, day: i64, last_day: i64, streak: i64) -> (i64, i64) {
        let streak = if last_day == day.saturating_sub(1) { streak.saturating_add(1) } else { 1 };
        let is_seventh = streak.checked_rem(STREAK_DAYS) == Some(0);
        let bonus = if is_seventh { self.streak_bonus } else { 0 };
        (self.check_in.saturating_add(bonus), streak)
    }
}

/// When points end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    /// They count before this.
    pub(crate) at: Timestamp,
    /// The last month in which they count.
    pub(crate) month: i64,
}

/// Minor units in one whole unit.
pub(crate) fn unit(currency: Currency) -> i64 {
    10_i64.saturating_pow(u32::from(currency.exponent()))
}

/// What goods earn: whole units of what was kept, times the rule.
pub(crate) fn earned(kept: i64, unit: i64, per_unit: i64) -> i64 {
    kept.max(0).checked_div(unit).unwrap_or(0).saturating_mul(per_unit)
}

/// How many of an order's points have come back when `back` of `paid` has: all with all of it.
pub(crate) fn come_back(points: i64, back: i64, paid: i64) -> i64 {
    if back >= paid {
        return points;
    }
    let share = i128::from(points).saturating_mul(i128::from(back.max(0)));
    i64::try_from(share.checked_div(i128::from(paid)).unwrap_or(0)).unwrap_or(0).clamp(0, points)
}

/// Takes `wanted` from these in their order: how much of each, without those of which nothing is taken, and what is
/// missing in the end.
pub(crate) fn take_from<T: Copy>(from: &[(T, i64)], wanted: i64) -> (Vec<(T, i64)>, i64) {
    let (mut taken, mut missing) = (Vec::new(), wanted.max(0));
    for (which, there) in from {
        let amount = missing.min(*there).max(0);
        if amount > 0 {
            taken.push((*which, amount));
            missing = missing.saturating_sub(amount);
        }
    }
    (taken, missing)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn days_and_months_are_the_shops_own() {
        let china = Rules::NONE;
        let west = Rules { utc_offset_minutes: -480, ..china };
        let evening = at("2026-11-30T16:30:00Z");
        assert_eq!((china.month(evening), west.month(evening)), (202_612, 202_611));
        assert_eq!(china.day(evening) - west.day(evening), 1);
        assert_eq!(china.day(at("2026-11-30T15:59:59Z")) + 1, china.day(at("2026-11-30T16:00:00Z")));
    }

    #[test]
    fn points_end_with_a_month_and_never_earlier_than_said() {
        let china = Rules::NONE;
        let end = china.end(at("2026-11-24T03:00:00Z"), 30);
        assert_eq!((end.at, end.month), (at("2026-12-31T16:00:00Z"), 202_612));
        // The last moment of a month in the shop's time.
        let end = china.end(at("2024-02-28T15:59:59Z"), 1);
        assert_eq!((end.at, end.month), (at("2024-02-29T16:00:00Z"), 202_402));
    }

    #[test]
    fn every_seventh_day_in_a_row_gives_more() {
        let rules = Rules { check_in: 5, streak_bonus: 20, ..Rules::NONE };
        assert_eq!(rules.look_in(10, 0, 0), (5, 1));
        assert_eq!(rules.look_in(11, 10, 6), (25, 7));
        assert_eq!(rules.look_in(12, 11, 7), (5, 8));
        assert_eq!(rules.look_in(14, 12, 8), (5, 1));
        assert_eq!(rules.look_in(20, 19, 13), (25, 14));
    }

    #[test]
    fn only_what_can_be_meant_is_sound() {
        assert!(Rules::NONE.is_sound());
        assert!(!Rules { worth_minor: 0, ..Rules::NONE }.is_sound());
        assert!(!Rules { share_bp: 9_001, ..Rules::NONE }.is_sound());
        assert!(!Rules { days: 0, ..Rules::NONE }.is_sound());
        assert!(!Rules { utc_offset_minutes: 841, ..Rules::NONE }.is_sound());
    }

    proptest! {
        #[test]
        fn an_end_is_a_first_of_a_month_after_the_days(micros in 0_i64..4_000_000_000_000_000, days in 1_i64..1_095,
            offset in -720_i64..840) {
            let rules = Rules { utc_offset_minutes: offset, ..Rules::NONE };
            let now = Timestamp::from_micros(micros);
            let end = rules.end(now, days);
            let lives = end.at.micros_since(now) / 1_000_000;
            prop_assert!(lives >= days * DAY && lives <= (days + 31) * DAY);
            prop_assert_eq!(rules.month(Timestamp::from_micros(end.at.micros() - 1)), end.month);
            prop_assert!(rules.month(end.at) > end.month);
        }

        #[test]
        fn what_comes_back_in_parts_ends_where_all_at_once_does(
            points in 1_i64..1_000_000, parts in prop::collection::vec(0_i64..10_000, 1..20),
        ) {
            let paid: i64 = parts.iter().sum();
            let (mut back, mut given) = (0, 0);
            for part in parts {
                back += part;
                let now = come_back(points, back, paid);
                prop_assert!(now >= given && now <= points);
                given = now;
            }
            prop_assert_eq!(given, points);
        }

        #[test]
        fn taking_takes_what_there_is_from_the_front(lots in prop::collection::vec(0_i64..100, 0..20), wanted in 0_i64..1_000) {
            let from: Vec<(usize, i64)> = lots.iter().copied().enumerate().collect();
            let (taken, missing) = take_from(&from, wanted);
            prop_assert_eq!(taken.iter().map(|(_, amount)| amount).sum::<i64>() + missing, wanted);
            if let Some((last, _)) = taken.last() {
                for (place, there) in from.iter().take(*last) {
                    prop_assert!(*there == 0 || taken.contains(&(*place, *there)));
                }
            }
            prop_assert!(missing == 0 || taken.iter().map(|(_, amount)| amount).sum::<i64>() == lots.iter().sum::<i64>());
        }
    }
}
