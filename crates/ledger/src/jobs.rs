//! Timers of the ledger.

use base::TransferId;
use db::Tx;
use work::{Failure, JobHandler, JobRow, JobRun, Upkeep};

use crate::{api, roll};

pub(crate) fn handlers() -> Vec<JobHandler> {
    vec![
        JobHandler { kind: api::EXPIRE_JOB, run: JobRun::Store(expire) },
        Upkeep { kind: "ledger.roll", every_s: 600, run: roll::roll }.into(),
    ]
}

fn expire(tx: &mut Tx, job: &JobRow) -> Result<(), Failure> {
    let pending: TransferId = Failure::check(job.key.parse())?;
    Ok(api::expire_hold(tx, pending)?)
}
