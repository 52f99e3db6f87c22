//! Prices of activities.

use std::fmt;

use base::{ActivityId, FlashSaleId, Money};

/// An activity that has a price of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PricedBy {
    /// A team's.
    Team(ActivityId),
    /// A flash sale's.
    Flash(FlashSaleId),
}

impl PricedBy {
    /// The code its price is explained by.
    pub fn code(self) -> &'static str {
        match self {
            Self::Team(_) => "activity",
            Self::Flash(_) => "flash",
        }
    }
}

impl fmt::Display for PricedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Team(id) => id.fmt(f),
            Self::Flash(id) => id.fmt(f),
        }
    }
}

/// The price an activity gives to one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActivityPrice {
    /// Which activity.
    pub activity: PricedBy,
    /// The price of one.
    pub unit: Money,
}
