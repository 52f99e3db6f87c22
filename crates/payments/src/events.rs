//! What this module tells.

use base::{OrderId, PaymentId};
use db::Event;
use serde::{Deserialize, Serialize};

/// A provider has received the money of a payment. The orders take it or it goes back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PaymentReceived {
    /// The payment.
    pub payment: PaymentId,
    /// The orders it pays.
    pub orders: Vec<OrderId>,
}

impl Event for PaymentReceived {
    const KIND: &'static str = "payments.received";

    fn aggregate(&self) -> String {
        self.payment.to_string()
    }
}

/// A payment has failed or its time is over: what was held for it is free again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PaymentFailed {
    /// The payment.
    pub payment: PaymentId,
    /// The orders it would have paid.
    pub orders: Vec<OrderId>,
}

impl Event for PaymentFailed {
    const KIND: &'static str = "payments.failed";

    fn aggregate(&self) -> String {
        self.payment.to_string()
    }
}
