//! What other modules may call.

pub use crate::model::{
    ActivityPrice, Explanation, Freight, FullReduction, LINES_MAX, Lane, QTY_MAX, Quote, QuoteContext,
    QuoteError, QuoteLine, QuoteLineInput, REDUCTIONS_MAX, check_rules, quote,
};
