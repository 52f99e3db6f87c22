//! Timers of payments.

use base::{Money, PaymentId, RefundId};
use db::Tx;
use work::{Failure, JobHandler, JobRow, JobRun};

use crate::{api, store};

/// The time of a payment is over.
pub(crate) const EXPIRE: &str = "payments.expire";
/// The provider is asked what became of a payment.
pub(crate) const LOOK: &str = "payments.look";
/// The provider is asked to send money back.
pub(crate) const REFUND: &str = "payments.refund";

/// When the provider is asked for the first time, and how often then.
pub(crate) const FIRST_LOOK_S: i64 = 30;
const NEXT_LOOK_S: i64 = 120;
/// How long after its end a payment is still asked for.
const LAST_LOOK_S: i64 = 3_600;

pub(crate) fn handlers() -> Vec<JobHandler> {
    vec![
        JobHandler { kind: EXPIRE, run: JobRun::Store(expire) },
        JobHandler { kind: LOOK, run: JobRun::Store(look) },
        JobHandler { kind: REFUND, run: JobRun::Store(refund) },
    ]
}

fn expire(tx: &mut Tx, job: &JobRow) -> Result<(), Failure> {
    let id: PaymentId = Failure::check(job.key.parse())?;
    api::fail(tx, id, "expired")?;
    Ok(())
}

/// The sandbox answers from a table beside ours; for a provider across the network this is a job of the outside
/// kind that ends in the same command.
fn look(tx: &mut Tx, job: &JobRow) -> Result<(), Failure> {
    let id: PaymentId = Failure::check(job.key.parse())?;
    let Some(payment) = store::find_payment(tx, id)? else { return Ok(()) };
    let is_open = matches!(payment.state.as_str(), "pending" | "failed" | "expired");
    if !is_open {
        return Ok(());
    }
    let Some(charge) = store::find_charge(tx, id)? else { return Ok(()) };
    if charge.state == "paid" {
        if store::record_notice(tx, &format!("look {id}"), Some(id), "received")? {
            Failure::check(api::receive(tx, &payment, Money::new(charge.paid, charge.currency), "paid"))?;
        }
        return Ok(());
    }
    let next = tx.now().plus_seconds(NEXT_LOOK_S);
    if next < payment.expires_at.plus_seconds(LAST_LOOK_S) {
        work::enqueue(tx, LOOK, &job.key, "", next)?;
    }
    Ok(())
}

fn refund(tx: &mut Tx, job: &JobRow) -> Result<(), Failure> {
    let id: RefundId = Failure::check(job.key.parse())?;
    let Some(refund) = store::find_refund(tx, id)? else { return Ok(()) };
    if refund.state == "done" {
        return Ok(());
    }
    if !store::refund_charge(tx, id, refund.payment, refund.amount)? {
        return Err(Failure::of("the provider has not received so much"));
    }
    Failure::check(api::confirm_refund(tx, id))
}
