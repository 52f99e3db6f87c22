//! Timers of payments, and what is asked of providers. Each call to a provider stands between two transactions: what
//! is to be done is written down before, what became of it after.

use std::sync::Arc;

use base::{Money, PaymentId, RefundId};
use db::{Db, DbError, Tx};
use rest::Ctx;
use work::{Failure, JobHandler, JobRow, JobRun, Upkeep};

use crate::method::{Kind, Method};
use crate::provider::{CallError, Charge, Outcome, Provider, RefundOutcome, Reversal, Started};
use crate::providers::{Providers, providers};
use crate::store::charges::{self, ChargeRow, RefundRow};
use crate::store::{self, PaymentRow};
use crate::{api, method, reconcile};

/// The time of a payment is over.
pub(crate) const EXPIRE: &str = "payments.expire";
/// A charge is opened at the provider.
pub(crate) const START: &str = "payments.start";
/// The provider is asked what became of a payment.
pub(crate) const LOOK: &str = "payments.look";
/// The provider is asked to take no money for a payment any more.
pub(crate) const CLOSE: &str = "payments.close";
/// The provider is asked to send money back.
pub(crate) const REFUND: &str = "payments.refund";
/// The keys that a provider signs with are fetched.
pub(crate) const KEYS: &str = "payments.keys";

/// When the provider is asked for the first time, and how often then.
pub(crate) const FIRST_LOOK_S: i64 = 30;
const NEXT_LOOK_S: i64 = 120;
/// How long after its end a payment is still asked for.
const LAST_LOOK_S: i64 = 3_600;
/// How long a refund that is on its way is left alone at first, and at the longest.
const REFUND_LOOK_S: i64 = 60;
const REFUND_LOOK_MAX_S: i64 = 6 * 3_600;

pub(crate) fn handlers() -> Vec<JobHandler> {
    vec![
        JobHandler { kind: EXPIRE, run: JobRun::Store(expire) },
        Upkeep { kind: "payments.bills", every_s: 3_600, run: reconcile::queue }.into(),
    ]
}

fn expire(tx: &mut Tx, job: &JobRow) -> Result<(), Failure> {
    let id: PaymentId = Failure::check(job.key.parse())?;
    api::fail(tx, id, "expired")?;
    Ok(())
}

/// What jobs that ask providers need.
pub(crate) struct Desk {
    pub(crate) db: Db,
    pub(crate) providers: Arc<Providers>,
}

type Errand = fn(&Desk, &JobRow) -> Result<(), Failure>;

/// The jobs that ask providers. They block, so each runs on a thread of its own.
pub(crate) fn outside(ctx: &Ctx) -> Vec<JobHandler> {
    let desk = Arc::new(Desk { db: ctx.db().clone(), providers: providers(ctx) });
    let errand = |kind: &'static str, run: Errand| {
        let desk = Arc::clone(&desk);
        let go = move |job: JobRow| -> std::pin::Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>> {
            let desk = Arc::clone(&desk);
            Box::pin(
                async move { Failure::check(tokio::task::spawn_blocking(move || run(&desk, &job)).await)? },
            )
        };
        JobHandler { kind, run: JobRun::Outside(Arc::new(go)) }
    };
    vec![
        errand(START, start),
        errand(LOOK, look),
        errand(CLOSE, close),
        errand(REFUND, refund),
        errand(KEYS, keys),
        errand(reconcile::BILL, reconcile::reconcile),
    ]
}

/// A payment, as its provider is told of it.
struct Case {
    payment: PaymentRow,
    row: ChargeRow,
    method: Method,
    provider: Arc<dyn Provider>,
    charge: Charge,
}

/// Asks once more about a charge that a bill shows as paid.
pub(crate) fn look_again(desk: &Desk, id: PaymentId) -> Result<(), Failure> {
    let Some(case) = desk.case(id)?.filter(|case| case.row.received == 0) else { return Ok(()) };
    let outcome = Failure::check(case.provider.query(&case.charge))?;
    settle(desk, &case, outcome)?;
    Ok(())
}

