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

/// How many changes share a commit at the most, those that were undone among them, so that the first
/// does not wait for ever.
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
    /// How many had their turn since the transaction was opened.
    turns: usize,
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
                turns: 0,
                ended: Vec::new(),
                commits: commits.clone(),
            })),
            waiting: Arc::new(AtomicUsize::new(0)),
            commits,
        }
    }

    /// Waits for the turn. What is sent to SQLite runs in a task of its own: a request that is
    /// given up here must not leave a transaction that nobody knows to be open.
    pub(super) async fn begin(&self) -> Result<Turn, StoreError> {
        let place = Place::take(self);
        let group = self.group.clone().lock_owned().await;
        tokio::spawn(open(group, place))
            .await
            .unwrap_or(Err(StoreError::Closed))
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
        self.turns += 1;
        if self.open {
            return self.run("SAVEPOINT change").await;
        }
        self.run("BEGIN IMMEDIATE; SAVEPOINT change").await?;
        self.open = true;
        Ok(())
    }

    async fn undo_change(&mut self) -> Result<(), StoreError> {
        self.run("ROLLBACK TO change; RELEASE change").await
    }

    async fn settle(&mut self) {
        if !self.open {
            return;
        }
        match self.connection.execute("COMMIT").await {
            Ok(_) => {
                self.open = false;
                self.turns = 0;
                self.commits.fetch_add(1, Ordering::Relaxed);
                self.tell(&Ok(()));
            }
            Err(cause) => self.fail(&StoreError::Commit(Arc::new(cause))).await,
        }
    }

    /// SQLite refused to go on (a full disk): nothing of this group has happened, and all who
    /// waited for it learn so.
    async fn fail(&mut self, cause: &StoreError) {
        tracing::error!(error = %cause, "a group of changes is lost");
        if let Err(cause) = self.run("ROLLBACK").await {
            tracing::debug!(error = %cause, "SQLite had left the transaction by itself");
        }
        self.open = false;
        self.turns = 0;
        self.tell(&Err(cause.clone()));
    }

    fn tell(&mut self, outcome: &Result<(), StoreError>) {
        for waiter in self.ended.drain(..) {
            // A request that was given up in the meantime hears nothing.
            let _gone = waiter.send(outcome.clone());
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

async fn open(mut group: OwnedMutexGuard<Group>, place: Place) -> Result<Turn, StoreError> {
    group.open_savepoint().await?;
    Ok(Turn {
        held: Some((group, place)),
    })
}

async fn keep(
    mut group: OwnedMutexGuard<Group>,
    place: Place,
    sender: oneshot::Sender<Result<(), StoreError>>,
) {
    group.ended.push(sender);
    if place.leave() || group.turns >= GROUP {
        // A commit releases the savepoint too.
        return group.settle().await;
    }
    if let Err(cause) = group.run("RELEASE change").await {
        group.fail(&cause).await;
    }
}

async fn undo(mut group: OwnedMutexGuard<Group>, place: Place) {
    if let Err(cause) = group.undo_change().await {
        group.fail(&cause).await;
    }
    if place.leave() || group.turns >= GROUP {
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
