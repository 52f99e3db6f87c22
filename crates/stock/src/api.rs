//! What other modules may call. Every function takes the caller's transaction.

use std::collections::BTreeMap;

use base::{Id, LocationId, MerchantId, OrderId, PersonId, SkuId, Timestamp};
use db::{DbError, Rx, Tx};

pub use crate::store::Level;
use crate::store::{self, Movement};

/// The job that frees what was held too long.
pub const EXPIRE_JOB: &str = "stock.expire";

/// Orders a person may hold stock for at once: enough for anyone who pays, too few to lock a shop.
const ORDERS_HELD_MAX: i64 = 20;

/// Why stock was not set aside or sold. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, rest::Problem)]
pub enum StockError {
    /// There is not so much of one of the SKUs.
    #[error("of {sku} only {available} are left; take fewer or something else")]
    #[problem(409, "stock.short")]
    Short {
        /// Which.
        sku: SkuId,
        /// How many there are.
        available: i64,
    },
    /// The person holds stock for many unpaid orders.
    #[error("you have too many payments under way; pay or cancel one first")]
    #[problem(409, "stock.too_many_holds")]
    TooManyHolds,
    /// Less would be there than is held, or more would come back than was sold.
    #[error("that is more than there is")]
    #[problem(409, "stock.beyond")]
    Beyond,
    /// The store failed.
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// The one place every merchant has. Others come with stores.
pub fn main_location(merchant: MerchantId) -> LocationId {
    LocationId::from_bytes(merchant.bytes())
}

/// What may be promised of each SKU; a SKU without stock is missing.
///
/// # Errors
/// Whatever the store says.
pub fn available(rx: &mut Rx, skus: &[SkuId]) -> Result<BTreeMap<SkuId, i64>, DbError> {
    let mut sums: BTreeMap<SkuId, i64> = BTreeMap::new();
    for level in store::levels(rx, skus)? {
        let sum = sums.entry(level.sku).or_default();
        *sum = sum.saturating_add(level.available());
    }
    Ok(sums)
}

/// Levels of a merchant with at most `low` available, by SKU after `after`.
///
/// # Errors
/// Whatever the store says.
pub fn list_levels(
    rx: &mut Rx,
    merchant: MerchantId,
    low: i64,
    after: Option<SkuId>,
    limit: i64,
) -> Result<Vec<Level>, DbError> {
    let after = after.unwrap_or_else(|| SkuId::from_bytes([0; 16]));
    store::list_levels(rx, merchant, low, after, limit)
}

/// How many SKUs of a merchant have at most `low` available.
///
/// # Errors
/// Whatever the store says.
pub fn count_low(rx: &mut Rx, merchant: MerchantId, low: i64) -> Result<i64, DbError> {
    store::count_low(rx, merchant, low)
}

/// A change that is not a sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change<'a> {
    /// The SKU.
    pub sku: SkuId,
    /// Whose it is.
    pub merchant: MerchantId,
    /// Units more, or fewer when below zero.
    pub delta: i64,
    /// Why: `stocking`, `count`, `damage`, `other`.
    pub reason: &'a str,
    /// In words.
    pub note: Option<&'a str>,
    /// Who.
    pub actor: Option<PersonId>,
}

/// Counts a SKU at the merchant's main place from now on; nothing of it lies there yet. Does nothing when it is
/// counted already.
///
/// # Errors
/// Whatever the store says.
pub fn count(tx: &mut Tx, sku: SkuId, merchant: MerchantId) -> Result<(), DbError> {
    store::insert_level(tx, sku, main_location(merchant), merchant)
}

/// Changes what lies at the merchant's main place, first stocking included.
///
/// # Errors
/// [`StockError::Beyond`] when less would lie there than is held.
pub fn adjust(tx: &mut Tx, change: &Change<'_>) -> Result<(), StockError> {
    let location = main_location(change.merchant);
    store::insert_level(tx, change.sku, location, change.merchant)?;
    if !store::adjust(tx, change.sku, location, change.delta)? {
        return Err(StockError::Beyond);
    }
    let Change { sku, delta, reason, note, actor, .. } = *change;
    store::insert_movement(tx, &Movement { sku, location, delta, reason, note, actor })?;
    Ok(())
}

/// Who wants what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Want<'a> {
    /// For which order.
    pub order: OrderId,
    /// For whom.
    pub person: PersonId,
    /// From whom.
    pub merchant: MerchantId,
    /// What, and how many; a SKU named twice counts as the sum.
    pub lines: &'a [(SkuId, i64)],
}

