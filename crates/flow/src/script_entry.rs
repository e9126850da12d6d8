use std::path::PathBuf;

use sallyport_base::{Conn, Row, StoreError, Timestamp, Tx, Vault, VaultError, params};
use sallyport_script::{Language, Property, Usage};

use crate::{
    default_acr,
    script_file::FileMark,
    script_name::ScriptName,
    script_version::{self, ScriptVersion, language_name, usage_name},
};

/// A script as an administrator stored it.
#[derive(Clone, Debug)]
pub struct ScriptEntry {
    pub version: ScriptVersion,
    pub description: String,
    /// Where the text comes from. `None`: it was given with the entry.
    pub file: Option<PathBuf>,
    /// When the file was written that the text was read from.
    pub file_written_at: Timestamp,
    pub enabled: bool,
    /// The newest revision that loaded on some node.
    pub loaded_revision: Option<i64>,
    /// Why it does not run: the load error, or the first error since it was loaded.
    pub error: Option<String>,
    /// Why the file cannot be read.
    pub file_error: Option<String>,
    pub updated_at: Timestamp,
}

/// What an administrator says of a script that is added or replaced.
#[derive(Clone, Debug)]
pub struct NewScript {
    pub name: ScriptName,
    pub description: String,
    pub text: String,
    pub language: Language,
    pub properties: Vec<Property>,
    pub level: i64,
    pub usage: Usage,
    pub aliases: Vec<ScriptName>,
    /// The file that the text was read from, if the text is to follow it.
    pub file: Option<FileMark>,
    pub enabled: bool,
}

impl NewScript {
    /// A script that is not enabled, with nothing but a text.
    pub const fn new(name: ScriptName, text: String, language: Language) -> Self {
        Self {
            name,
            description: String::new(),
            text,
            language,
            properties: Vec::new(),
            level: 0,
            usage: Usage::Interactive,
            aliases: Vec::new(),
            file: None,
            enabled: false,
        }
    }
}

/// Why the scripts cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum ScriptStoreError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the properties of script {0}: {1}")]
    Sealed(String, VaultError),
    #[error("the properties of script {0} are malformed: {1}")]
    Malformed(String, serde_json::Error),
    #[error("{0} is a name of another script already")]
    NameTaken(String),
    #[error(
        "{0} is the default login method; choose another one first, with `sallyport acr default NAME`"
    )]
    IsDefault(String),
}

