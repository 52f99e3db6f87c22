//! What other modules may call. Every function takes the caller's transaction.

use std::collections::BTreeMap;

use base::{Currency, MerchantId, Money, OrderId, PersonId, ProductId, RefundId, TeamId, Timestamp};
use db::{DbError, Rx, Tx};
use ledger::api::TransferError;
use rest::Ctx;

pub use crate::codes::EntrySecret;
pub use crate::commissions::{CommissionView, EvidenceTouch, EvidenceView};
pub use crate::entries::{EntryKind, EntryPreview, EntryTarget};
pub use crate::events::{CommissionClawedBack, CommissionReleased};
pub use crate::model::{Model, Reason};
use crate::store::{self, Counted, Counts};
use crate::{attribute, commissions, entries, forest, model, payout, review};

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

/// A team that an entry leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TeamTarget {
    /// What the team buys.
    pub product: ProductId,
    /// The price in the team.
    pub team_price: Option<Money>,
}

/// Reads a team.
pub type FindTeam = fn(&mut Rx, TeamId) -> Result<Option<TeamTarget>, DbError>;
/// The price of a product in a team, when there is an activity.
pub type FindTeamPrice = fn(&mut Rx, ProductId) -> Result<Option<Money>, DbError>;
/// The numbers people know orders by.
pub type OrderNumbers = fn(&mut Rx, &[OrderId]) -> Result<BTreeMap<OrderId, String>, DbError>;

/// What modules above this one know. Put into the context's extensions at start; what is missing is left out.
#[derive(Clone, Copy, Default)]
pub struct Hooks {
    /// Without it no entry leads to a team.
    pub team: Option<FindTeam>,
    /// Without it entries to products show no team price.
    pub team_price: Option<FindTeamPrice>,
    /// Without it commissions show no order number.
    pub order_numbers: Option<OrderNumbers>,
}

impl Hooks {
    /// The context's hooks.
    pub fn of(ctx: &Ctx) -> Self {
        ctx.extension::<Self>().map(|found| *found).unwrap_or_default()
    }
}

/// Finds who brought the buyer and freezes what they earn: the touches at this merchant in the window of the
/// merchant's rule, judged by its model, are kept as evidence; every line gets its commissions at the rates of this
/// moment, rounded down. A buyer without touches costs one read, and nothing is written. Once per order.
///
/// # Errors
/// Whatever the store says.
pub fn attribute(tx: &mut Tx, placement: &Placement<'_>) -> Result<(), DbError> {
    attribute::attribute(tx, placement)
}

/// The order is paid: counts it for its entry and fixes who brought the buyer. Safe to repeat.
///
/// # Errors
/// Whatever the store says.
pub fn paid(tx: &mut Tx, order: OrderId, buyer: PersonId, merchant: MerchantId) -> Result<(), DbError> {
    if !store::find_node(tx, buyer)?.is_some_and(|node| node.is_fixed) {
        store::fix(tx, buyer)?;
    }
    if !store::set_paid(tx, order)? {
        return Ok(());
    }
    let Some(found) = store::find_attribution(tx, order)? else { return Ok(()) };
    let touch = found.entry.and_then(|entry| found.touches.iter().find(|touch| touch.entry == entry));
    if let Some(touch) = touch {
        let add = Counts { orders: 1, paid: found.net, ..Counts::default() };
        store::count(tx, &Counted { entry: touch.entry, merchant, kind: &touch.scene }, add)?;
    }
    Ok(())
}

/// The order ended unpaid, or was given back in full before it was settled: what is frozen or held is cancelled.
/// Safe to repeat.
///
/// # Errors
/// Whatever the store says.
pub fn cancelled(tx: &mut Tx, order: OrderId) -> Result<(), DbError> {
    store::cancel(tx, order)
}

