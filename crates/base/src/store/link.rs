//! A connection to PostgreSQL, which a network may swallow without a word: a firewall that forgot it,
//! a server that was replaced. What has no answer in time is given up with its connection, and no
//! other request gets that one.

use std::time::Duration;

use sqlx::{Executor, PgConnection, PgPool, Postgres, pool::PoolConnection};
use tokio::{runtime::Handle, time::timeout};

use super::StoreError;

/// How long a statement may take. None that anybody waits for takes a second.
const LONGEST: Duration = Duration::from_secs(30);

/// How long a connection may take to forget what was given up.
const RETURN: Duration = Duration::from_secs(5);

/// A connection on loan from the pool, with or without a transaction.
pub(super) struct Link {
    /// `None` once it was given up.
    connection: Option<PoolConnection<Postgres>>,
    in_transaction: bool,
    /// A statement is under way, or was when its request was given up.
    is_waiting: bool,
    longest: Duration,
}

impl Link {
    pub async fn open(pool: &PgPool) -> Result<Self, StoreError> {
        let connection = pool.acquire().await.map_err(StoreError::statement)?;
        Ok(Self {
            connection: Some(connection),
            in_transaction: false,
            is_waiting: false,
            longest: LONGEST,
        })
    }

    pub async fn begin(pool: &PgPool) -> Result<Self, StoreError> {
        let mut link = Self::open(pool).await?;
        link.in_transaction = true;
        link.run("BEGIN").await?;
        Ok(link)
    }

    pub async fn commit(mut self) -> Result<(), StoreError> {
        match self.run("COMMIT").await {
            Ok(()) => {
                self.in_transaction = false;
                Ok(())
            }
            Err(StoreError::Statement(cause)) => Err(StoreError::Commit(cause)),
            Err(StoreError::Silent) => Err(StoreError::Unknown),
            Err(cause) => Err(cause),
        }
    }

    /// For what may take as long as it takes, such as an index over a large table.
    pub fn without_haste(&mut self) -> &mut Self {
        self.longest = Duration::from_secs(24 * 3600);
        self
    }

    /// Sends a statement and waits for what comes back.
    pub async fn ask<T>(
        &mut self,
        statement: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, StoreError> {
        let Some(connection) = &mut self.connection else {
            return Err(StoreError::Silent);
        };
        self.is_waiting = true;
        let answer = timeout(self.longest, statement(connection)).await;
        let Ok(answer) = answer else {
            tracing::error!(
                seconds = self.longest.as_secs(),
                "PostgreSQL did not answer in time; the connection is given up"
            );
            self.give_up();
            return Err(StoreError::Silent);
        };
        self.is_waiting = false;
        answer.map_err(StoreError::statement)
    }

    async fn run(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.ask(async |connection| connection.execute(sql).await.map(drop))
            .await
    }

    /// Ends the connection without a word to the server, which may not hear it.
    fn give_up(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(connection.detach());
        }
    }
}

impl Drop for Link {
    /// A connection goes back to the pool once it is known to be alive and without a transaction.
    fn drop(&mut self) {
        if !self.in_transaction && !self.is_waiting {
            return;
        }
        let Some(mut connection) = self.connection.take() else {
            return;
        };
        let sql = match self.in_transaction {
            true => "ROLLBACK",
            false => "SELECT 1",
        };
        let Ok(runtime) = Handle::try_current() else {
            return drop(connection.detach());
        };
        runtime.spawn(async move {
            if !matches!(timeout(RETURN, connection.execute(sql)).await, Ok(Ok(_))) {
                drop(connection.detach());
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
        sync::watch,
    };

    use super::*;

    /// A way to PostgreSQL on which nothing arrives any more while `true` is in `silence`.
    async fn silent_way(to: String, silence: watch::Receiver<bool>) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            loop {
                let (near, _) = listener.accept().await.unwrap();
                let far = TcpStream::connect(&to).await.unwrap();
                tokio::spawn(carry(near, far, silence.clone()));
            }
        });
        port
    }

    /// Carries both ways. What is swallowed once never arrives.
    async fn carry(mut near: TcpStream, mut far: TcpStream, silence: watch::Receiver<bool>) {
        let (mut up, mut down) = ([0; 4096], [0; 4096]);
        loop {
            let (to, bytes) = tokio::select! {
                read = near.read(&mut up) => match read {
                    Ok(length @ 1..) => (&mut far, &up[..length]),
                    _ => return,
                },
                read = far.read(&mut down) => match read {
                    Ok(length @ 1..) => (&mut near, &down[..length]),
                    _ => return,
                },
            };
            if !*silence.borrow() {
                to.write_all(bytes).await.unwrap();
            }
        }
    }

    #[tokio::test]
    async fn a_connection_without_an_answer_is_given_up_and_another_takes_its_place() {
        let Ok(address) = std::env::var("SALLYPORT_TEST_STORE") else {
            return;
        };
        let options: PgConnectOptions = address.parse().unwrap();
        let (silence, silenced) = watch::channel(false);
        let to = format!("{}:{}", options.get_host(), options.get_port());
        let port = silent_way(to, silenced).await;
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .connect_lazy_with(options.host("127.0.0.1").port(port));
        for in_transaction in [false, true] {
            let mut link = match in_transaction {
                false => Link::open(&pool).await.unwrap(),
                true => Link::begin(&pool).await.unwrap(),
            };
            link.longest = Duration::from_millis(200);
            silence.send(true).unwrap();
            let began = Instant::now();
            let swallowed = link.run("SELECT 1").await;
            assert!(
                matches!(swallowed, Err(StoreError::Silent)),
                "{swallowed:?}"
            );
            assert!(began.elapsed() < Duration::from_secs(20));
            let after = link.run("SELECT 1").await;
            assert!(matches!(after, Err(StoreError::Silent)), "it is gone");
            drop(link);
            silence.send(false).unwrap();
            // The only place in the pool is free at once.
            let mut next = Link::begin(&pool).await.unwrap();
            next.run("SELECT 1").await.unwrap();
            next.commit().await.unwrap();
        }
    }
}
