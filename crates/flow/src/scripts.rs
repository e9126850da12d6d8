use std::{
    collections::BTreeMap,
    mem,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use sallyport_script::{Libraries, Usage};

use crate::{
    Acr, Flow, FlowError,
    library_folder::LibraryFolder,
    loaded_script::LoadedScript,
    script_entry::{Newest, ScriptEntry, ScriptStoreError, newest_of_enabled},
    script_file::ScriptFiles,
    script_start::{NotStarted, destroy, start, start_stored},
    script_version::ScriptVersion,
};

/// The scripts that run on this node. Each question about them begins with [`Scripts::refresh`], so
/// that a change in the store, by whichever node or command, is in force at the next request; and
/// [`Scripts::look`] once a second sees it when nobody asks.
pub(crate) struct Scripts {
    shelf: RwLock<Shelf>,
    files: ScriptFiles,
    libraries: LibraryFolder,
    loading: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Shelf {
    /// What became of the enabled scripts, by key.
    slots: BTreeMap<String, Slot>,
    /// Versions that were replaced, for the logins that began with them; by key and revision.
    older: BTreeMap<(String, i64), LoadedScript>,
    /// What ran with libraries that have changed since.
    outdated: Vec<LoadedScript>,
}

/// What became of one enabled script.
#[derive(Clone)]
struct Slot {
    /// The newest revision that was tried.
    tried: i64,
    /// As the administrator set it, whether the script runs or not.
    level: i64,
    /// Whether it logs people in at a browser; as the administrator set it, too.
    is_for_browsers: bool,
    /// Whether that revision does not load.
    is_broken: bool,
    /// What runs: the newest revision that loaded. A broken change leaves the running version.
    running: Option<LoadedScript>,
}

impl Slot {
    /// A script that was removed between two looks at the store.
    fn of_nothing(revision: i64) -> Self {
        Self {
            tried: revision,
            level: i64::MIN,
            is_for_browsers: false,
            is_broken: false,
            running: None,
        }
    }

    fn offered(&self) -> Option<&LoadedScript> {
        self.running.as_ref().filter(|script| script.is_offered())
    }
}

/// No revision has this number.
const NEVER: i64 = 0;

impl Scripts {
    /// `libraries` is the folder of modules that scripts may import.
    pub(crate) fn new(libraries: Option<PathBuf>) -> Self {
        Self {
            shelf: RwLock::default(),
            files: ScriptFiles::default(),
            libraries: LibraryFolder::new(libraries),
            loading: tokio::sync::Mutex::default(),
        }
    }

    /// The modules that scripts may import now.
    pub(crate) fn libraries(&self) -> Arc<Libraries> {
        self.libraries.current()
    }

    /// Loads what is new or changed in the store, and forgets what was disabled or removed.
    pub(crate) async fn refresh(&self, flow: &Flow) -> Result<(), FlowError> {
        self.refreshed(flow).await.map(|_| ())
    }

    /// Takes in what changed, in the store and in the files of scripts, and drops old versions that
    /// no login needs any more. To be called once a second.
    pub(crate) async fn look(&self, flow: &Flow) -> Result<(), FlowError> {
        self.look_at_libraries().await;
        let newest = self.refreshed(flow).await?;
        self.files.look(flow, &newest).await?;
        self.retire(flow).await
    }

    async fn refreshed(&self, flow: &Flow) -> Result<Vec<Newest>, FlowError> {
        let newest = newest_of_enabled(&mut *flow.store().reader().await?).await?;
        if self.is_current(&newest) {
            return Ok(newest);
        }
        let _one_at_a_time = match self.loading.try_lock() {
            Ok(turn) => turn,
            // Somebody loads what is new: who only wants to sign in goes on with what runs.
            Err(_) if self.has_all(&newest) => return Ok(newest),
            Err(_) => self.loading.lock().await,
        };
        self.look_at_libraries().await;
        let newest = newest_of_enabled(&mut *flow.store().reader().await?).await?;
        self.forget_others(&newest);
        for Newest { key, revision, .. } in &newest {
            if self.slot(key).is_none_or(|slot| slot.tried != *revision) {
                match self.load(flow, key, *revision).await {
                    Ok(slot) => self.put(key, slot),
                    // One script is no reason to refuse those who use another; the next look tries
                    // again.
                    Err(cause @ (FlowError::Engine(_) | FlowError::Busy)) => {
                        tracing::error!(event = "script.not_tried", script.name = %key, %cause, "a script could not be loaded now");
                    }
                    Err(cause) => return Err(cause),
                }
            }
        }
        Ok(newest)
    }

    /// Whether each of them was tried before, in whichever version.
    fn has_all(&self, wanted: &[Newest]) -> bool {
        let shelf = self.read();
        wanted
            .iter()
            .all(|newest| shelf.slots.contains_key(&newest.key))
    }

    pub(crate) fn acrs(&self) -> Vec<Acr> {
        let shelf = self.read();
        let offered = shelf.slots.values().filter_map(Slot::offered);
        offered.map(|script| script.acr().clone()).collect()
    }

    /// The strongest of the enabled scripts: `None` when none is enabled, `Some(None)` when the
    /// strongest does not run. A weaker one does not take its place.
    pub(crate) fn strongest(&self) -> Option<Option<Acr>> {
        let shelf = self.read();
        let slots = shelf.slots.values();
        let strongest = slots
            .filter(|slot| slot.is_for_browsers)
            .max_by_key(|slot| slot.level)?;
        Some(strongest.running.as_ref().map(|it| it.acr().clone()))
    }

    /// What runs under that name.
    pub(crate) fn find(&self, acr: &str) -> Option<LoadedScript> {
        self.slot(&acr.to_ascii_lowercase())?.running
    }

    /// The same; a name that this node has never heard of is looked for in the store.
    pub(crate) async fn running(
        &self,
        flow: &Flow,
        acr: &str,
    ) -> Result<Option<LoadedScript>, FlowError> {
        if let Some(script) = self.find(acr) {
            return Ok(Some(script));
        }
        self.refresh(flow).await?;
        Ok(self.find(acr))
    }

    /// The version that a login began with, on whichever node that was. `None`: the script was
    /// disabled or removed since, or the version does not run here.
    pub(crate) async fn version(
        &self,
        flow: &Flow,
        acr: &str,
        revision: i64,
    ) -> Result<Option<LoadedScript>, FlowError> {
        let key = acr.to_ascii_lowercase();
        if let Some(script) = self.at_hand(&key, revision) {
            return Ok(Some(script));
        }
        self.refresh(flow).await?;
        let Some(slot) = self.slot(&key) else {
            return Ok(None);
        };
        let _one_at_a_time = self.loading.lock().await;
        if let Some(script) = self.at_hand(&key, revision) {
            return Ok(Some(script));
        }
        match start_stored(flow, &key, revision).await? {
            Some(Ok(script)) => {
                let older = (key, revision);
                self.write().older.insert(older, script.clone());
                Ok(Some(script))
            }
            Some(Err(why)) => {
                tracing::error!(event = "script.not_loaded", script.name = %key, script.revision = revision, cause = %why, "the version that a login began with does not load");
                Ok(None)
            }
            // Of a login from before versions were kept.
            None => Ok(slot.running),
        }
    }

    fn at_hand(&self, key: &str, revision: i64) -> Option<LoadedScript> {
        let shelf = self.read();
        let slot = shelf.slots.get(key)?;
        let running = slot.running.as_ref();
        running
            .filter(|script| script.revision() == revision)
            .or_else(|| shelf.older.get(&(key.to_owned(), revision)))
            .cloned()
    }

    async fn load(&self, flow: &Flow, key: &str, revision: i64) -> Result<Slot, FlowError> {
        let entry = ScriptEntry::find(&mut *flow.store().reader().await?, flow.vault(), key).await;
        let (level, is_for_browsers, good, outcome) = match entry {
            Ok(Some(entry)) => (
                entry.version.level,
                entry.version.usage != Usage::Service,
                entry.loaded_revision,
                start(flow, &entry.version).await,
            ),
            Ok(None) => return Ok(Slot::of_nothing(revision)),
            Err(ScriptStoreError::Store(cause)) => return Err(cause.into()),
            Err(unreadable) => (
                i64::MAX,
                true,
                None,
                Err(NotStarted::Fault(unreadable.to_string())),
            ),
        };
        let outcome = match outcome {
            Ok(script) => Ok(script),
            Err(NotStarted::Fault(why)) => Err(why),
            Err(NotStarted::Trouble(cause)) => return Err(cause),
        };
        let mut tx = flow.store().begin().await?;
        let result = outcome.as_ref().map(|_| ()).map_err(String::as_str);
        ScriptEntry::record_load(&mut tx, key, revision, result).await?;
        tx.commit().await?;
        let is_broken = outcome.is_err();
        let running = match outcome {
            Ok(script) => Some(script),
            Err(why) => {
                tracing::error!(event = "script.not_loaded", script.name = %key, script.revision = revision, cause = %why, "a script does not load");
                self.instead(flow, key, good).await?
            }
        };
        Ok(Slot {
            tried: revision,
            level,
            is_for_browsers,
            is_broken,
            running,
        })
    }

    /// What runs when the newest version does not: the one that ran, or after a start the last one
    /// that loaded, if the store still has it.
    async fn instead(
        &self,
        flow: &Flow,
        key: &str,
        good: Option<i64>,
    ) -> Result<Option<LoadedScript>, FlowError> {
        let running = self.slot(key).and_then(|slot| slot.running);
        let (None, Some(good)) = (&running, good) else {
            return Ok(running);
        };
        match start_stored(flow, key, good).await? {
            Some(Ok(script)) => {
                tracing::warn!(event = "script.last_good", script.name = %key, script.revision = good, "the last version of a script that loaded runs in place of the newest");
                Ok(Some(script))
            }
            Some(Err(_)) | None => Ok(None),
        }
    }

    /// Has the scripts loaded again that may use a library which was changed, and those that do not
    /// load: a library may be what they miss.
    async fn look_at_libraries(&self) {
        let changed = self.libraries.look().await;
        if changed.is_empty() {
            return;
        }
        for slot in self.write().slots.values_mut() {
            let running = slot.running.as_ref();
            if slot.is_broken || running.is_some_and(|it| changed.concern(it.text())) {
                slot.tried = NEVER;
            }
        }
    }

    fn put(&self, key: &str, slot: Slot) {
        let mut shelf = self.write();
        let running = slot.running.clone();
        let before = shelf.slots.insert(key.to_owned(), slot);
        let Some(replaced) = before.and_then(|slot| slot.running) else {
            return;
        };
        match running {
            Some(running) if running.is(&replaced) => {}
            Some(running) if running.revision() == replaced.revision() => {
                shelf.outdated.push(replaced);
            }
            _ => {
                let older = (key.to_owned(), replaced.revision());
                shelf.older.insert(older, replaced);
            }
        }
    }

    /// Drops the versions that were replaced and that no login needs, and those of scripts that are
    /// not enabled any more.
    async fn retire(&self, flow: &Flow) -> Result<(), FlowError> {
        let outdated = mem::take(&mut self.write().outdated);
        for script in outdated {
            destroy(flow, &script).await;
        }
        if self.read().older.is_empty() {
            return Ok(());
        }
        let now = flow.clock().now();
        let needed =
            ScriptVersion::needed_by_logins(&mut *flow.store().reader().await?, now).await?;
        for ((key, revision), script) in self.take_unneeded(&needed) {
            tracing::info!(event = "script.dropped", script.name = %key, script.revision = revision, "no login needs an old version of a script any more");
            destroy(flow, &script).await;
        }
        Ok(())
    }

    fn take_unneeded(&self, needed: &[(String, i64)]) -> BTreeMap<(String, i64), LoadedScript> {
        let mut shelf = self.write();
        let older = mem::take(&mut shelf.older);
        let (kept, unneeded) = older.into_iter().partition(|(version, _)| {
            shelf.slots.contains_key(&version.0) && needed.contains(version)
        });
        shelf.older = kept;
        unneeded
    }

    fn is_current(&self, newest: &[Newest]) -> bool {
        let shelf = self.read();
        shelf.slots.len() == newest.len()
            && newest.iter().all(|Newest { key, revision, .. }| {
                shelf
                    .slots
                    .get(key)
                    .is_some_and(|slot| slot.tried == *revision)
            })
    }

    /// What was disabled or removed is not offered any more, and logins with it are over.
    fn forget_others(&self, newest: &[Newest]) {
        let mut shelf = self.write();
        let known = mem::take(&mut shelf.slots);
        let (kept, gone): (BTreeMap<_, _>, BTreeMap<_, _>) = known
            .into_iter()
            .partition(|(key, _)| newest.iter().any(|newest| newest.key == *key));
        shelf.slots = kept;
        for (key, slot) in gone {
            if let Some(script) = slot.running {
                shelf.older.insert((key, script.revision()), script);
            }
        }
    }

    fn slot(&self, key: &str) -> Option<Slot> {
        self.read().slots.get(key).cloned()
    }

    fn read(&self) -> RwLockReadGuard<'_, Shelf> {
        self.shelf.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Shelf> {
        self.shelf.write().unwrap_or_else(PoisonError::into_inner)
    }
}
