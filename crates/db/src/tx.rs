//! Transactions: one small surface over two drivers.

use std::ops::{Deref, DerefMut};

use base::{Id, Moment, Timestamp};

use crate::freshness::Tables;
use crate::postgres_conn::{Expect, PgConn};
use crate::sqlite_engine::SqliteConn;
use crate::value::RowOf;
use crate::{DbError, Engine, Event, Param, Row, Value, outbox};

/// Rows one INSERT may carry: 16 columns × 500 rows stay below SQLite's 32,766 parameters.
const ROWS_MAX: usize = 500;

pub(crate) enum Conn {
    Sqlite(Box<SqliteConn>),
    Postgres(Box<PgConn>),
}

/// A read transaction: every statement sees the same snapshot.
pub struct Rx {
    conn: Conn,
    moment: Moment,
    failure: Option<DbError>,
    wrote: bool,
    /// Whether a row may have been changed.
    changed: bool,
    written: Tables,
    statements: u32,
    /// Tables read so far, when somebody wants to know.
    watched: Option<Tables>,
}

/// What a closure leaves behind.
pub(crate) struct Left {
    pub(crate) conn: Conn,
    pub(crate) failure: Option<DbError>,
    pub(crate) wrote: bool,
    pub(crate) written: Tables,
}

/// A write transaction. It is committed when the closure it was given to returns `Ok`, else nothing of it stays.
///
/// A closure may run more than once. It touches only the `Tx` and what it captured; time, ids and randomness come
/// from the `Tx`, which repeats them on every run.
pub struct Tx(Rx);

impl Rx {
    pub(crate) fn new(conn: Conn, moment: Moment) -> Self {
        Self {
            conn,
            moment,
            failure: None,
            wrote: false,
            changed: false,
            written: Tables::default(),
            statements: 0,
            watched: None,
        }
    }

    pub(crate) fn into_parts(self) -> Left {
        Left { conn: self.conn, failure: self.failure, wrote: self.wrote, written: self.written }
    }

    /// Notes from now on which tables are read; for [`Db::mark`](crate::Db::mark).
    pub fn watch_tables(&mut self) {
        self.watched = Some(Tables::default());
    }

    /// The tables read since [`Rx::watch_tables`].
    pub fn tables_watched(&self) -> Tables {
        self.watched.unwrap_or_default()
    }

    fn watch(&mut self, sql: &str) {
        if let Some(watched) = &mut self.watched {
            watched.join(Tables::read_by(sql));
        }
    }

    /// The time this transaction lives at.
    pub fn now(&self) -> Timestamp {
        self.moment.at()
    }

    /// How many statements it has run; so that tests can hold a command to its bound.
    pub fn statements(&self) -> u32 {
        self.statements
    }

    /// The engine underneath. Commands have no business asking; migrations and audits may.
    pub fn engine(&self) -> Engine {
        match self.conn {
            Conn::Sqlite(_) => Engine::Sqlite,
            Conn::Postgres(_) => Engine::Postgres,
        }
    }

