//! The store's promises, on both engines.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod lost_commit;
mod outage;
mod overload;
mod unopened;
mod versions;

use db::{DbError, Event, Lane, Migration, Migrations, params};
use testkit::db_test;

const TABLES: Migrations = Migrations {
    module: "probe",
    steps: &[Migration {
        number: 1,
        name: "counters",
        sql: "CREATE TABLE probe_counter (name TEXT NOT NULL PRIMARY KEY, n BIGINT NOT NULL, note TEXT)",
    }],
};

#[derive(serde::Serialize)]
struct Counted {
    name: String,
    n: i64,
}

impl Event for Counted {
    const KIND: &'static str = "probe.counted";
    fn aggregate(&self) -> String {
        self.name.clone()
    }
}

async fn count(db: &db::Db, name: &'static str) -> Option<i64> {
    let get = move |rx: &mut db::Rx| {
        rx.opt("SELECT n FROM probe_counter WHERE name = :name", params!["name" => name], |row| row.get(0))
    };
    db.read::<Option<i64>, DbError, _>(get).await.unwrap()
}

async fn insert(db: &db::Db, name: &'static str, n: i64) -> Result<u64, DbError> {
    db.write(Lane::Interactive, move |tx| {
        tx.execute(
            "INSERT INTO probe_counter (name, n) VALUES (:name, :n) ON CONFLICT (name) DO NOTHING",
            params!["name" => name, "n" => n],
        )
    })
    .await
}

db_test!(an_error_rolls_everything_back, &[TABLES], |store| {
    let refused: Result<(), DbError> = store
        .db
        .write(Lane::Interactive, |tx| {
            tx.execute("INSERT INTO probe_counter (name, n) VALUES ('a', 1)", &[])?;
            Err(DbError::Constraint("no".to_owned()))
        })
        .await;
    assert_eq!(refused, Err(DbError::Constraint("no".to_owned())));
    assert_eq!(count(&store.db, "a").await, None);
    assert_eq!(insert(&store.db, "a", 1).await, Ok(1));
    assert_eq!(insert(&store.db, "a", 2).await, Ok(0));
    assert_eq!(count(&store.db, "a").await, Some(1));
});

db_test!(a_failed_statement_poisons_what_follows, &[TABLES], |store| {
    insert(&store.db, "a", 1).await.unwrap();
    let swallowed: Result<(), DbError> = store
        .db
        .write(Lane::Interactive, |tx| {
            tx.execute("INSERT INTO probe_counter (name, n) VALUES ('b', 1)", &[])?;
            let failed = tx.execute("INSERT INTO probe_counter (name, n) VALUES ('a', 1)", &[]);
            assert!(matches!(failed, Err(DbError::Unique(_))), "{failed:?}");
            let after = tx.execute("INSERT INTO probe_counter (name, n) VALUES ('c', 1)", &[]);
            assert_eq!(after, Err(DbError::Poisoned));
            Ok(())
        })
        .await;
    assert_eq!(swallowed, Err(DbError::Poisoned));
    assert_eq!(count(&store.db, "b").await, None);
});

db_test!(a_panic_rolls_back_and_the_store_lives_on, &[TABLES], |store| {
    let panicked: Result<(), DbError> = store
        .db
        .write(Lane::Interactive, |tx| {
            tx.execute("INSERT INTO probe_counter (name, n) VALUES ('a', 1)", &[])?;
            panic!("as the test wants")
        })
        .await;
    assert_eq!(panicked, Err(DbError::Bug("as the test wants".to_owned())));
    assert_eq!(count(&store.db, "a").await, None);
    assert_eq!(insert(&store.db, "a", 1).await, Ok(1));
});

db_test!(neighbours_in_a_group_do_not_see_what_others_took_back, &[TABLES], |store| {
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0_i64..210 {
        let db = store.db.clone();
        tasks.spawn(async move {
            let answer: Result<(), DbError> = db
                .write(Lane::Interactive, move |tx| {
                    for half in ["a", "b"] {
                        tx.execute(
                            "INSERT INTO probe_counter (name, n) VALUES (:name, :n)",
                            params!["name" => format!("{half}{n}"), "n" => n],
                        )?;
                        match n % 7 {
                            1 => return Err(DbError::Constraint("refused".to_owned())),
                            3 => panic!("as the test wants"),
                            5 => {
                                let twice =
                                    "INSERT INTO probe_counter (name, n) SELECT name, n FROM probe_counter
                                    WHERE name = :name";
                                tx.execute(twice, params!["name" => format!("{half}{n}")])?;
                            }
                            _ => {}
                        }
                    }
                    Ok(())
                })
                .await;
            (n, answer.is_ok())
        });
    }
    for (n, went_well) in tasks.join_all().await {
        assert_eq!(went_well, !matches!(n % 7, 1 | 3 | 5), "{n}");
    }
    let rows = store.db.read::<Vec<(String, i64)>, DbError, _>(|rx| {
        rx.list("SELECT name, n FROM probe_counter ORDER BY n, name LIMIT 500", &[], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
    });
    let kept = (0_i64..210).filter(|n| !matches!(n % 7, 1 | 3 | 5));
    let expected: Vec<_> = kept.flat_map(|n| [(format!("a{n}"), n), (format!("b{n}"), n)]).collect();
    assert_eq!(rows.await.unwrap(), expected);
});

db_test!(guarded_updates_never_pass_their_limit, &[TABLES], |store| {
    insert(&store.db, "left", 50).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let db = store.db.clone();
        let take = |tx: &mut db::Tx| {
            tx.execute("UPDATE probe_counter SET n = n - 1 WHERE name = 'left' AND n >= 1", &[])
        };
        tasks.spawn(async move { db.write::<u64, DbError, _>(Lane::Interactive, take).await });
    }
    let taken: u64 = tasks.join_all().await.into_iter().map(Result::unwrap).sum();
    assert_eq!(taken, 50);
    assert_eq!(count(&store.db, "left").await, Some(0));
});

