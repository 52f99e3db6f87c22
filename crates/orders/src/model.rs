//! The states of an order. Pure.
//!
//! Payment, fulfilment and after-sale are three axes; the one word that lists filter by follows from them.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects, clippy::integer_division)]
#![deny(clippy::wildcard_enum_match_arm)]

use base::{
    ActivityId, CheckoutId, Currency, MerchantId, Money, OrderId, PaymentId, PersonId, TeamId, Timestamp,
};
use serde::{Deserialize, Serialize};

/// Where an order stands, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Placed; the payment is awaited.
    Unpaid,
    /// Paid; the team is awaited.
    Paid,
    /// Paid for good; to be shipped.
    Confirmed,
    /// On its way.
    Shipped,
    /// With the buyer; the return window runs.
    Received,
    /// Settled.
    Completed,
    /// Ended without payment.
    Cancelled,
    /// Given back in full.
    Refunded,
}

impl OrderState {
    /// All states, in their order.
    pub const ALL: [Self; 8] = [
        Self::Unpaid,
        Self::Paid,
        Self::Confirmed,
        Self::Shipped,
        Self::Received,
        Self::Completed,
        Self::Cancelled,
        Self::Refunded,
    ];

    /// The word that is stored.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unpaid => "unpaid",
            Self::Paid => "paid",
            Self::Confirmed => "confirmed",
            Self::Shipped => "shipped",
            Self::Received => "received",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Refunded => "refunded",
        }
    }
}

/// An order without its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) id: OrderId,
    pub(crate) checkout: CheckoutId,
    pub(crate) number: String,
    pub(crate) buyer: PersonId,
    pub(crate) merchant: MerchantId,
    pub(crate) currency: Currency,
    pub(crate) goods: i64,
    pub(crate) discount: i64,
    pub(crate) shipping: i64,
    pub(crate) total: i64,
    pub(crate) captured: i64,
    pub(crate) refunded: i64,
    pub(crate) shipping_refunded: i64,
    pub(crate) activity: Option<ActivityId>,
    /// The team asked for; where the order sits now, the module `deals` knows.
    pub(crate) team: Option<TeamId>,
    pub(crate) payment: Option<PaymentId>,
    pub(crate) address: String,
    pub(crate) note: Option<String>,
    pub(crate) explanations: String,
    pub(crate) placed_at: Timestamp,
    pub(crate) pay_by: Timestamp,
    pub(crate) paid_at: Option<Timestamp>,
    pub(crate) confirmed_at: Option<Timestamp>,
    pub(crate) shipped_at: Option<Timestamp>,
    pub(crate) received_at: Option<Timestamp>,
    pub(crate) settle_at: Option<Timestamp>,
    pub(crate) completed_at: Option<Timestamp>,
    pub(crate) cancelled_at: Option<Timestamp>,
    pub(crate) carrier: Option<String>,
    pub(crate) tracking: Option<String>,
    /// After-sale cases that are open; it is not settled before they are closed.
    pub(crate) open_cases: i64,
    /// The order whose goods it replaces.
    pub(crate) replaces: Option<OrderId>,
    pub(crate) version: i64,
}

impl Order {
    /// Where it stands.
    pub(crate) fn state(&self) -> OrderState {
        if self.cancelled_at.is_some() {
            OrderState::Cancelled
        } else if self.captured > 0 && self.refunded >= self.captured {
            OrderState::Refunded
        } else if self.completed_at.is_some() {
            OrderState::Completed
        } else if self.received_at.is_some() {
            OrderState::Received
        } else if self.shipped_at.is_some() {
            OrderState::Shipped
        } else if self.confirmed_at.is_some() {
            OrderState::Confirmed
        } else if self.paid_at.is_some() {
            OrderState::Paid
        } else {
            OrderState::Unpaid
        }
    }

    /// `minor` units of the order's currency.
    pub(crate) fn money(&self, minor: i64) -> Money {
        Money::new(minor, self.currency)
    }

    /// What is still to be given back at the most.
    pub(crate) fn refundable(&self) -> i64 {
        self.captured.saturating_sub(self.refunded)
    }

    /// The payment axis.
    pub(crate) fn payment_state(&self) -> &'static str {
        match (self.captured, self.refunded) {
            // What costs nothing is paid as soon as it is there.
            (0, _) if self.total > 0 || self.paid_at.is_none() => "unpaid",
            (0, _) => "paid",
            (_, 0) => "paid",
            (captured, refunded) if refunded >= captured => "refunded",
            (_, _) => "partly_refunded",
        }
    }

    /// The fulfilment axis.
    pub(crate) fn fulfilment_state(&self) -> &'static str {
        match self.state() {
            OrderState::Unpaid | OrderState::Cancelled | OrderState::Refunded => "none",
            OrderState::Paid => "waiting_team",
            OrderState::Confirmed => "to_ship",
            OrderState::Shipped => "shipped",
            OrderState::Received | OrderState::Completed => "received",
        }
    }

    /// The after-sale axis: open while a case is, or while money can still go back by the return window.
    pub(crate) fn after_sale_state(&self) -> &'static str {
        match (self.refunded, self.state()) {
            _ if self.open_cases > 0 => "open",
            (0, _) => "none",
            (_, OrderState::Refunded | OrderState::Completed) => "closed",
            (
                _,
                OrderState::Unpaid
                | OrderState::Paid
                | OrderState::Confirmed
                | OrderState::Shipped
                | OrderState::Received
                | OrderState::Cancelled,
            ) => "open",
        }
    }
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) line: i64,
    pub(crate) sku: base::SkuId,
    pub(crate) product: base::ProductId,
    pub(crate) title: String,
    pub(crate) options: Vec<String>,
    pub(crate) picture: Option<base::PictureId>,
    pub(crate) qty: i64,
    pub(crate) unit: i64,
    pub(crate) base_unit: i64,
    pub(crate) discount: i64,
    pub(crate) total: i64,
    pub(crate) refunded: i64,
    pub(crate) restocked: i64,
    /// Whether it may be returned within seven days without a reason.
    pub(crate) no_reason_return: bool,
    /// Whether nothing is sent.
    pub(crate) is_virtual: bool,
}

/// The check digit of a row of digits (Luhn, ISO/IEC 7812-1 annex B).
pub(crate) fn luhn(digits: &str) -> u32 {
    let sum =
        digits.chars().rev().filter_map(|c| c.to_digit(10)).enumerate().fold(0_u32, |sum, (place, digit)| {
            let doubled = if place.is_multiple_of(2) { digit.saturating_mul(2) } else { digit };
            let folded = if doubled > 9 { doubled.saturating_sub(9) } else { doubled };
            sum.saturating_add(folded)
        });
    10_u32.saturating_sub(sum.checked_rem(10).unwrap_or(0)).checked_rem(10).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits() {
        // The example of the standard's Wikipedia article: 7992739871 has the check digit 3.
        assert_eq!(luhn("7992739871"), 3);
        assert_eq!(luhn("0"), 0);
    }
}
