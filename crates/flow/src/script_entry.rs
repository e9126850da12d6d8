use std::fmt;

use sallyport_base::{Conn, Row, StoreError, Timestamp, Tx, Vault, VaultError, params};
use sallyport_script::{Language, Property, Source};
use zeroize::Zeroizing;

use crate::PASSWORD_ACR;

const PURPOSE: &str = "script properties";

/// The name of a script, which is the acr that it answers for. Matched without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptName(String);

impl ScriptName {
    /// 2 to 60 letters, digits and `_ - : / .`; the name of the built-in method is reserved.
    pub fn check(text: &str) -> Result<Self, String> {
        let known = |c: char| c.is_ascii_alphanumeric() || "_-:/.".contains(c);
        if !(2..=60).contains(&text.len()) || !text.chars().all(known) {
            return Err(format!(
                "{text:?} cannot name a script: use 2 to 60 letters, digits and the characters _ - : / ."
            ));
        }
        if text.eq_ignore_ascii_case(PASSWORD_ACR) {
            return Err(format!(
                "{PASSWORD_ACR} names the built-in method; choose another name"
            ));
        }
        Ok(Self(text.to_owned()))
    }

    fn key(name: &str) -> String {
        name.to_ascii_lowercase()
    }
}

impl fmt::Display for ScriptName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A script as an administrator stored it.
#[derive(Clone, Debug)]
pub struct ScriptEntry {
    pub name: String,
    pub description: String,
    pub text: String,
    pub language: Language,
    pub properties: Vec<Property>,
    pub level: i64,
    pub enabled: bool,
    /// Grows with every change; workers load a script again when it has grown.
    pub revision: i64,
    /// Why it does not run: the load error, or the first error since it was loaded.
    pub error: Option<String>,
    pub updated_at: Timestamp,
}

/// What an administrator says of a script that is added or replaced.
#[derive(Debug)]
pub struct NewScript {
    pub name: ScriptName,
    pub description: String,
    pub text: String,
    pub language: Language,
    pub properties: Vec<Property>,
    pub level: i64,
    pub enabled: bool,
}

/// Why the scripts cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ScriptStoreError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the properties of script {0}: {1}")]
    Sealed(String, VaultError),
    #[error("the properties of script {0} are malformed: {1}")]
    Malformed(String, serde_json::Error),
}

impl ScriptEntry {
    /// Adds the script, or replaces the one of that name. Its properties are sealed.
    pub async fn save(
        tx: &mut Tx,
        vault: &Vault,
        new: &NewScript,
        now: Timestamp,
    ) -> Result<(), ScriptStoreError> {
        let name = new.name.to_string();
        let properties = serde_json::to_vec(&new.properties)
            .map_err(|cause| ScriptStoreError::Malformed(name.clone(), cause))?;
        tx.execute(
            "INSERT INTO scripts (key, name, description, source, language, properties, level, enabled, revision, error, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, NULL, $9)
             ON CONFLICT (key) DO UPDATE SET name = excluded.name, description = excluded.description,
                source = excluded.source, language = excluded.language, properties = excluded.properties,
                level = excluded.level, enabled = excluded.enabled, revision = scripts.revision + 1,
                error = NULL, updated_at = excluded.updated_at",
            params![
                ScriptName::key(&name),
                name,
                new.description.as_str(),
                new.text.as_str(),
                language_name(new.language),
                vault.seal(PURPOSE, &properties),
                new.level,
                new.enabled,
                now,
            ],
        )
        .await?;
        Ok(())
    }

    pub async fn find(
        conn: &mut Conn,
        vault: &Vault,
        name: &str,
    ) -> Result<Option<Self>, ScriptStoreError> {
        let row = conn
            .row(
                "SELECT * FROM scripts WHERE key = $1",
                params![ScriptName::key(name)],
            )
            .await?;
        row.map(|row| Self::from_row(&row, vault)).transpose()
    }

    pub async fn list(conn: &mut Conn, vault: &Vault) -> Result<Vec<Self>, ScriptStoreError> {
        let rows = conn.rows("SELECT * FROM scripts ORDER BY key", &[]).await?;
        rows.iter().map(|row| Self::from_row(row, vault)).collect()
    }

    /// Whether there was such a script.
    pub async fn set_enabled(
        tx: &mut Tx,
        name: &str,
        enabled: bool,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let touched = tx
            .execute(
                "UPDATE scripts SET enabled = $2, revision = revision + 1, error = NULL, updated_at = $3 WHERE key = $1",
                params![ScriptName::key(name), enabled, now],
            )
            .await?;
        Ok(touched == 1)
    }

    /// Keeps why this revision does not load, or nothing when it does.
    pub(crate) async fn record_load(
        tx: &mut Tx,
        name: &str,
        revision: i64,
        error: Option<&str>,
    ) -> Result<(), StoreError> {
        tx.execute(
            "UPDATE scripts SET error = $3 WHERE key = $1 AND revision = $2",
            params![ScriptName::key(name), revision, error],
        )
        .await?;
        Ok(())
    }

    /// Keeps the first error of a running script; later ones are in the log only.
    pub(crate) async fn record_failure(
        tx: &mut Tx,
        name: &str,
        error: &str,
    ) -> Result<(), StoreError> {
        tx.execute(
            "UPDATE scripts SET error = $2 WHERE key = $1 AND error IS NULL",
            params![ScriptName::key(name), error],
        )
        .await?;
        Ok(())
    }

    pub fn source(&self) -> Source {
        Source {
            name: self.name.clone(),
            text: self.text.clone(),
            language: self.language,
            properties: self.properties.clone(),
            revision: self.revision,
        }
    }

    fn from_row(row: &Row, vault: &Vault) -> Result<Self, ScriptStoreError> {
        let name: String = row.get("name")?;
        let sealed: String = row.get("properties")?;
        let properties: Zeroizing<Vec<u8>> = vault
            .open(PURPOSE, &sealed)
            .map_err(|cause| ScriptStoreError::Sealed(name.clone(), cause))?;
        Ok(Self {
            description: row.get("description")?,
            text: row.get("source")?,
            language: if row.get::<String>("language")? == "python3" {
                Language::Python3
            } else {
                Language::Python2
            },
            properties: serde_json::from_slice(&properties)
                .map_err(|cause| ScriptStoreError::Malformed(name.clone(), cause))?,
            level: row.get("level")?,
            enabled: row.get("enabled")?,
            revision: row.get("revision")?,
            error: row.get("error")?,
            updated_at: row.get("updated_at")?,
            name,
        })
    }
}

fn language_name(language: Language) -> &'static str {
    match language {
        Language::Python2 => "python2",
        Language::Python3 => "python3",
    }
}

/// The revision of every enabled script, by key: what tells a node that it must load one again.
pub(crate) async fn enabled_revisions(conn: &mut Conn) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = conn
        .rows(
            "SELECT key, revision FROM scripts WHERE enabled = TRUE ORDER BY key",
            &[],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((row.get("key")?, row.get("revision")?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_gluus_rule() {
        for good in ["stytch", "Stytch_2", "urn:acr/sms.v1", "ab"] {
            assert!(ScriptName::check(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a",
            "two words",
            "naïve",
            "x;y",
            PASSWORD_ACR,
            &"a".repeat(61),
        ] {
            assert!(ScriptName::check(bad).is_err(), "{bad}");
        }
    }
}
