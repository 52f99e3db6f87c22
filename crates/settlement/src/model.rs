//! Rates, shares and quarters. Pure.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects, clippy::integer_division)]
#![deny(clippy::wildcard_enum_match_arm)]

use base::Timestamp;
use serde::{Deserialize, Serialize};

/// The most that the platform takes, in hundredths of a percent.
pub(crate) const RATE_BP_MAX: i64 = 3_000;

/// `net · rate`, rounded down: what is lost in rounding is the merchant's gain.
pub(crate) fn fee(net: i64, rate_bp: i64) -> i64 {
    let product = i128::from(net.max(0)).saturating_mul(i128::from(rate_bp.clamp(0, RATE_BP_MAX)));
    i64::try_from(product.checked_div(10_000).unwrap_or(0)).unwrap_or(0)
}

/// What of a line's fee is due when `refunded` of its `net` has gone back: the share of what was kept, rounded down.
/// Nothing is due of a line that went back in full.
pub(crate) fn due(fee: i64, net: i64, refunded: i64) -> i64 {
    let kept = i128::from(net.saturating_sub(refunded).clamp(0, net.max(0)));
    let share = i128::from(fee).saturating_mul(kept).checked_div(i128::from(net.max(1))).unwrap_or(0);
    i64::try_from(share).unwrap_or(0)
}

/// Quarters are counted as in China, eight hours before UTC.
const CHINA_S: i64 = 8 * 3_600;

/// The quarter of the year that a moment lies in: 20264 is the fourth of 2026.
pub(crate) fn quarter(at: Timestamp) -> i64 {
    let day = at.plus_seconds(CHINA_S).to_string();
    let number = |from: usize, to: usize| day.get(from..to).and_then(|text| text.parse::<i64>().ok());
    let (year, month) = (number(0, 4).unwrap_or(1970), number(5, 7).unwrap_or(1));
    let of_year = month.saturating_sub(1).checked_div(3).unwrap_or(0).saturating_add(1);
    year.saturating_mul(10).saturating_add(of_year)
}

/// Where a payout stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PayoutState)]
pub(crate) enum PayoutState {
    /// Asked for; somebody of the platform is to look.
    Requested,
    /// A second person agreed; it is to be sent.
    Approved,
    /// Sent.
    Paid,
    /// Not sent: the money is the merchant's again.
    Rejected,
    /// Taken back by the merchant.
    Cancelled,
}

/// What is done to a payout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PayoutStep {
    Approve,
    Pay,
    Reject,
    Cancel,
}

impl PayoutState {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Approved => "approved",
            Self::Paid => "paid",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
        }
    }

    pub(crate) fn of(word: &str) -> Option<Self> {
        let all = [Self::Requested, Self::Approved, Self::Paid, Self::Rejected, Self::Cancelled];
        all.into_iter().find(|state| state.word() == word)
    }

    /// Where a step leads; `None` when it cannot be made from here.
    pub(crate) fn after(self, step: PayoutStep) -> Option<Self> {
        match (self, step) {
            (Self::Requested, PayoutStep::Approve) => Some(Self::Approved),
            (Self::Approved, PayoutStep::Pay) => Some(Self::Paid),
            (Self::Requested | Self::Approved, PayoutStep::Reject) => Some(Self::Rejected),
            (Self::Requested, PayoutStep::Cancel) => Some(Self::Cancelled),
            (Self::Requested | Self::Approved | Self::Paid | Self::Rejected | Self::Cancelled, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fee_shrinks_with_what_goes_back_and_to_nothing() {
        for (net, rate) in [(1_000, 60), (999, 333), (1, 3_000), (0, 100), (123_457, 1)] {
            let whole = fee(net, rate);
            assert!(whole >= 0 && whole <= net);
            let mut before = whole;
            for refunded in 0..=net.min(2_000) {
                let now = due(whole, net, refunded);
                assert!(now <= before && now >= 0);
                before = now;
            }
            assert_eq!((due(whole, net, 0), due(whole, net, net)), (whole, 0));
        }
    }

    #[test]
    fn quarters_begin_in_china() {
        let quarter = |text: &str| quarter(text.parse().unwrap());
        assert_eq!(quarter("2026-12-31T15:59:59Z"), 20_264);
        assert_eq!(quarter("2026-12-31T16:00:00Z"), 20_271);
        assert_eq!((quarter("2026-03-31T15:00:00Z"), quarter("2026-04-01T00:00:00Z")), (20_261, 20_262));
    }

    #[test]
    fn what_has_ended_does_not_move() {
        for state in [PayoutState::Paid, PayoutState::Rejected, PayoutState::Cancelled] {
            for step in [PayoutStep::Approve, PayoutStep::Pay, PayoutStep::Reject, PayoutStep::Cancel] {
                assert_eq!(state.after(step), None);
            }
        }
    }
}
