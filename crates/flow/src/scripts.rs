use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use sallyport_base::Timestamp;
use sallyport_script::{Call, EngineError, LoadTurn, Property, Returned, Scene, Script, Turn};
use url::Url;

use crate::{
    Acr, Flow, FlowError,
    outbound::ScriptHosts,
    questions::Host,
    script_entry::{ScriptEntry, ScriptStoreError, enabled_revisions},
    script_log,
};

/// A script that loaded, and what the host knows of it.
#[derive(Clone)]
pub(crate) struct LoadedScript(Arc<Loaded>);

struct Loaded {
    acr: Acr,
    script: Script,
    hosts: ScriptHosts,
    sends: Vec<Url>,
}

impl LoadedScript {
    pub(crate) fn acr(&self) -> &Acr {
        &self.0.acr
    }

    pub(crate) fn script(&self) -> &Script {
        &self.0.script
    }

    pub(crate) fn hosts(&self) -> &ScriptHosts {
        &self.0.hosts
    }

    /// Whether a request to this address sends a passcode: the address is that of the property
    /// `SMS_ENDPOINT` or `ENROLL_ENDPOINT`, however it is spelled.
    pub(crate) fn sends_passcode(&self, url: &str) -> bool {
        endpoint(url).is_some_and(|url| self.0.sends.contains(&url))
    }
}

/// The scripts that run on this node. Each look at them begins with [`Scripts::refresh`], so that a
/// change in the store, by whichever node or command, is in force at the next request.
#[derive(Default)]
pub(crate) struct Scripts {
    slots: RwLock<BTreeMap<String, Slot>>,
    refreshing: tokio::sync::Mutex<()>,
}

/// What became of one enabled script.
#[derive(Clone)]
struct Slot {
    /// The newest revision that was tried.
    tried: i64,
    /// As the administrator set it, whether the script runs or not.
    level: i64,
    /// What runs: the newest revision that loaded. A broken change leaves the running version.
    running: Option<LoadedScript>,
}

/// Why a script was not started.
enum NotStarted {
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
            running: None,
        }
    }
}

impl Scripts {
    /// Loads what is new or changed in the store, and forgets what was disabled or removed.
    pub(crate) async fn refresh(&self, flow: &Flow) -> Result<(), FlowError> {
        let wanted = enabled_revisions(&mut *flow.store().reader().await?).await?;
        if self.is_current(&wanted) {
            return Ok(());
        }
        let _one_at_a_time = self.refreshing.lock().await;
        let wanted = enabled_revisions(&mut *flow.store().reader().await?).await?;
        self.forget_others(&wanted);
        for (key, revision) in wanted {
            if self.slot(&key).is_none_or(|slot| slot.tried != revision) {
                let slot = self.load(flow, &key, revision).await?;
                self.write().insert(key, slot);
            }
        }
        Ok(())
    }

    pub(crate) fn acrs(&self) -> Vec<Acr> {
        self.read()
            .values()
            .filter_map(|slot| slot.running.as_ref())
            .map(|script| script.acr().clone())
            .collect()
    }

    /// The strongest of the enabled scripts: `None` when none is enabled, `Some(None)` when the
    /// strongest does not run. A weaker one does not take its place.
    pub(crate) fn strongest(&self) -> Option<Option<Acr>> {
        let slots = self.read();
        let strongest = slots.values().max_by_key(|slot| slot.level)?;
        Some(
            strongest
                .running
                .as_ref()
                .map(|script| script.acr().clone()),
        )
    }

    pub(crate) fn find(&self, acr: &str) -> Option<LoadedScript> {
        self.slot(&acr.to_ascii_lowercase())?.running
    }

    async fn load(&self, flow: &Flow, key: &str, revision: i64) -> Result<Slot, FlowError> {
        let before = self.slot(key).and_then(|slot| slot.running);
        let entry = ScriptEntry::find(&mut *flow.store().reader().await?, flow.vault(), key).await;
        let (level, outcome) = match entry {
            Ok(Some(entry)) => (entry.level, start(flow, &entry).await),
            Ok(None) => return Ok(Slot::of_nothing(revision)),
            Err(ScriptStoreError::Store(cause)) => return Err(cause.into()),
            Err(unreadable) => (i64::MAX, Err(NotStarted::Fault(unreadable.to_string()))),
        };
        let outcome = match outcome {
            Ok(script) => Ok(script),
            Err(NotStarted::Fault(why)) => Err(why),
            Err(NotStarted::Trouble(cause)) => return Err(cause),
        };
        let mut tx = flow.store().begin().await?;
        let error = outcome.as_ref().err().map(String::as_str);
        ScriptEntry::record_load(&mut tx, key, revision, error).await?;
        tx.commit().await?;
        let running = match outcome {
            Ok(script) => Some(script),
            Err(why) => {
                tracing::error!(event = "script.not_loaded", script.name = %key, script.revision = revision, cause = %why, "a script does not load");
                before
            }
        };
        Ok(Slot {
            tried: revision,
            level,
            running,
        })
    }

    fn is_current(&self, wanted: &[(String, i64)]) -> bool {
        let slots = self.read();
        slots.len() == wanted.len()
            && wanted
                .iter()
                .all(|(key, revision)| slots.get(key).is_some_and(|slot| slot.tried == *revision))
    }

    fn forget_others(&self, wanted: &[(String, i64)]) {
        self.write()
            .retain(|key, _| wanted.iter().any(|(wanted, _)| wanted == key));
    }

    fn slot(&self, key: &str) -> Option<Slot> {
        self.read().get(key).cloned()
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<String, Slot>> {
        self.slots.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, BTreeMap<String, Slot>> {
        self.slots.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Loads one script and asks it how many steps it has. The error is for the administrator.
async fn start(flow: &Flow, entry: &ScriptEntry) -> Result<LoadedScript, NotStarted> {
    let now = flow.clock().now();
    let hosts = ScriptHosts::of(&entry.properties);
    let mut host = Host::for_loading(flow, &hosts, now);
    let script = init(flow, entry, &mut host, now).await?;
    let steps = count_steps(flow, &script, &mut host).await?;
    tracing::info!(event = "script.loaded", script.name = %entry.name, script.revision = entry.revision, "a script was loaded");
    Ok(LoadedScript(Arc::new(Loaded {
        acr: Acr {
            name: entry.name.to_ascii_lowercase(),
            level: entry.level,
            steps,
        },
        script,
        sends: passcode_sends(&entry.properties),
        hosts,
    })))
}

async fn init(
    flow: &Flow,
    entry: &ScriptEntry,
    host: &mut Host<'_>,
    now: Timestamp,
) -> Result<Script, NotStarted> {
    let loading = flow
        .engine()
        .load(Arc::new(entry.source()), now.as_micros() / 1000);
    let mut loading = loading.await?;
    let mut turn = loading.start().await;
    loop {
        match turn {
            LoadTurn::Ask(question) => {
                turn = loading.answer(host.answer(question).await).await;
            }
            LoadTurn::Done(loaded) => {
                if let Some(trouble) = host.take_trouble() {
                    return Err(NotStarted::Trouble(trouble));
                }
                return loaded.map_err(|cause| fault(&cause.to_string(), &cause.traceback));
            }
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
