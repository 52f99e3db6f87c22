//! Which touch an order is owed to, and what it earns. Pure.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects, clippy::integer_division)]
#![deny(clippy::wildcard_enum_match_arm)]

use base::{EntryId, PersonId, Timestamp, TouchId};
use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;

/// Most that both levels together may take of a line, in basis points.
pub(crate) const CAP_BP: i64 = 5_000;
/// Longest window, in hours: 90 days.
pub(crate) const WINDOW_HOURS_MAX: i64 = 2_160;
/// Shortest and longest time for returns, in days. Goods may be sent back for seven days without a reason (消费者权益
/// 保护法 art. 25), so nothing is paid before.
pub(crate) const RETURN_DAYS: std::ops::RangeInclusive<i64> = 7..=90;
/// Time for a refund after the last day of returns, in seconds.
pub(crate) const REFUND_TIME_S: i64 = 86_400;

/// Which of several touches counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// The last before the order.
    LastTouch,
    /// The first in the window.
    FirstTouch,
}

impl Model {
    /// As it is stored.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::LastTouch => "last_touch",
            Self::FirstTouch => "first_touch",
        }
    }

    pub(crate) fn of(word: &str) -> Option<Self> {
        [Self::LastTouch, Self::FirstTouch].into_iter().find(|model| model.word() == word)
    }
}

/// What a merchant pays those who bring buyers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) level1_bp: i64,
    pub(crate) level2_bp: i64,
    pub(crate) window_hours: i64,
    pub(crate) model: Model,
    pub(crate) return_window_days: i64,
    /// Counts the changes; 0 before the first.
    pub(crate) version: i64,
}

impl Default for Rule {
    /// Nothing is paid until the merchant says so.
    fn default() -> Self {
        Self {
            level1_bp: 0,
            level2_bp: 0,
            window_hours: 168,
            model: Model::LastTouch,
            return_window_days: *RETURN_DAYS.start(),
            version: 0,
        }
    }
}

impl Rule {
    /// What cannot be meant; `None` when the rule is fine.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        let both = self.level1_bp.saturating_add(self.level2_bp);
        if self.level1_bp < 0 || self.level2_bp < 0 || both > CAP_BP {
            Some("level1_bp and level2_bp must not be below 0, and at most 5000 together")
        } else if !(1..=WINDOW_HOURS_MAX).contains(&self.window_hours) {
            Some("window_hours must be 1 to 2160")
        } else if !RETURN_DAYS.contains(&self.return_window_days) {
            Some("return_window_days must be 7 to 90")
        } else {
            None
        }
    }
}

/// When an order received at `at` may be settled.
pub(crate) fn settles_at(at: Timestamp, return_window_days: i64) -> Timestamp {
    at.plus_seconds(return_window_days.saturating_mul(86_400)).plus_seconds(REFUND_TIME_S)
}

/// Why a touch counts or does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TouchReason)]
pub enum Reason {
    /// It counts.
    Counted,
    /// A later one counts.
    LaterTouch,
    /// An earlier one counts.
    EarlierTouch,
    /// It lies before the window.
    OutsideWindow,
    /// The buyer's own entry.
    OwnEntry,
    /// The sharer works for the merchant.
    Staff,
    /// The sharer's account was closed when the order was placed.
    Banned,
    /// The merchant's own entry: it earns nobody anything.
    MerchantEntry,
}

/// A touch as it is judged: what is needed to judge it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Considered {
    pub(crate) touch: TouchId,
    pub(crate) at: Timestamp,
    pub(crate) entry: EntryId,
    pub(crate) code: String,
    pub(crate) scene: String,
    pub(crate) sharer: Option<PersonId>,
    /// Whether the sharer worked for the merchant then.
    pub(crate) is_staff: bool,
    /// Whether the sharer's account was closed then.
    #[serde(default)]
    pub(crate) is_banned: bool,
    /// Whether the sharer's own session touched.
    pub(crate) is_same_session: bool,
    pub(crate) reason: Reason,
}

/// By what touches are judged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) buyer: PersonId,
    pub(crate) model: Model,
    pub(crate) window_hours: i64,
    pub(crate) placed_at: Timestamp,
}

/// Gives every touch its reason, whatever it was before. The same touches and terms give the same reasons, in any
/// order; of two at one time the id decides.
pub(crate) fn judge(touches: &mut [Considered], terms: &Terms) {
    let since = terms.placed_at.plus_seconds(terms.window_hours.saturating_mul(-3_600));
    for touch in touches.iter_mut() {
        touch.reason = match touch.sharer {
            _ if touch.at < since || touch.at > terms.placed_at => Reason::OutsideWindow,
            None => Reason::MerchantEntry,
            Some(sharer) if sharer == terms.buyer => Reason::OwnEntry,
            Some(_) if touch.is_staff => Reason::Staff,
            Some(_) if touch.is_banned => Reason::Banned,
            Some(_) => Reason::Counted,
        };
    }
    let eligible = touches.iter().filter(|touch| touch.reason == Reason::Counted);
    let keys = eligible.map(|touch| (touch.at, touch.touch));
    let (winner, lost) = match terms.model {
        Model::LastTouch => (keys.max(), Reason::LaterTouch),
        Model::FirstTouch => (keys.min(), Reason::EarlierTouch),
    };
    for touch in touches.iter_mut() {
        if touch.reason == Reason::Counted && Some((touch.at, touch.touch)) != winner {
            touch.reason = lost;
        }
    }
}

/// The touch that counts.
pub(crate) fn winner(touches: &[Considered]) -> Option<&Considered> {
    touches.iter().find(|touch| touch.reason == Reason::Counted)
}

/// The entry an order is counted for: the winner's, else the last of the merchant's own in the window.
pub(crate) fn credited(touches: &[Considered]) -> Option<&Considered> {
    let own = touches.iter().filter(|touch| touch.reason == Reason::MerchantEntry);
    winner(touches).or_else(|| own.max_by_key(|touch| (touch.at, touch.touch)))
}

/// `net · rate`, rounded down.
pub(crate) fn commission(net: i64, rate_bp: i64) -> i64 {
    let product = i128::from(net.max(0)).saturating_mul(i128::from(rate_bp.max(0)));
    i64::try_from(product.checked_div(10_000).unwrap_or(0)).unwrap_or(0)
}

/// What must have been taken back of `amount` when `refunded` of the line's `net` has been given back: the sharer
/// keeps a share of what the buyer kept, rounded down, so that nothing is kept of a line given back in full.
pub(crate) fn clawed_at(amount: i64, net: i64, refunded: i64) -> i64 {
    let kept = i128::from(net.saturating_sub(refunded).clamp(0, net.max(0)));
    let share = i128::from(amount).saturating_mul(kept).checked_div(i128::from(net)).unwrap_or(0);
    amount.saturating_sub(i64::try_from(share).unwrap_or(0))
}
