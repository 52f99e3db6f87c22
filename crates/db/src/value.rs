//! Values that go into statements and come out of rows, the same on both engines.

use base::{Currency, Id, Text, Timestamp};
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::DbError;

/// A statement parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// BIGINT; booleans are 0 and 1.
    Int(i64),
    /// TEXT.
    Text(String),
    /// BLOB or BYTEA; ids are 16 bytes.
    Bytes(Vec<u8>),
}

/// A named parameter.
pub type Param = (&'static str, Value);

/// Builds the parameters of a statement: `params!["id" => order, "state" => "open"]`.
#[macro_export]
macro_rules! params {
    ($($name:literal => $value:expr),* $(,)?) => { &[$(($name, $crate::Value::from($value))),*] };
}

macro_rules! from {
    ($($type:ty, $value:ident => $into:expr;)+) => {$(
        impl From<$type> for Value {
            fn from($value: $type) -> Self { $into }
        }
    )+};
}

from! {
    i64, value => Value::Int(value);
    i32, value => Value::Int(value.into());
    u32, value => Value::Int(value.into());
    u16, value => Value::Int(value.into());
    bool, value => Value::Int(value.into());
    &str, value => Value::Text(value.to_owned());
    String, value => Value::Text(value);
    &String, value => Value::Text(value.clone());
    Vec<u8>, value => Value::Bytes(value);
    &[u8], value => Value::Bytes(value.to_vec());
    [u8; 32], value => Value::Bytes(value.to_vec());
    Timestamp, value => Value::Int(value.micros());
    Currency, value => Value::Text(value.code().to_owned());
}

impl<const MIN: usize, const MAX: usize> From<&Text<MIN, MAX>> for Value {
    fn from(value: &Text<MIN, MAX>) -> Self {
        Self::Text(value.as_str().to_owned())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(int) => ValueRef::Integer(*int),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut bytes::BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(int) if *ty == Type::INT4 => i32::try_from(*int)?.to_sql(ty, out),
            Self::Int(int) if *ty == Type::INT8 => int.to_sql(ty, out),
            Self::Text(text) if *ty == Type::TEXT || *ty == Type::VARCHAR => text.to_sql(ty, out),
            Self::Bytes(bytes) if *ty == Type::BYTEA => bytes.to_sql(ty, out),
            Self::Int(_) | Self::Text(_) | Self::Bytes(_) => {
                Err(format!("the statement wants {ty} for {self:?}: write CAST(:name AS BIGINT|TEXT)").into())
            }
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A row of an answer, on either engine. Columns are read by position.
pub struct Row<'r>(pub(crate) RowOf<'r>);

pub(crate) enum RowOf<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r postgres::Row),
}

impl Row<'_> {
    /// The value of column `index`, counted from 0.
    ///
    /// # Errors
    /// [`DbError::Bug`] when the column is missing or holds something else.
    pub fn get<T: FromColumn>(&self, index: usize) -> Result<T, DbError> {
        T::from_column(self, index)
    }

    /// The names of the columns and what they hold, whatever that is.
    ///
    /// # Errors
    /// [`DbError::Bug`] for a column of a type that no table has.
    pub fn columns(&self) -> Result<Vec<(String, Value)>, DbError> {
        match self.0 {
            RowOf::Sqlite(row) => sqlite_columns(row),
            RowOf::Postgres(row) => postgres_columns(row),
        }
    }

    fn raw<T: rusqlite::types::FromSql + for<'a> postgres::types::FromSql<'a>>(
        &self,
        index: usize,
    ) -> Result<T, DbError> {
        match self.0 {
            RowOf::Sqlite(row) => row.get(index).map_err(|error| DbError::Bug(error.to_string())),
            RowOf::Postgres(row) => row.try_get(index).map_err(|error| DbError::Bug(error.to_string())),
        }
    }
}

fn sqlite_columns(row: &rusqlite::Row<'_>) -> Result<Vec<(String, Value)>, DbError> {
    use rusqlite::types::ValueRef;
    let bug = |error: rusqlite::Error| DbError::Bug(error.to_string());
    let names = row.as_ref().column_names();
    let mut columns = Vec::with_capacity(names.len());
    for (index, name) in names.into_iter().enumerate() {
        let value = match row.get_ref(index).map_err(bug)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(int) => Value::Int(int),
            ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
            ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
            ValueRef::Real(_) => return Err(DbError::Bug(format!("{name} is no whole number"))),
        };
        columns.push((name.to_owned(), value));
    }
    Ok(columns)
}

