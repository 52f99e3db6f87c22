//! Upkeep of people: what is long past its time goes.

use db::Tx;
use work::{Failure, JobHandler, Progress, Upkeep};

use crate::store;

/// Codes, counts and sessions removed at once, of each.
const BATCH: i64 = 150;

pub(crate) fn handlers() -> Vec<JobHandler> {
    vec![Upkeep { kind: "people.purge", every_s: 3_600, run: |tx, _| purge(tx) }.into()]
}

fn purge(tx: &mut Tx) -> Result<Progress, Failure> {
    let codes = store::purge_codes(tx, BATCH)?;
    let sessions = store::purge_sessions(tx, BATCH)?;
    Ok(Progress::by_count(codes.max(sessions), BATCH.unsigned_abs()))
}
