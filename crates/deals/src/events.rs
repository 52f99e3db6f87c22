//! What this module tells.

use base::{MerchantId, OrderId, SkuId, TeamId};
use db::Event;
use serde::{Deserialize, Serialize};

/// An order of a closed team, and what its buyer gets back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamOrder {
    /// The order.
    pub order: OrderId,
    /// What was bought.
    pub sku: SkuId,
    /// Units.
    pub qty: i64,
    /// Minor units to refund per unit, because the team reached a lower price; 0 without a ladder.
    pub refund_per_unit: i64,
}

/// A team has succeeded: its orders are confirmed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TeamSucceeded {
    /// The team.
    pub team: TeamId,
    /// Its merchant.
    pub merchant: MerchantId,
    /// Its orders.
    pub orders: Vec<TeamOrder>,
}

impl Event for TeamSucceeded {
    const KIND: &'static str = "deals.team_succeeded";

    fn aggregate(&self) -> String {
        self.team.to_string()
    }
}

/// A team has failed: everyone who paid is refunded in full.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TeamFailed {
    /// The team.
    pub team: TeamId,
    /// Its merchant.
    pub merchant: MerchantId,
    /// Its paid orders.
    pub orders: Vec<OrderId>,
}

impl Event for TeamFailed {
    const KIND: &'static str = "deals.team_failed";

    fn aggregate(&self) -> String {
        self.team.to_string()
    }
}
