//! One writer for SQLite, whose changes are made durable together.
//!
//! A change takes its turn on the only writing connection, inside a savepoint of one open
//! transaction. When it ends and others wait, the next one goes on in the same transaction; the
//! last of them commits, and all learn that their change is durable. With one change at a time
//! this is an ordinary commit; under load many share one `fsync`.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use sqlx::{Executor, SqliteConnection};
use tokio::{
    runtime::Handle,
    sync::{Mutex, OwnedMutexGuard, oneshot},
};

use super::StoreError;

/// How many changes share a commit at the most, so that the first does not wait for ever.
const GROUP: usize = 256;

#[derive(Clone)]
pub struct Writer {
    group: Arc<Mutex<Group>>,
    /// Changes that have their turn or wait for it.
    waiting: Arc<AtomicUsize>,
    commits: Arc<AtomicU64>,
}

/// The open transaction and those who wait for it to be durable.
struct Group {
    connection: SqliteConnection,
    open: bool,
    ended: Vec<oneshot::Sender<Result<(), StoreError>>>,
    commits: Arc<AtomicU64>,
}

impl Writer {
    pub(super) fn new(connection: SqliteConnection) -> Self {
        let commits = Arc::new(AtomicU64::new(0));
        Self {
            group: Arc::new(Mutex::new(Group {
                connection,
                open: false,
                ended: Vec::new(),
                commits: commits.clone(),
            })),
            waiting: Arc::new(AtomicUsize::new(0)),
            commits,
        }
    }

    pub(super) async fn begin(&self) -> Result<Turn, StoreError> {
        let place = Place::take(self);
        let mut group = self.group.clone().lock_owned().await;
        group.open_savepoint().await?;
        Ok(Turn {
            held: Some((group, place)),
        })
    }

    /// Commits what ended and was left open.
    pub(super) async fn settle(&self) {
        self.group.lock().await.settle().await;
    }

    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}

impl Group {
    async fn open_savepoint(&mut self) -> Result<(), StoreError> {
        if !self.open {
            self.run("BEGIN IMMEDIATE").await?;
            self.open = true;
        }
        self.run("SAVEPOINT change").await
    }

    async fn settle(&mut self) {
        if !self.open {
            return;
        }
        let committed = self.connection.execute("COMMIT").await;
        self.open = false;
        let outcome = match committed {
            Ok(_) => {
                self.commits.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Err(cause) => {
                self.leave_transaction().await;
                Err(StoreError::Commit(Arc::new(cause)))
            }
        };
        for waiter in self.ended.drain(..) {
            // A request that was given up in the meantime hears nothing.
            let _gone = waiter.send(outcome.clone());
        }
    }

    /// After a failed `COMMIT` SQLite may have left the transaction already; both are fine.
    async fn leave_transaction(&mut self) {
        if let Err(cause) = self.run("ROLLBACK").await {
            tracing::debug!(error = %cause, "there was no transaction left to roll back");
        }
    }

    async fn run(&mut self, sql: &'static str) -> Result<(), StoreError> {
        match self.connection.execute(sql).await {
            Ok(_) => Ok(()),
            Err(cause) => Err(StoreError::statement(cause)),
        }
    }
}

/// The turn of one change on the writing connection. It ends in a task of its own, because the
/// request that made the change may be given up at any await.
pub struct Turn {
    held: Option<(OwnedMutexGuard<Group>, Place)>,
}

impl Turn {
    pub(super) fn connection(&mut self) -> &mut SqliteConnection {
        let (group, _) = self
            .held
            .as_mut()
            .expect("the turn is held until commit or drop consume it");
        &mut group.connection
    }

    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        let (sender, durable) = oneshot::channel();
        if let Some((group, place)) = self.held.take() {
            tokio::spawn(keep(group, place, sender));
        }
        durable.await.unwrap_or(Err(StoreError::Closed))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some((group, place)) = self.held.take()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(undo(group, place));
        }
    }
}

async fn keep(
    mut group: OwnedMutexGuard<Group>,
    place: Place,
    sender: oneshot::Sender<Result<(), StoreError>>,
) {
    match group.run("RELEASE change").await {
        Ok(()) => group.ended.push(sender),
        Err(cause) => drop(sender.send(Err(cause))),
    }
    end_turn(group, place).await;
}

async fn undo(mut group: OwnedMutexGuard<Group>, place: Place) {
    for sql in ["ROLLBACK TO change", "RELEASE change"] {
        if let Err(cause) = group.run(sql).await {
            tracing::error!(error = %cause, "a change could not be undone");
        }
    }
    end_turn(group, place).await;
}

async fn end_turn(mut group: OwnedMutexGuard<Group>, place: Place) {
    let nobody_waits = place.leave();
    if nobody_waits || group.ended.len() >= GROUP {
        group.settle().await;
    }
}

/// A place in the queue. When it is given up, whoever it would have committed for must not wait.
struct Place(Option<Writer>);

impl Place {
    fn take(writer: &Writer) -> Self {
        writer.waiting.fetch_add(1, Ordering::SeqCst);
        Self(Some(writer.clone()))
    }

    /// Whether the queue is empty now.
    fn leave(mut self) -> bool {
        self.0
            .take()
            .is_some_and(|writer| writer.waiting.fetch_sub(1, Ordering::SeqCst) == 1)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(writer) = self.0.take()
            && writer.waiting.fetch_sub(1, Ordering::SeqCst) == 1
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(async move { writer.settle().await });
        }
    }
}
