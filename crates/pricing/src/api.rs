//! What other modules may call.

use base::{Currency, MerchantId};
use db::{DbError, Rx};

pub use crate::model::{
    ActivityPrice, Explanation, Freight, FullReduction, LINES_MAX, Lane, NextOffer, QTY_MAX, Quote,
    QuoteContext, QuoteError, QuoteLine, QuoteLineInput, REDUCTIONS_MAX, check_rules, next_offers, quote,
};
use crate::store;

/// A merchant's full reductions and freight; nothing off and free delivery when it set none.
///
/// # Errors
/// Whatever the store says.
pub fn rules(rx: &mut Rx, merchant: MerchantId) -> Result<(Vec<FullReduction>, Freight), DbError> {
    Ok(store::find_rules(rx, merchant)?
        .map(|rules| (rules.full_reductions, rules.freight))
        .unwrap_or_default())
}

/// The rules [`quote`] prices a merchant's lines by.
///
/// # Errors
/// Whatever the store says.
pub fn context(rx: &mut Rx, merchant: MerchantId, currency: Currency) -> Result<QuoteContext, DbError> {
    let (full_reductions, freight) = rules(rx, merchant)?;
    Ok(QuoteContext { merchant, currency, full_reductions, freight })
}
