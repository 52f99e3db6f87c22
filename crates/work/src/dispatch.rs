//! From the outbox to the subscribers.
//!
//! No cursor is kept that could run past an event committed late: every event carries its own `published` flag,
//! and stays unpublished until each of its subscribers has dealt with it.

use std::collections::BTreeMap;

use db::{Db, DbError, Lane, Row, Rx, StoredEvent, Tx, params};

use crate::{Failure, Subscriber};

/// Events looked at in one round.
const ROUND_MAX: i64 = 256;
/// After so many failures the subscriber's work on an event is set aside for a person, and later events go on.
const ATTEMPTS_MAX: i64 = 8;
const BACKOFF_S: i64 = 2;

fn event_row(row: &Row<'_>) -> Result<StoredEvent, DbError> {
    Ok(StoredEvent {
        id: row.get(0)?,
        aggregate: row.get(1)?,
        seq: row.get(2)?,
        kind: row.get(3)?,
        version: row.get(4)?,
        payload: row.get(5)?,
        at: row.get(6)?,
    })
}

fn waiting(rx: &mut Rx) -> Result<Vec<StoredEvent>, DbError> {
    rx.list(
        "SELECT id, aggregate, seq, kind, version, payload, at FROM db_outbox
         WHERE published = 0 ORDER BY seq, aggregate LIMIT :limit",
        params!["limit" => ROUND_MAX],
        event_row,
    )
}

/// Delivers what waits, once around; answers how many events got published.
pub(crate) async fn round(db: &Db, subscribers: &[Subscriber]) -> Result<usize, DbError> {
    let events = db.read(waiting).await?;
    let mut lines: BTreeMap<String, Vec<StoredEvent>> = BTreeMap::new();
    for event in events {
        lines.entry(event.aggregate.clone()).or_default().push(event);
    }
    let mut tasks = tokio::task::JoinSet::new();
    for line in lines.into_values() {
        let (db, subscribers) = (db.clone(), subscribers.to_vec());
        tasks.spawn(async move { deliver_line(&db, &subscribers, line).await });
    }
    let mut published = 0_usize;
    while let Some(line) = tasks.join_next().await {
        match line {
            Ok(count) => published = published.saturating_add(count?),
            Err(error) => tracing::error!(%error, "delivery panicked"),
        }
    }
    Ok(published)
}

/// The events of one aggregate, in order; stops at the first that cannot be delivered now.
async fn deliver_line(db: &Db, subscribers: &[Subscriber], line: Vec<StoredEvent>) -> Result<usize, DbError> {
    let mut published = 0_usize;
    for event in line {
        let wanting: Vec<Subscriber> =
            subscribers.iter().filter(|s| s.kinds.contains(&event.kind.as_str())).copied().collect();
        let mut all_done = true;
        for subscriber in wanting {
            all_done &= deliver(db, subscriber, &event).await?;
        }
        if !all_done {
            break;
        }
        let (aggregate, seq) = (event.aggregate.clone(), event.seq);
        db.write::<u64, DbError, _>(Lane::Background, move |tx| {
            let now = tx.now();
            tx.execute(
                "UPDATE db_outbox SET published = 1, published_at = :now
                 WHERE aggregate = :aggregate AND seq = :seq AND published = 0",
                params!["aggregate" => &aggregate, "seq" => seq, "now" => now],
            )
        })
        .await?;
        published = published.saturating_add(1);
    }
    Ok(published)
}

/// `true` when the subscriber has dealt with the event, now or before, or it was set aside.
async fn deliver(db: &Db, subscriber: Subscriber, event: &StoredEvent) -> Result<bool, DbError> {
    let own = event.clone();
    let tried: Result<bool, Failure> = db
        .write(Lane::Background, move |tx| {
            if is_waiting_for_retry(tx, &own, subscriber.name)? {
                return Ok(false);
            }
            if record(tx, &own, subscriber.name)? {
                (subscriber.handle)(tx, &own)?;
            }
            Ok(true)
        })
        .await;
    match tried {
        Ok(done) => Ok(done),
        Err(Failure::Db(
            error @ (DbError::Busy | DbError::Closed | DbError::Broken(_) | DbError::DiskFull),
        )) => Err(error),
        Err(failure) => {
            tracing::warn!(subscriber = subscriber.name, kind = event.kind, %failure, "subscriber failed");
            set_back(db, subscriber.name, event, failure.to_string()).await
        }
    }
}

fn record(tx: &mut Tx, event: &StoredEvent, consumer: &str) -> Result<bool, DbError> {
    let now = tx.now();
    let recorded = tx.execute(
        "INSERT INTO work_inbox (event, consumer, at) VALUES (:event, :consumer, :now)
         ON CONFLICT (event, consumer) DO NOTHING",
        params!["event" => event.id, "consumer" => consumer, "now" => now],
    )?;
    Ok(recorded == 1)
}

fn is_waiting_for_retry(tx: &mut Tx, event: &StoredEvent, consumer: &str) -> Result<bool, DbError> {
    let now = tx.now();
    let retry_at: Option<base::Timestamp> = tx.opt(
        "SELECT retry_at FROM work_stuck WHERE event = :event AND consumer = :consumer AND state = 'waiting'",
        params!["event" => event.id, "consumer" => consumer],
        |row| row.get(0),
    )?;
    Ok(retry_at.is_some_and(|at| at > now))
}

/// Notes the failure; `true` once the event is set aside, so that the others of its aggregate go on.
async fn set_back(
    db: &Db,
    consumer: &'static str,
    event: &StoredEvent,
    reason: String,
) -> Result<bool, DbError> {
    let event = event.clone();
    db.write(Lane::Background, move |tx| {
        let now = tx.now();
        let before: Option<i64> = tx.opt(
            "SELECT attempts FROM work_stuck WHERE event = :event AND consumer = :consumer",
            params!["event" => event.id, "consumer" => consumer],
            |row| row.get(0),
        )?;
        let attempts = before.unwrap_or(0).saturating_add(1);
        let is_given_up = attempts >= ATTEMPTS_MAX;
        tx.execute(
            "INSERT INTO work_stuck (event, consumer, attempts, retry_at, state, last_error)
             VALUES (:event, :consumer, :attempts, :retry_at, :state, :reason)
             ON CONFLICT (event, consumer) DO UPDATE SET attempts = excluded.attempts,
                 retry_at = excluded.retry_at, state = excluded.state, last_error = excluded.last_error",
            params![
                "event" => event.id, "consumer" => consumer, "attempts" => attempts,
                "retry_at" => now.plus_seconds(BACKOFF_S.saturating_mul(attempts)),
                "state" => if is_given_up { "dead" } else { "waiting" },
                "reason" => reason.chars().take(500).collect::<String>(),
            ],
        )?;
        if is_given_up {
            tracing::error!(consumer, kind = event.kind, "an event was set aside");
        }
        Ok(is_given_up)
    })
    .await
}
