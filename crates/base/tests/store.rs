//! The store on SQLite and, with `SALLYPORT_TEST_STORE`, on PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test may stop")]

use std::time::Duration;

use sallyport_base::{
    Clock, Digest, Id, Random, Schema, Store, StoreError, Timestamp, params, testing::ScratchStore,
};

const COINS: Schema = Schema {
    name: "coins",
    steps: &["CREATE TABLE coins (
        name TEXT PRIMARY KEY,
        spent BOOLEAN NOT NULL,
        worth BIGINT
    );
    CREATE INDEX coins_by_worth ON coins (worth);\n"],
};

async fn mint(store: &Store, name: &str) {
    let mut tx = store.begin().await.unwrap();
    tx.execute(
        "INSERT INTO coins (name, spent, worth) VALUES ($1, $2, $3)",
        params![name, false, 7_i64],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

async fn count(store: &Store) -> i64 {
    let mut reader = store.reader().await.unwrap();
    let row = reader.row("SELECT COUNT(*) AS n FROM coins", &[]).await;
    row.unwrap().unwrap().get("n").unwrap()
}

#[tokio::test]
async fn what_is_committed_is_seen_and_what_is_dropped_is_not() {
    let scratch = ScratchStore::new(&[COINS]).await;
    mint(&scratch.store, "kept").await;
    let mut tx = scratch.store.begin().await.unwrap();
    tx.execute(
        "INSERT INTO coins (name, spent) VALUES ($1, $2)",
        params!["dropped", false],
    )
    .await
    .unwrap();
    drop(tx);
    mint(&scratch.store, "after").await;
    assert_eq!(count(&scratch.store).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_changes_at_once_are_all_durable_and_a_coin_is_spent_once() {
    let scratch = ScratchStore::new(&[COINS]).await;
    mint(&scratch.store, "coin").await;
    let before = scratch.store.commits();
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..100 {
        let store = scratch.store.clone();
        tasks.spawn(async move {
            let mut tx = store.begin().await.unwrap();
            tx.execute(
                "INSERT INTO coins (name, spent, worth) VALUES ($1, $2, $3)",
                params![format!("coin {n}"), false, None::<i64>],
            )
            .await
            .unwrap();
            let spent = tx
                .row(
                    "UPDATE coins SET spent = TRUE WHERE name = $1 AND spent = FALSE RETURNING worth",
                    params!["coin"],
                )
                .await
                .unwrap();
            if n % 10 == 9 {
                return 0; // given up: neither the coin nor the insert may count
            }
            tx.commit().await.unwrap();
            spent.map_or(0, |row| row.get::<i64>("worth").unwrap())
        });
    }
    let spent: i64 = tasks.join_all().await.into_iter().sum();
    assert_eq!(spent, 7, "exactly one of them spends the coin");
    assert_eq!(count(&scratch.store).await, 91);
    if let (Some(before), Some(after)) = (before, scratch.store.commits()) {
        assert!(
            after - before < 90,
            "changes share commits: {}",
            after - before
        );
    }
}

#[tokio::test]
async fn a_change_given_up_in_the_queue_does_not_hold_the_others() {
    let scratch = ScratchStore::new(&[COINS]).await;
    let first = scratch.store.begin().await.unwrap();
    if scratch.store.commits().is_some() {
        let waiting =
            tokio::time::timeout(std::time::Duration::from_millis(5), scratch.store.begin());
        assert!(waiting.await.is_err(), "one change at a time");
    }
    first.commit().await.unwrap();
    mint(&scratch.store, "next").await;
    assert_eq!(count(&scratch.store).await, 1);
}

/// Changes that are undone, one after the other, keep nobody waiting who made one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_becomes_durable_while_others_are_undone_without_end() {
    let scratch = ScratchStore::new(&[COINS]).await;
    let mut undoing = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let store = scratch.store.clone();
        undoing.spawn(async move {
            loop {
                drop(store.begin().await.unwrap());
            }
        });
    }
    let kept = async {
        for n in 0..20 {
            mint(&scratch.store, &format!("coin {n}")).await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(30), kept).await;
    undoing.shutdown().await;
    assert!(in_time.is_ok());
}

#[tokio::test]
async fn a_twin_is_a_unique_violation() {
    let scratch = ScratchStore::new(&[COINS]).await;
    mint(&scratch.store, "coin").await;
    let mut tx = scratch.store.begin().await.unwrap();
    let twin = tx
        .execute(
            "INSERT INTO coins (name, spent) VALUES ($1, $2)",
            params!["coin", true],
        )
        .await;
    let twin = twin.unwrap_err();
    assert!(twin.is_unique_violation() && !twin.is_collision());
}

#[tokio::test]
async fn every_kind_of_value_survives_the_store() {
    const KINDS: Schema = Schema {
        name: "kinds",
        steps: &[
            "CREATE TABLE kinds (id TEXT, made BIGINT, digest TEXT, flag BOOLEAN, missing TEXT);\n",
        ],
    };
    let scratch = ScratchStore::new(&[KINDS]).await;
    let (now, random) = (Clock::System.now(), Random::system());
    let (id, digest) = (Id::<()>::new(now, &random), Digest::of(b"x"));
    let mut tx = scratch.store.begin().await.unwrap();
    let row = tx
        .row(
            "INSERT INTO kinds VALUES ($1, $2, $3, $4, $5) RETURNING id, made, digest, flag, missing",
            params![id, now, &digest, true, None::<String>],
        )
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.get::<Id<()>>("id").unwrap(), id);
    assert_eq!(row.get::<Timestamp>("made").unwrap(), now);
    assert_eq!(row.get::<Digest>("digest").unwrap(), digest);
    assert!(row.get::<bool>("flag").unwrap());
    assert_eq!(row.get::<Option<String>>("missing").unwrap(), None);
    assert!(row.get::<String>("missing").is_err());
}

#[tokio::test]
async fn steps_apply_once_and_a_newer_store_is_refused() {
    const MORE: Schema = Schema {
        name: "coins",
        steps: &[COINS.steps[0], "ALTER TABLE coins ADD COLUMN owner TEXT;\n"],
    };
    let scratch = ScratchStore::new(&[COINS]).await;
    mint(&scratch.store, "old").await;
    scratch.store.migrate(&[MORE]).await.unwrap();
    scratch.store.migrate(&[MORE]).await.unwrap();
    assert_eq!(count(&scratch.store).await, 1);
    let refused = scratch.store.migrate(&[COINS]).await;
    assert!(matches!(
        refused,
        Err(StoreError::Newer {
            found: 2,
            known: 1,
            ..
        })
    ));
}

#[tokio::test]
async fn an_address_of_another_kind_is_refused_without_its_password() {
    let refused = Store::open("mysql://root:hunter2@host/db")
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("mysql"));
    assert!(!refused.to_string().contains("hunter2"));
}

#[tokio::test]
async fn an_embedded_store_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let scratch = ScratchStore::new(&[COINS]).await;
    mint(&scratch.store, "coin").await;
    if let Some(path) = scratch.address.strip_prefix("sqlite:") {
        for file in [
            path.to_owned(),
            format!("{path}-wal"),
            format!("{path}-shm"),
        ] {
            let mode = std::fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{file}");
        }
    }
}

#[tokio::test]
async fn a_change_given_up_while_it_begins_leaves_nothing_open() {
    use std::{
        future::Future,
        pin::pin,
        task::{Context, Waker},
    };

    let scratch = ScratchStore::new(&[COINS]).await;
    for _ in 0..50 {
        let mut begin = pin!(scratch.store.begin());
        // Polled a few times, and then nobody waits for it any more.
        for _ in 0..3 {
            let _given_up = begin.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        }
    }
    mint(&scratch.store, "coin").await;
    assert_eq!(count(&scratch.store).await, 1);
}
