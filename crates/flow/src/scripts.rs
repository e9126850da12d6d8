use std::{
    collections::BTreeMap,
    mem,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use sallyport_base::Timestamp;
use sallyport_script::{
    Call, EngineError, LoadError, LoadTurn, Loading, Property, Returned, Scene, Script, Turn, Usage,
};
use url::Url;

use crate::{
    Acr, Flow, FlowError,
    library_folder::LibraryFolder,
    mail::Addressees,
    outbound::ScriptHosts,
    questions::Host,
    script_entry::{Newest, ScriptEntry, ScriptStoreError, newest_of_enabled},
    script_file::ScriptFiles,
    script_log,
    script_version::ScriptVersion,
};

/// A script that loaded, and what the host knows of it.
#[derive(Clone)]
pub(crate) struct LoadedScript(Arc<Loaded>);

struct Loaded {
    acr: Acr,
    text: String,
    usage: Usage,
    script: Script,
    hosts: ScriptHosts,
    sends: Vec<Url>,
    vouches: bool,
    addressees: Addressees,
}

impl LoadedScript {
    pub(crate) fn acr(&self) -> &Acr {
        &self.0.acr
    }

    pub(crate) fn script(&self) -> &Script {
        &self.0.script
    }

    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn revision(&self) -> i64 {
        self.0.script.revision()
    }

    /// Whether it logs people in at a browser. Gluu offers scripts of the usage `service` nowhere.
    fn is_offered(&self) -> bool {
        self.0.usage != Usage::Service
    }

    pub(crate) fn hosts(&self) -> &ScriptHosts {
        &self.0.hosts
    }

    /// Whether it may say who signs in without a password: its property `login_without_password` is
    /// `true`.
    pub(crate) fn vouches(&self) -> bool {
        self.0.vouches
    }

    pub(crate) fn addressees(&self) -> &Addressees {
        &self.0.addressees
    }

    /// Whether a request to this address sends a passcode: the address is that of the property
    /// `SMS_ENDPOINT` or `ENROLL_ENDPOINT`, however it is spelled, or makes a message at Twilio.
    pub(crate) fn sends_passcode(&self, url: &str) -> bool {
        endpoint(url).is_some_and(|url| self.0.sends.contains(&url) || is_twilio_message(&url))
    }
}

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

/// Why a script was not started.
pub(crate) enum NotStarted {
    /// The script is at fault; the text is for the administrator.
    Fault(String),
    /// The server could not try; the next request tries again.
    Trouble(FlowError),
}

impl From<EngineError> for NotStarted {
    fn from(cause: EngineError) -> Self {
        Self::Trouble(cause.into())
    }
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
            if slot.is_broken || running.is_some_and(|it| changed.concern(&it.0.text)) {
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

/// Lets a version clean up behind itself before it goes. What it makes of that stops nobody.
async fn destroy(flow: &Flow, script: &LoadedScript) {
    let name = &script.acr().name;
    let mut host = Host::for_script(flow, script, flow.clock().now());
    let mut run = match flow.engine().begin(script.script(), Scene::default()).await {
        Ok(run) => run,
        Err(cause) => {
            tracing::warn!(script.name = %name, error = %cause, "destroy of a script was not called");
            return;
        }
    };
    let mut turn = run.call(Call::Destroy).await;
    loop {
        match turn {
            Turn::Ask(question) => turn = run.answer(host.answer(question).await).await,
            Turn::Done(Ok(_)) => return,
            Turn::Done(Err(cause)) => {
                tracing::warn!(script.name = %name, cause = %cause.message, traceback = %cause.traceback, "destroy of a script failed");
                return;
            }
        }
    }
}

/// Starts a version that the store has. `None`: it has not. An inner error is the script's.
async fn start_stored(
    flow: &Flow,
    key: &str,
    revision: i64,
) -> Result<Option<Result<LoadedScript, String>>, FlowError> {
    let mut reader = flow.store().reader().await?;
    let found = ScriptVersion::find(&mut reader, flow.vault(), key, revision).await;
    drop(reader);
    let version = match found {
        Ok(Some(version)) => version,
        Ok(None) => return Ok(None),
        Err(ScriptStoreError::Store(cause)) => return Err(cause.into()),
        Err(unreadable) => return Ok(Some(Err(unreadable.to_string()))),
    };
    match start(flow, &version).await {
        Ok(script) => Ok(Some(Ok(script))),
        Err(NotStarted::Fault(why)) => Ok(Some(Err(why))),
        Err(NotStarted::Trouble(cause)) => Err(cause),
    }
}

/// Loads one version and asks it how many steps it has. The error is for the administrator.
pub(crate) async fn start(
    flow: &Flow,
    version: &ScriptVersion,
) -> Result<LoadedScript, NotStarted> {
    let now = flow.clock().now();
    let hosts = ScriptHosts::of(&version.properties);
    let mut host = Host::for_loading(flow, &version.name, &hosts, now);
    let script = init(flow, version, &mut host, now).await?;
    let steps = count_steps(flow, &script, &mut host).await?;
    tracing::info!(event = "script.loaded", script.name = %version.name, script.revision = version.revision, "a script was loaded");
    Ok(LoadedScript(Arc::new(Loaded {
        acr: Acr {
            name: version.name.to_ascii_lowercase(),
            level: version.level,
            steps,
            aliases: version.aliases.clone(),
        },
        text: version.text.clone(),
        usage: version.usage,
        script,
        sends: passcode_sends(&version.properties),
        vouches: vouches(&version.properties),
        addressees: Addressees::of(&version.properties),
        hosts,
    })))
}

async fn init(
    flow: &Flow,
    version: &ScriptVersion,
    host: &mut Host<'_>,
    now: Timestamp,
) -> Result<Script, NotStarted> {
    let loading = flow.engine().load(
        Arc::new(version.source(flow.scripts().libraries.current())),
        now.as_micros() / 1000,
    );
    let talk = talk_until_loaded(loading.await?, host);
    let Ok(loaded) = tokio::time::timeout(LONGEST_START, talk).await else {
        let seconds = LONGEST_START.as_secs();
        let why = format!("init waited for other servers for more than {seconds} seconds");
        return Err(NotStarted::Fault(why));
    };
    match host.take_trouble() {
        Some(trouble) => Err(NotStarted::Trouble(trouble)),
        None => loaded.map_err(|cause| fault(&cause.to_string(), &cause.traceback)),
    }
}

/// With all that a script waits for while it is started. Those who sign in by it for the first time
/// wait as long.
const LONGEST_START: Duration = Duration::from_secs(30);

async fn talk_until_loaded(mut loading: Loading, host: &mut Host<'_>) -> Result<Script, LoadError> {
    let mut turn = loading.start().await;
    loop {
        match turn {
            LoadTurn::Ask(question) => {
                turn = loading.answer(host.answer(question).await).await;
            }
            LoadTurn::Done(loaded) => return loaded,
        }
    }
}

/// How many steps the method has before anybody is known. Scripts may answer otherwise later; the
/// proof of a login counts the steps that were passed.
async fn count_steps(flow: &Flow, script: &Script, host: &mut Host<'_>) -> Result<u32, NotStarted> {
    let mut run = flow.engine().begin(script, Scene::default()).await?;
    let mut turn = run.call(Call::GetCountAuthenticationSteps).await;
    loop {
        match turn {
            Turn::Ask(question) => turn = run.answer(host.answer(question).await).await,
            Turn::Done(Ok(Returned::Int(steps))) if (1..=MOST_STEPS).contains(&steps) => {
                return Ok(u32::try_from(steps).unwrap_or(1));
            }
            Turn::Done(Ok(_)) => {
                let why = "getCountAuthenticationSteps must return a number from 1 to 32";
                return Err(NotStarted::Fault(why.to_owned()));
            }
            Turn::Done(Err(cause)) => return Err(fault(&cause.message, &cause.traceback)),
        }
    }
}

const MOST_STEPS: i64 = 32;

fn fault(message: &str, traceback: &str) -> NotStarted {
    NotStarted::Fault(script_log::with_traceback(
        &script_log::mask_numbers(message),
        &script_log::mask_numbers(traceback),
    ))
}

/// Twilio's messages: /2010-04-01/Accounts/{account}/Messages.json, wherever the base is.
fn is_twilio_message(url: &Url) -> bool {
    let path = url.path();
    path.contains("/2010-04-01/Accounts/") && path.ends_with("/Messages.json")
}

fn vouches(properties: &[Property]) -> bool {
    let last = properties
        .iter()
        .rfind(|property| property.value1 == "login_without_password");
    last.is_some_and(|property| property.value2.trim().eq_ignore_ascii_case("true"))
}

fn passcode_sends(properties: &[Property]) -> Vec<Url> {
    properties
        .iter()
        .filter(|property| matches!(property.value1.as_str(), "SMS_ENDPOINT" | "ENROLL_ENDPOINT"))
        .filter_map(|property| endpoint(&property.value2))
        .collect()
}

/// An address without what makes no difference to who answers: blanks, query, a slash at the end.
fn endpoint(text: &str) -> Option<Url> {
    let mut url = Url::parse(text.trim()).ok()?;
    url.set_query(None);
    url.set_fragment(None);
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Some(url)
}
