//! Sending sign-in codes.
//!
//! The code is written in clear with its hash, in the transaction that makes it, and taken away as soon as it was
//! handed over, was used or is too old. Handing it over is a job: it is tried again until the code is too old.

use std::sync::Arc;

use base::Timestamp;
use db::{Db, DbError, Lane, Tx};
use work::{Failure, JobHandler, JobRow, JobRun};

use crate::api::Phone;
use crate::store;

/// The job that hands a code over.
const SEND: &str = "people.send_code";

/// A sign-in code to be sent.
#[derive(Clone)]
pub struct SignInSms {
    /// The same for each try, so that a gateway can refuse to send it twice.
    pub id: String,
    /// Where to.
    pub phone: Phone,
    /// Six digits. Not for any log.
    pub code: String,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// Now.
    pub sent_at: Timestamp,
}

/// Hands messages to whoever sends them.
pub trait SmsTransport: Send + Sync + 'static {
    /// Hands a message over; may block, and may be asked again with the same message.
    ///
    /// # Errors
    /// Why it could not, in words for the log: neither the code nor the number may be in them.
    fn send(&self, sms: &SignInSms) -> Result<(), String>;
}

/// How codes are sent. Put into the context's extensions at start; without it codes are not sent at all.
#[derive(Clone)]
pub struct Sms(pub Arc<dyn SmsTransport>);

/// Sends nothing: a demo shows codes on its page. The log says that there is one, not which.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogSms;

impl SmsTransport for LogSms {
    fn send(&self, sms: &SignInSms) -> Result<(), String> {
        tracing::info!(phone = sms.phone.masked(), "a sign-in code is shown on the page of the demo");
        Ok(())
    }
}

/// Queues the sending of a code that was just stored.
pub(crate) fn queue(tx: &mut Tx, phone: &Phone, code_hash: &[u8; 32]) -> Result<(), DbError> {
    let now = tx.now();
    // Logs name a job by its key: a number that says nothing. Who it is for stands in the payload.
    let id: String = hex(code_hash).chars().take(32).collect();
    work::enqueue(tx, SEND, &id, phone.as_str(), now)
}

/// The job that sends codes by `sms`.
pub fn sms_job(db: Db, sms: Sms) -> JobHandler {
    let run = move |job: JobRow| -> std::pin::Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>> {
        let (db, sms) = (db.clone(), sms.clone());
        Box::pin(async move { send(&db, sms, job).await })
    };
    JobHandler { kind: SEND, run: JobRun::Outside(Arc::new(run)) }
}

async fn send(db: &Db, sms: Sms, job: JobRow) -> Result<(), Failure> {
    let phone: Phone = Failure::check(job.payload.parse())?;
    let (wanted, of) = (phone.clone(), job.key.clone());
    let unsent =
        db.read_in::<_, DbError, _>(Lane::Background, move |rx| store::unsent_code(rx, &wanted)).await?;
    // Used, replaced by a newer one, or sent before the program ended: nothing to do.
    let Some(unsent) = unsent.filter(|unsent| hex(&unsent.code_hash).starts_with(&of)) else { return Ok(()) };
    let now = db.clock().now();
    if now < unsent.expires_at {
        let message = SignInSms {
            id: job.key,
            phone: phone.clone(),
            code: unsent.code,
            expires_at: unsent.expires_at,
            sent_at: now,
        };
        let sent = tokio::task::spawn_blocking(move || sms.0.send(&message)).await;
        Failure::check(Failure::check(sent)?)?;
    }
    let forget = move |tx: &mut Tx| store::forget_unsent(tx, &phone, &unsent.code_hash);
    Ok(db.write::<_, DbError, _>(Lane::Background, forget).await?)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