db_test!(keyed_writes_run_one_after_the_other, &[TABLES], |store| {
    insert(&store.db, "hot", 0).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let db = store.db.clone();
        // Read, compute, write: only safe because the key's queue lets one in at a time.
        let raise = |tx: &mut db::Tx| {
            let n: i64 = tx.one("SELECT n FROM probe_counter WHERE name = 'hot'", &[], |row| row.get(0))?;
            tx.execute("UPDATE probe_counter SET n = :n WHERE name = 'hot'", params!["n" => n + 1])?;
            Ok(n)
        };
        tasks.spawn(async move { db.write_keyed::<i64, DbError, _>(Lane::Interactive, "hot", raise).await });
    }
    let mut seen: Vec<i64> = tasks.join_all().await.into_iter().map(Result::unwrap).collect();
    seen.sort_unstable();
    assert_eq!(seen, (0..100).collect::<Vec<_>>());
});

db_test!(events_of_an_aggregate_have_rising_places_under_concurrency, &[TABLES], |store| {
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..120_i64 {
        let db = store.db.clone();
        let publish = move |tx: &mut db::Tx| tx.publish(&Counted { name: format!("agg{}", n % 3), n });
        tasks.spawn(async move { db.write::<(), DbError, _>(Lane::Interactive, publish).await });
    }
    tasks.join_all().await.into_iter().for_each(Result::unwrap);
    let places: Vec<(String, i64)> = store
        .db
        .read::<_, DbError, _>(|rx| {
            rx.list("SELECT aggregate, seq FROM db_outbox ORDER BY aggregate, seq LIMIT 500", &[], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
        })
        .await
        .unwrap();
    assert_eq!(places.len(), 120);
    assert!(places.windows(2).all(|pair| pair[0] < pair[1]));
});

db_test!(many_rows_go_in_with_one_statement, &[TABLES], |store| {
    let inserted = store
        .db
        .write::<u64, DbError, _>(Lane::Interactive, |tx| {
            let rows: Vec<Vec<db::Value>> =
                (0..500_i64).map(|n| vec![format!("row{n}").into(), n.into(), db::Value::Null]).collect();
            tx.insert("INSERT INTO probe_counter (name, n, note)", &rows, "ON CONFLICT (name) DO NOTHING")
        })
        .await;
    assert_eq!(inserted, Ok(500));
    assert_eq!(count(&store.db, "row499").await, Some(499));
});

db_test!(the_audit_clock_shows_the_present, &[], |store| {
    let now: i64 = store
        .db
        .read::<_, DbError, _>(|rx| rx.one("SELECT now FROM audit_clock", &[], |row| row.get(0)))
        .await
        .unwrap();
    assert!(now > 1_790_000_000_000_000, "{now}");
});

#[test]
fn a_second_process_may_not_open_the_same_file() {
    let folder = tempfile::tempdir().unwrap();
    let options = || {
        let clock = std::sync::Arc::new(base::SystemClock::default());
        let rng = std::sync::Arc::new(base::SystemRng);
        db::DbOptions::new(db::Location::File(folder.path().join("tuan.db")), clock, rng)
    };
    let first = db::Db::open(options(), &[]).unwrap();
    assert!(matches!(db::Db::open(options(), &[]), Err(DbError::Broken(_))));
    first.close();
    drop(first);
    db::Db::open(options(), &[]).unwrap().close();
}

db_test!(a_constant_is_a_number_like_any_other, &[TABLES], |store| {
    let read = |rx: &mut db::Rx| {
        rx.one("SELECT 1, 70000, CAST(NULL AS BIGINT), CASE WHEN 1 = 1 THEN 2 ELSE 3 END", &[], |row| {
            let wide: (i64, u32, Option<i64>) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok((wide, row.get::<Option<i64>>(3)?, row.get::<bool>(0)?))
        })
    };
    let read = store.db.read::<_, DbError, _>(read).await;
    assert_eq!(read, Ok(((1, 70_000, None), Some(2), true)));
});
