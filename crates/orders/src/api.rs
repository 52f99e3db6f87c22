//! What other modules may call. Every function takes the caller's transaction.

use std::collections::BTreeMap;

use base::{MerchantId, OrderId};
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

/// The numbers people know orders by; unknown ids are left out.
///
/// # Errors
/// Whatever the store says.
pub fn numbers(rx: &mut Rx, orders: &[OrderId]) -> Result<BTreeMap<OrderId, String>, DbError> {
    store::numbers(rx, orders)
}
