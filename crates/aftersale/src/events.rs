//! Facts that others may listen to.

use base::{CaseId, MerchantId, OrderId, PersonId};
use db::Event;
use serde::{Deserialize, Serialize};

/// A case was opened or has moved.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CaseMoved {
    /// The case.
    pub case: CaseId,
    /// Of which order.
    pub order: OrderId,
    /// Who sells.
    pub merchant: MerchantId,
    /// Who bought.
    pub buyer: PersonId,
    /// Where the case stands now.
    pub state: String,
}

impl Event for CaseMoved {
    const KIND: &'static str = "aftersale.moved";

    fn aggregate(&self) -> String {
        self.case.to_string()
    }
}
