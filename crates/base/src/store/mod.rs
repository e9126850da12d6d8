//! One SQL text for two engines.
//!
//! SQL is written once, in the common subset of SQLite and PostgreSQL (`$1` parameters,
//! `ON CONFLICT`, `RETURNING`, columns of `BIGINT`, `TEXT` and `BOOLEAN`). A [`Tx`] writes, a
//! [`Reader`] sees what is committed; both are a [`Conn`], which table functions take to read.

mod address;
mod group_commit;
mod link;
mod schema;
mod sql;
mod value;

use std::{
    ops::{Deref, DerefMut},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use group_commit::{Turn, Writer};
use link::Link;
use sqlx::{
    Connection, Executor, PgConnection, PgPool, Postgres, SqlSafeStr, Sqlite, SqliteConnection,
    SqlitePool,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::time::timeout;

pub use address::StoreAddress;
pub use schema::Schema;
pub use sql::Sql;
pub use value::{Column, Row, Value};

/// How long PostgreSQL may take to let us in.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why the store could not answer. Nothing of the transaction has happened. Each text holds its
/// cause, which is therefore no source of its own.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    #[error(
        "the store address is not understood: {0}; expected sqlite:/path/to/file.db or postgres://user@host/database"
    )]
    Address(String),
    #[error("the store could not be opened: {0}")]
    Open(Arc<sqlx::Error>),
    #[error(
        "{place} cannot be used: {cause}; see that it runs there and lets this machine, the user and the database in, or correct store.address"
    )]
    Unreachable {
        /// The host and the port; no user and no password.
        place: String,
        cause: String,
    },
    #[error("SQLite {0} can lose data after a WAL reset; 3.51.3 or later is needed")]
    OldSqlite(String),
    #[error(
        "the store was written by a newer release: it has step {found} of schema {schema}, this release knows {known}"
    )]
    Newer {
        schema: &'static str,
        found: i64,
        known: i64,
    },
    #[error("the store refused a statement: {0}")]
    Statement(Arc<sqlx::Error>),
    #[error("the store holds a {column} that cannot be read: {cause}")]
    Column { column: String, cause: String },
    #[error("the store could not make the change durable: {0}")]
    Commit(Arc<sqlx::Error>),
    #[error("the store did not answer in time")]
    Silent,
    /// The one case in which the transaction may have happened.
    #[error("the store did not say in time whether the change is durable")]
    Unknown,
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// Whether a row with the same unique key exists already.
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Statement(cause)
            if cause.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation))
    }

    /// Whether others were in the way, so that the same change may succeed when it is made again: a row
    /// that it read is gone (23503), or each waited for the other (40P01, 40001). On SQLite, where one
    /// change runs at a time, it never is.
    pub fn is_collision(&self) -> bool {
        let (Self::Statement(cause) | Self::Commit(cause)) = self else {
            return false;
        };
        let state = cause
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code);
        matches!(state.as_deref(), Some("23503" | "40P01" | "40001"))
    }

    fn statement(cause: sqlx::Error) -> Self {
        Self::Statement(Arc::new(cause))
    }

    fn open(cause: sqlx::Error) -> Self {
        Self::Open(Arc::new(cause))
    }
}

/// The store of everything that must survive: an embedded SQLite file or a PostgreSQL database.
#[derive(Clone, Debug)]
pub enum Store {
    Sqlite { readers: SqlitePool, writer: Writer },
    Postgres(PgPool),
}

impl Store {
    /// Opens `sqlite:/path/to/file.db`, which is created when missing, or `postgres://…`.
    pub async fn open(address: &str) -> Result<Self, StoreError> {
        match address.parse::<StoreAddress>()?.0 {
            address::Engine::Sqlite(path) => open_sqlite(&path).await,
            address::Engine::Postgres(options) => open_postgres(*options).await,
        }
    }

    /// A store that is nowhere: for what is put together to see whether it fits, and never used.
    pub fn nowhere() -> Self {
        let options = PgConnectOptions::new_without_pgpass();
        Self::Postgres(PgPoolOptions::new().connect_lazy_with(options))
    }

    /// Brings the tables of each schema to the newest step, in one transaction.
    pub async fn migrate(&self, schemas: &[Schema]) -> Result<(), StoreError> {
        schema::migrate(self, schemas).await
    }