fn postgres_columns(row: &postgres::Row) -> Result<Vec<(String, Value)>, DbError> {
    fn read<'r, T: postgres::types::FromSql<'r>>(
        row: &'r postgres::Row,
        index: usize,
        value: fn(T) -> Value,
    ) -> Result<Value, DbError> {
        let found: Option<T> = row.try_get(index).map_err(|error| DbError::Bug(error.to_string()))?;
        Ok(found.map_or(Value::Null, value))
    }
    let mut columns = Vec::with_capacity(row.len());
    for (index, column) in row.columns().iter().enumerate() {
        let value = match *column.type_() {
            Type::TEXT | Type::VARCHAR => read(row, index, Value::Text)?,
            Type::BYTEA => read(row, index, Value::Bytes)?,
            _ => read(row, index, |int: Int| Value::Int(int.0))?,
        };
        columns.push((column.name().to_owned(), value));
    }
    Ok(columns)
}

/// What a column can be read as.
pub trait FromColumn: Sized {
    /// Reads column `index` of `row`.
    ///
    /// # Errors
    /// [`DbError::Bug`] when the column is missing or holds something else.
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self, DbError>;
}

macro_rules! plain_columns {
    ($($type:ty),+) => {$(
        impl FromColumn for $type {
            fn from_column(row: &Row<'_>, index: usize) -> Result<Self, DbError> { row.raw(index) }
        }
        impl FromColumn for Option<$type> {
            fn from_column(row: &Row<'_>, index: usize) -> Result<Self, DbError> { row.raw(index) }
        }
    )+};
}

plain_columns!(String, Vec<u8>);

/// A whole number of whatever width: PostgreSQL takes a constant in a SELECT for four bytes.
struct Int(i64);

impl rusqlite::types::FromSql for Int {
    fn column_result(value: rusqlite::types::ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
        value.as_i64().map(Self)
    }
}

impl<'a> postgres::types::FromSql<'a> for Int {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        match *ty {
            Type::INT2 => i16::from_sql(ty, raw).map(i64::from),
            Type::INT4 => i32::from_sql(ty, raw).map(i64::from),
            _ => i64::from_sql(ty, raw),
        }
        .map(Self)
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT2 | Type::INT4 | Type::INT8)
    }
}

macro_rules! mapped_columns {
    ($($type:ty, $raw:ty, $map:expr;)+) => {$(
        impl FromColumn for $type {
            fn from_column(row: &Row<'_>, index: usize) -> Result<Self, DbError> {
                let map: fn($raw) -> Result<$type, DbError> = $map;
                map(row.raw(index)?)
            }
        }
        impl FromColumn for Option<$type> {
            fn from_column(row: &Row<'_>, index: usize) -> Result<Self, DbError> {
                let map: fn($raw) -> Result<$type, DbError> = $map;
                row.raw::<Option<$raw>>(index)?.map(map).transpose()
            }
        }
    )+};
}

mapped_columns! {
    i64, Int, |value| Ok(value.0);
    bool, Int, |value| Ok(value.0 != 0);
    u32, Int, |value| u32::try_from(value.0).or(Err(DbError::Bug(format!("{} is not a u32", value.0))));
    Timestamp, Int, |value| Ok(Timestamp::from_micros(value.0));
    Currency, String, |value| value.parse().or(Err(DbError::Bug(format!("{value} is not a currency"))));
    [u8; 32], Vec<u8>, |value| value.try_into().or(Err(DbError::Bug("not 32 bytes".to_owned())));
}

macro_rules! id_columns {
    ($($id:ident),+) => {$(
        impl From<base::$id> for Value {
            fn from(value: base::$id) -> Self { Self::Bytes(value.bytes().to_vec()) }
        }
        impl FromColumn for base::$id {
            fn from_column(row: &Row<'_>, index: usize) -> Result<Self, DbError> {
                id_from(row.raw(index)?)
            }
        }
        impl FromColumn for Option<base::$id> {
            fn from_column(row: &Row<'_>, index: usize) -> Result<Self, DbError> {
                row.raw::<Option<Vec<u8>>>(index)?.map(id_from).transpose()
            }
        }
    )+};
}

fn id_from<T: Id>(bytes: Vec<u8>) -> Result<T, DbError> {
    match <[u8; 16]>::try_from(bytes) {
        Ok(bytes) => Ok(T::from_bytes(bytes)),
        Err(_) => Err(DbError::Bug(format!("not an id of kind {}", T::PREFIX))),
    }
}

base::for_each_id!(id_columns);
