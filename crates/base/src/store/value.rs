use sqlx::{Row as _, postgres::PgRow, sqlite::SqliteRow};

use super::StoreError;
use crate::{Digest, Id, Timestamp};

/// A parameter of a statement. `None` is SQL `NULL` of that type.
#[derive(Clone, Debug)]
pub enum Value {
    Int(Option<i64>),
    Text(Option<String>),
    Bool(Option<bool>),
}

/// `params![a, b]` is `&[Value::from(a), Value::from(b)]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::Value::from($value)),*] };
}

macro_rules! value_from {
    ($($source:ty => $variant:ident($convert:expr)),* $(,)?) => {$(
        impl From<$source> for Value {
            fn from(value: $source) -> Self {
                Self::$variant(Some($convert(value)))
            }
        }
        impl From<Option<$source>> for Value {
            fn from(value: Option<$source>) -> Self {
                Self::$variant(value.map($convert))
            }
        }
    )*};
}

value_from! {
    i64 => Int(|v| v),
    bool => Bool(|v| v),
    String => Text(|v| v),
    &str => Text(str::to_owned),
    &String => Text(String::clone),
    Timestamp => Int(Timestamp::as_micros),
    Digest => Text(|v: Digest| v.to_string()),
    &Digest => Text(|v: &Digest| v.to_string()),
}

impl<T> From<Id<T>> for Value {
    fn from(id: Id<T>) -> Self {
        Self::Text(Some(id.to_string()))
    }
}

impl<T> From<Option<Id<T>>> for Value {
    fn from(id: Option<Id<T>>) -> Self {
        Self::Text(id.map(|id| id.to_string()))
    }
}

/// A row of an answer.
#[derive(Debug)]
pub enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    /// The value of the named column; an error when it is absent or of another type.
    pub fn get<T: Column>(&self, column: &str) -> Result<T, StoreError> {
        T::read(self, column)
    }
}

/// What a column can be read as.
pub trait Column: Sized {
    fn read(row: &Row, column: &str) -> Result<Self, StoreError>;
}

fn unreadable(column: &str, cause: impl ToString) -> StoreError {
    StoreError::Column {
        column: column.to_owned(),
        cause: cause.to_string(),
    }
}

macro_rules! native_column {
    ($($native:ty),*) => {$(
        impl Column for Option<$native> {
            fn read(row: &Row, column: &str) -> Result<Self, StoreError> {
                match row {
                    Row::Sqlite(row) => row.try_get(column),
                    Row::Postgres(row) => row.try_get(column),
                }
                .map_err(|cause| unreadable(column, cause))
            }
        }
        impl Column for $native {
            fn read(row: &Row, column: &str) -> Result<Self, StoreError> {
                // SQLite's driver would read NULL as zero or as an empty text.
                Option::<Self>::read(row, column)?.ok_or_else(|| unreadable(column, "it is NULL"))
            }
        }
    )*};
}

native_column!(i64, bool, String);

macro_rules! domain_column {
    ($([$($generic:tt)*] $domain:ty, $native:ty, $convert:expr);* $(;)?) => {$(
        impl<$($generic)*> Column for $domain {
            fn read(row: &Row, column: &str) -> Result<Self, StoreError> {
                let native = <$native>::read(row, column)?;
                $convert(native).ok_or_else(|| unreadable(column, "malformed value"))
            }
        }
        impl<$($generic)*> Column for Option<$domain> {
            fn read(row: &Row, column: &str) -> Result<Self, StoreError> {
                Option::<$native>::read(row, column)?
                    .map(|native| {
                        $convert(native).ok_or_else(|| unreadable(column, "malformed value"))
                    })
                    .transpose()
            }
        }
    )*};
}

domain_column! {
    [] Timestamp, i64, |micros| Some(Timestamp::from_micros(micros));
    [] Digest, String, |hex| Some(Digest::from_store(hex));
    [T] Id<T>, String, |text: String| Id::parse(&text);
}