    /// Starts a change. On SQLite one change runs at a time and those that wait for each other are
    /// made durable together, so nothing slow may happen before [`Tx::commit`].
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(Tx(Conn(match self {
            Self::Sqlite { writer, .. } => Inner::SqliteWriter(writer.begin().await?),
            Self::Postgres(pool) => Inner::Postgres(Link::begin(pool).await?),
        })))
    }

    /// A connection that sees all that was committed before each statement.
    pub async fn reader(&self) -> Result<Reader, StoreError> {
        Ok(Reader(Conn(match self {
            Self::Sqlite { readers, .. } => {
                Inner::SqliteReader(readers.acquire().await.map_err(StoreError::statement)?)
            }
            Self::Postgres(pool) => Inner::Postgres(Link::open(pool).await?),
        })))
    }

    /// Waits for changes under way and closes every connection.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { readers, writer } => {
                writer.settle().await;
                readers.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }

    /// Durable commits since the start: what a benchmark counts. PostgreSQL keeps its own count.
    pub fn commits(&self) -> Option<u64> {
        match self {
            Self::Sqlite { writer, .. } => Some(writer.commits()),
            Self::Postgres(_) => None,
        }
    }
}

async fn open_sqlite(path: &str) -> Result<Store, StoreError> {
    create_private(path).map_err(|cause| StoreError::open(sqlx::Error::Io(cause)))?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(5))
        .foreign_keys(true);
    let mut connection = SqliteConnection::connect_with(&options)
        .await
        .map_err(StoreError::open)?;
    check_sqlite_version(&mut connection).await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(8)
        // A connection to a file of this machine does not go stale.
        .test_before_acquire(false)
        .connect_lazy_with(options.read_only(true));
    Ok(Store::Sqlite {
        readers,
        writer: Writer::new(connection),
    })
}

/// Makes the file for its owner alone; SQLite gives the files beside it the same mode. One that
/// exists is not touched: closing it would drop the locks of this process on it.
fn create_private(path: &str) -> std::io::Result<()> {
    use std::{io::ErrorKind, os::unix::fs::OpenOptionsExt};

    let mut options = std::fs::OpenOptions::new();
    match options.create_new(true).write(true).mode(0o600).open(path) {
        Err(cause) if cause.kind() != ErrorKind::AlreadyExists => Err(cause),
        _ => Ok(()),
    }
}

async fn check_sqlite_version(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let version: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(connection)
        .await
        .map_err(StoreError::open)?;
    let parts: Vec<u32> = version.split('.').flat_map(u32::from_str).collect();
    if parts.as_slice() < [3, 51, 3].as_slice() {
        return Err(StoreError::OldSqlite(version));
    }
    Ok(())
}

async fn open_postgres(options: PgConnectOptions) -> Result<Store, StoreError> {
    connect_once(&options).await?;
    let pool = PgPoolOptions::new()
        .max_connections(16)
        .acquire_timeout(PATIENCE)
        .connect_with(options)
        .await
        .map_err(StoreError::open)?;
    Ok(Store::Postgres(pool))
}

/// A pool tries again for all of its patience, and says then that it was patient.
async fn connect_once(options: &PgConnectOptions) -> Result<(), StoreError> {
    let cause = match timeout(PATIENCE, PgConnection::connect_with(options)).await {
        Ok(Ok(connection)) => {
            // What is wrong with its end does not matter: nothing was done on it.
            let _ended = connection.close().await;
            return Ok(());
        }
        Ok(Err(sqlx::Error::Io(cause))) => cause.to_string(),
        Ok(Err(sqlx::Error::Database(cause))) => cause.message().to_owned(),
        Ok(Err(cause)) => cause.to_string(),
        Err(_) => format!("no answer within {} seconds", PATIENCE.as_secs()),
    };
    Err(StoreError::Unreachable {
        place: address::Postgres(options).to_string(),
        cause,
    })
}

/// A connection that reads.
pub struct Conn(Inner);

enum Inner {
    SqliteReader(PoolConnection<Sqlite>),
    SqliteWriter(Turn),
    Postgres(Link),
}

enum Engine<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut Link),
}

