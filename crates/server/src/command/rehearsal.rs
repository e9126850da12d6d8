//! Starting a script without keeping it.

use std::{fs, path::PathBuf, sync::Arc};

use anyhow::{Context, bail};
use sallyport_base::Store;
use sallyport_flow::{
    Acr, Flow, FlowParts, Issuer, Lifetimes, Limits, NewScript, Outbound, ScriptEntry,
};
use sallyport_script::{Engine, LogLevel, LogLine, ScriptLog, Template, Usage};
use sallyport_web::Pages;

use super::{Premises, station::script_limits};
use crate::SCHEMAS;

/// Loads the script as the server would, in a store that is thrown away. The error is what the
/// author needs: what is wrong, and on which line. What the script prints goes to standard error.
pub(super) async fn load(premises: &Premises, script: &NewScript) -> anyhow::Result<Acr> {
    let stage = Stage::open(premises).await?;
    let name = script.name.to_string();
    let mut tx = stage.store.begin().await?;
    // On this stage it is for browsers, which is what counts its steps, and follows no file.
    let staged = NewScript {
        usage: Usage::Interactive,
        file: None,
        enabled: true,
        ..script.clone()
    };
    ScriptEntry::save(&mut tx, &premises.vault, &staged, premises.now()).await?;
    tx.commit().await?;
    let acrs = stage.flow.acrs().await?;
    match acrs.into_iter().find(|acr| acr.is_named(&name)) {
        Some(acr) => Ok(acr),
        None => bail!(
            "{name} does not load: {}",
            stage.fault(premises, &name).await?
        ),
    }
}

/// A login server of which nothing stays.
struct Stage {
    flow: Flow,
    store: Store,
    folder: PathBuf,
}

impl Stage {
    async fn open(premises: &Premises) -> anyhow::Result<Self> {
        let name = format!("rehearsal-{}", premises.random.uuid());
        let folder = premises.home.path().join(name);
        fs::create_dir(&folder).with_context(|| folder.display().to_string())?;
        let address = format!("sqlite:{}", folder.join("stage.db").display());
        let store = Store::open(&address).await?;
        store.migrate(&SCHEMAS).await?;
        Ok(Self {
            flow: Flow::new(flow_parts(premises, store.clone())?),
            store,
            folder,
        })
    }

    async fn fault(&self, premises: &Premises, name: &str) -> anyhow::Result<String> {
        let mut reader = self.store.reader().await?;
        let entry = ScriptEntry::find(&mut reader, &premises.vault, name).await?;
        let error = entry.and_then(|entry| entry.error);
        Ok(error.unwrap_or_else(|| "it gave no reason".to_owned()))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Err(cause) = fs::remove_dir_all(&self.folder) {
            tracing::warn!(folder = %self.folder.display(), error = %cause, "a folder was left behind");
        }
    }
}

/// The people are the real ones; nothing that is started here changes any.
fn flow_parts(premises: &Premises, store: Store) -> anyhow::Result<FlowParts> {
    let engine = Engine::start(
        script_limits(&premises.config),
        Arc::new(Prompter),
        Template::own(),
    );
    let allowed = premises.config.scripts.allowed_hosts.clone();
    Ok(FlowParts {
        store,
        clock: premises.clock.clone(),
        random: premises.random.clone(),
        vault: premises.vault.clone(),
        people: premises.people(),
        pages: Pages::new(Some(premises.home.path()), premises.random.clone(), true),
        engine,
        outbound: Outbound::new(allowed)?,
        issuer: Issuer::parse("https://localhost")?,
        limits: Limits::default(),
        lifetimes: Lifetimes::default(),
        default_acr: None,
        authorization_parameters: Vec::new(),
    })
}

/// Shows what the script prints, without its secrets.
struct Prompter;

impl ScriptLog for Prompter {
    fn line(&self, line: LogLine<'_>) {
        let mut text = line.text.to_owned();
        for mask in line.masks.iter().filter(|mask| !mask.is_empty()) {
            text = text.replace(mask.as_str(), "••••••");
        }
        let stream = match line.level {
            LogLevel::Info => "prints",
            LogLevel::Error => "complains",
        };
        eprintln!("{} {stream}: {text}", line.script);
    }
}
