//! What tests and benchmarks of other crates share. A store for one test is a new SQLite file, or a
//! new schema in the PostgreSQL database that the environment variable `SALLYPORT_TEST_STORE` names.

pub mod conditions;
pub mod cpu;
pub mod family;
pub mod memory;
pub mod process;

use std::path::PathBuf;

use crate::{Random, Schema, Store};

/// A store that is thrown away with the test.
pub struct ScratchStore {
    pub store: Store,
    /// What another process would open it with.
    pub address: String,
    folder: Option<PathBuf>,
}

impl ScratchStore {
    pub async fn new(schemas: &[Schema]) -> Self {
        let name = format!("scratch_{}", Random::system().uuid().simple());
        let (address, folder) = match std::env::var("SALLYPORT_TEST_STORE") {
            Ok(database) => (postgres_schema(&database, &name).await, None),
            Err(_) => {
                let folder = std::env::temp_dir().join(name);
                std::fs::create_dir(&folder).expect("the temporary folder is writable");
                let address = format!("sqlite:{}/store.db", folder.display());
                (address, Some(folder))
            }
        };
        let store = Store::open(&address).await.expect("the store opens");
        store.migrate(schemas).await.expect("the schemas apply");
        Self {
            store,
            address,
            folder,
        }
    }
}

async fn postgres_schema(database: &str, name: &str) -> String {
    let store = Store::open(database).await.expect("PostgreSQL answers");
    let mut tx = store.begin().await.expect("a transaction starts");
    tx.run(format!("CREATE SCHEMA {name}"))
        .await
        .expect("the schema is created");
    tx.commit().await.expect("the schema is kept");
    store.close().await;
    let separator = if database.contains('?') { '&' } else { '?' };
    format!("{database}{separator}options[search_path]={name}")
}

impl Drop for ScratchStore {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder
            && let Err(cause) = std::fs::remove_dir_all(folder)
        {
            tracing::warn!(error = %cause, "a scratch store was left behind");
        }
    }
}