/// Asks once more about a refund that a bill shows.
pub(crate) fn look_back(desk: &Desk, id: RefundId) -> Result<(), Failure> {
    let row = desk.db.read_blocking::<_, DbError, _>(move |rx| charges::find_refund(rx, id))?;
    let Some(row) = row.filter(|row| row.state != "done") else { return Ok(()) };
    let Some(case) = desk.case(row.payment)? else { return Ok(()) };
    let known = Failure::check(case.provider.query_refund(&reversal_of(&row, &case)))?;
    if let RefundOutcome::Done { at } = known {
        desk.db.write_blocking(move |tx| Failure::check(api::confirm_refund(tx, id, at)))?;
    }
    Ok(())
}

impl Desk {
    fn case(&self, id: PaymentId) -> Result<Option<Case>, Failure> {
        let read = move |rx: &mut db::Rx| {
            let payment = store::find_payment(rx, id)?;
            Ok::<_, DbError>(payment.zip(charges::find_charge(rx, id)?))
        };
        let Some((payment, row)) = self.db.read_blocking(read)? else { return Ok(None) };
        let method = api::provider_of(&payment)?;
        let provider = self.providers.of(method);
        let provider = provider.ok_or_else(|| Failure::of(format!("{} is not set up", method.word())))?;
        let charge = charge_of(&payment, &row);
        Ok(Some(Case { payment, row, method, provider, charge }))
    }
}

fn charge_of(payment: &PaymentRow, row: &ChargeRow) -> Charge {
    Charge {
        payment: payment.id,
        amount: Money::new(payment.amount, payment.currency),
        kind: Kind::of_word(&row.kind).unwrap_or(Kind::Element),
        account: row.account.clone(),
        address: row.address.clone(),
        title: format!("订单 {}", method::number(payment.id).get(..12).unwrap_or_default()),
        created_at: payment.created_at,
        expires_at: payment.expires_at,
        reference: row.reference.clone(),
    }
}

fn start(desk: &Desk, job: &JobRow) -> Result<(), Failure> {
    let id: PaymentId = Failure::check(job.key.parse())?;
    let Some(case) = desk.case(id)? else { return Ok(()) };
    if case.payment.state != "pending" || case.row.state != "waiting" {
        return Ok(());
    }
    match case.provider.start(&case.charge) {
        Ok(Started { show, reference }) => {
            let page = Failure::check(serde_json::to_string(&show))?;
            let reference = reference.unwrap_or_default();
            desk.db.write_blocking::<_, DbError, _>(move |tx| {
                charges::start_charge(tx, id, &page, &reference)?;
                Ok(())
            })?;
            Ok(())
        }
        Err(CallError::Refused(reason)) => {
            tracing::error!(payment = %id, provider = case.method.word(), reason, "a provider refused a payment");
            desk.db.write_blocking::<_, DbError, _>(move |tx| {
                charges::end_charge(tx, id, "refused")?;
                api::fail(tx, id, "failed")?;
                Ok(())
            })?;
            Ok(())
        }
        Err(error @ CallError::Unclear(_)) => Err(Failure::of(error)),
    }
}

/// Writes down what a provider says of a charge; whether there is nothing more to ask.
fn settle(desk: &Desk, case: &Case, outcome: Outcome) -> Result<bool, Failure> {
    let (id, payment, method) = (case.payment.id, case.payment.clone(), case.method);
    match outcome {
        Outcome::Paid { amount, at } => {
            let note = move |tx: &mut Tx| Failure::check(api::receive(tx, (&payment, method), amount, at));
            desk.db.write_blocking(note)?;
            Ok(true)
        }
        Outcome::Closed => {
            let note = move |tx: &mut Tx| {
                charges::end_charge(tx, id, "closed")?;
                api::fail(tx, id, "failed")?;
                Ok::<_, DbError>(())
            };
            desk.db.write_blocking(note)?;
            Ok(true)
        }
        Outcome::Open | Outcome::Unknown => Ok(false),
    }
}

