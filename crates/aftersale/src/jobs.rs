//! Cases that move on by themselves.

use base::CaseId;
use db::{StoredEvent, Tx};
use orders::events::OrderRefunded;
use work::{Failure, JobHandler, JobRow, JobRun, Subscriber};

use crate::model::{Move, State};
use crate::steps::{self, By};
use crate::store;

/// The time of whoever is waited for is over.
pub(crate) const DUE: &str = "aftersale.due";

pub(crate) fn handlers() -> Vec<JobHandler> {
    vec![JobHandler { kind: DUE, run: JobRun::Store(due) }]
}

pub(crate) fn subscribers() -> Vec<Subscriber> {
    let kinds = &["orders.refunded"];
    vec![Subscriber { name: "aftersale.on_order_refunded", kinds, handle: refunded }]
}

fn due(tx: &mut Tx, job: &JobRow) -> Result<(), Failure> {
    let id: CaseId = Failure::check(job.key.parse())?;
    let now = tx.now();
    let row = store::find_case(tx, id)?.filter(|row| row.due_at.is_some_and(|due| due <= now));
    match row {
        Some(row) => Failure::check(steps::in_time(tx, row)),
        None => Ok(()),
    }
}

/// An order that has gone back in full has nothing left to ask for.
fn refunded(tx: &mut Tx, event: &StoredEvent) -> Result<(), Failure> {
    let event: OrderRefunded = Failure::check(serde_json::from_str(&event.payload))?;
    if !event.is_whole {
        return Ok(());
    }
    for mut row in store::cases_of_order(tx, event.order)? {
        let step = match row.state {
            State::Requested | State::Declined | State::Disputed | State::AwaitingGoods => Move::Withdraw,
            // What is on its way back is looked at by the shop.
            State::GoodsSent | State::Done | State::Withdrawn | State::Rejected => continue,
        };
        Failure::check(steps::step(tx, &mut row, step, By::SYSTEM, ("superseded", "")))?;
    }
    Ok(())
}
