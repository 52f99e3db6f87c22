//! Jobs and timers: rows with a time from which on they may run.

use base::Timestamp;
use db::{Db, DbError, Lane, Row, Rx, Tx, params};

use crate::{Failure, JobHandler, JobRun, upkeep};

/// After so many failures a job waits for a person.
const ATTEMPTS_MAX: i64 = 12;
/// First wait after a failure; it doubles each time up to [`BACKOFF_MAX_S`].
const BACKOFF_FIRST_S: i64 = 2;
const BACKOFF_MAX_S: i64 = 3_600;
/// While a job that talks to the outside runs, it is not due again for so long.
const LEASE_S: i64 = 120;

/// A job as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRow {
    /// What is to be done.
    pub kind: String,
    /// With what; unique within the kind, so that a job is never queued twice.
    pub key: String,
    /// Small: ids and numbers, JSON.
    pub payload: String,
    /// From when on it may run.
    pub run_at: Timestamp,
    /// Failures so far.
    pub attempts: i64,
}

/// A job that was given up.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Dead {
    /// What was to be done.
    pub kind: String,
    /// With what.
    pub key: String,
    /// How often it was tried.
    pub attempts: i64,
    /// The last failure.
    pub last_error: String,
}

/// Queues a job, or moves the one already queued under this kind and key to `run_at`.
///
/// # Errors
/// Whatever the store says.
pub fn enqueue(tx: &mut Tx, kind: &str, key: &str, payload: &str, run_at: Timestamp) -> Result<(), DbError> {
    tx.later(
        "INSERT INTO work_job (kind, key, payload, run_at, state, attempts)
         VALUES (:kind, :key, :payload, :run_at, 'waiting', 0)
         ON CONFLICT (kind, key) DO UPDATE SET payload = excluded.payload, run_at = excluded.run_at,
             state = 'waiting', attempts = 0",
        params!["kind" => kind, "key" => key, "payload" => payload, "run_at" => run_at],
    )
}

fn job_row(row: &Row<'_>) -> Result<JobRow, DbError> {
    Ok(JobRow {
        kind: row.get(0)?,
        key: row.get(1)?,
        payload: row.get(2)?,
        run_at: row.get(3)?,
        attempts: row.get(4)?,
    })
}

pub(crate) fn due(rx: &mut Rx, limit: i64) -> Result<Vec<JobRow>, DbError> {
    let now = rx.now();
    rx.list(
        "SELECT kind, key, payload, run_at, attempts FROM work_job
         WHERE state = 'waiting' AND run_at <= :now ORDER BY run_at, kind, key LIMIT :limit",
        params!["now" => now, "limit" => limit],
        job_row,
    )
}

/// How many jobs wait although their time has come.
///
/// # Errors
/// Whatever the store says.
pub fn jobs_due(rx: &mut Rx) -> Result<i64, DbError> {
    let now = rx.now();
    rx.one(
        "SELECT COUNT(*) FROM work_job WHERE state = 'waiting' AND run_at <= :now",
        params!["now" => now],
        |row| row.get(0),
    )
}

/// Jobs of all states, the next first; at most `limit`.
///
/// # Errors
/// Whatever the store says.
pub fn list_jobs(rx: &mut Rx, limit: i64) -> Result<Vec<JobRow>, DbError> {
    rx.list(
        "SELECT kind, key, payload, run_at, attempts FROM work_job ORDER BY run_at, kind, key LIMIT :limit",
        params!["limit" => limit],
        job_row,
    )
}

/// Jobs that were given up, oldest key first.
///
/// # Errors
/// Whatever the store says.
pub fn dead_jobs(rx: &mut Rx) -> Result<Vec<Dead>, DbError> {
    rx.list(
        "SELECT kind, key, attempts, COALESCE(last_error, '') FROM work_job WHERE state = 'dead'
         ORDER BY kind, key LIMIT 1000",
        &[],
        |row| {
            Ok(Dead { kind: row.get(0)?, key: row.get(1)?, attempts: row.get(2)?, last_error: row.get(3)? })
        },
    )
}

/// Queues a given-up job again; `false` when there is none.
///
/// # Errors
/// Whatever the store says.
pub fn replay_job(tx: &mut Tx, kind: &str, key: &str) -> Result<bool, DbError> {
    let now = tx.now();
    let changed = tx.execute(
        "UPDATE work_job SET state = 'waiting', attempts = 0, run_at = :now
         WHERE kind = :kind AND key = :key AND state = 'dead'",
        params!["kind" => kind, "key" => key, "now" => now],
    )?;
    Ok(changed == 1)
}