/// Sums by SKU, in the order of the keys, so that two transactions touch the rows in one order.
fn summed(want: &Want<'_>) -> Vec<(SkuId, LocationId, i64)> {
    let mut sums: BTreeMap<SkuId, i64> = BTreeMap::new();
    for (sku, qty) in want.lines {
        let sum = sums.entry(*sku).or_default();
        *sum = sum.saturating_add(*qty);
    }
    let location = main_location(want.merchant);
    sums.into_iter().map(|(sku, qty)| (sku, location, qty)).collect()
}

fn short(tx: &mut Tx, sku: SkuId) -> StockError {
    match available(tx, &[sku]) {
        Ok(levels) => StockError::Short { sku, available: levels.get(&sku).copied().unwrap_or(0) },
        Err(error) => error.into(),
    }
}

/// Sets everything an order needs aside until `expires_at`, or nothing.
///
/// # Errors
/// [`StockError::Short`], [`StockError::TooManyHolds`]; the transaction must then end.
pub fn hold(tx: &mut Tx, want: &Want<'_>, expires_at: Timestamp) -> Result<(), StockError> {
    let lines = summed(want);
    if !store::begin_holding(tx, want.person, want.order, ORDERS_HELD_MAX)? {
        return Err(StockError::TooManyHolds);
    }
    for (sku, location, qty) in &lines {
        if !store::hold(tx, *sku, *location, *qty)? {
            return Err(short(tx, *sku));
        }
    }
    store::insert_holds(tx, want.order, &lines, "active", expires_at)?;
    work::enqueue(tx, EXPIRE_JOB, &want.order.to_string(), "", expires_at)?;
    Ok(())
}

/// Sells everything an order needs at once, without holding it first, or nothing.
///
/// # Errors
/// [`StockError::Short`]; the transaction must then end.
pub fn take(tx: &mut Tx, want: &Want<'_>) -> Result<(), StockError> {
    let lines = summed(want);
    for (sku, location, qty) in &lines {
        if !store::take(tx, *sku, *location, *qty)? {
            return Err(short(tx, *sku));
        }
    }
    let now = tx.now();
    store::insert_holds(tx, want.order, &lines, "consumed", now)?;
    Ok(())
}

/// Whether stock is held for an order.
///
/// # Errors
/// Whatever the store says.
pub fn is_held(rx: &mut Rx, order: OrderId) -> Result<bool, DbError> {
    Ok(!store::holds(rx, order, "active")?.is_empty())
}

/// Sells what is held for an order. `false` when nothing is: it was freed in the meantime, or sold before.
///
/// # Errors
/// Whatever the store says.
pub fn consume(tx: &mut Tx, order: OrderId) -> Result<bool, DbError> {
    end(tx, order, "consumed", store::consume)
}

/// Frees what is held for an order; does nothing when nothing is.
///
/// # Errors
/// Whatever the store says.
pub fn release(tx: &mut Tx, order: OrderId) -> Result<bool, DbError> {
    end(tx, order, "released", store::release)
}

/// Frees what is held for an order because its time is over.
///
/// # Errors
/// Whatever the store says.
pub fn expire(tx: &mut Tx, order: OrderId) -> Result<bool, DbError> {
    end(tx, order, "expired", store::release)
}

type EndOne = fn(&mut Tx, SkuId, LocationId, i64) -> Result<(), DbError>;

fn end(tx: &mut Tx, order: OrderId, state: &str, each: EndOne) -> Result<bool, DbError> {
    let mut is_any = false;
    for hold in store::holds(tx, order, "active")? {
        if store::end_hold(tx, hold.id, state)? {
            each(tx, hold.sku, hold.location, hold.qty)?;
            is_any = true;
        }
    }
    if is_any {
        store::end_holding(tx, order)?;
    }
    Ok(is_any)
}

/// Puts sold units of an order back. Never more come back than were sold.
///
/// # Errors
/// [`StockError::Beyond`]; the transaction must then end.
pub fn put_back(tx: &mut Tx, order: OrderId, lines: &[(SkuId, i64)]) -> Result<(), StockError> {
    let sold = store::holds(tx, order, "consumed")?;
    for (sku, qty) in lines {
        let mut left = *qty;
        for hold in sold.iter().filter(|hold| hold.sku == *sku) {
            let part = left.min(hold.qty.saturating_sub(hold.returned));
            if part > 0 {
                if !store::note_returned(tx, hold.id, part)? {
                    return Err(StockError::Beyond);
                }
                store::put_back(tx, hold.sku, hold.location, part)?;
                left = left.saturating_sub(part);
            }
        }
        if left > 0 {
            return Err(StockError::Beyond);
        }
    }
    Ok(())
}
