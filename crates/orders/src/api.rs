//! What other modules may call. Every function takes the caller's transaction.

use base::MerchantId;
use db::{DbError, Rx};

pub use crate::model::OrderState;
use crate::store;

/// How many orders of a merchant are in a state.
///
/// # Errors
/// Whatever the store says.
pub fn count(rx: &mut Rx, merchant: MerchantId, state: OrderState) -> Result<i64, DbError> {
    store::count_of_merchant(rx, merchant, state)
}
