//! Days of bills: civil days eight hours ahead of UTC, which is where most providers here keep their books.

use base::Timestamp;

const AHEAD_US: i64 = 8 * 3_600 * 1_000_000;
const DAY_US: i64 = 86_400 * 1_000_000;

/// A civil day at UTC+8. `2026-11-23` as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i64);

impl Day {
    /// The day `at` lies in.
    pub fn of(at: Timestamp) -> Self {
        Self(at.micros().saturating_add(AHEAD_US).div_euclid(DAY_US))
    }

    /// When it begins.
    pub fn starts_at(self) -> Timestamp {
        Timestamp::from_micros(self.0.saturating_mul(DAY_US).saturating_sub(AHEAD_US))
    }

    /// When the next one begins.
    pub fn ends_at(self) -> Timestamp {
        self.plus(1).starts_at()
    }

    /// So many days later.
    #[must_use]
    pub fn plus(self, days: i64) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// The day with this text.
    pub fn of_text(text: &str) -> Option<Self> {
        let day = Self::of(format!("{text}T00:00:00+08:00").parse().ok()?);
        (day.to_string() == text).then_some(day)
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let midnight = Timestamp::from_micros(self.0.saturating_mul(DAY_US)).to_string();
        f.write_str(midnight.get(..10).unwrap_or(&midnight))
    }
}

/// `2026-11-23 10:20:30` at UTC+8, as Alipay writes it.
pub(crate) fn civil(at: Timestamp) -> String {
    let shifted = at.plus_seconds(8 * 3_600).to_string();
    shifted.get(..19).unwrap_or(&shifted).replace('T', " ")
}

/// The moment that [`civil`] writes.
pub(crate) fn of_civil(text: &str) -> Option<Timestamp> {
    format!("{}+08:00", text.get(..19)?.replace(' ', "T")).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_at_midnight_in_the_east() {
        let late: Timestamp = "2026-11-22T16:00:00Z".parse().unwrap();
        assert_eq!(Day::of(late).to_string(), "2026-11-23");
        assert_eq!(Day::of(late.plus_seconds(-1)).to_string(), "2026-11-22");
        assert_eq!(Day::of(late).starts_at(), late);
        assert_eq!(Day::of_text("2026-11-23"), Some(Day::of(late)));
        assert_eq!(Day::of_text("2026-02-30"), None);
        assert_eq!(civil(late), "2026-11-23 00:00:00");
        assert_eq!(of_civil("2026-11-23 00:00:00"), Some(late));
    }
}
