use super::{Conn, Engine, Store, StoreError, Tx};
use crate::{Clock, params};

/// The tables of one part of the server, as steps that are applied once and in order. A step is
/// never edited after a release: a change is a further step.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    pub name: &'static str,
    /// Statements, each ended by `;` at the end of a line, with the column types `BIGINT`, `TEXT`
    /// and `BOOLEAN`.
    pub steps: &'static [&'static str],
}

const LEDGER: &str = "CREATE TABLE IF NOT EXISTS schema_steps (
    schema_name TEXT NOT NULL,
    step BIGINT NOT NULL,
    applied_at BIGINT NOT NULL,
    PRIMARY KEY (schema_name, step)
)";

pub(super) async fn migrate(store: &Store, schemas: &[Schema]) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    wait_for_other_nodes(&mut tx).await?;
    run(&mut tx, LEDGER).await?;
    for schema in schemas {
        apply_missing_steps(&mut tx, schema).await?;
    }
    tx.commit().await
}

/// On PostgreSQL several nodes may start at once; on SQLite the write lock is enough.
async fn wait_for_other_nodes(tx: &mut Tx) -> Result<(), StoreError> {
    if let Engine::Postgres(_) = tx.0.0.engine() {
        tx.run("SELECT pg_advisory_xact_lock(7219040)".to_owned())
            .await?;
    }
    Ok(())
}

async fn apply_missing_steps(tx: &mut Tx, schema: &Schema) -> Result<(), StoreError> {
    let applied = steps_applied(tx, schema).await?;
    let known = i64::try_from(schema.steps.len()).unwrap_or(i64::MAX);
    if applied > known {
        return Err(StoreError::Newer {
            schema: schema.name,
            found: applied,
            known,
        });
    }
    for (step, sql) in (1..).zip(schema.steps) {
        if step > applied {
            apply(tx, schema.name, step, sql).await?;
        }
    }
    Ok(())
}

async fn steps_applied(conn: &mut Conn, schema: &Schema) -> Result<i64, StoreError> {
    let row = conn
        .row(
            "SELECT MAX(step) AS step FROM schema_steps WHERE schema_name = $1",
            params![schema.name],
        )
        .await?;
    Ok(row
        .map(|row| row.get::<Option<i64>>("step"))
        .transpose()?
        .flatten()
        .unwrap_or(0))
}

async fn apply(tx: &mut Tx, schema: &str, step: i64, sql: &str) -> Result<(), StoreError> {
    for statement in sql.split(";\n").map(str::trim).filter(|s| !s.is_empty()) {
        run(tx, statement.trim_end_matches(';')).await?;
    }
    tx.execute(
        "INSERT INTO schema_steps (schema_name, step, applied_at) VALUES ($1, $2, $3)",
        params![schema, step, Clock::System.now()],
    )
    .await?;
    Ok(())
}

async fn run(tx: &mut Tx, statement: &str) -> Result<(), StoreError> {
    let sql = match tx.0.0.engine() {
        Engine::Sqlite(_) => for_sqlite(statement),
        Engine::Postgres(_) => statement.to_owned(),
    };
    tx.run(sql).await
}

/// SQLite's strict tables know `INTEGER` where PostgreSQL says `BIGINT` and `BOOLEAN`.
fn for_sqlite(statement: &str) -> String {
    let strict = if statement.starts_with("CREATE TABLE") {
        " STRICT"
    } else {
        ""
    };
    statement
        .replace("BIGINT", "INTEGER")
        .replace("BOOLEAN", "INTEGER")
        + strict
}
