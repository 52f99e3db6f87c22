//! What orders call about paid cards. Every function takes the caller's transaction.

use base::{MerchantId, OrderId, PersonId, SkuId, Timestamp};
use db::{DbError, Rx, Tx};

use crate::api::DAY;
use crate::card_model;
use crate::card_store::{self, TermRow};

/// The times of a card that is not paid for.
const NEVER: Timestamp = Timestamp::from_micros(0);

/// A line of an order of something virtual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VirtualLine {
    /// Which line.
    pub line: i64,
    /// What is bought.
    pub sku: SkuId,
    /// How many.
    pub qty: i64,
    /// What the line costs, in minor units.
    pub total: i64,
}

/// A card that is not over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenTerm {
    /// The order it was bought with.
    pub order: OrderId,
    /// Its line.
    pub line: i64,
    /// From when on it counts.
    pub starts_at: Timestamp,
    /// What its days that have not begun are worth of what it cost.
    pub unused: i64,
}

/// Writes down which of the lines are cards, with what they give now: that is what is bought.
///
/// # Errors
/// Whatever the store says.
pub fn promise(
    tx: &mut Tx,
    order: OrderId,
    (merchant, person): (MerchantId, PersonId),
    lines: &[VirtualLine],
) -> Result<(), DbError> {
    let skus: Vec<SkuId> = lines.iter().map(|line| line.sku).collect();
    for card in card_store::cards(tx, &skus)? {
        let Some(line) = lines.iter().find(|line| line.sku == card.sku) else { continue };
        let row = TermRow {
            order,
            line: line.line,
            merchant,
            person,
            sku: card.sku,
            title: card.title,
            off_bp: card.off_bp,
            is_freight_free: card.is_freight_free,
            days: card.days.saturating_mul(line.qty),
            paid: line.total,
            starts_at: NEVER,
            ends_at: NEVER,
        };
        card_store::insert_term(tx, &row)?;
    }
    Ok(())
}

/// Begins the cards of an order that is paid for good: each after the end of the last one. Safe to repeat.
///
/// # Errors
/// Whatever the store says.
pub fn begin(tx: &mut Tx, order: OrderId) -> Result<(), DbError> {
    let promised = card_store::terms_of_order(tx, order)?;
    let Some(first) = promised.first() else { return Ok(()) };
    let (merchant, person, now) = (first.merchant, first.person, tx.now());
    card_store::take_turn(tx, merchant, person)?;
    let open = card_store::open_terms(tx, merchant, person, now)?;
    let mut from = open.iter().map(|term| term.ends_at).max().unwrap_or(now);
    for term in promised.iter().filter(|term| term.ends_at == NEVER) {
        let to = from.plus_seconds(term.days.saturating_mul(DAY));
        card_store::set_times(tx, (term.order, term.line), (from, to))?;
        from = to;
    }
    Ok(())
}

/// Keeps others from beginning, ending or giving up cards of the person with the merchant until the transaction is over:
/// who buys at a card's price does, so that no card is given up beside it.
///
/// # Errors
/// Whatever the store says.
pub fn take_turn(tx: &mut Tx, merchant: MerchantId, person: PersonId) -> Result<(), DbError> {
    card_store::take_turn(tx, merchant, person)
}

/// Ends the card of a line whose money has gone back: now, or before it began; those after it move up. Does nothing to
/// a line that is no card, or whose card is over.
///
/// # Errors
/// Whatever the store says.
pub fn end(tx: &mut Tx, order: OrderId, line: i64) -> Result<(), DbError> {
    let found = card_store::terms_of_order(tx, order)?.into_iter().find(|term| term.line == line);
    let Some(found) = found else { return Ok(()) };
    let now = tx.now();
    card_store::take_turn(tx, found.merchant, found.person)?;
    let open = card_store::open_terms(tx, found.merchant, found.person, now)?;
    let Some(term) = open.iter().find(|term| (term.order, term.line) == (order, line)) else { return Ok(()) };
    card_store::set_times(tx, (order, line), (term.starts_at.min(now), now))?;
    let mut from = term.starts_at.max(now);
    for later in open.iter().filter(|later| later.starts_at >= term.ends_at) {
        let to = from.plus_seconds(later.days.saturating_mul(DAY));
        card_store::set_times(tx, (later.order, later.line), (from, to))?;
        from = to;
    }
    Ok(())
}

/// The person's cards with the merchant that are not over, the running one in front.
///
/// # Errors
/// Whatever the store says.
pub fn open_terms(
    rx: &mut Rx,
    merchant: MerchantId,
    person: PersonId,
    now: Timestamp,
) -> Result<Vec<OpenTerm>, DbError> {
    let view = |term: TermRow| {
        let unused = card_model::unused_days(term.starts_at, term.ends_at, now);
        OpenTerm {
            order: term.order,
            line: term.line,
            starts_at: term.starts_at,
            unused: card_model::worth(term.paid, unused, term.days),
        }
    };
    Ok(card_store::open_terms(rx, merchant, person, now)?.into_iter().map(view).collect())
}