/// Does one due job; a failure is noted and the job waits longer. `Err` when the store cannot be used: that is no
/// failure of the job, which stays as it is.
pub(crate) async fn run_one(db: &Db, handler: Option<&JobHandler>, job: JobRow) -> Result<(), DbError> {
    let Some(handler) = handler else {
        return note_failure(db, job, "no handler for this kind".to_owned(), ATTEMPTS_MAX).await;
    };
    let done = match &handler.run {
        JobRun::Store(run) => run_in_store(db, *run, job.clone()).await,
        JobRun::Upkeep(work) => upkeep::run(db, *work, job.clone()).await,
        JobRun::Outside(run) => match lease(db, job.clone()).await {
            Ok(true) => match run(job.clone()).await {
                Ok(()) => remove(db, job.clone()).await,
                Err(failure) => Err(failure),
            },
            Ok(false) => Ok(()),
            Err(error) => Err(error.into()),
        },
    };
    match done {
        Ok(()) => Ok(()),
        Err(Failure::Db(error)) if error.is_passing() => Err(error),
        Err(failure) => {
            let attempts_max = if matches!(handler.run, JobRun::Upkeep(_)) { i64::MAX } else { ATTEMPTS_MAX };
            note_failure(db, job, failure.to_string(), attempts_max).await
        }
    }
}

async fn run_in_store(
    db: &Db,
    run: fn(&mut Tx, &JobRow) -> Result<(), Failure>,
    job: JobRow,
) -> Result<(), Failure> {
    db.write(Lane::Background, move |tx| {
        // Gone already: another node did it.
        if take(tx, &job)? { run(tx, &job) } else { Ok(()) }
    })
    .await
}

fn take(tx: &mut Tx, job: &JobRow) -> Result<bool, DbError> {
    let taken = tx.execute(
        "DELETE FROM work_job WHERE kind = :kind AND key = :key AND run_at = :run_at AND state = 'waiting'",
        params!["kind" => &job.kind, "key" => &job.key, "run_at" => job.run_at],
    )?;
    Ok(taken == 1)
}

async fn lease(db: &Db, job: JobRow) -> Result<bool, DbError> {
    let leased = move |tx: &mut Tx| {
        let until = tx.now().plus_seconds(LEASE_S);
        tx.execute(
            "UPDATE work_job SET run_at = :until WHERE kind = :kind AND key = :key AND run_at = :run_at
             AND state = 'waiting'",
            params!["kind" => &job.kind, "key" => &job.key, "run_at" => job.run_at, "until" => until],
        )
    };
    Ok(db.write::<u64, DbError, _>(Lane::Background, leased).await? == 1)
}

async fn remove(db: &Db, job: JobRow) -> Result<(), Failure> {
    let removed = move |tx: &mut Tx| {
        // Queued again in the meantime with other contents: then that stays.
        tx.execute(
            "DELETE FROM work_job WHERE kind = :kind AND key = :key AND payload = :payload",
            params!["kind" => &job.kind, "key" => &job.key, "payload" => &job.payload],
        )
    };
    db.write::<u64, DbError, _>(Lane::Background, removed).await?;
    Ok(())
}

async fn note_failure(db: &Db, job: JobRow, reason: String, attempts_max: i64) -> Result<(), DbError> {
    tracing::warn!(kind = job.kind, key = job.key, attempts = job.attempts, reason, "job failed");
    let noted = move |tx: &mut Tx| {
        let attempts = job.attempts.saturating_add(1);
        let doubled = BACKOFF_FIRST_S.saturating_mul(
            1_i64.checked_shl(attempts.clamp(0, 20).unsigned_abs().try_into().unwrap_or(20)).unwrap_or(1),
        );
        let wait = doubled.min(BACKOFF_MAX_S);
        let state = if attempts >= attempts_max { "dead" } else { "waiting" };
        let run_at = tx.now().plus_seconds(wait);
        tx.execute(
            "UPDATE work_job SET attempts = :attempts, run_at = :run_at, state = :state, last_error = :reason
             WHERE kind = :kind AND key = :key AND attempts < :attempts",
            params![
                "kind" => &job.kind, "key" => &job.key, "attempts" => attempts, "run_at" => run_at,
                "state" => state, "reason" => reason.chars().take(500).collect::<String>()
            ],
        )
    };
    db.write::<u64, DbError, _>(Lane::Background, noted).await?;
    Ok(())
}
