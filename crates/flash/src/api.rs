//! What other modules may call. Every function takes the caller's transaction.

use std::collections::BTreeMap;

use base::{FlashSaleId, OrderId, PersonId, SkuId, Timestamp};
use db::{DbError, Rx, Tx};

use crate::store::{self, UseRow};

/// Most units of one person where a sale sets no limit of its own.
const UNITS_MAX: i64 = 9_999;

/// What a variant costs a person in a sale that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlashPrice {
    /// The sale.
    pub sale: FlashSaleId,
    /// The price of one, in minor units.
    pub unit: i64,
    /// How many are left.
    pub left: i64,
    /// How many of them this person may still have; `None` without a limit.
    pub own: Option<i64>,
}

impl FlashPrice {
    /// Why so many cannot be had at this price; `None` when they can.
    pub fn refusal(&self, sku: SkuId, qty: i64) -> Option<FlashRefused> {
        if qty > self.left {
            Some(FlashRefused::SoldOut { sku, left: self.left.max(0) })
        } else if self.own.is_some_and(|own| qty > own) {
            Some(FlashRefused::Limit { sku, left: self.own.unwrap_or(0).max(0) })
        } else {
            None
        }
    }
}

/// Why a sale's price is not given. Nothing was changed.
#[derive(Debug, thiserror::Error, rest::Problem)]
pub enum FlashRefused {
    /// Others were faster.
    #[error("{left} of {sku} are left in the flash sale; take fewer, or order at the price now shown")]
    #[problem(409, "flash.sold_out")]
    SoldOut {
        /// Which variant.
        sku: SkuId,
        /// How many are left.
        left: i64,
    },
    /// One person may have so many.
    #[error(
        "you may have {left} more of {sku} in the flash sale; take fewer, or order at the price now shown"
    )]
    #[problem(409, "flash.limit")]
    Limit {
        /// Which variant.
        sku: SkuId,
        /// How many this person may still have.
        left: i64,
    },
    /// The store failed.
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// What these variants cost the person in sales that run now; variants in none are left out.
///
/// # Errors
/// Whatever the store says.
pub fn prices(
    rx: &mut Rx,
    person: PersonId,
    skus: &[SkuId],
    now: Timestamp,
) -> Result<BTreeMap<SkuId, FlashPrice>, DbError> {
    let price = |(row, own): (store::PriceRow, Option<i64>)| {
        let left = row.quota.saturating_sub(row.used);
        (row.sku, FlashPrice { sale: row.sale, unit: row.price, left, own })
    };
    Ok(store::running(rx, person, skus, now)?.into_iter().map(price).collect())
}

/// Takes units for an order that is placed at a sale's price: of what is left, and of what the person may have. Whoever
/// comes first gets them.
///
/// # Errors
/// [`FlashRefused`]; the transaction must then end.
pub fn take(
    tx: &mut Tx,
    order: OrderId,
    person: PersonId,
    (sku, qty, sale): (SkuId, i64, FlashSaleId),
) -> Result<(), FlashRefused> {
    let now = tx.now();
    if !store::take(tx, (sale, sku), qty, now)? {
        return Err(FlashRefused::SoldOut { sku, left: 0 });
    }
    let most = store::find(tx, sale)?.and_then(|row| row.per_person).unwrap_or(UNITS_MAX);
    if !store::count(tx, (sale, person), qty, most)? {
        return Err(FlashRefused::Limit { sku, left: 0 });
    }
    Ok(store::insert_use(tx, UseRow { order, sku, sale, person, units: qty })?)
}

/// Gives back what an order took. Safe to repeat.
///
/// # Errors
/// Whatever the store says.
pub fn release(tx: &mut Tx, order: OrderId) -> Result<(), DbError> {
    for row in store::taken(tx, order)? {
        store::release(tx, row)?;
    }
    Ok(())
}
