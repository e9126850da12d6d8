use std::sync::Arc;

use sallyport_script::{Property, Script, Usage};
use url::Url;

use crate::{Acr, mail::Addressees, outbound::ScriptHosts, script_version::ScriptVersion};

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
    pub(crate) fn new(version: &ScriptVersion, script: Script, steps: u32) -> Self {
        Self(Arc::new(Loaded {
            acr: Acr {
                name: version.name.to_ascii_lowercase(),
                level: version.level,
                steps,
                aliases: version.aliases.clone(),
            },
            text: version.text.clone(),
            usage: version.usage,
            script,
            hosts: ScriptHosts::of(&version.properties),
            sends: passcode_sends(&version.properties),
            vouches: vouches(&version.properties),
            addressees: Addressees::of(&version.properties),
        }))
    }

    pub(crate) fn acr(&self) -> &Acr {
        &self.0.acr
    }

    pub(crate) fn script(&self) -> &Script {
        &self.0.script
    }

    /// What it was made of.
    pub(crate) fn text(&self) -> &str {
        &self.0.text
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn revision(&self) -> i64 {
        self.0.script.revision()
    }

    /// Whether it logs people in at a browser. Gluu offers scripts of the usage `service` nowhere.
    pub(crate) fn is_offered(&self) -> bool {
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