impl ScriptEntry {
    /// Adds the script, or replaces the one of that name, whose last version is kept for those who
    /// need it. Its properties are sealed.
    pub async fn save(
        tx: &mut Tx,
        vault: &Vault,
        new: &NewScript,
        now: Timestamp,
    ) -> Result<(), ScriptStoreError> {
        let (name, key) = (new.name.as_str(), ScriptName::key(new.name.as_str()));
        let malformed = |cause| ScriptStoreError::Malformed(name.to_owned(), cause);
        let aliases: Vec<&str> = new.aliases.iter().map(ScriptName::as_str).collect();
        begin_change(tx, name, now).await?;
        claim_names(tx, &key, &aliases).await?;
        tx.execute(
            "INSERT INTO scripts (key, name, description, source, language, properties, level, usage_type, aliases,
                location_path, file_written_at, enabled, updated_at, revision)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
                COALESCE((SELECT MAX(revision) FROM script_versions WHERE key = $1), 0) + 1)
             ON CONFLICT (key) DO UPDATE SET name = excluded.name, description = excluded.description,
                source = excluded.source, language = excluded.language, properties = excluded.properties,
                level = excluded.level, usage_type = excluded.usage_type, aliases = excluded.aliases,
                location_path = excluded.location_path, file_written_at = excluded.file_written_at, file_error = NULL,
                enabled = excluded.enabled, revision = scripts.revision + 1, error = NULL, updated_at = excluded.updated_at",
            params![
                key,
                name,
                new.description.as_str(),
                new.text.as_str(),
                language_name(new.language),
                script_version::sealed(vault, &new.properties).map_err(malformed)?,
                new.level,
                usage_name(new.usage),
                serde_json::to_string(&aliases).map_err(malformed)?,
                new.file.as_ref().map(|file| file.path.display().to_string()),
                new.file.as_ref().map_or(0, |file| file.written_at.as_micros()),
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

    /// Offers the script as a login method; one that does not run is tried again. Gives whether
    /// there is such a script.
    pub async fn enable(tx: &mut Tx, name: &str, now: Timestamp) -> Result<bool, StoreError> {
        set_enabled(tx, name, true, now).await
    }

    /// Takes the script back as a login method: logins under way end too. Gives whether there is
    /// such a script. The default method, which is `configured` when the store has none, stays.
    pub async fn disable(
        tx: &mut Tx,
        name: &str,
        configured: Option<&str>,
        now: Timestamp,
    ) -> Result<bool, ScriptStoreError> {
        let found = set_enabled(tx, name, false, now).await?;
        default_acr::refuse(tx, configured, name).await?;
        Ok(found)
    }

    /// Removes the script for good. Gives whether there was such a script. The default method,
    /// which is `configured` when the store has none, stays.
    pub async fn remove(
        tx: &mut Tx,
        name: &str,
        configured: Option<&str>,
        now: Timestamp,
    ) -> Result<bool, ScriptStoreError> {
        begin_change(tx, name, now).await?;
        default_acr::refuse(tx, configured, name).await?;
        let key = ScriptName::key(name);
        tx.execute("DELETE FROM script_names WHERE script = $1", params![&key])
            .await?;
        let removed = tx
            .execute("DELETE FROM scripts WHERE key = $1", params![key])
            .await?;
        Ok(removed == 1)
    }

    /// Takes the text of a file that was written anew. `false`: another node was faster.
    pub(crate) async fn follow_file(
        tx: &mut Tx,
        before: &Self,
        text: &str,
        written_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let language = Language::declared_in(text).unwrap_or(before.version.language);
        begin_change(tx, &before.version.name, now).await?;
        let touched = tx
            .execute(
                "UPDATE scripts SET source = $3, language = $4, file_written_at = $5, file_error = NULL, error = NULL,
                    revision = revision + 1, updated_at = $6
                 WHERE key = $1 AND revision = $2",
                params![
                    ScriptName::key(&before.version.name),
                    before.version.revision,
                    text,
                    language_name(language),
                    written_at,
                    now,
                ],
            )
            .await?;
        Ok(touched == 1)
    }

    /// Keeps why the file cannot be read, or that it can be read again.
    pub(crate) async fn record_file(
        tx: &mut Tx,
        key: &str,
        error: Option<&str>,
    ) -> Result<(), StoreError> {
        tx.execute(
            "UPDATE scripts SET file_error = $2 WHERE key = $1",
            params![key, error],
        )
        .await?;
        Ok(())
    }

    /// Keeps that this revision loads, or why it does not.
    pub(crate) async fn record_load(
        tx: &mut Tx,
        name: &str,
        revision: i64,
        outcome: Result<(), &str>,
    ) -> Result<(), StoreError> {
        tx.execute(
            "UPDATE scripts SET error = $3, loaded_revision = COALESCE($4, loaded_revision) WHERE key = $1 AND revision = $2",
            params![
                ScriptName::key(name),
                revision,
                outcome.err(),
                outcome.is_ok().then_some(revision)
            ],
        )
        .await?;
        Ok(())
    }

    /// Keeps the first error of a running version; later ones are in the log only.
    pub(crate) async fn record_failure(
        tx: &mut Tx,
        name: &str,
        revision: i64,
        error: &str,
    ) -> Result<(), StoreError> {
        tx.execute(
            "UPDATE scripts SET error = $3 WHERE key = $1 AND revision = $2 AND error IS NULL",
            params![ScriptName::key(name), revision, error],
        )
        .await?;
        Ok(())
    }

    fn from_row(row: &Row, vault: &Vault) -> Result<Self, ScriptStoreError> {
        Ok(Self {
            version: ScriptVersion::from_row(row, vault)?,
            description: row.get("description")?,
            file: row
                .get::<Option<String>>("location_path")?
                .map(PathBuf::from),
            file_written_at: row.get("file_written_at")?,
            enabled: row.get("enabled")?,
            loaded_revision: row.get("loaded_revision")?,
            error: row.get("error")?,
            file_error: row.get("file_error")?,
            updated_at: row.get("updated_at")?,
        })
    }
}

/// Sets the newest version aside. The entry is locked first, so that of two changes at once the
/// later sees what the earlier made.
async fn begin_change(tx: &mut Tx, name: &str, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE scripts SET updated_at = $2 WHERE key = $1",
        params![ScriptName::key(name), now],
    )
    .await?;
    ScriptVersion::set_aside(tx, name, now).await
}

async fn set_enabled(
    tx: &mut Tx,
    name: &str,
    enabled: bool,
    now: Timestamp,
) -> Result<bool, StoreError> {
    begin_change(tx, name, now).await?;
    let touched = tx
        .execute(
            "UPDATE scripts SET enabled = $2, revision = revision + 1, error = NULL WHERE key = $1",
            params![ScriptName::key(name), enabled],
        )
        .await?;
    Ok(touched == 1)
}

