//! What a chosen coupon gives. Pure.

use std::collections::BTreeMap;

use base::{CouponId, Currency, Money};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::lanes::share_of;
use super::promotion::Scope;
use super::{Explanation, Lane};

/// The coupon a person has chosen, as it is worth now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coupon {
    /// Which.
    pub id: CouponId,
    /// What people call it.
    pub title: String,
    /// Which goods it is about.
    pub scope: Scope,
    /// Least worth of them after promotions, in minor units; 0 for none.
    pub threshold_minor: i64,
    /// What it gives.
    pub gift: CouponGift,
    /// Whether the merchant's promotions count beside it.
    pub is_stacking: bool,
}

/// What a coupon gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum CouponGift {
    /// An amount off.
    Cash {
        /// In minor units.
        #[schema(minimum = 1)]
        off_minor: i64,
    },
    /// A share off, rounded down, up to an amount.
    Percent {
        /// In hundredths of a percent.
        #[schema(minimum = 1, maximum = 9900)]
        off_bp: i64,
        /// In minor units.
        #[schema(minimum = 1)]
        cap_minor: i64,
    },
    /// Free delivery, up to an amount.
    Freight {
        /// In minor units.
        #[schema(minimum = 1)]
        cap_minor: i64,
    },
}

/// A coupon that a quote rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CouponUse {
    /// Which.
    pub coupon: CouponId,
    /// What it takes off; above zero.
    pub off: Money,
}

impl Coupon {
    /// Whether goods of this worth are enough.
    pub(super) fn is_met(&self, worth: i64) -> bool {
        worth > 0 && worth >= self.threshold_minor
    }

    /// What it takes off goods: of its own, worth `worth`, and never the last minor unit of `all`, since an order without
    /// a payment would never be paid.
    pub(super) fn off_goods(&self, worth: i64, all: i64) -> i64 {
        if !self.is_met(worth) {
            return 0;
        }
        let off = match self.gift {
            CouponGift::Cash { off_minor } => off_minor,
            CouponGift::Percent { off_bp, cap_minor } => share_of(worth, off_bp).min(cap_minor),
            CouponGift::Freight { .. } => 0,
        };
        off.min(worth).min(all.saturating_sub(1)).max(0)
    }

    /// Tells that it takes `off` off, with its numbers.
    pub(super) fn explained(&self, lane: Lane, off: i64, currency: Currency) -> Explanation {
        let (code, number) = match self.gift {
            CouponGift::Cash { off_minor } => ("coupon", ("off_minor", off_minor)),
            CouponGift::Percent { off_bp, .. } => ("coupon_percent", ("off_bp", off_bp)),
            CouponGift::Freight { .. } => ("coupon_freight", ("off_minor", off)),
        };
        let params = BTreeMap::from([
            (number.0.to_owned(), number.1.to_string()),
            ("title".to_owned(), self.title.clone()),
        ]);
        let amount = Money::new(off.saturating_neg(), currency);
        Explanation { lane, source: self.id.to_string(), code: code.to_owned(), amount, params }
    }
}
