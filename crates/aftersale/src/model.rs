//! What may be asked for, and how a case moves. Pure.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects, clippy::integer_division)]
#![deny(clippy::wildcard_enum_match_arm)]

use base::Timestamp;
use serde::{Deserialize, Serialize};

/// What a buyer asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CaseKind)]
pub(crate) enum Kind {
    /// Money back; the goods stay, or never came.
    Refund,
    /// The goods go back, then the money.
    Return,
    /// The goods go back, others come.
    Exchange,
    /// The difference to a price that has fallen since.
    PriceProtection,
}

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CaseReason)]
pub(crate) enum Reason {
    /// None is needed within seven days.
    #[serde(rename = "no_reason")]
    Unneeded,
    /// It does not work, or is spoilt.
    Faulty,
    /// It was broken on its way.
    Damaged,
    /// Something else came.
    WrongItem,
    /// It is not what the page said.
    NotAsDescribed,
    /// Some of it was not in the parcel.
    Missing,
    /// It has not come.
    NotArrived,
    /// It is cheaper now.
    PriceDrop,
    /// Said in words.
    Other,
}

impl Reason {
    /// Whether the shop answers for it, the delivery included.
    pub(crate) fn is_shops_fault(self) -> bool {
        match self {
            Self::Faulty
            | Self::Damaged
            | Self::WrongItem
            | Self::NotAsDescribed
            | Self::Missing
            | Self::NotArrived => true,
            Self::Unneeded | Self::PriceDrop | Self::Other => false,
        }
    }
}

/// How far a case has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CaseState)]
pub(crate) enum State {
    /// The shop is to answer.
    Requested,
    /// The shop said no; the buyer may take it to the platform.
    Declined,
    /// The platform is to decide.
    Disputed,
    /// The buyer is to send the goods.
    AwaitingGoods,
    /// The goods are on their way back; the shop is to look at them.
    GoodsSent,
    /// Closed: what was agreed is done.
    Done,
    /// Closed: the buyer does not want it any more.
    Withdrawn,
    /// Closed: refused for good, or not gone on with in time.
    Rejected,
}

/// Who moves a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CaseSide)]
pub(crate) enum Side {
    /// Who bought.
    Buyer,
    /// Who sells.
    Shop,
    /// Who runs the platform.
    Platform,
    /// Nobody: time went by, or a rule says so.
    System,
}

/// What moves a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    /// The shop, or a rule, agrees.
    Agree,
    /// The shop does not.
    Decline,
    /// The buyer lets it be.
    Withdraw,
    /// The buyer does not accept the shop's no.
    Dispute,
    /// The goods are on their way back.
    Send,
    /// What was agreed is carried out.
    Finish,
    /// It ends without.
    Reject,
}

const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 24 * HOUR_S;
/// A shop that does not answer within two days agrees.
const ANSWER_S: i64 = 48 * HOUR_S;
/// Goods that are not sent within seven days stay.
const SEND_S: i64 = 7 * DAY_S;
/// A shop that does not look at the goods within ten days has them.
const LOOK_S: i64 = 10 * DAY_S;
/// A no stands when it is not disputed within seven days.
const DISPUTE_S: i64 = 7 * DAY_S;
/// Days, after the day of receipt, in which goods go back without a reason (Consumer Rights Law of the PRC, art. 25).
const NO_REASON_DAYS: i64 = 7;
/// Days after the receipt in which something that is wrong can be put right here.
const CASE_DAYS: i64 = 90;
/// Days are counted as in China, eight hours before UTC.
const CHINA_S: i64 = 8 * HOUR_S;

