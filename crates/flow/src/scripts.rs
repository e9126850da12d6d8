use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use sallyport_base::Timestamp;
use sallyport_script::{Call, LoadTurn, Property, Returned, Scene, Script, Turn};

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
    sends: Vec<String>,
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
    /// `SMS_ENDPOINT` or `ENROLL_ENDPOINT`.
    pub(crate) fn sends_passcode(&self, url: &str) -> bool {
        self.0.sends.iter().any(|send| send == url)
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
    /// What runs: the newest revision that loaded. A broken change leaves the running version.
    running: Option<LoadedScript>,
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

    pub(crate) fn find(&self, acr: &str) -> Option<LoadedScript> {
        self.slot(&acr.to_ascii_lowercase())?.running
    }

    async fn load(&self, flow: &Flow, key: &str, revision: i64) -> Result<Slot, FlowError> {
        let before = self.slot(key).and_then(|slot| slot.running);
        let entry = ScriptEntry::find(&mut *flow.store().reader().await?, flow.vault(), key).await;
        let outcome = match entry {
            Ok(Some(entry)) => start(flow, &entry).await,
            Ok(None) => Err("the script was removed".to_owned()),
            Err(ScriptStoreError::Store(cause)) => return Err(cause.into()),
            Err(unreadable) => Err(unreadable.to_string()),
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
async fn start(flow: &Flow, entry: &ScriptEntry) -> Result<LoadedScript, String> {
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
) -> Result<Script, String> {
    let loading = flow
        .engine()
        .load(Arc::new(entry.source()), now.as_micros() / 1000);
    let mut loading = loading.await.map_err(|cause| cause.to_string())?;
    let mut turn = loading.start().await;
    loop {
        match turn {
            LoadTurn::Ask(question) => {
                turn = loading.answer(host.answer(question).await).await;
            }
            LoadTurn::Done(loaded) => {
                return loaded.map_err(|cause| {
                    script_log::with_traceback(&cause.to_string(), &cause.traceback)
                });
            }
        }
    }
}

/// How many steps the method has before anybody is known. Scripts may answer otherwise later; the
/// proof of a login counts the steps that were passed.
async fn count_steps(flow: &Flow, script: &Script, host: &mut Host<'_>) -> Result<u32, String> {
    let mut run = flow
        .engine()
        .begin(script, Scene::default())
        .await
        .map_err(|cause| cause.to_string())?;
    let mut turn = run.call(Call::GetCountAuthenticationSteps).await;
    loop {
        match turn {
            Turn::Ask(question) => turn = run.answer(host.answer(question).await).await,
            Turn::Done(Ok(Returned::Int(steps))) if steps > 0 => {
                return u32::try_from(steps).map_err(|_| "it has too many steps".to_owned());
            }
            Turn::Done(Ok(_)) => {
                return Err("getCountAuthenticationSteps must return a number from 1".to_owned());
            }
            Turn::Done(Err(cause)) => {
                return Err(script_log::with_traceback(&cause.message, &cause.traceback));
            }
        }
    }
}

fn passcode_sends(properties: &[Property]) -> Vec<String> {
    properties
        .iter()
        .filter(|property| matches!(property.value1.as_str(), "SMS_ENDPOINT" | "ENROLL_ENDPOINT"))
        .map(|property| property.value2.clone())
        .collect()
}
