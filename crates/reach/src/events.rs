//! What this module tells.

use base::{Money, OrderId, PersonId, RefundId};
use serde::{Deserialize, Serialize};

/// A sharer was paid for an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommissionReleased {
    /// The order.
    pub order: OrderId,
    /// 1 for who brought the buyer, 2 for who brought the sharer.
    pub level: i64,
    /// Who was paid.
    pub beneficiary: PersonId,
    /// How much.
    pub amount: Money,
}

impl db::Event for CommissionReleased {
    const KIND: &'static str = "reach.commission_released";

    fn aggregate(&self) -> String {
        self.order.to_string()
    }
}

/// Commission that was paid is taken back because of a refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommissionClawedBack {
    /// The order.
    pub order: OrderId,
    /// The refund.
    pub refund: RefundId,
    /// 1 for who brought the buyer, 2 for who brought the sharer.
    pub level: i64,
    /// Who had been paid.
    pub beneficiary: PersonId,
    /// How much.
    pub amount: Money,
}

impl db::Event for CommissionClawedBack {
    const KIND: &'static str = "reach.commission_clawed_back";

    fn aggregate(&self) -> String {
        self.order.to_string()
    }
}
