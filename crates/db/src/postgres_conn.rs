//! One connection to PostgreSQL, with statements that travel together.
//!
//! A statement whose answer nobody needs now is kept back and sent with the next one that is waited for, in one round
//! trip. `BEGIN` is kept back too, and `COMMIT` takes the last of them along. The server runs them in the order they
//! were sent, and after one that fails none of the others: COMMIT is a rollback then.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::{join_all, join3};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, NoTls, Row, Statement};

use crate::sql::Parsed;
use crate::sql_log::SqlLog;
use crate::{DbError, Param, Value};

/// Statements kept back before they are sent all the same.
const KEPT_MAX: usize = 24;
/// How long one of the hosts in an address may take to answer, unless the address says otherwise, and how long it may
/// take in all until the connection is ready.
const HOST_MAX: Duration = Duration::from_secs(2);
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// How long a round trip may take: until the closure's time is over, but within these bounds. The upper one is more than
/// the server gives a statement.
const TRIP_MIN: Duration = Duration::from_secs(5);
const TRIP_MAX: Duration = Duration::from_secs(20);

/// How many rows a statement that was kept back has to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expect {
    /// Any number.
    Any,
    /// One; else somebody else was faster.
    One,
    /// The rows it inserts are new; where a key is taken, somebody else was faster.
    New,
}

impl Expect {
    /// What a failure of such a statement means.
    pub(crate) fn judge(self, error: DbError) -> DbError {
        match error {
            DbError::Unique(_) if self == Self::New => DbError::Conflict,
            error => error,
        }
    }
}

struct Kept {
    statement: Statement,
    values: Vec<Value>,
    expect: Expect,
}

