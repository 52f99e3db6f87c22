//! What other modules may call. Every function takes the caller's transaction.

use base::{Currency, MerchantId, Money, OrderId, PersonId, ProductId, RefundId, Timestamp};
use db::{DbError, Rx, Tx};
use ledger::api::TransferError;
use serde::Serialize;

/// One line of an order that is being placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlacedLine {
    /// Its number in the order.
    pub line: i64,
    /// What is bought.
    pub product: ProductId,
    /// What the line costs after its discount: commission is a share of this.
    pub net: Money,
}

/// An order that is being placed.
#[derive(Clone, Copy, Debug)]
pub struct Placement<'a> {
    /// Its id.
    pub order: OrderId,
    /// Who buys.
    pub buyer: PersonId,
    /// Who sells.
    pub merchant: MerchantId,
    /// What is bought.
    pub lines: &'a [PlacedLine],
}

/// What was given back of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundedLine {
    /// Its number in the order.
    pub line: i64,
    /// Minor units of the line given back before this refund.
    pub refunded_before: i64,
    /// Minor units given back by this refund.
    pub refunded_now: i64,
    /// What the line cost after its discount, in minor units.
    pub net: i64,
}

/// Why an order earns whom a commission: the same for buyer, sharer and merchant.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct EvidenceView {}

/// Finds who brought the buyer and freezes what they earn. At placement.
///
/// # Errors
/// Whatever the store says.
pub fn attribute(_: &mut Tx, _: &Placement<'_>) -> Result<(), DbError> {
    Ok(())
}

/// The order is paid: counts it for its entry and fixes who brought the buyer. Safe to repeat.
///
/// # Errors
/// Whatever the store says.
pub fn paid(_: &mut Tx, _: OrderId, _: PersonId, _: MerchantId) -> Result<(), DbError> {
    Ok(())
}

/// The order ended unpaid, or was given back in full before it was settled. Safe to repeat.
///
/// # Errors
/// Whatever the store says.
pub fn cancelled(_: &mut Tx, _: OrderId) -> Result<(), DbError> {
    Ok(())
}

/// The order was received: answers when it may be settled, by the merchant's return window. Safe to repeat.
///
/// # Errors
/// Whatever the store says.
pub fn received(_: &mut Tx, _: OrderId, _: MerchantId, at: Timestamp) -> Result<Timestamp, DbError> {
    Ok(at.plus_seconds(8 * 86_400))
}

/// A refund takes back its share of each commission. Idempotent by the refund.
///
/// # Errors
/// Whatever the ledger says.
pub fn claw_back(
    _: &mut Tx,
    _: OrderId,
    _: RefundId,
    _: MerchantId,
    _: Currency,
    _: &[RefundedLine],
) -> Result<(), TransferError> {
    Ok(())
}

/// The order is settled: pays what is still frozen out of the merchant's escrow; answers the sum paid, also when it
/// was paid before. Idempotent.
///
/// # Errors
/// Whatever the ledger says.
pub fn release(_: &mut Tx, _: OrderId, _: MerchantId, _: Currency) -> Result<i64, TransferError> {
    Ok(0)
}

/// Why an order earns whom a commission. The caller checks who may see it.
///
/// # Errors
/// Whatever the store says.
pub fn evidence(_: &mut Rx, _: OrderId) -> Result<EvidenceView, DbError> {
    Ok(EvidenceView {})
}

/// A guest turned out to be a member: the guest's touches become the member's.
///
/// # Errors
/// Whatever the store says.
pub fn merge_guest(_: &mut Tx, _: PersonId, _: PersonId) -> Result<(), DbError> {
    Ok(())
}
