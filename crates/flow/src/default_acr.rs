//! The method of applications that ask for none, as an administrator chose it in the store. Without
//! a choice it is the one of the configuration.

use sallyport_base::{Conn, StoreError, Timestamp, Tx, params};

use crate::{PASSWORD_ACR, script_entry::ScriptStoreError, script_name::ScriptName};

/// What was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultAcr {
    pub name: String,
    /// The password is enough for every application that does not name a method in its request,
    /// whatever default of its own it has.
    pub in_recovery: bool,
}

impl DefaultAcr {
    pub async fn find(conn: &mut Conn) -> Result<Option<Self>, StoreError> {
        let row = conn
            .row("SELECT name, in_recovery FROM default_acr", &[])
            .await?;
        row.map(|row| {
            Ok(Self {
                name: row.get("name")?,
                in_recovery: row.get("in_recovery")?,
            })
        })
        .transpose()
    }

    /// Makes the built-in method or an enabled script the default, which ends a recovery. `false`:
    /// there is no such method. Whether it loads is for the caller to try.
    pub async fn choose(tx: &mut Tx, name: &str, now: Timestamp) -> Result<bool, StoreError> {
        let key = ScriptName::key(name);
        // The entry is touched so that nobody disables it meanwhile.
        let enabled = tx
            .execute(
                "UPDATE scripts SET updated_at = updated_at WHERE key = $1 AND enabled = TRUE AND usage_type <> 'service'",
                params![&key],
            )
            .await?;
        if enabled == 0 && key != PASSWORD_ACR {
            return Ok(false);
        }
        set(tx, &key, false, now).await?;
        Ok(true)
    }

    /// Makes the password enough for every application that does not name a method in its request.
    pub async fn recover(tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
        set(tx, PASSWORD_ACR, true, now).await
    }

    /// Forgets the choice, so that the configuration counts again.
    pub async fn forget(tx: &mut Tx) -> Result<(), StoreError> {
        tx.execute("DELETE FROM default_acr", &[]).await?;
        Ok(())
    }
}

/// Refuses a change that would leave the default method without its script. `configured` counts
/// when nothing is chosen in the store.
pub async fn refuse(
    conn: &mut Conn,
    configured: Option<&str>,
    name: &str,
) -> Result<(), ScriptStoreError> {
    let chosen = DefaultAcr::find(conn).await?.map(|default| default.name);
    let Some(default) = chosen.or_else(|| configured.map(str::to_owned)) else {
        return Ok(());
    };
    if key_of(conn, &default).await? == ScriptName::key(name) {
        return Err(ScriptStoreError::IsDefault(name.to_owned()));
    }
    Ok(())
}

/// The key of the script with that name or alias.
async fn key_of(conn: &mut Conn, name: &str) -> Result<String, StoreError> {
    let key = ScriptName::key(name);
    let row = conn
        .row(
            "SELECT script FROM script_names WHERE name = $1",
            params![&key],
        )
        .await?;
    row.map_or(Ok(key), |row| row.get("script"))
}

async fn set(tx: &mut Tx, name: &str, in_recovery: bool, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO default_acr (only_one, name, in_recovery, chosen_at) VALUES (TRUE, $1, $2, $3)
         ON CONFLICT (only_one) DO UPDATE SET name = excluded.name, in_recovery = excluded.in_recovery,
            chosen_at = excluded.chosen_at",
        params![name, in_recovery, now],
    )
    .await?;
    Ok(())
}
