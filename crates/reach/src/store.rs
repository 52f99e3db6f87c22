//! All SQL of reach, by table.

mod commissions;
mod entries;
mod touches;
mod tree;

pub(crate) use commissions::*;
pub(crate) use entries::*;
pub(crate) use touches::*;
pub(crate) use tree::*;

/// Rows an audit reads at a time.
pub(crate) const AUDIT_PAGE: i64 = 5_000;
