//! How a case moves: one step, what follows from it, and who is told.

use base::{CaseId, OrderId, PersonId, RefundId};
use db::{DbError, Rx, Tx};
use orders::api::{OrderFacts, Refund, RefundError, RefundPart, ReplaceError, Replacement};
use rest::{Actor, Denied, Right};
use stock::api::StockError;

use crate::events::CaseMoved;
use crate::jobs;
use crate::model::{Kind, Move, Side, State};
use crate::store::{self, CaseRow, ItemRow};

/// Why a case did not move. Nothing was changed.
#[derive(Debug, thiserror::Error, rest::Problem)]
pub(crate) enum StepError {
    #[error(transparent)]
    #[problem(transparent)]
    Denied(#[from] Denied),
    #[error("the case is {state} and cannot be moved like this; look at it again")]
    #[problem(409, "aftersale.state")]
    State { state: &'static str },
    #[error("say first where goods are sent back to: set the shop's after-sale terms")]
    #[problem(409, "aftersale.no_address")]
    NoAddress,
    #[error("name lines of the case, each once, with at most as many units as came back")]
    #[problem(422, "aftersale.lines")]
    Lines,
    #[error("name an amount from 1 to what was asked for")]
    #[problem(422, "aftersale.beyond_claim")]
    BeyondClaim,
    #[error(transparent)]
    #[problem(transparent)]
    Refund(#[from] RefundError),
    #[error(transparent)]
    #[problem(transparent)]
    Replace(#[from] ReplaceError),
    #[error(transparent)]
    #[problem(transparent)]
    Stock(#[from] StockError),
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// Who does something to a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct By {
    pub(crate) side: Side,
    pub(crate) person: Option<PersonId>,
}

impl By {
    pub(crate) const SYSTEM: Self = Self { side: Side::System, person: None };
}

/// A case of the person who asks, as its buyer.
pub(crate) fn as_buyer(rx: &mut Rx, actor: &Actor, id: CaseId) -> Result<(CaseRow, By), StepError> {
    let row = store::find_case(rx, id)?.filter(|row| row.buyer == actor.person).ok_or(Denied::Unknown)?;
    Ok((row, By { side: Side::Buyer, person: Some(actor.person) }))
}

/// A case of a shop whose refunds the person may make.
pub(crate) fn as_shop(rx: &mut Rx, actor: &Actor, id: CaseId) -> Result<(CaseRow, By), StepError> {
    let row = store::find_case(rx, id)?.ok_or(Denied::Unknown)?;
    actor.may(row.merchant, Right::Refunds)?;
    Ok((row, By { side: Side::Shop, person: Some(actor.person) }))
}

/// Moves a case one step and tells what was said. Whoever is waited for next has its time.
pub(crate) fn step(
    tx: &mut Tx,
    row: &mut CaseRow,
    step: Move,
    by: By,
    (what, words): (&str, &str),
) -> Result<(), StepError> {
    let was_open = row.state.is_open();
    let next = must_be_at(row, step)?;
    row.state = next;
    row.due_at = next.patience_s().map(|seconds| tx.now().plus_seconds(seconds));
    store::update_case(tx, row)?;
    row.version = row.version.saturating_add(1);
    store::insert_turn(tx, row.id, (by.side, by.person), what, words)?;
    if let Some(due) = row.due_at {
        work::enqueue(tx, jobs::DUE, &row.id.to_string(), "", due)?;
    }
    if was_open && !next.is_open() {
        orders::api::end_case(tx, row.order)?;
    }
    tx.publish(&moved(row))?;
    Ok(())
}

/// Where a case stands is the first thing that is looked at.
fn must_be_at(row: &CaseRow, step: Move) -> Result<State, StepError> {
    row.state.after(row.kind, step).ok_or(StepError::State { state: row.state.word() })
}

/// What others are told of a case.
pub(crate) fn moved(row: &CaseRow) -> CaseMoved {
    CaseMoved {
        case: row.id,
        order: row.order,
        merchant: row.merchant,
        buyer: row.buyer,
        state: row.state.word().to_owned(),
    }
}

/// Writes down what a member of staff did.
pub(crate) fn log(tx: &mut Tx, actor: &Actor, row: &CaseRow, act: &str, detail: &str) -> Result<(), DbError> {
    people::api::log_act(tx, actor, Some(row.merchant), act, &row.id.to_string(), detail)
}

/// How a case ends well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    /// Money of it that goes back: at most what was asked for.
    pub(crate) money: i64,
    /// Units of each line that lie on the shelf again.
    pub(crate) shelf: Vec<(i64, i64)>,
}

/// Ends a case with money: what is still there of what was asked for goes back, and units to the shelf.
pub(crate) fn pay(
    tx: &mut Tx,
    row: &mut CaseRow,
    ending: &Ending,
    by: By,
    words: &str,
) -> Result<(), StepError> {
    must_be_at(row, Move::Finish)?;
    if !(0..=row.amount).contains(&ending.money) {
        return Err(StepError::BeyondClaim);
    }
    let items = store::items(tx, row.id)?;
    let order = orders::api::order(tx, row.order)?.ok_or(Denied::Unknown)?;
    let shelf = shelved(tx, &order, &items, &ending.shelf)?;
    let mut left = ending.money;
    let parts: Vec<RefundPart> =
        items.iter().filter_map(|item| part(&order, item, &shelf, &mut left)).collect();
    let shipping = left.min(row.shipping).min(order.shipping.saturating_sub(order.shipping_refunded)).max(0);
    let lines = parts.iter().fold(0_i64, |sum, part| sum.saturating_add(part.amount_minor));
    let sum = lines.saturating_add(shipping);
    row.refunded = sum;
    step(tx, row, Move::Finish, by, ("done", words))?;
    if sum > 0 {
        let id: RefundId = tx.new_id();
        let reason = store::word(row.reason)?;
        let refund = Refund { id, lines: parts, shipping, reason, actor: by.person };
        orders::api::refund(tx, row.order, &refund)?;
    } else {
        let units: Vec<(i64, i64)> = parts.iter().map(|part| (part.line, part.units)).collect();
        orders::api::restock(tx, row.order, &units)?;
    }
    for (order, units) in shelf.replaced {
        orders::api::restock(tx, order, &[(1, units)])?;
    }
    Ok(())
}

fn part(order: &OrderFacts, item: &ItemRow, shelf: &Shelf, left: &mut i64) -> Option<RefundPart> {
    let line = order.lines.iter().find(|line| line.line == item.line)?;
    // The shop may have given some of it back in another way since.
    let amount = item.amount.min(line.total.saturating_sub(line.refunded)).min(*left).max(0);
    *left = left.saturating_sub(amount);
    let units = shelf.own.iter().find(|(line, _)| *line == item.line).map_or(0, |(_, units)| *units);
    Some(RefundPart { line: item.line, amount_minor: amount, units })
}

/// Which units go back to the shelf as whose: those of the order itself, and those of orders that replaced some.
struct Shelf {
    own: Vec<(i64, i64)>,
    replaced: Vec<(OrderId, i64)>,
}

fn shelved(
    tx: &mut Tx,
    order: &OrderFacts,
    items: &[ItemRow],
    wanted: &[(i64, i64)],
) -> Result<Shelf, StepError> {
    let mut shelf = Shelf { own: Vec::new(), replaced: Vec::new() };
    let mut seen = std::collections::BTreeSet::new();
    for (number, units) in wanted {
        let item = items.iter().find(|item| item.line == *number).ok_or(StepError::Lines)?;
        let line = order.lines.iter().find(|line| line.line == *number).ok_or(StepError::Lines)?;
        if !(0..=item.units).contains(units) || !seen.insert(*number) {
            return Err(StepError::Lines);
        }
        let own = line.qty.saturating_sub(line.restocked).min(*units);
        shelf.own.push((*number, own));
        let mut rest = units.saturating_sub(own);
        for case in store::cases_of_order(tx, order.id)? {
            let Some(replacement) = case.replacement.filter(|_| rest > 0) else { continue };
            if !store::items(tx, case.id)?.iter().any(|item| item.line == *number) {
                continue;
            }
            let Some(facts) = orders::api::order(tx, replacement)? else { continue };
            let there = facts.lines.first().map_or(0, |line| line.qty.saturating_sub(line.restocked));
            let units = there.min(rest);
            if units > 0 {
                shelf.replaced.push((replacement, units));
                rest = rest.saturating_sub(units);
            }
        }
        if rest > 0 {
            return Err(StepError::Lines);
        }
    }
    Ok(shelf)
}

/// Ends an exchange with goods: what came back lies on the shelf as far as it can be sold, and others go out.
pub(crate) fn exchange(
    tx: &mut Tx,
    row: &mut CaseRow,
    shelf: &[(i64, i64)],
    by: By,
    words: &str,
) -> Result<(), StepError> {
    let Some(actor) = by.person else { return Err(Denied::Unknown.into()) };
    must_be_at(row, Move::Finish)?;
    let items = store::items(tx, row.id)?;
    let [item] = items.as_slice() else { return Err(StepError::Lines) };
    let order = orders::api::order(tx, row.order)?.ok_or(Denied::Unknown)?;
    let line = order.lines.iter().find(|line| line.line == item.line).ok_or(StepError::Lines)?;
    let shelf = shelved(tx, &order, &items, shelf)?;
    orders::api::restock(tx, row.order, &shelf.own)?;
    for (order, units) in &shelf.replaced {
        orders::api::restock(tx, *order, &[(1, *units)])?;
    }
    let sku = item.to_sku.unwrap_or(line.sku);
    let what = Replacement { order: row.order, line: item.line, sku, qty: item.units, actor };
    row.replacement = Some(orders::api::replace(tx, &what)?);
    step(tx, row, Move::Finish, by, ("exchanged", words))
}

/// The units of a case that never left, as far as they are not on the shelf already.
fn unsent(order: &OrderFacts, items: &[ItemRow]) -> Vec<(i64, i64)> {
    let lines = items.iter().filter_map(|item| {
        let line = order.lines.iter().find(|line| line.line == item.line)?;
        Some((item.line, item.units.min(line.qty.saturating_sub(line.restocked))))
    });
    lines.collect()
}

/// What happens when nobody has moved a case in time.
pub(crate) fn in_time(tx: &mut Tx, mut row: CaseRow) -> Result<(), StepError> {
    let by = By::SYSTEM;
    match (row.state, row.kind) {
        (State::Requested, Kind::Refund | Kind::PriceProtection) => agree_to_pay(tx, &mut row, by, ""),
        (State::Requested, Kind::Return | Kind::Exchange) => {
            if store::terms(tx, row.merchant)?.address.is_some() {
                return step(tx, &mut row, Move::Agree, by, ("agreed", ""));
            }
            // There is nowhere to send it: a person has to look.
            step(tx, &mut row, Move::Decline, by, ("no_answer", ""))?;
            step(tx, &mut row, Move::Dispute, by, ("disputed", ""))
        }
        // Nobody has counted what came back: it is not on the shelf before somebody has.
        (State::GoodsSent, _) => {
            let money = row.amount;
            pay(tx, &mut row, &Ending { money, shelf: Vec::new() }, by, "")
        }
        (State::Declined | State::AwaitingGoods, _) => step(tx, &mut row, Move::Reject, by, ("lapsed", "")),
        (State::Disputed | State::Done | State::Withdrawn | State::Rejected, _) => Ok(()),
    }
}

/// Pays what was asked for without goods coming back; units that never left lie on the shelf again.
pub(crate) fn agree_to_pay(tx: &mut Tx, row: &mut CaseRow, by: By, words: &str) -> Result<(), StepError> {
    let order = orders::api::order(tx, row.order)?.ok_or(Denied::Unknown)?;
    let items = store::items(tx, row.id)?;
    let shelf = if order.shipped_at.is_none() { unsent(&order, &items) } else { Vec::new() };
    let money = row.amount;
    pay(tx, row, &Ending { money, shelf }, by, words)
}