    /// The one row of an answer.
    ///
    /// # Errors
    /// [`DbError::Bug`] when there is none or more than one; see [`Rx::list`] for the others.
    pub fn one<T>(
        &mut self,
        sql: &str,
        params: &[Param],
        map: impl FnMut(&Row<'_>) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let found = self.opt(sql, params, map)?;
        found.ok_or_else(|| DbError::Bug(format!("no row for: {sql}")))
    }

    /// The row of an answer, if there is one.
    ///
    /// # Errors
    /// [`DbError::Bug`] when there is more than one; see [`Rx::list`] for the others.
    pub fn opt<T>(
        &mut self,
        sql: &str,
        params: &[Param],
        map: impl FnMut(&Row<'_>) -> Result<T, DbError>,
    ) -> Result<Option<T>, DbError> {
        let mut rows = self.list(sql, params, map)?;
        let first = rows.pop();
        if rows.is_empty() { Ok(first) } else { Err(DbError::Bug(format!("more than one row for: {sql}"))) }
    }

    /// All rows of an answer. The statement bounds their number.
    ///
    /// # Errors
    /// Whatever the engine says; the transaction then takes no further statement.
    pub fn list<T>(
        &mut self,
        sql: &str,
        params: &[Param],
        mut map: impl FnMut(&Row<'_>) -> Result<T, DbError>,
    ) -> Result<Vec<T>, DbError> {
        self.check()?;
        self.watch(sql);
        let mut rows = Vec::new();
        let result = match &mut self.conn {
            Conn::Sqlite(conn) => conn.query(sql, params, &mut |row| {
                rows.push(map(&Row(RowOf::Sqlite(row)))?);
                Ok(())
            }),
            Conn::Postgres(conn) => conn.query(sql, params, &mut |row| {
                rows.push(map(&Row(RowOf::Postgres(row)))?);
                Ok(())
            }),
        };
        self.note(result)?;
        Ok(rows)
    }

    /// The rows for a set of keys: `sql` has one `IN (:in)` and no other parameter. At most 500 keys; none at all
    /// answers nothing without asking.
    ///
    /// # Errors
    /// As [`Rx::list`].
    pub fn list_in<T>(
        &mut self,
        sql: &str,
        keys: &[Value],
        mut map: impl FnMut(&Row<'_>) -> Result<T, DbError>,
    ) -> Result<Vec<T>, DbError> {
        let Some(last) = keys.last() else { return Ok(Vec::new()) };
        if keys.len() > ROWS_MAX {
            return Err(DbError::Bug(format!("{} keys for: {sql}", keys.len())));
        }
        self.check()?;
        self.watch(sql);
        // Padded to a power of two with a repeated key, so that few statements serve all lengths.
        let width = keys.len().next_power_of_two();
        let places: Vec<String> = (1..=width).map(|n| format!("${n}")).collect();
        let sql = sql.replace("(:in)", &format!("({})", places.join(", ")));
        let values: Vec<&Value> = keys.iter().chain(std::iter::repeat(last)).take(width).collect();
        let mut rows = Vec::new();
        let result = match &mut self.conn {
            Conn::Sqlite(conn) => conn.query_positional(&sql, &values, &mut |row| {
                rows.push(map(&Row(RowOf::Sqlite(row)))?);
                Ok(())
            }),
            Conn::Postgres(conn) => conn.query_positional(&sql, &values, &mut |row| {
                rows.push(map(&Row(RowOf::Postgres(row)))?);
                Ok(())
            }),
        };
        self.note(result)?;
        Ok(rows)
    }

    fn check(&self) -> Result<(), DbError> {
        if self.failure.is_some() { Err(DbError::Poisoned) } else { Ok(()) }
    }

    fn note<T>(&mut self, result: Result<T, DbError>) -> Result<T, DbError> {
        self.statements = self.statements.saturating_add(1);
        if let Err(error) = &result {
            self.failure = Some(error.clone());
        }
        result
    }
}

impl Tx {
    pub(crate) fn new(conn: Conn, moment: Moment) -> Self {
        Self(Rx::new(conn, moment))
    }

    pub(crate) fn into_parts(self) -> Left {
        self.0.into_parts()
    }

    /// Runs a statement that changes rows; answers how many it changed.
    ///
    /// # Errors
    /// Whatever the engine says; the transaction then takes no further statement.
    pub fn execute(&mut self, sql: &str, params: &[Param]) -> Result<u64, DbError> {
        self.may_write()?;
        let result = match &mut self.0.conn {
            Conn::Sqlite(conn) => conn.execute(sql, params),
            Conn::Postgres(conn) => conn.execute(sql, params),
        };
        self.counted(sql, result)
    }

    /// Changes the rows of a set of keys with one statement: `sql` has `:lead` and one `IN (:in)` and no other
    /// parameter. At most 500 keys; none at all changes nothing. Answers how many rows it changed.
    ///
    /// # Errors
    /// [`DbError::Bug`] above 500 keys; else as [`Tx::execute`].
    pub fn execute_in(&mut self, sql: &str, lead: &Value, keys: &[Value]) -> Result<u64, DbError> {
        let Some(last) = keys.last() else { return Ok(0) };
        if keys.len() > ROWS_MAX {
            return Err(DbError::Bug(format!("{} keys for: {sql}", keys.len())));
        }
        self.may_write()?;
        // Padded like the keys of `list_in`.
        let width = keys.len().next_power_of_two();
        let places: Vec<String> = (2..=width.saturating_add(1)).map(|n| format!("${n}")).collect();
        let sql = sql.replace(":lead", "$1").replace("(:in)", &format!("({})", places.join(", ")));
        let padded = keys.iter().chain(std::iter::repeat(last)).take(width);
        let values: Vec<&Value> = std::iter::once(lead).chain(padded).collect();
        let result = match &mut self.0.conn {
            Conn::Sqlite(conn) => conn.execute_positional(&sql, &values),
            Conn::Postgres(conn) => conn.execute_positional(&sql, &values),
        };
        self.counted(&sql, result)
    }

    /// Inserts many rows with one statement. `head` is `INSERT INTO table (a, b)`; `tail` may be empty or an
    /// `ON CONFLICT (key) DO NOTHING`. Answers how many rows were inserted.
    ///
    /// # Errors
    /// [`DbError::Bug`] above 500 rows or with uneven rows; else whatever the engine says.
    pub fn insert(&mut self, head: &str, rows: &[Vec<Value>], tail: &str) -> Result<u64, DbError> {
        if rows.is_empty() {
            return Ok(0);
        }
        let sql = rows_sql(head, rows, tail)?;
        self.may_write()?;
        let values: Vec<&Value> = rows.iter().flatten().collect();
        let result = match &mut self.0.conn {
            Conn::Sqlite(conn) => conn.execute_positional(&sql, &values),
            Conn::Postgres(conn) => conn.execute_positional(&sql, &values),
        };
        self.counted(head, result)
    }

    /// Inserts many rows with one statement, as [`Tx::later`] does.
    ///
    /// # Errors
    /// As [`Tx::insert`].
    pub fn insert_later(&mut self, head: &str, rows: &[Vec<Value>], tail: &str) -> Result<(), DbError> {
        if rows.is_empty() {
            return Ok(());
        }
        let sql = rows_sql(head, rows, tail)?;
        self.writes(head)?;
        let result = match &mut self.0.conn {
            Conn::Sqlite(conn) => {
                let values: Vec<&Value> = rows.iter().flatten().collect();
                conn.execute_positional(&sql, &values).map(drop)
            }
            Conn::Postgres(conn) => conn.keep_positional(&sql, rows.concat()),
        };
        self.note(result)
    }

    /// Runs a statement that changes rows, whose number nobody asks for. It may be carried out later than this
    /// call, though before every later statement that is not of this kind: on PostgreSQL it travels with the next.
    /// Should it fail, the whole transaction fails.
    ///
    /// # Errors
    /// Whatever the engine says; the transaction then takes no further statement.
    pub fn later(&mut self, sql: &str, params: &[Param]) -> Result<(), DbError> {
        self.keep(sql, params, Expect::Any)
    }

    /// As [`Tx::later`], for a statement that changes exactly one row unless somebody else was faster; the
    /// transaction then runs again.
    ///
    /// # Errors
    /// [`DbError::Conflict`], now or when the statement is carried out; else whatever the engine says.
    pub fn later_one(&mut self, sql: &str, params: &[Param]) -> Result<(), DbError> {
        self.keep(sql, params, Expect::One)
    }

    /// As [`Tx::later`], for a plain INSERT whose keys are new unless somebody else was faster; the transaction then
    /// runs again. It may travel with the commit, which [`Tx::later_one`] may not.
    ///
    /// # Errors
    /// As [`Tx::later_one`].
    pub fn later_new(&mut self, sql: &str, params: &[Param]) -> Result<(), DbError> {
        self.keep(sql, params, Expect::New)
    }

    /// Whether nothing was changed so far, so that all of it may still be left, or something else be written instead.
    /// Statements whose number of rows nobody waits for count as changes.
    pub fn is_untouched(&self) -> bool {
        !self.0.changed && self.0.failure.is_none()
    }

    fn may_write(&mut self) -> Result<(), DbError> {
        self.check()?;
        self.0.wrote = true;
        Ok(())
    }

    /// A statement is about to be carried out that changes rows, or is taken to.
    fn writes(&mut self, sql: &str) -> Result<(), DbError> {
        self.may_write()?;
        self.changes(sql);
        Ok(())
    }

    fn changes(&mut self, sql: &str) {
        self.0.changed = true;
        self.0.written.join(Tables::written_by(sql));
    }

    /// Notes what came of a statement; one that changed no row has not written its table.
    fn counted(&mut self, sql: &str, result: Result<u64, DbError>) -> Result<u64, DbError> {
        if !matches!(result, Ok(0)) {
            self.changes(sql);
        }
        self.note(result)
    }

    fn keep(&mut self, sql: &str, params: &[Param], expect: Expect) -> Result<(), DbError> {
        self.writes(sql)?;
        let result = match &mut self.0.conn {
            Conn::Sqlite(conn) => match conn.execute(sql, params) {
                Ok(count) if count != 1 && expect == Expect::One => Err(DbError::Conflict),
                other => other.map(drop).map_err(|error| expect.judge(error)),
            },
            Conn::Postgres(conn) => conn.keep(sql, params, expect),
        };
        self.note(result)
    }

    /// A fresh id; the same on every run of the closure.
    pub fn new_id<T: Id>(&mut self) -> T {
        T::from_bytes(self.0.moment.uuid_v7())
    }

    /// 32 random bytes; the same on every run of the closure.
    pub fn random_bytes(&mut self) -> [u8; 32] {
        self.0.moment.bytes()
    }

    /// A random number below `bound`; the same on every run of the closure.
    pub fn random_below(&mut self, bound: u64) -> u64 {
        self.0.moment.below(bound)
    }

    /// Publishes an event: it is delivered at least once, in order among the events of its aggregate, if and only
    /// if this transaction commits.
    ///
    /// # Errors
    /// Whatever the engine says.
    pub fn publish<E: Event>(&mut self, event: &E) -> Result<(), DbError> {
        outbox::insert(self, event)
    }

    /// Ends the transaction with `error`, whatever the closure answers: how a command says that it lost a race it
    /// could only see in a row count, and wants to run again ([`DbError::Conflict`]).
    #[must_use]
    pub fn give_up(&mut self, error: DbError) -> DbError {
        self.0.failure = Some(error.clone());
        error
    }

    /// Into how many rows the engine wants what everyone updates to be spread: one where there is one writer,
    /// many where writers run side by side.
    pub fn spread(&self) -> u32 {
        match self.engine() {
            Engine::Sqlite => 1,
            Engine::Postgres => 1_024,
        }
    }
}

/// `head VALUES ($1, $2), ($3, $4) tail`.
fn rows_sql(head: &str, rows: &[Vec<Value>], tail: &str) -> Result<String, DbError> {
    let width = rows.first().map_or(0, Vec::len);
    if rows.len() > ROWS_MAX || rows.iter().any(|row| row.len() != width) {
        return Err(DbError::Bug(format!("{} rows, or uneven rows, for: {head}", rows.len())));
    }
    // Room for the usual few rows.
    let mut sql = String::with_capacity(512);
    sql.push_str(head);
    sql.push_str(" VALUES ");
    let mut number = 0_usize;
    for row in 0..rows.len() {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..width {
            number = number.saturating_add(1);
            sql.push_str(if column == 0 { "$" } else { ", $" });
            sql.push_str(&number.to_string());
        }
        sql.push(')');
    }
    if !tail.is_empty() {
        sql.push(' ');
        sql.push_str(tail);
    }
    Ok(sql)
}

impl Deref for Tx {
    type Target = Rx;

    fn deref(&self) -> &Rx {
        &self.0
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Rx {
        &mut self.0
    }
}
