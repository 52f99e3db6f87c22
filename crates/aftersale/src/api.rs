//! What other modules may call. Every function takes the caller's transaction.

use base::MerchantId;
use db::{DbError, Rx};

use crate::model::State;
use crate::store;

/// How many cases of a merchant wait for its answer, or for its look at what came back.
///
/// # Errors
/// Whatever the store says.
pub fn waiting(rx: &mut Rx, merchant: MerchantId) -> Result<i64, DbError> {
    let requested = store::count_of_merchant(rx, merchant, State::Requested)?;
    Ok(requested.saturating_add(store::count_of_merchant(rx, merchant, State::GoodsSent)?))
}
