//! How a script begins and ends on this node: loaded, asked for its steps, and let go.

use std::{sync::Arc, time::Duration};

use sallyport_base::Timestamp;
use sallyport_script::{
    Call, EngineError, LoadError, LoadTurn, Loading, Returned, Scene, Script, Turn,
};

use crate::{
    Flow, FlowError, loaded_script::LoadedScript, outbound::ScriptHosts, questions::Host,
    script_entry::ScriptStoreError, script_log, script_version::ScriptVersion,
};

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

/// Starts a version that the store has. `None`: it has not. An inner error is the script's.
pub(crate) async fn start_stored(
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
    Ok(LoadedScript::new(version, script, steps))
}

async fn init(
    flow: &Flow,
    version: &ScriptVersion,
    host: &mut Host<'_>,
    now: Timestamp,
) -> Result<Script, NotStarted> {
    let loading = flow.engine().load(
        Arc::new(version.source(flow.scripts().libraries())),
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

/// Lets a version clean up behind itself before it goes. What it makes of that stops nobody.
pub(crate) async fn destroy(flow: &Flow, script: &LoadedScript) {
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
