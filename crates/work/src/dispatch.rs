//! From the outbox to the subscribers.
//!
//! No cursor is kept that could run past an event committed late: every event carries its own `published` flag,
//! and stays unpublished until each of its subscribers has dealt with it.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;

use base::EventId;
use db::{Db, DbError, Lane, Row, Rx, StoredEvent, Tx, params};

use crate::{Failure, Subscriber};

/// Events looked at in one round.
const ROUND_MAX: i64 = 256;
/// After so many failures the subscriber's work on an event is set aside for a person, and later events go on.
const ATTEMPTS_MAX: i64 = 8;
const BACKOFF_S: i64 = 2;
/// Events that nobody waits for and that are marked with one write.
const UNWANTED_PER_WRITE: usize = 48;
/// Events that are delivered with one write, some six statements each.
const EVENTS_PER_WRITE: usize = 8;

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

/// What a round starts from.
struct Waiting {
    events: Vec<StoredEvent>,
    /// Deliveries that failed and are not due again yet.
    resting: HashSet<(EventId, String)>,
}

fn waiting(rx: &mut Rx) -> Result<Waiting, DbError> {
    let events = rx.list(
        "SELECT id, aggregate, seq, kind, version, payload, at FROM db_outbox
         WHERE published = 0 ORDER BY seq, aggregate LIMIT :limit",
        params!["limit" => ROUND_MAX],
        event_row,
    )?;
    let now = rx.now();
    // Should more be resting than are read here, some are tried early, which does no harm.
    let resting = rx.list(
        "SELECT event, consumer FROM work_stuck WHERE state = 'waiting' AND retry_at > :now
         ORDER BY event, consumer LIMIT 1000",
        params!["now" => now],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(Waiting { events, resting: resting.into_iter().collect() })
}

/// Delivers what waits, once around; answers how many events got published.
pub(crate) async fn round(db: &Db, subscribers: &[Subscriber]) -> Result<usize, DbError> {
    let Waiting { events, resting } = db.read_in(Lane::Background, waiting).await?;
    let resting = Arc::new(resting);
    let wants = |event: &StoredEvent, s: &Subscriber| s.kinds.contains(&event.kind.as_str());
    let (wanted, unwanted): (Vec<_>, Vec<_>) =
        events.into_iter().partition(|event| subscribers.iter().any(|s| wants(event, s)));
    let mut lines: BTreeMap<String, VecDeque<Delivery>> = BTreeMap::new();
    for event in wanted {
        let to = subscribers.iter().filter(|s| wants(&event, s)).copied().collect();
        lines.entry(event.aggregate.clone()).or_default().push_back(Delivery { event, to });
    }
    let mut published = publish_unwanted(db, unwanted).await?;
    published = published.saturating_add(deliver_heads(db, &resting, &mut lines).await?);
    let mut tasks = tokio::task::JoinSet::new();
    for line in lines.into_values() {
        let (db, resting) = (db.clone(), Arc::clone(&resting));
        tasks.spawn(async move { deliver_line(&db, &resting, line).await });
    }
    while let Some(line) = tasks.join_next().await {
        match line {
            Ok(count) => published = published.saturating_add(count?),
            Err(error) => tracing::error!(%error, "delivery panicked"),
        }
    }
    Ok(published)
}

/// Marks events that nobody waits for.
async fn publish_unwanted(db: &Db, events: Vec<StoredEvent>) -> Result<usize, DbError> {
    let mut published = 0_usize;
    for some in events.chunks(UNWANTED_PER_WRITE) {
        let places: Vec<(String, i64)> = some.iter().map(|e| (e.aggregate.clone(), e.seq)).collect();
        let write =
            move |tx: &mut Tx| places.iter().try_for_each(|(aggregate, seq)| publish(tx, aggregate, *seq));
        db.write::<(), DbError, _>(Lane::Background, write).await?;
        published = published.saturating_add(some.len());
    }
    Ok(published)
}

fn publish(tx: &mut Tx, aggregate: &str, seq: i64) -> Result<(), DbError> {
    let now = tx.now();
    tx.later(
        "UPDATE db_outbox SET published = 1, published_at = :now
         WHERE aggregate = :aggregate AND seq = :seq AND published = 0",
        params!["aggregate" => aggregate, "seq" => seq, "now" => now],
    )
}

/// An event and who wants it; at least one does.
#[derive(Clone)]
struct Delivery {
    event: StoredEvent,
    to: Vec<Subscriber>,
}

/// Delivers the first event of each aggregate, several with one write: many events change the same few rows, such as
/// the sums of a day, which would else be written, and fought over, once for each. Should anything in a bundle fail,
/// nothing of it stays, and its events are delivered one by one.
async fn deliver_heads(
    db: &Db,
    resting: &HashSet<(EventId, String)>,
    lines: &mut BTreeMap<String, VecDeque<Delivery>>,
) -> Result<usize, DbError> {
    let is_resting = |delivery: &Delivery| {
        delivery
            .to
            .iter()
            .any(|subscriber| resting.contains(&(delivery.event.id, subscriber.name.to_owned())))
    };
    let heads: Vec<Delivery> =
        lines.values().filter_map(VecDeque::front).filter(|head| !is_resting(head)).cloned().collect();
    let mut published = 0_usize;
    for bundle in heads.chunks(EVENTS_PER_WRITE) {
        let own = bundle.to_vec();
        let tried: Result<(), Failure> = db
            .write(Lane::Background, move |tx| {
                for Delivery { event, to } in &own {
                    for subscriber in to {
                        if record(tx, event, subscriber.name)? {
                            (subscriber.handle)(tx, event)?;
                        }
                    }
                    publish(tx, &event.aggregate, event.seq)?;
                }
                Ok(())
            })
            .await;
        match tried {
            Ok(()) => published = published.saturating_add(bundle.len()),
            Err(Failure::Db(error)) if error.is_passing() => return Err(error),
            Err(_) => continue,
        }
        for Delivery { event, .. } in bundle {
            lines.get_mut(&event.aggregate).and_then(VecDeque::pop_front);
        }
    }
    Ok(published)
}

/// The events of one aggregate, in order; stops at the first that cannot be delivered now.
async fn deliver_line(
    db: &Db,
    resting: &HashSet<(EventId, String)>,
    line: VecDeque<Delivery>,
) -> Result<usize, DbError> {
    let mut published = 0_usize;
    for Delivery { event, to } in line {
        let mut missing = to.len();
        for (place, subscriber) in to.iter().enumerate() {
            if resting.contains(&(event.id, subscriber.name.to_owned())) {
                continue;
            }
            // The last of them publishes in its own transaction, when all others are done.
            let is_last = missing == 1 && place.saturating_add(1) == to.len();
            if deliver(db, *subscriber, &event, is_last).await? {
                missing = missing.saturating_sub(1);
            }
        }
        if missing > 0 {
            break;
        }
        published = published.saturating_add(1);
    }
    Ok(published)
}

/// `true` when the subscriber has dealt with the event, now or before, or it was set aside; with `is_last` the event
/// is published then.
async fn deliver(
    db: &Db,
    subscriber: Subscriber,
    event: &StoredEvent,
    is_last: bool,
) -> Result<bool, DbError> {
    let own = event.clone();
    let tried: Result<(), Failure> = db
        .write(Lane::Background, move |tx| {
            if record(tx, &own, subscriber.name)? {
                (subscriber.handle)(tx, &own)?;
            }
            if is_last {
                publish(tx, &own.aggregate, own.seq)?;
            }
            Ok(())
        })
        .await;
    match tried {
        Ok(()) => Ok(true),
        // It is not the subscriber that failed.
        Err(Failure::Db(error)) if error.is_passing() => Err(error),
        Err(failure) => {
            tracing::warn!(subscriber = subscriber.name, kind = event.kind, %failure, "subscriber failed");
            set_back(db, subscriber.name, event, (failure.to_string(), is_last)).await
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

/// Notes the failure; `true` once the event is set aside, so that the others of its aggregate go on.
async fn set_back(
    db: &Db,
    consumer: &'static str,
    event: &StoredEvent,
    (reason, is_last): (String, bool),
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
            if is_last {
                publish(tx, &event.aggregate, event.seq)?;
            }
            tracing::error!(consumer, kind = event.kind, "an event was set aside");
        }
        Ok(is_given_up)
    })
    .await
}
