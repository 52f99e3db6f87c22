//! Work that comes back: removing what is past its time, adding up what has grown.
//!
//! Each kind is one row in the table of jobs. Whoever takes the row does one bounded batch and queues the next in the
//! same transaction, with the place it has come to; so several nodes do no batch twice, and none is lost in a crash.

use db::{Db, DbError, Lane, Tx, params};

use crate::{Failure, JobHandler, JobRow, JobRun, jobs};

/// The key of the one job of its kind.
const KEY: &str = "upkeep";

/// How far one batch has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There is nothing more to do for now.
    Done,
    /// Go on at this place, at once.
    More(String),
}

impl Progress {
    /// More of the same as long as a batch was full.
    pub fn by_count(done: u64, batch: u64) -> Self {
        if done < batch { Self::Done } else { Self::More(String::new()) }
    }
}

/// A kind of upkeep. It never ends up among the jobs that were given up: a failure is tried again within the hour.
#[derive(Clone, Copy)]
pub struct Upkeep {
    /// The kind of its job: `module.what`.
    pub kind: &'static str,
    /// How long after the last batch it begins anew.
    pub every_s: i64,
    /// Does one batch, of at most 50 statements and 500 rows, from the place given: empty at the beginning.
    pub run: fn(&mut Tx, &str) -> Result<Progress, Failure>,
}

impl From<Upkeep> for JobHandler {
    fn from(upkeep: Upkeep) -> Self {
        Self { kind: upkeep.kind, run: JobRun::Upkeep(upkeep) }
    }
}

/// Queues each kind of upkeep that is not queued yet.
pub(crate) async fn begin(db: &Db, handlers: &[JobHandler]) -> Result<(), DbError> {
    let all: Vec<Upkeep> = handlers
        .iter()
        .filter_map(|handler| match &handler.run {
            JobRun::Upkeep(upkeep) => Some(*upkeep),
            JobRun::Store(_) | JobRun::Outside(_) => None,
        })
        .collect();
    if all.is_empty() {
        return Ok(());
    }
    let queue = move |tx: &mut Tx| {
        for upkeep in &all {
            let run_at = tx.now().plus_seconds(upkeep.every_s);
            tx.execute(
                "INSERT INTO work_job (kind, key, payload, run_at, state, attempts)
                 VALUES (:kind, :key, '', :run_at, 'waiting', 0) ON CONFLICT (kind, key) DO NOTHING",
                params!["kind" => upkeep.kind, "key" => KEY, "run_at" => run_at],
            )?;
        }
        Ok(())
    };
    db.write(Lane::Background, queue).await
}

/// Does one batch and queues the next.
pub(crate) async fn run(db: &Db, upkeep: Upkeep, job: JobRow) -> Result<(), Failure> {
    let batch = move |tx: &mut Tx| -> Result<(), Failure> {
        // A batch has a number, else one that was read before another node did it would look like the next.
        let (number, place) = job.payload.split_once(' ').unwrap_or(("0", ""));
        let number: u64 = Failure::check(number.parse())?;
        if !take(tx, &job)? {
            return Ok(());
        }
        let (payload, wait_s) = match (upkeep.run)(tx, place)? {
            Progress::More(place) => (format!("{} {place}", number.saturating_add(1)), 0),
            Progress::Done => (String::new(), upkeep.every_s),
        };
        let run_at = tx.now().plus_seconds(wait_s);
        Ok(jobs::enqueue(tx, upkeep.kind, KEY, &payload, run_at)?)
    };
    db.write(Lane::Background, batch).await
}

/// `false` when another node has done this batch.
fn take(tx: &mut Tx, job: &JobRow) -> Result<bool, DbError> {
    let taken = tx.execute(
        "DELETE FROM work_job WHERE kind = :kind AND key = :key AND run_at = :run_at AND payload = :payload
         AND state = 'waiting'",
        params!["kind" => &job.kind, "key" => &job.key, "run_at" => job.run_at, "payload" => &job.payload],
    )?;
    Ok(taken == 1)
}
