//! Events and jobs, on both engines: nothing is skipped, nothing has its effect twice.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod upkeep;

use base::Clock;
use db::{Db, DbError, Event, Lane, Migration, Migrations, StoredEvent, Tx, params};
use testkit::{Store, db_test};
use work::{Failure, JobHandler, JobRow, JobRun, Subscriber, Worker, WorkerOptions};

const PROBE: Migrations = Migrations {
    module: "probe",
    steps: &[Migration {
        number: 1,
        name: "seen",
        sql: "CREATE TABLE probe_seen (place BIGINT NOT NULL PRIMARY KEY, who TEXT NOT NULL, n BIGINT NOT NULL);
              CREATE TABLE probe_switch (name TEXT NOT NULL PRIMARY KEY, n BIGINT NOT NULL);",
    }],
};
const TABLES: &[Migrations] = &[work::MIGRATIONS, PROBE];

#[derive(serde::Serialize, serde::Deserialize)]
struct Counted {
    about: String,
    n: i64,
}

impl Event for Counted {
    const KIND: &'static str = "probe.counted";
    fn aggregate(&self) -> String {
        self.about.clone()
    }
}

/// Writes down what it sees, in the order it sees it.
fn see(tx: &mut Tx, event: &StoredEvent) -> Result<(), Failure> {
    let counted: Counted = Failure::check(serde_json::from_str(&event.payload))?;
    let broken: Option<i64> =
        tx.opt("SELECT n FROM probe_switch WHERE name = 'broken'", &[], |row| row.get(0))?;
    if broken == Some(counted.n) {
        return Err(Failure::of("as the test wants"));
    }
    // Two who see the same last place collide on the key; whoever loses runs again, whatever the isolation.
    let inserted = tx.execute(
        "INSERT INTO probe_seen (place, who, n) SELECT COALESCE(MAX(place), 0) + 1, :who, :n FROM probe_seen
         WHERE place > 0 ON CONFLICT (place) DO NOTHING",
        params!["who" => &event.aggregate, "n" => counted.n],
    )?;
    if inserted == 0 {
        return Err(tx.give_up(DbError::Conflict).into());
    }
    Ok(())
}

fn worker(db: &Db) -> Worker {
    let subscribers = vec![Subscriber { name: "probe", kinds: &["probe.counted"], handle: see }];
    let handlers = vec![JobHandler { kind: "probe.job", run: JobRun::Store(job) }];
    Worker::new(db.clone(), WorkerOptions { subscribers, handlers })
}

fn job(tx: &mut Tx, row: &JobRow) -> Result<(), Failure> {
    let n: i64 = Failure::check(row.key.parse())?;
    if n < 0 && row.attempts < 2 {
        return Err(Failure::of("not yet"));
    }
    tx.execute(
        "INSERT INTO probe_seen (place, who, n) SELECT COALESCE(MAX(place), 0) + 1, 'job', :n FROM probe_seen",
        params!["n" => n],
    )?;
    Ok(())
}

pub(crate) async fn publish(db: &Db, about: &str, n: i64) {
    let about = about.to_owned();
    let write = move |tx: &mut Tx| tx.publish(&Counted { about: about.clone(), n });
    db.write::<(), DbError, _>(Lane::Interactive, write).await.unwrap();
}