fn look(desk: &Desk, job: &JobRow) -> Result<(), Failure> {
    let id: PaymentId = Failure::check(job.key.parse())?;
    let Some(case) = desk.case(id)? else { return Ok(()) };
    let is_open = matches!(case.payment.state.as_str(), "pending" | "failed" | "expired");
    if !is_open || case.row.received > 0 {
        return Ok(());
    }
    let outcome = Failure::check(case.provider.query(&case.charge))?;
    if settle(desk, &case, outcome)? {
        return Ok(());
    }
    let expires_at = case.payment.expires_at;
    again(desk, job, NEXT_LOOK_S, move |next| next < expires_at.plus_seconds(LAST_LOOK_S))
}

/// Queues the same job once more, in so many seconds, unless that is too late.
fn again(
    desk: &Desk,
    job: &JobRow,
    in_s: i64,
    is_in_time: impl Fn(base::Timestamp) -> bool + Send + 'static,
) -> Result<(), Failure> {
    // The payload counts, so that the end of this run does not take the next one away.
    let (kind, key) = (job.kind.clone(), job.key.clone());
    let count = times(job).saturating_add(1).to_string();
    desk.db.write_blocking::<_, DbError, _>(move |tx| {
        let next = tx.now().plus_seconds(in_s);
        if is_in_time(next) { work::enqueue(tx, &kind, &key, &count, next) } else { Ok(()) }
    })?;
    Ok(())
}

fn times(job: &JobRow) -> i64 {
    job.payload.parse().unwrap_or(0)
}

fn close(desk: &Desk, job: &JobRow) -> Result<(), Failure> {
    let id: PaymentId = Failure::check(job.key.parse())?;
    let Some(case) = desk.case(id)? else { return Ok(()) };
    if case.row.received > 0 {
        return Ok(());
    }
    let outcome = Failure::check(case.provider.close(&case.charge))?;
    settle(desk, &case, outcome)?;
    Ok(())
}

fn refund(desk: &Desk, job: &JobRow) -> Result<(), Failure> {
    let id: RefundId = Failure::check(job.key.parse())?;
    let row = desk.db.read_blocking::<_, DbError, _>(move |rx| charges::find_refund(rx, id))?;
    let Some(row) = row.filter(|row| row.state != "done") else { return Ok(()) };
    let Some(case) = desk.case(row.payment)? else { return Ok(()) };
    let reversal = reversal_of(&row, &case);
    // What may have been asked before is first looked for: nothing is sent back twice.
    let known = if row.state == "pending" && job.attempts == 0 {
        RefundOutcome::Unknown
    } else {
        Failure::check(case.provider.query_refund(&reversal))?
    };
    let outcome = match known {
        RefundOutcome::Unknown => Failure::check(case.provider.refund(&reversal))?,
        known => known,
    };
    match outcome {
        RefundOutcome::Done { at } => {
            desk.db.write_blocking(move |tx| Failure::check(api::confirm_refund(tx, id, at)))
        }
        RefundOutcome::Pending { reference } => {
            let reference = reference.unwrap_or(row.reference);
            desk.db.write_blocking::<_, DbError, _>(move |tx| charges::send_refund(tx, id, &reference))?;
            let doubled =
                u32::try_from(times(job).clamp(0, 16)).ok().and_then(|n| REFUND_LOOK_S.checked_shl(n));
            again(desk, job, doubled.unwrap_or(REFUND_LOOK_MAX_S).min(REFUND_LOOK_MAX_S), |_| true)
        }
        RefundOutcome::Failed(reason) => Err(Failure::of(format!("the money will not arrive: {reason}"))),
        RefundOutcome::Unknown => {
            Err(Failure::of("the provider does not know the refund it was just asked for"))
        }
    }
}

fn reversal_of(row: &RefundRow, case: &Case) -> Reversal {
    Reversal {
        refund: row.id,
        amount: Money::new(row.amount, row.currency),
        charge: case.charge.clone(),
        paid: if case.row.received > 0 { case.row.received } else { case.payment.amount },
        reference: row.reference.clone(),
    }
}

fn keys(desk: &Desk, job: &JobRow) -> Result<(), Failure> {
    let provider = Method::of_word(&job.key).and_then(|method| desk.providers.of(method));
    match provider {
        Some(provider) => Failure::check(provider.refresh_keys()),
        None => Ok(()),
    }
}