impl Inner {
    fn engine(&mut self) -> Engine<'_> {
        match self {
            Self::SqliteReader(connection) => Engine::Sqlite(connection),
            Self::SqliteWriter(turn) => Engine::Sqlite(turn.connection()),
            Self::Postgres(link) => Engine::Postgres(link),
        }
    }
}

/// Binds `params` to `sql` for the driver `$db`.
macro_rules! bound {
    ($db:ty, $sql:expr, $params:expr) => {{
        let mut query = sqlx::query::<$db>($sql);
        for value in $params {
            query = match value {
                Value::Int(int) => query.bind(*int),
                Value::Text(text) => query.bind(text.as_deref()),
                Value::Bool(bool) => query.bind(*bool),
            };
        }
        query
    }};
}

impl Conn {
    /// Lets statements take as long as they take: for work that nobody waits for.
    pub fn take_your_time(&mut self) {
        if let Engine::Postgres(link) = self.0.engine() {
            link.without_haste();
        }
    }

    /// The first row, or `None` when there is none.
    pub async fn row(
        &mut self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<Option<Row>, StoreError> {
        match self.0.engine() {
            Engine::Sqlite(c) => bound!(Sqlite, sql, params)
                .fetch_optional(c)
                .await
                .map(|row| row.map(Row::Sqlite))
                .map_err(StoreError::statement),
            Engine::Postgres(link) => link
                .ask(async |c| bound!(Postgres, sql, params).fetch_optional(c).await)
                .await
                .map(|row| row.map(Row::Postgres)),
        }
    }

    pub async fn rows(
        &mut self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        self.all(sql, params).await
    }

    /// The rows of a statement that was put together at run time.
    pub async fn rows_of(&mut self, sql: &Sql) -> Result<Vec<Row>, StoreError> {
        let text = match self.0.engine() {
            Engine::Sqlite(_) => sql.text_for_sqlite(),
            Engine::Postgres(_) => sql.text_for_postgres(),
        };
        self.all(sqlx::AssertSqlSafe(text), sql.params()).await
    }

    async fn all(
        &mut self,
        sql: impl SqlSafeStr,
        params: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        match self.0.engine() {
            Engine::Sqlite(c) => bound!(Sqlite, sql, params)
                .fetch_all(c)
                .await
                .map(|rows| rows.into_iter().map(Row::Sqlite).collect())
                .map_err(StoreError::statement),
            Engine::Postgres(link) => link
                .ask(async |c| bound!(Postgres, sql, params).fetch_all(c).await)
                .await
                .map(|rows| rows.into_iter().map(Row::Postgres).collect()),
        }
    }

    /// Runs a statement that was put together at run time and takes no parameters (migrations).
    pub(crate) async fn run(&mut self, sql: String) -> Result<(), StoreError> {
        let sql = sqlx::AssertSqlSafe(sql);
        match self.0.engine() {
            Engine::Sqlite(c) => c
                .execute(sql)
                .await
                .map(drop)
                .map_err(StoreError::statement),
            Engine::Postgres(link) => {
                let link = link.without_haste();
                link.ask(async |c| c.execute(sql).await.map(drop)).await
            }
        }
    }
}

/// Committed state. See [`Store::reader`].
pub struct Reader(Conn);

/// A change under way; dropped without [`Tx::commit`] it has not happened.
pub struct Tx(Conn);

impl Tx {
    /// Runs a statement and returns how many rows it touched.
    pub async fn execute(
        &mut self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<u64, StoreError> {
        match self.0.0.engine() {
            Engine::Sqlite(c) => bound!(Sqlite, sql, params)
                .execute(c)
                .await
                .map(|done| done.rows_affected())
                .map_err(StoreError::statement),
            Engine::Postgres(link) => link
                .ask(async |c| bound!(Postgres, sql, params).execute(c).await)
                .await
                .map(|done| done.rows_affected()),
        }
    }

    /// Returns once the change is durable.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self.0.0 {
            Inner::SqliteWriter(turn) => turn.commit().await,
            Inner::Postgres(link) => link.commit().await,
            Inner::SqliteReader(_) => Ok(()),
        }
    }
}

impl Deref for Reader {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.0
    }
}

impl DerefMut for Reader {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.0
    }
}

impl Deref for Tx {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.0
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.0
    }
}
