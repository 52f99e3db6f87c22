//! Timers of orders, and what follows when teams close.

use base::{OrderId, PaymentId, RefundId};
use db::Tx;
use serde::{Deserialize, Serialize};
use work::{Failure, JobHandler, JobRow, JobRun};

use crate::model::{Line, Order, OrderState};
use crate::refund_order::{LADDER, Refund, RefundPart, refund};
use crate::{cancel_order, fulfil_order, paid, store};

/// The time to pay is over.
pub(crate) const UNPAID: &str = "orders.unpaid";
/// Nobody has confirmed the receipt.
pub(crate) const RECEIVED: &str = "orders.received";
/// The return window is over.
pub(crate) const COMPLETE: &str = "orders.complete";
/// Money has come through a provider.
pub(crate) const ARRIVED: &str = "orders.arrived";
/// The team has succeeded.
pub(crate) const TEAM_SUCCEEDED: &str = "orders.team_succeeded";
/// The team has failed.
pub(crate) const TEAM_FAILED: &str = "orders.team_failed";

pub(crate) fn handlers() -> Vec<JobHandler> {
    let run = |kind, run| JobHandler { kind, run: JobRun::Store(run) };
    vec![
        run(UNPAID, unpaid),
        run(RECEIVED, received),
        run(COMPLETE, complete),
        run(ARRIVED, arrived),
        run(TEAM_SUCCEEDED, team_succeeded),
        run(TEAM_FAILED, team_failed),
    ]
}

fn find(tx: &mut Tx, job: &JobRow) -> Result<Option<Order>, Failure> {
    let id: OrderId = Failure::check(job.key.parse())?;
    Ok(store::find_order(tx, id)?)
}

fn unpaid(tx: &mut Tx, job: &JobRow) -> Result<(), Failure> {
    let order = find(tx, job)?.filter(|order| order.state() == OrderState::Unpaid);
    match order {
        Some(order) => Ok(cancel_order::end_unpaid(tx, order, None)?),
        None => Ok(()),
    }
}

fn received(tx: &mut Tx, job: &JobRow) -> Result<(), Failure> {
    if let Some(order) = find(tx, job)? {
        fulfil_order::receive(tx, order, None)?;
    }
    Ok(())
}

fn complete(tx: &mut Tx, job: &JobRow) -> Result<(), Failure> {
    match find(tx, job)? {
        Some(order) => Failure::check(fulfil_order::complete(tx, order)),
        None => Ok(()),
    }
}

/// The key of the job that uses money of one payment for one order.
pub(crate) fn arrived_key(payment: PaymentId, order: OrderId) -> String {
    format!("{payment} {order}")
}

fn arrived(tx: &mut Tx, job: &JobRow) -> Result<(), Failure> {
    let (payment, order) = job.key.split_once(' ').ok_or_else(|| Failure::of("malformed key"))?;
    let (payment, order) = (Failure::check(payment.parse())?, Failure::check(order.parse())?);
    Failure::check(paid::money_arrived(tx, payment, order))?;
    Ok(())
}

/// What a ladder gives back.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Ladder {
    pub(crate) refund_per_unit: i64,
}

fn team_succeeded(tx: &mut Tx, job: &JobRow) -> Result<(), Failure> {
    let ladder: Ladder = Failure::check(serde_json::from_str(&job.payload))?;
    let Some(mut order) = find(tx, job)?.filter(|order| order.state() == OrderState::Paid) else {
        return Ok(());
    };
    order.confirmed_at = Some(tx.now());
    order.team = deals::api::team_of(tx, order.id)?;
    let lines = store::lines(tx, order.id)?;
    store::note(tx, &order, "team_succeeded", None)?;
    fulfil_order::hand_over(tx, &mut order, &lines)?;
    store::update_order(tx, &order)?;
    if ladder.refund_per_unit < 1 {
        return Ok(());
    }
    let order = find(tx, job)?.ok_or_else(|| Failure::of("the order has gone"))?;
    let back: Vec<RefundPart> = lines
        .iter()
        .map(|line| RefundPart {
            line: line.line,
            amount_minor: given_back(line, ladder.refund_per_unit)
                .min(line.total.saturating_sub(line.refunded)),
            units: 0,
        })
        .filter(|part| part.amount_minor > 0)
        .collect();
    let id: RefundId = tx.new_id();
    let reason = LADDER.to_owned();
    let what = Refund { id, lines: back, shipping: 0, reason, actor: None, is_by_staff: false };
    Failure::check(refund(tx, order, &what))?;
    Ok(())
}

/// What a ladder gives back of a line: of what was paid for it, the share by which the price of one has gone down. A
/// line that was paid with less because of another reduction gets less back, and never all: goods are not given away.
fn given_back(line: &Line, per_unit: i64) -> i64 {
    let stays = i128::from(line.total).saturating_mul(i128::from(line.unit.saturating_sub(per_unit)));
    let stays = stays.checked_div(i128::from(line.unit)).unwrap_or(0).max(1);
    line.total.saturating_sub(i64::try_from(stays).unwrap_or(line.total)).max(0)
}

fn team_failed(tx: &mut Tx, job: &JobRow) -> Result<(), Failure> {
    let Some(order) = find(tx, job)?.filter(|order| order.state() == OrderState::Paid) else { return Ok(()) };
    let lines = store::lines(tx, order.id)?;
    store::note(tx, &order, "team_failed", None)?;
    let id: RefundId = tx.new_id();
    let whole = Refund::whole(id, &order, &lines, "team_failed");
    let order_id = order.id;
    Failure::check(refund(tx, order, &whole))?;
    deals::api::note_refunded(tx, order_id)?;
    Ok(())
}