async fn seen(db: &Db) -> Vec<(String, i64)> {
    let read = |rx: &mut db::Rx| {
        rx.list("SELECT who, n FROM probe_seen ORDER BY place LIMIT 5000", &[], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
    };
    db.read::<_, DbError, _>(read).await.unwrap()
}

pub(crate) async fn switch(store: &Store, n: i64) {
    let write = move |tx: &mut Tx| {
        tx.execute(
            "INSERT INTO probe_switch (name, n) VALUES ('broken', :n) ON CONFLICT (name) DO UPDATE SET n = excluded.n",
            params!["n" => n],
        )
    };
    store.db.write::<_, DbError, _>(Lane::Interactive, write).await.unwrap();
}

db_test!(no_event_is_skipped_or_doubled_while_many_write_and_two_workers_deliver, TABLES, |store| {
    let stop = work::Tasks::default();
    for _ in 0..2 {
        stop.spawn(worker(&store.db).run(stop.stopping()));
    }
    let mut writers = tokio::task::JoinSet::new();
    for about in 0..6 {
        let db = store.db.clone();
        writers.spawn(async move {
            for n in 0..40 {
                publish(&db, &format!("a{about}"), n).await;
            }
        });
    }
    writers.join_all().await;
    worker(&store.db).settle().await.unwrap();
    stop.stop().await;
    worker(&store.db).settle().await.unwrap();
    let seen = seen(&store.db).await;
    assert_eq!(seen.len(), 240);
    for about in 0..6 {
        let own: Vec<i64> =
            seen.iter().filter(|(who, _)| *who == format!("a{about}")).map(|(_, n)| *n).collect();
        assert_eq!(own, (0..40).collect::<Vec<_>>(), "events of one aggregate come in their order");
    }
});

db_test!(a_failing_subscriber_holds_up_its_own_aggregate_only, TABLES, |store| {
    switch(&store, 1).await;
    for n in 0..3 {
        publish(&store.db, "x", n).await;
        publish(&store.db, "y", n + 10).await;
    }
    worker(&store.db).settle().await.unwrap();
    let of = |seen: &[(String, i64)], who: &str| -> Vec<i64> {
        seen.iter().filter(|(w, _)| w == who).map(|(_, n)| *n).collect()
    };
    let first = seen(&store.db).await;
    assert_eq!((of(&first, "x"), of(&first, "y")), (vec![0], vec![10, 11, 12]));
    switch(&store, -1).await;
    store.clock.advance(60_000_000);
    worker(&store.db).settle().await.unwrap();
    assert_eq!(of(&seen(&store.db).await, "x"), [0, 1, 2]);
});

/// Writes down that somebody saw an event, under that name.
fn note(tx: &mut Tx, who: &str, event: &StoredEvent) -> Result<(), Failure> {
    let counted: Counted = Failure::check(serde_json::from_str(&event.payload))?;
    // As in `see`: whoever loses the place to another runs again.
    let inserted = tx.execute(
        "INSERT INTO probe_seen (place, who, n) SELECT COALESCE(MAX(place), 0) + 1, :who, :n FROM probe_seen
         WHERE place > 0 ON CONFLICT (place) DO NOTHING",
        params!["who" => format!("{who} {}", event.aggregate), "n" => counted.n],
    )?;
    if inserted == 0 { Err(tx.give_up(DbError::Conflict).into()) } else { Ok(()) }
}

/// Of three who want every event, the one in the middle fails where the test wants, after it has written.
fn three(db: &Db) -> Worker {
    fn middle(tx: &mut Tx, event: &StoredEvent) -> Result<(), Failure> {
        note(tx, "middle", event)?;
        let counted: Counted = Failure::check(serde_json::from_str(&event.payload))?;
        let broken: Option<i64> =
            tx.opt("SELECT n FROM probe_switch WHERE name = 'broken'", &[], |row| row.get(0))?;
        if broken == Some(counted.n) { Err(Failure::of("as the test wants")) } else { Ok(()) }
    }
    let kinds: &[&str] = &["probe.counted"];
    let subscribers = vec![
        Subscriber { name: "probe.first", kinds, handle: |tx, event| note(tx, "first", event) },
        Subscriber { name: "probe.middle", kinds, handle: middle },
        Subscriber { name: "probe.last", kinds, handle: |tx, event| note(tx, "last", event) },
    ];
    Worker::new(db.clone(), WorkerOptions { subscribers, handlers: Vec::new() })
}

// Five events of five aggregates are one bundle; the failure of one subscriber over one of them undoes all of it.
db_test!(of_a_bundle_only_what_failed_is_tried_again, TABLES, |store| {
    let stuck = async || -> Vec<(String, i64)> {
        let read = |rx: &mut db::Rx| {
            rx.list(
                "SELECT consumer, attempts FROM work_stuck ORDER BY consumer, event LIMIT 10",
                &[],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
        };
        store.db.read::<_, DbError, _>(read).await.unwrap()
    };
    let sorted = async || {
        let mut all = seen(&store.db).await;
        all.sort_unstable();
        all
    };
    switch(&store, 3).await;
    for n in 0..5 {
        publish(&store.db, &format!("a{n}"), n).await;
    }
    let all = |but: Option<(&str, i64)>| -> Vec<(String, i64)> {
        let of = |who: &'static str| (0..5).map(move |n| (who, n));
        let every = of("first").chain(of("last")).chain(of("middle"));
        every.filter(|one| Some(*one) != but).map(|(who, n)| (format!("{who} a{n}"), n)).collect()
    };
    let unpublished = async || {
        let sql = "SELECT COUNT(*) FROM audit_outbox WHERE published = 0";
        store.db.read::<_, DbError, _>(move |rx| rx.one::<i64>(sql, &[], |row| row.get(0))).await.unwrap()
    };
    three(&store.db).settle().await.unwrap();
    assert_eq!(sorted().await, all(Some(("middle", 3))));
    assert_eq!((stuck().await, unpublished().await), (vec![("probe.middle".to_owned(), 1)], 1));
    // Before its time nothing is tried; then it alone is, and fails again.
    three(&store.db).settle().await.unwrap();
    assert_eq!(stuck().await, [("probe.middle".to_owned(), 1)]);
    store.clock.advance(60_000_000);
    three(&store.db).settle().await.unwrap();
    assert_eq!(sorted().await, all(Some(("middle", 3))));
    assert_eq!(stuck().await, [("probe.middle".to_owned(), 2)]);
    switch(&store, -1).await;
    store.clock.advance(60_000_000);
    three(&store.db).settle().await.unwrap();
    assert_eq!(sorted().await, all(None));
    assert_eq!(unpublished().await, 0);
});

db_test!(an_event_of_a_rolled_back_transaction_is_never_seen, TABLES, |store| {
    let write = |tx: &mut Tx| -> Result<(), DbError> {
        tx.publish(&Counted { about: "x".to_owned(), n: 1 })?;
        Err(DbError::Constraint("no".to_owned()))
    };
    store.db.write(Lane::Interactive, write).await.unwrap_err();
    worker(&store.db).settle().await.unwrap();
    assert!(seen(&store.db).await.is_empty());
});

db_test!(a_job_runs_once_when_its_time_has_come, TABLES, |store| {
    let now = store.clock.now();
    for _ in 0..3 {
        let write = move |tx: &mut Tx| work::enqueue(tx, "probe.job", "7", "", now.plus_seconds(60));
        store.db.write::<_, DbError, _>(Lane::Interactive, write).await.unwrap();
    }
    worker(&store.db).settle().await.unwrap();
    assert!(seen(&store.db).await.is_empty());
    store.clock.advance(60_000_000);
    let (one, two) = (worker(&store.db), worker(&store.db));
    let (first, second) = tokio::join!(one.settle(), two.settle());
    first.unwrap();
    second.unwrap();
    assert_eq!(seen(&store.db).await, [("job".to_owned(), 7)]);
});

db_test!(a_job_that_fails_waits_and_is_tried_again, TABLES, |store| {
    let now = store.clock.now();
    let write = move |tx: &mut Tx| work::enqueue(tx, "probe.job", "-3", "", now);
    store.db.write::<_, DbError, _>(Lane::Interactive, write).await.unwrap();
    for _ in 0..3 {
        worker(&store.db).settle().await.unwrap();
        store.clock.advance(30_000_000);
    }
    assert_eq!(seen(&store.db).await, [("job".to_owned(), -3)]);
});

db_test!(a_job_nobody_knows_is_given_up_and_can_be_replayed, TABLES, |store| {
    let now = store.clock.now();
    let write = move |tx: &mut Tx| work::enqueue(tx, "probe.unknown", "1", "", now);
    store.db.write::<_, DbError, _>(Lane::Interactive, write).await.unwrap();
    for _ in 0..13 {
        worker(&store.db).settle().await.unwrap();
        store.clock.advance(3_600_000_000);
    }
    let dead = store.db.read::<_, DbError, _>(work::dead_jobs).await.unwrap();
    assert_eq!((dead.len(), dead[0].kind.as_str(), dead[0].attempts), (1, "probe.unknown", 12));
    let replay = |tx: &mut Tx| work::replay_job(tx, "probe.unknown", "1");
    assert!(store.db.write::<_, DbError, _>(Lane::Interactive, replay).await.unwrap());
    assert!(store.db.read::<_, DbError, _>(work::dead_jobs).await.unwrap().is_empty());
});
