//! What workers load: a version of a script never changes. The newest one is in the entry; the ones
//! before it are kept for as long as something needs them.

use std::{sync::Arc, time::Duration};

use sallyport_base::{Conn, Row, StoreError, Timestamp, Tx, Vault, params};
use sallyport_script::{Language, Libraries, Property, Source, Usage};
use zeroize::Zeroizing;

use crate::{
    script_entry::{NewScript, ScriptStoreError},
    script_name::ScriptName,
};

const PURPOSE: &str = "script properties";

/// A replaced version stays this long in any case: a node may have begun a login with it that is not
/// in the store yet, and a script that is removed and added again must not repeat a revision.
const STAYS: Duration = Duration::from_secs(10 * 60);

/// One version of a script.
#[derive(Clone, Debug)]
pub struct ScriptVersion {
    pub name: String,
    pub text: String,
    pub language: Language,
    pub properties: Vec<Property>,
    /// How strong the method is; higher is stronger.
    pub level: i64,
    /// Whether it is for browsers (`interactive`, `both`) or not (`service`).
    pub usage: Usage,
    /// Further names that it can be asked for by (Gluu's `oxAlias`).
    pub aliases: Vec<String>,
    /// Grows with every change; workers load a script again when it has grown.
    pub revision: i64,
}

impl ScriptVersion {
    /// The version of that revision, be it the newest or one that was replaced. `None`: nobody
    /// needed it any more.
    pub(crate) async fn find(
        conn: &mut Conn,
        vault: &Vault,
        name: &str,
        revision: i64,
    ) -> Result<Option<Self>, ScriptStoreError> {
        let row = conn
            .row(
                "SELECT name, source, language, properties, level, usage_type, aliases, revision
                 FROM script_versions WHERE key = $1 AND revision = $2
                 UNION ALL
                 SELECT name, source, language, properties, level, usage_type, aliases, revision
                 FROM scripts WHERE key = $1 AND revision = $2",
                params![ScriptName::key(name), revision],
            )
            .await?;
        row.map(|row| Self::from_row(&row, vault)).transpose()
    }

    /// Keeps the newest version beside the entry, which is about to be changed or removed.
    pub(crate) async fn set_aside(
        tx: &mut Tx,
        name: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        tx.execute(
            "INSERT INTO script_versions (key, revision, name, source, language, properties, level, usage_type, aliases, replaced_at)
             SELECT key, revision, name, source, language, properties, level, usage_type, aliases, $2
             FROM scripts WHERE key = $1",
            params![ScriptName::key(name), now],
        )
        .await?;
        Ok(())
    }

    /// Removes the versions that no login began with and that are not the last one that loaded.
    pub(crate) async fn purge(tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
        tx.execute(
            "DELETE FROM script_versions WHERE replaced_at <= $1
                AND NOT EXISTS (SELECT 1 FROM logins WHERE logins.acr = script_versions.key
                    AND logins.script_revision = script_versions.revision AND logins.expires_at > $2)
                AND NOT EXISTS (SELECT 1 FROM scripts WHERE scripts.key = script_versions.key
                    AND scripts.loaded_revision = script_versions.revision)",
            params![now.minus(STAYS), now],
        )
        .await?;
        Ok(())
    }

    /// Versions that logins under way began with, by key.
    pub(crate) async fn needed_by_logins(
        conn: &mut Conn,
        now: Timestamp,
    ) -> Result<Vec<(String, i64)>, StoreError> {
        let rows = conn
            .rows(
                "SELECT DISTINCT acr, script_revision FROM logins
                 WHERE state = 'asking' AND script_revision IS NOT NULL AND expires_at > $1",
                params![now],
            )
            .await?;
        rows.iter()
            .map(|row| Ok((row.get("acr")?, row.get("script_revision")?)))
            .collect()
    }

    /// What is not stored has no revision.
    pub(crate) fn of_new(new: &NewScript) -> Self {
        Self {
            name: new.name.to_string(),
            text: new.text.clone(),
            language: new.language,
            properties: new.properties.clone(),
            level: new.level,
            usage: new.usage,
            aliases: new.aliases.iter().map(ScriptName::to_string).collect(),
            revision: 0,
        }
    }

    pub(crate) fn source(&self, libraries: Arc<Libraries>) -> Source {
        Source {
            name: self.name.clone(),
            text: self.text.clone(),
            language: self.language,
            properties: self.properties.clone(),
            revision: self.revision,
            libraries,
        }
    }

    pub(crate) fn from_row(row: &Row, vault: &Vault) -> Result<Self, ScriptStoreError> {
        let name: String = row.get("name")?;
        let sealed: String = row.get("properties")?;
        let malformed = |cause| ScriptStoreError::Malformed(name.clone(), cause);
        let properties: Zeroizing<Vec<u8>> = vault
            .open(PURPOSE, &sealed)
            .map_err(|cause| ScriptStoreError::Sealed(name.clone(), cause))?;
        Ok(Self {
            text: row.get("source")?,
            language: language_named(&row.get::<String>("language")?),
            properties: serde_json::from_slice(&properties).map_err(malformed)?,
            level: row.get("level")?,
            usage: usage_named(&row.get::<String>("usage_type")?),
            aliases: serde_json::from_str(&row.get::<String>("aliases")?).map_err(malformed)?,
            revision: row.get("revision")?,
            name,
        })
    }
}

/// Properties as the store keeps them.
pub(crate) fn sealed(vault: &Vault, properties: &[Property]) -> Result<String, serde_json::Error> {
    let plain = Zeroizing::new(serde_json::to_vec(properties)?);
    Ok(vault.seal(PURPOSE, &plain))
}

pub(crate) const fn language_name(language: Language) -> &'static str {
    match language {
        Language::Python2 => "python2",
        Language::Python3 => "python3",
    }
}

fn language_named(name: &str) -> Language {
    match name {
        "python3" => Language::Python3,
        _ => Language::Python2,
    }
}

pub(crate) const fn usage_name(usage: Usage) -> &'static str {
    match usage {
        Usage::Interactive => "interactive",
        Usage::Service => "service",
        Usage::Both => "both",
    }
}

/// Gluu takes an entry without a usage type for interactive.
fn usage_named(name: &str) -> Usage {
    match name {
        "service" => Usage::Service,
        "both" => Usage::Both,
        _ => Usage::Interactive,
    }
}
