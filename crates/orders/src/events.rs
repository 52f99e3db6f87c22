//! What this module tells.

use base::{Currency, MerchantId, OrderId, PersonId, ProductId, RefundId};
use db::Event;
use serde::{Deserialize, Serialize};

/// A line of an order, for those who count.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct LineSold {
    /// The product.
    pub product: ProductId,
    /// Units.
    pub qty: i64,
    /// What the line costs, in minor units.
    pub total: i64,
}

macro_rules! order_event {
    ($name:ident, $kind:literal) => {
        impl Event for $name {
            const KIND: &'static str = $kind;

            fn aggregate(&self) -> String {
                self.order.to_string()
            }
        }
    };
}

/// An order was placed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OrderPlaced {
    /// The order.
    pub order: OrderId,
    /// Who sells.
    pub merchant: MerchantId,
    /// Who buys.
    pub buyer: PersonId,
    /// What it costs.
    pub total: i64,
    /// The currency.
    pub currency: Currency,
}
order_event!(OrderPlaced, "orders.placed");

/// An order was paid.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OrderPaid {
    /// The order.
    pub order: OrderId,
    /// Who sells.
    pub merchant: MerchantId,
    /// Who buys.
    pub buyer: PersonId,
    /// What was paid.
    pub total: i64,
    /// What was bought.
    pub lines: Vec<LineSold>,
}
order_event!(OrderPaid, "orders.paid");

/// An order was cancelled before it was paid.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OrderCancelled {
    /// The order.
    pub order: OrderId,
    /// Who sells.
    pub merchant: MerchantId,
}
order_event!(OrderCancelled, "orders.cancelled");

/// An order is on its way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OrderShipped {
    /// The order.
    pub order: OrderId,
    /// Who sells.
    pub merchant: MerchantId,
    /// Who buys.
    pub buyer: PersonId,
}
order_event!(OrderShipped, "orders.shipped");

/// Money of an order went back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OrderRefunded {
    /// The order.
    pub order: OrderId,
    /// The refund.
    pub refund: RefundId,
    /// Who sells.
    pub merchant: MerchantId,
    /// Who bought.
    pub buyer: PersonId,
    /// How much.
    pub amount: i64,
    /// Whether everything has gone back now.
    pub is_whole: bool,
}
order_event!(OrderRefunded, "orders.refunded");

/// An order is settled.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OrderCompleted {
    /// The order.
    pub order: OrderId,
    /// Who sells.
    pub merchant: MerchantId,
    /// What the merchant received.
    pub settled: i64,
    /// What those who brought the buyer received.
    pub commission: i64,
}
order_event!(OrderCompleted, "orders.completed");