/// The order was received: answers when it may be settled, which is after the return window and a day for refunds.
/// The window is the one of the order's placement where it earns somebody something, else the merchant's present
/// one. Looks for what a person should see before it is paid. Safe to repeat.
///
/// # Errors
/// Whatever the store says.
pub fn received(
    tx: &mut Tx,
    order: OrderId,
    merchant: MerchantId,
    at: Timestamp,
) -> Result<Timestamp, DbError> {
    let Some(found) = store::find_attribution(tx, order)? else {
        let rule = store::find_rule(tx, merchant)?.unwrap_or_default();
        return Ok(model::settles_at(at, rule.return_window_days));
    };
    let settles_at = model::settles_at(at, found.return_window_days);
    let rows = store::commissions_of(tx, order)?;
    if let Some(before) = rows.iter().find_map(|row| row.release_at) {
        return Ok(before);
    }
    if !rows.is_empty() {
        store::set_release_at(tx, order, settles_at)?;
        review::hold_bursts(tx, &rows)?;
    }
    Ok(settles_at)
}

/// A refund takes back its share of each commission: pro rata on what was given back of the line so far, so that a
/// line given back in full leaves nothing. What was not paid yet shrinks; what was paid comes out of the
/// beneficiary's wallet as far as it reaches, the rest becomes a debt that later commissions pay off first; it goes
/// to the merchant. Idempotent by the refund.
///
/// # Errors
/// Whatever the ledger says.
pub fn claw_back(
    tx: &mut Tx,
    order: OrderId,
    refund: RefundId,
    merchant: MerchantId,
    currency: Currency,
    lines: &[RefundedLine],
) -> Result<(), TransferError> {
    payout::claw_back(tx, &payout::Claw { order, refund, merchant, currency, lines })
}

/// The order is settled: pays what is still frozen out of the merchant's escrow; answers the sum paid from there,
/// also when it was paid before. What is held stays held: its money goes to the merchant with the rest. Idempotent.
///
/// # Errors
/// Whatever the ledger says.
pub fn release(
    tx: &mut Tx,
    order: OrderId,
    merchant: MerchantId,
    currency: Currency,
) -> Result<i64, TransferError> {
    payout::release(tx, order, merchant, currency)
}

/// Why an order earns whom a commission, the same for all who may see it. The caller checks who may, and fills in
/// the order's number.
///
/// # Errors
/// Whatever the store says.
pub fn evidence(rx: &mut Rx, order: OrderId) -> Result<EvidenceView, DbError> {
    commissions::evidence(rx, order)
}

/// Whether a person earns, or earned, a commission from an order: such a person may see its evidence.
///
/// # Errors
/// Whatever the store says.
pub fn earns_from(rx: &mut Rx, person: PersonId, order: OrderId) -> Result<bool, DbError> {
    Ok(store::commissions_of(rx, order)?.iter().any(|row| row.beneficiary == person))
}

/// What a code leads to; `None` for a code that is not ours.
///
/// # Errors
/// Whatever the store says.
pub fn preview(rx: &mut Rx, ctx: &Ctx, code: &str) -> Result<Option<EntryPreview>, DbError> {
    entries::preview(rx, ctx, code)
}

/// What a merchant owes for commissions that are frozen or held, in minor units.
///
/// # Errors
/// Whatever the store says.
pub fn waiting(rx: &mut Rx, merchant: MerchantId) -> Result<i64, DbError> {
    store::waiting_of(rx, merchant)
}

/// A guest turned out to be a member: the guest's touches become the member's, and who brought the guest in has
/// brought the member, unless that is settled already.
///
/// # Errors
/// Whatever the store says.
pub fn merge_guest(tx: &mut Tx, guest: PersonId, member: PersonId) -> Result<(), DbError> {
    store::move_touches(tx, guest, member)?;
    if let Some(parent) = store::find_node(tx, guest)?.and_then(|node| node.parent) {
        forest::bind(tx, member, parent)?;
    }
    store::remove_node(tx, guest)
}