/// A name or alias belongs to one script alone.
async fn claim_names(tx: &mut Tx, key: &str, aliases: &[&str]) -> Result<(), ScriptStoreError> {
    tx.execute("DELETE FROM script_names WHERE script = $1", params![key])
        .await?;
    for name in aliases.iter().copied().chain([key]) {
        let claimed = tx
            .execute(
                "INSERT INTO script_names (name, script) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
                params![ScriptName::key(name), key],
            )
            .await?;
        if claimed == 0 {
            return Err(ScriptStoreError::NameTaken(name.to_owned()));
        }
    }
    Ok(())
}

/// What a node must know of an enabled script to see that it is not current.
pub(crate) struct Newest {
    pub key: String,
    pub revision: i64,
    pub file: Option<FileMark>,
}

/// The newest revision of every enabled script, by key.
pub(crate) async fn newest_of_enabled(conn: &mut Conn) -> Result<Vec<Newest>, StoreError> {
    let rows = conn
        .rows(
            "SELECT key, revision, location_path, file_written_at FROM scripts WHERE enabled = TRUE ORDER BY key",
            &[],
        )
        .await?;
    rows.iter().map(newest).collect()
}

fn newest(row: &Row) -> Result<Newest, StoreError> {
    let path: Option<String> = row.get("location_path")?;
    let written_at = row.get("file_written_at")?;
    Ok(Newest {
        key: row.get("key")?,
        revision: row.get("revision")?,
        file: path.map(|path| FileMark {
            path: path.into(),
            written_at,
        }),
    })
}

#[cfg(test)]
mod tests {
    use sallyport_base::{Schema, testing::ScratchStore};

    use super::*;
    use crate::{DefaultAcr, SCHEMA};

    const NOW: Timestamp = Timestamp::from_seconds(1_795_512_600);

    fn vault() -> Vault {
        Vault::from_key([7; 32])
    }

    fn name(text: &str) -> ScriptName {
        ScriptName::check(text).unwrap()
    }

    fn script(text: &str, aliases: &[&str]) -> NewScript {
        NewScript {
            aliases: aliases.iter().map(|alias| name(alias)).collect(),
            enabled: true,
            ..NewScript::new(name(text), "# empty".to_owned(), Language::Python2)
        }
    }

    async fn save(scratch: &ScratchStore, new: &NewScript) -> Result<(), ScriptStoreError> {
        let mut tx = scratch.store.begin().await?;
        ScriptEntry::save(&mut tx, &vault(), new, NOW).await?;
        Ok(tx.commit().await?)
    }

    async fn find(scratch: &ScratchStore, name: &str) -> Option<ScriptEntry> {
        let mut reader = scratch.store.reader().await.unwrap();
        ScriptEntry::find(&mut reader, &vault(), name)
            .await
            .unwrap()
    }

    async fn remove(scratch: &ScratchStore, name: &str) -> Result<bool, ScriptStoreError> {
        let mut tx = scratch.store.begin().await?;
        let removed = ScriptEntry::remove(&mut tx, name, None, NOW).await?;
        tx.commit().await?;
        Ok(removed)
    }

    async fn version(scratch: &ScratchStore, revision: i64) -> Option<ScriptVersion> {
        let mut reader = scratch.store.reader().await.unwrap();
        ScriptVersion::find(&mut reader, &vault(), "sms", revision)
            .await
            .unwrap()
    }

    async fn purge(scratch: &ScratchStore, at: Timestamp) {
        let mut tx = scratch.store.begin().await.unwrap();
        ScriptVersion::purge(&mut tx, at).await.unwrap();
        tx.commit().await.unwrap();
    }

    #[tokio::test]
    async fn a_name_or_alias_is_of_one_script() {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        save(&scratch, &script("sms", &["code", "Otp"]))
            .await
            .unwrap();
        for (other, taken) in [
            (script("CODE", &[]), "code"),
            (script("mail", &["SMS"]), "SMS"),
            (script("mail", &["otp"]), "otp"),
            (script("mail", &["mail"]), "mail"),
        ] {
            let refused = save(&scratch, &other).await;
            assert!(
                matches!(&refused, Err(ScriptStoreError::NameTaken(name)) if name == taken),
                "{refused:?}"
            );
        }
        save(&scratch, &script("sms", &["code"])).await.unwrap();
        save(&scratch, &script("mail", &["otp"])).await.unwrap();
        assert_eq!(
            find(&scratch, "Mail").await.unwrap().version.aliases,
            ["otp"]
        );
    }