impl State {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Declined => "declined",
            Self::Disputed => "disputed",
            Self::AwaitingGoods => "awaiting_goods",
            Self::GoodsSent => "goods_sent",
            Self::Done => "done",
            Self::Withdrawn => "withdrawn",
            Self::Rejected => "rejected",
        }
    }

    pub(crate) fn is_open(self) -> bool {
        match self {
            Self::Requested | Self::Declined | Self::Disputed | Self::AwaitingGoods | Self::GoodsSent => true,
            Self::Done | Self::Withdrawn | Self::Rejected => false,
        }
    }

    /// Where a case of this kind goes; `None` when it cannot be moved so.
    pub(crate) fn after(self, kind: Kind, step: Move) -> Option<Self> {
        let goes_back = match kind {
            Kind::Return | Kind::Exchange => true,
            Kind::Refund | Kind::PriceProtection => false,
        };
        match (self, step) {
            (Self::Requested | Self::Declined, Move::Agree) if goes_back => Some(Self::AwaitingGoods),
            (Self::Requested | Self::Declined | Self::Disputed | Self::GoodsSent, Move::Finish) => {
                Some(Self::Done)
            }
            (Self::Requested | Self::GoodsSent, Move::Decline) => Some(Self::Declined),
            (Self::Requested | Self::Declined | Self::Disputed | Self::AwaitingGoods, Move::Withdraw) => {
                Some(Self::Withdrawn)
            }
            (Self::Declined, Move::Dispute) => Some(Self::Disputed),
            (Self::AwaitingGoods, Move::Send) => Some(Self::GoodsSent),
            (Self::Declined | Self::Disputed | Self::AwaitingGoods, Move::Reject) => Some(Self::Rejected),
            (Self::Disputed, Move::Agree) if goes_back => Some(Self::AwaitingGoods),
            (
                Self::Requested
                | Self::Declined
                | Self::Disputed
                | Self::AwaitingGoods
                | Self::GoodsSent
                | Self::Done
                | Self::Withdrawn
                | Self::Rejected,
                _,
            ) => None,
        }
    }

    /// Seconds until a case in this state moves on by itself.
    pub(crate) fn patience_s(self) -> Option<i64> {
        match self {
            Self::Requested => Some(ANSWER_S),
            Self::Declined => Some(DISPUTE_S),
            Self::AwaitingGoods => Some(SEND_S),
            Self::GoodsSent => Some(LOOK_S),
            Self::Disputed | Self::Done | Self::Withdrawn | Self::Rejected => None,
        }
    }
}

/// The first moment at which goods received at `at` no longer go back without a reason: the end of the seventh day
/// after the day of receipt.
pub(crate) fn no_reason_until(at: Timestamp) -> Timestamp {
    let days = NO_REASON_DAYS.saturating_add(1);
    at.plus_seconds(CHINA_S).day().plus_seconds(days.saturating_mul(DAY_S).saturating_sub(CHINA_S))
}

/// Until when cases can be opened for an order received at `at`.
pub(crate) fn cases_until(at: Timestamp) -> Timestamp {
    at.plus_seconds(CASE_DAYS.saturating_mul(DAY_S))
}

/// Until when a price that falls is made good for an order paid at `at`.
pub(crate) fn protected_until(at: Timestamp, days: i64) -> Timestamp {
    at.plus_seconds(days.saturating_mul(DAY_S))
}

/// What `units` more of a line cost, after `before` of its `qty` units: the shares of all units sum to `total`
/// exactly, whatever the steps.
pub(crate) fn share(total: i64, qty: i64, before: i64, units: i64) -> i64 {
    let upto = |units: i64| {
        let product = i128::from(total).saturating_mul(i128::from(units.clamp(0, qty)));
        product.checked_div(i128::from(qty.max(1))).and_then(|part| i64::try_from(part).ok()).unwrap_or(0)
    };
    upto(before.saturating_add(units)).saturating_sub(upto(before))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_sum_to_the_total_in_whatever_steps() {
        for (total, qty) in [(1_000, 3), (1, 7), (0, 2), (999_999, 9_999)] {
            for step in 1..=qty.min(11) {
                let (mut before, mut sum) = (0, 0);
                while before < qty {
                    let units = step.min(qty - before);
                    sum += share(total, qty, before, units);
                    before += units;
                }
                assert_eq!(sum, total, "{qty} units of {total} by {step}");
            }
        }
    }

    #[test]
    fn seven_days_end_with_the_seventh_day_in_china() {
        let received: Timestamp = "2026-11-10T15:59:59Z".parse().unwrap();
        assert_eq!(no_reason_until(received).to_string(), "2026-11-17T16:00:00Z");
        let received: Timestamp = "2026-11-10T16:00:00Z".parse().unwrap();
        assert_eq!(no_reason_until(received).to_string(), "2026-11-18T16:00:00Z");
    }

    #[test]
    fn a_closed_case_does_not_move() {
        use Move::*;
        for state in [State::Done, State::Withdrawn, State::Rejected] {
            for step in [Agree, Decline, Withdraw, Dispute, Send, Finish, Reject] {
                for kind in [Kind::Refund, Kind::Return, Kind::Exchange, Kind::PriceProtection] {
                    assert_eq!(state.after(kind, step), None);
                }
            }
            assert_eq!(state.patience_s(), None);
        }
    }

    #[test]
    fn every_open_case_but_a_dispute_moves_on_by_itself() {
        for state in [State::Requested, State::Declined, State::AwaitingGoods, State::GoodsSent] {
            assert!(state.is_open() && state.patience_s().is_some());
        }
        assert!(State::Disputed.is_open());
    }
}
