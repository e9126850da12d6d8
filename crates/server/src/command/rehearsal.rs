//! Starting a script without keeping it.

use std::sync::Arc;

use anyhow::{anyhow, bail};
use sallyport_flow::{
    Acr, Flow, FlowParts, Issuer, Lifetimes, Limits, NewScript, Outbound, Rehearsal,
    RehearsalError, library_folder,
};
use sallyport_oidc::Client;
use sallyport_script::{Engine, LogLevel, LogLine, ScriptLog, Template};
use sallyport_web::Pages;

use super::{Premises, station::script_limits};

/// Loads the script as the server would, and keeps nothing. The error is what the author needs: what
/// is wrong, and on which line. What the script prints goes to standard error.
pub(super) async fn load(premises: &Premises, script: &NewScript) -> anyhow::Result<Acr> {
    let flow = flow(premises)?;
    Ok(start(&flow, script).await?.acr().clone())
}

pub(super) async fn start(flow: &Flow, script: &NewScript) -> anyhow::Result<Rehearsal> {
    match Rehearsal::start(flow, script).await {
        Ok(rehearsal) => Ok(rehearsal),
        Err(RehearsalError::Fault(why)) => bail!("{} does not load: {why}", script.name),
        Err(RehearsalError::Server(cause)) => Err(anyhow!(cause)),
    }
}

/// A login server of this home that serves nobody.
pub(super) fn flow(premises: &Premises) -> anyhow::Result<Flow> {
    let engine = Engine::start(
        script_limits(&premises.config),
        Arc::new(Prompter),
        Template::own(),
    );
    let issuer = match &premises.config.server.issuer {
        Some(text) => Issuer::parse(text)?,
        None => Issuer::parse("https://localhost")?,
    };
    let allowed = premises.config.scripts.allowed_hosts.clone();
    Ok(Flow::new(FlowParts {
        store: premises.store.clone(),
        clock: premises.clock.clone(),
        random: premises.random.clone(),
        vault: premises.vault.clone(),
        people: premises.people(),
        pages: Pages::new(Some(premises.home.path()), premises.random.clone(), true),
        engine,
        outbound: Outbound::new(allowed)?,
        mailer: premises.config.mail.mailer(premises.home.path(), &issuer)?,
        find_client: Client::for_scripts,
        issuer,
        limits: Limits::default(),
        lifetimes: Lifetimes::default(),
        libraries: Some(library_folder(premises.home.path())),
        default_acr: None,
        authorization_parameters: Vec::new(),
    }))
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