    #[tokio::test]
    async fn a_replaced_version_stays_while_a_login_or_the_last_good_load_needs_it() {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        for _ in 1..=4 {
            save(&scratch, &script("sms", &[])).await.unwrap();
        }
        let mut tx = scratch.store.begin().await.unwrap();
        tx.execute(
            "INSERT INTO logins (id, browser, acr, state, page, session, messages, attempts, version, parked, resume_path, expires_at, script_revision)
             VALUES ('x', '', 'sms', 'asking', '', '', '', 0, 0, '', '', $1, 1)",
            params![NOW.plus(std::time::Duration::from_secs(1800))],
        )
        .await
        .unwrap();
        tx.execute("UPDATE scripts SET loaded_revision = 2", &[])
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let revisions = async || {
            let mut found = Vec::new();
            for revision in 1..=5 {
                found.extend(version(&scratch, revision).await.map(|it| it.revision));
            }
            found
        };
        purge(&scratch, NOW).await;
        assert_eq!(
            revisions().await,
            [1, 2, 3, 4],
            "all of them for some minutes"
        );
        purge(&scratch, NOW.plus(std::time::Duration::from_secs(1200))).await;
        assert_eq!(revisions().await, [1, 2, 4]);
        purge(&scratch, NOW.plus(std::time::Duration::from_secs(1800))).await;
        assert_eq!(revisions().await, [2, 4], "the login is over");
    }

    #[tokio::test]
    async fn a_script_that_comes_back_repeats_no_revision() {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        save(&scratch, &script("sms", &[])).await.unwrap();
        save(&scratch, &script("sms", &[])).await.unwrap();
        assert!(remove(&scratch, "SMS").await.unwrap());
        assert!(!remove(&scratch, "sms").await.unwrap());
        assert!(find(&scratch, "sms").await.is_none());
        save(&scratch, &script("sms", &[])).await.unwrap();
        assert_eq!(find(&scratch, "sms").await.unwrap().version.revision, 3);
    }

    #[tokio::test]
    async fn the_default_method_is_neither_disabled_nor_removed() {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        save(&scratch, &script("sms", &["urn:sms"])).await.unwrap();
        let disable = async |configured: Option<&'static str>| {
            let mut tx = scratch.store.begin().await.unwrap();
            let disabled = ScriptEntry::disable(&mut tx, "Sms", configured, NOW).await;
            if disabled.is_ok() {
                tx.commit().await.unwrap();
            }
            disabled
        };
        for configured in ["sms", "urn:SMS"] {
            let refused = disable(Some(configured)).await;
            assert!(matches!(refused, Err(ScriptStoreError::IsDefault(_))));
        }
        let mut tx = scratch.store.begin().await.unwrap();
        assert!(DefaultAcr::choose(&mut tx, "SMS", NOW).await.unwrap());
        tx.commit().await.unwrap();
        for refused in [disable(None).await, remove(&scratch, "sms").await] {
            assert!(matches!(refused, Err(ScriptStoreError::IsDefault(_))));
        }
        assert!(find(&scratch, "sms").await.unwrap().enabled);
        let mut tx = scratch.store.begin().await.unwrap();
        DefaultAcr::recover(&mut tx, NOW).await.unwrap();
        tx.commit().await.unwrap();
        assert!(disable(Some("sms")).await.unwrap(), "the store's own wins");
        let mut tx = scratch.store.begin().await.unwrap();
        let chosen = DefaultAcr::choose(&mut tx, "sms", NOW).await.unwrap();
        assert!(!chosen, "a disabled one is never the default");
    }

    #[tokio::test]
    async fn a_store_of_the_release_before_keeps_its_scripts() {
        let before = Schema {
            name: SCHEMA.name,
            steps: &SCHEMA.steps[..1],
        };
        let scratch = ScratchStore::new(&[before]).await;
        let mut tx = scratch.store.begin().await.unwrap();
        tx.execute(
            "INSERT INTO scripts (key, name, description, source, language, properties, level, enabled, revision, error, updated_at)
             VALUES ('sms', 'Sms', 'By SMS', '# text', 'python3', $1, 7, TRUE, 4, NULL, 0)",
            params![script_version::sealed(&vault(), &[]).unwrap()],
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        scratch.store.migrate(&[SCHEMA]).await.unwrap();
        let entry = find(&scratch, "sms").await.unwrap();
        assert_eq!(
            (
                entry.version.name.as_str(),
                entry.version.revision,
                entry.enabled
            ),
            ("Sms", 4, true)
        );
        assert_eq!(entry.version.usage, Usage::Interactive);
        assert_eq!((entry.file, entry.loaded_revision), (None, None));
        let taken = save(&scratch, &script("other", &["sms"])).await;
        assert!(matches!(taken, Err(ScriptStoreError::NameTaken(_))));
        save(&scratch, &script("sms", &[])).await.unwrap();
        assert_eq!(find(&scratch, "sms").await.unwrap().version.revision, 5);
    }
}
