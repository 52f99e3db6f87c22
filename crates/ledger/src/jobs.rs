//! Timers of the ledger.

use base::TransferId;
use db::Tx;
use work::{Failure, JobHandler, JobRow, JobRun};

use crate::api;

pub(crate) fn handlers() -> Vec<JobHandler> {
    vec![JobHandler { kind: api::EXPIRE_JOB, run: JobRun::Store(expire) }]
}

fn expire(tx: &mut Tx, job: &JobRow) -> Result<(), Failure> {
    let pending: TransferId = Failure::check(job.key.parse())?;
    Ok(api::expire_hold(tx, pending)?)
}