/// What a round trip ends with.
enum Last<'a> {
    Nothing,
    Query(&'a Statement, &'a [&'a Value]),
    Execute(&'a Statement, &'a [&'a Value]),
    Plain(&'a str),
}

enum Answer {
    Nothing,
    Rows(Vec<Row>),
    Count(u64),
}

pub(crate) struct PgConn {
    runtime: tokio::runtime::Runtime,
    client: Client,
    prepared: HashMap<String, (Statement, Arc<Parsed>)>,
    begin: Option<&'static str>,
    /// Whether the server has a transaction of ours.
    is_open: bool,
    kept: Vec<Kept>,
    /// Until when whoever uses the connection wants to wait.
    deadline: Instant,
    log: Arc<SqlLog>,
    trips: Arc<AtomicU64>,
}

impl PgConn {
    /// Connects; the error says why that was not possible now.
    pub(crate) fn connect(url: &str, log: Arc<SqlLog>, trips: Arc<AtomicU64>) -> Result<Self, String> {
        let mut config: Config = url.parse().map_err(|error| told(&error))?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(HOST_MAX);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        #[expect(
            clippy::disallowed_methods,
            reason = "the task ends with the connection, on its own runtime"
        )]
        let ready = async {
            let (client, connection) = config.connect(NoTls).await?;
            // Ends with the connection, whose loss every statement sees for itself.
            tokio::task::spawn(connection);
            // A statement that hangs must not hold its worker for ever; a session left open must not hold locks.
            let settings = "SET statement_timeout = '15s'; SET idle_in_transaction_session_timeout = '30s';
                SET synchronous_commit = on";
            client.batch_execute(settings).await?;
            Ok::<_, tokio_postgres::Error>(client)
        };
        let client = runtime.block_on(async { tokio::time::timeout(CONNECT_MAX, ready).await });
        let client = client.map_err(|_elapsed| format!("no answer within {CONNECT_MAX:?}"))?;
        let client = client.map_err(|error| told(&error))?;
        Ok(Self {
            runtime,
            client,
            prepared: HashMap::new(),
            begin: None,
            is_open: false,
            kept: Vec::new(),
            deadline: Instant::now(),
            log,
            trips,
        })
    }

    /// Says until when whoever uses the connection wants to wait.
    pub(crate) fn set_deadline(&mut self, deadline: Instant) {
        self.deadline = deadline;
    }

    /// Waits for the server's answer. One that does not come in time means that the connection is lost.
    fn wait<T>(&self, answer: impl Future<Output = T>) -> Result<T, DbError> {
        let left = self.deadline.saturating_duration_since(Instant::now()).clamp(TRIP_MIN, TRIP_MAX);
        let timed = self.runtime.block_on(async { tokio::time::timeout(left, answer).await });
        timed.map_err(|_elapsed| DbError::Lost)
    }

    /// Begins a transaction with the next statement.
    pub(crate) fn begin(&mut self, begin: &'static str) {
        self.begin = Some(begin);
        self.kept.clear();
    }

    fn prepare(
        &mut self,
        sql: &str,
        parse: impl Fn(&str) -> Arc<Parsed>,
    ) -> Result<(Statement, Arc<Parsed>), DbError> {
        if let Some((statement, parsed)) = self.prepared.get(sql) {
            return Ok((statement.clone(), Arc::clone(parsed)));
        }
        let parsed = parse(sql);
        self.log.note(&parsed.text);
        self.trips.fetch_add(1, Ordering::Relaxed);
        let prepared = self.wait(self.client.prepare(&parsed.text))?;
        let statement = prepared.map_err(|error| match DbError::from(error) {
            DbError::Bug(text) => DbError::Bug(format!("{text} in: {}", parsed.text)),
            other => other,
        })?;
        self.prepared.insert(sql.to_owned(), (statement.clone(), Arc::clone(&parsed)));
        Ok((statement, parsed))
    }

    pub(crate) fn query(
        &mut self,
        sql: &str,
        params: &[Param],
        each: &mut dyn FnMut(&Row) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        let (statement, parsed) = self.prepare(sql, Parsed::new)?;
        let values = parsed.bind(params)?;
        self.rows(&statement, &values, each)
    }

    pub(crate) fn query_positional(
        &mut self,
        sql: &str,
        values: &[&Value],
        each: &mut dyn FnMut(&Row) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        let (statement, _) = self.prepare(sql, verbatim)?;
        self.rows(&statement, values, each)
    }

    fn rows(
        &mut self,
        statement: &Statement,
        values: &[&Value],
        each: &mut dyn FnMut(&Row) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        match self.exchange(&Last::Query(statement, values))? {
            Answer::Rows(rows) => rows.iter().try_for_each(each),
            Answer::Count(_) | Answer::Nothing => Ok(()),
        }
    }

    pub(crate) fn execute(&mut self, sql: &str, params: &[Param]) -> Result<u64, DbError> {
        let (statement, parsed) = self.prepare(sql, Parsed::new)?;
        let values = parsed.bind(params)?;
        self.run(&statement, &values)
    }

    pub(crate) fn execute_positional(&mut self, sql: &str, values: &[&Value]) -> Result<u64, DbError> {
        let (statement, _) = self.prepare(sql, verbatim)?;
        self.run(&statement, values)
    }

    fn run(&mut self, statement: &Statement, values: &[&Value]) -> Result<u64, DbError> {
        match self.exchange(&Last::Execute(statement, values))? {
            Answer::Count(count) => Ok(count),
            Answer::Rows(_) | Answer::Nothing => Ok(0),
        }
    }

    /// Keeps a statement back until the next one that is waited for.
    pub(crate) fn keep(&mut self, sql: &str, params: &[Param], expect: Expect) -> Result<(), DbError> {
        let (statement, parsed) = self.prepare(sql, Parsed::new)?;
        let values = parsed.bind(params)?.into_iter().cloned().collect();
        self.push(Kept { statement, values, expect })
    }

    /// As [`PgConn::keep`], for parameters that are `$n` already.
    pub(crate) fn keep_positional(&mut self, sql: &str, values: Vec<Value>) -> Result<(), DbError> {
        let (statement, _) = self.prepare(sql, verbatim)?;
        self.push(Kept { statement, values, expect: Expect::Any })
    }

    fn push(&mut self, kept: Kept) -> Result<(), DbError> {
        self.kept.push(kept);
        if self.kept.len() >= KEPT_MAX { self.exchange(&Last::Nothing).map(drop) } else { Ok(()) }
    }

    /// Sends plain SQL without parameters after whatever was kept back.
    pub(crate) fn plain(&mut self, sql: &str) -> Result<(), DbError> {
        self.exchange(&Last::Plain(sql)).map(drop)
    }

    /// Ends the transaction with `marker` and COMMIT. `Err` says that it was not committed, but for
    /// [`DbError::Lost`], which may say either.
    pub(crate) fn commit(&mut self, marker: &str) -> Result<(), DbError> {
        // What a count decides must be known before.
        if self.kept.iter().any(|kept| kept.expect == Expect::One) {
            self.exchange(&Last::Nothing)?;
        }
        if self.begin.is_some() && self.kept.is_empty() && marker.is_empty() {
            self.begin = None;
            return Ok(());
        }
        self.plain(&format!("{marker}COMMIT"))?;
        self.is_open = false;
        Ok(())
    }

    /// Ends the transaction without a trace; `false` when the connection is of no use any more.
    pub(crate) fn roll_back(&mut self) -> bool {
        self.kept.clear();
        self.begin = None;
        // Where nothing was sent, there is nothing to take back.
        if std::mem::replace(&mut self.is_open, false) { self.plain("ROLLBACK").is_ok() } else { true }
    }

    fn exchange(&mut self, last: &Last<'_>) -> Result<Answer, DbError> {
        let (begin, kept) = (self.begin.take(), std::mem::take(&mut self.kept));
        self.is_open |= begin.is_some();
        self.trips.fetch_add(1, Ordering::Relaxed);
        let params: Vec<Vec<&(dyn ToSql + Sync)>> = kept
            .iter()
            .map(|kept| kept.values.iter().map(|value| -> &(dyn ToSql + Sync) { value }).collect())
            .collect();
        let client = &self.client;
        // Futures are polled, and so sent, in the order they stand here.
        let (begun, counts, answer) = self.wait(join3(
            async {
                match begin {
                    Some(begin) => client.batch_execute(begin).await,
                    None => Ok(()),
                }
            },
            join_all(kept.iter().zip(&params).map(|(kept, params)| client.execute(&kept.statement, params))),
            send(client, last),
        ))?;
        begun?;
        for (kept, count) in kept.iter().zip(counts) {
            let count = count.map_err(|error| kept.expect.judge(error.into()))?;
            if count != 1 && kept.expect == Expect::One {
                return Err(DbError::Conflict);
            }
        }
        Ok(answer?)
    }
}

/// An error with what lies behind it.
pub(crate) fn told(error: &tokio_postgres::Error) -> String {
    let mut told = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        told = format!("{told}: {inner}");
        source = inner.source();
    }
    told
}

async fn send(client: &Client, last: &Last<'_>) -> Result<Answer, tokio_postgres::Error> {
    match last {
        Last::Nothing => Ok(Answer::Nothing),
        Last::Plain(sql) => client.batch_execute(sql).await.map(|()| Answer::Nothing),
        Last::Query(statement, values) => {
            client.query(*statement, &dynamic_all(values)).await.map(Answer::Rows)
        }
        Last::Execute(statement, values) => {
            client.execute(*statement, &dynamic_all(values)).await.map(Answer::Count)
        }
    }
}

fn dynamic_all<'a>(values: &'a [&'a Value]) -> Vec<&'a (dyn ToSql + Sync)> {
    values.iter().map(dynamic).collect()
}

fn dynamic<'a>(value: &&'a Value) -> &'a (dyn ToSql + Sync) {
    *value
}

/// For statements whose parameters are `$n` already.
fn verbatim(sql: &str) -> Arc<Parsed> {
    Arc::new(Parsed { text: sql.to_owned(), names: Vec::new() })
}
