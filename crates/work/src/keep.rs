//! Upkeep of what the store itself writes: events that were delivered, marks of commits.

use db::{DbError, Tx, params};

use crate::{Failure, JobHandler, Progress, Upkeep};

/// How long a delivered event is kept, with the marks of those who have dealt with it: 7 days and an hour.
const EVENTS_KEPT_S: i64 = 7 * 86_400 + 3_600;
/// How long the mark of a commit is kept; it is read within seconds or never.
const COMMITS_KEPT_S: i64 = 86_400;
/// Each event has a few marks, which go with it.
const EVENTS_BATCH: i64 = 80;
const COMMITS_BATCH: i64 = 500;

/// The upkeep of events and commits.
pub fn upkeep() -> Vec<JobHandler> {
    vec![
        Upkeep { kind: "work.purge_events", every_s: 600, run: |tx, _| purge_events(tx) }.into(),
        Upkeep { kind: "work.purge_commits", every_s: 3_600, run: |tx, _| purge_commits(tx) }.into(),
    ]
}

/// The oldest delivered events that are past their time, but for those somebody could not deal with: a person looks
/// at them.
macro_rules! old_events {
    ($columns:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM db_outbox o
              WHERE o.published = 1 AND o.published_at < :old
                AND NOT EXISTS (SELECT 1 FROM work_stuck s WHERE s.event = o.id AND s.state = 'dead')
              ORDER BY o.published_at, o.aggregate, o.seq LIMIT :batch"
        )
    };
}

/// INVARIANT: a mark in the inbox has its event in the outbox. Both go in one transaction, the mark first.
fn purge_events(tx: &mut Tx) -> Result<Progress, Failure> {
    let old = tx.now().plus_seconds(-EVENTS_KEPT_S);
    let which = params!["old" => old, "batch" => EVENTS_BATCH];
    tx.execute(concat!("DELETE FROM work_inbox WHERE event IN (", old_events!("o.id"), ")"), which)?;
    tx.execute(concat!("DELETE FROM work_stuck WHERE event IN (", old_events!("o.id"), ")"), which)?;
    let removed = tx.execute(
        concat!("DELETE FROM db_outbox WHERE (aggregate, seq) IN (", old_events!("o.aggregate, o.seq"), ")"),
        which,
    )?;
    Ok(Progress::by_count(removed, EVENTS_BATCH.unsigned_abs()))
}

fn purge_commits(tx: &mut Tx) -> Result<Progress, Failure> {
    let old = tx.now().plus_seconds(-COMMITS_KEPT_S);
    let removed: Result<u64, DbError> = db::purge_commits(tx, old, COMMITS_BATCH);
    Ok(Progress::by_count(removed?, COMMITS_BATCH.unsigned_abs()))
}
