//! Timers of the stock.

use base::OrderId;
use db::Tx;
use work::{Failure, JobHandler, JobRow, JobRun};

use crate::api;

pub(crate) fn handlers() -> Vec<JobHandler> {
    vec![JobHandler { kind: api::EXPIRE_JOB, run: JobRun::Store(expire) }]
}

fn expire(tx: &mut Tx, job: &JobRow) -> Result<(), Failure> {
    let order: OrderId = Failure::check(job.key.parse())?;
    api::expire(tx, order)?;
    Ok(())
}
