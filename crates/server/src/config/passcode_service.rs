//! The passcode service.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use sallyport_base::Secret;
use sallyport_otp::{Channel, Gateway, GatewayKind, Lookup, MessageSettings};

use super::{gateways, is_loopback_name, listen_address::ListenAddress, section::section};

section! {
    /// The service that sends passcodes by SMS, with the same API as Stytch.
    PasscodeService {
        /// Whether it runs. Scripts that use Stytch itself do not need it.
        enabled: bool = false, eg "true";
        /// The address and port to listen on. On a loopback address it speaks plain http, on any
        /// other TLS with the certificate of the server.
        listen: ListenAddress = ListenAddress(SocketAddr::from(([127, 0, 0, 1], 8081))), eg "\"127.0.0.1:8081\"";
        /// Who sends the passcode, as the message says it.
        name: String = "Sallyport".to_owned(), eg "\"Example Inc.\"";
        /// The host that a browser may fill a passcode in for. Without it: the host of the issuer,
        /// or `localhost` when that is an IP address.
        host: Option<String> = None, eg "\"login.example.com\"";
        /// The host of a frame in the pages of `host`, when the field for the passcode is in there.
        /// The pages of this server stand in no frame.
        embedded_host: Option<String> = None, eg "\"login.example.org\"";
        /// By which ways passcodes are sent: sms, whatsapp, email. The webhook must know what to do
        /// with each.
        channels: Vec<sallyport_otp::Channel> = vec![sallyport_otp::Channel::Sms],
            eg "[\"sms\", \"email\"]";
        /// The 11 characters by which an Android app receives the passcode, in place of the host.
        android_app_hash: Option<String> = None, eg "\"FA+9qCX9VSu\"";
        /// The languages of messages, as BCP 47 tags. A caller who asks for another gets English.
        /// Without it: all sixteen.
        locales: Vec<String> = sallyport_otp::locale_tags(), eg "[\"en\", \"es\", \"fr\"]";
        /// What somebody reads who answers HELP to a message. Without it: a text made of `name`.
        help_text: Option<String> = None, eg "\"Example Inc. login codes. Help: +1 202 555 0100\"";
        /// The gateways that send messages, the first choice first, as docs/gateways.md says.
        gateways: Vec<toml::Table> = Vec::new(),
            eg "[{ kind = \"webhook\", url = \"https://sms.example.com/send\", secret_file = \"/run/secrets/webhook\" }]";
        /// A server of yours that is asked what it knows of a number before a code is sent, as
        /// docs/passcode-service.md says. Without it nobody is asked.
        lookup: Option<toml::Table> = None,
            eg "{ url = \"https://numbers.example.com/\", secret_file = \"/run/secrets/lookup\" }";
        /// The address of the service as gateways reach it, for their receipts. Without it they are
        /// not asked to tell what became of a message.
        public_url: Option<url::Url> = None, eg "\"https://otp.example.com\"";
        /// What whoever reads /metrics of the service sends as a bearer token. Without it there are
        /// no metrics.
        metrics_token: Option<Secret> = None, eg "\"a long random text\"";
        /// A file whose first line is the `metrics_token`.
        metrics_token_file: Option<PathBuf> = None, eg "\"/run/secrets/metrics\"";
        /// The limits of the service, each with a default of its own.
        limits: sallyport_otp::Limits = sallyport_otp::Limits::default(),
            eg "{ countries = [\"US\", \"CA\"], attempts_per_code = 5 }";
        /// How long the service keeps what it no longer needs.
        retention: sallyport_otp::Retention = sallyport_otp::Retention::default(),
            eg "{ code_hours = 24, counter_hours = 48, audit_days = 30 }";
    }
}

impl PasscodeService {
    /// What messages say; browsers fill a passcode in at `host` when the section names no other.
    pub fn message(&self, host: &str) -> MessageSettings {
        MessageSettings {
            name: self.name.clone(),
            host: self.host.clone().unwrap_or_else(|| host.to_owned()),
            embedded_host: self.embedded_host.clone(),
            android_app_hash: self.android_app_hash.clone(),
            locales: self.locales.clone(),
            help: self.help_text.clone(),
        }
    }

    /// The telephone of the demo receives whatever is sent.
    pub fn channels(&self, gateways: &[Gateway]) -> BTreeSet<Channel> {
        let is_telephone = |gateway: &Gateway| matches!(gateway.kind, GatewayKind::Telephone);
        if gateways.iter().any(is_telephone) {
            return Channel::ALL.into();
        }
        self.channels.iter().copied().collect()
    }

    /// The gateways, with the secrets that are in files of `home`.
    pub fn gateways(&self, home: &Path) -> Result<Vec<Gateway>, String> {
        if self.gateways.is_empty() {
            return Err("there is none, so that no message can be sent".to_owned());
        }
        gateways::read(&self.gateways, home)
    }

    /// Who is asked about numbers, with the secret that is in a file of `home`.
    pub fn lookup(&self, home: &Path) -> Result<Option<Lookup>, String> {
        let Some(table) = &self.lookup else {
            return Ok(None);
        };
        gateways::read_table(table.clone(), home).map(Some)
    }

    pub(super) fn lookup_complaint(&self, home: &Path) -> Option<String> {
        if !self.enabled {
            return None;
        }
        match self.lookup(home) {
            Ok(lookup) => lookup?.check().err().map(|why| why.to_string()),
            Err(why) => Some(why),
        }
    }

    pub(super) fn public_url_complaint(&self) -> Option<String> {
        let url = self.public_url.as_ref()?;
        let host = url.host_str().unwrap_or_default();
        match url.scheme() {
            "https" => {}
            "http" if is_loopback_name(host) => {}
            "http" => {
                return Some(format!(
                    "what became of messages would come to {url} over the network unprotected; use https, or http on this machine"
                ));
            }
            scheme => {
                return Some(format!(
                    "expected an address such as https://otp.example.com, not one of {scheme}"
                ));
            }
        }
        (url.query().is_some() || url.fragment().is_some())
            .then(|| format!("paths are put behind {url}; leave out what begins with ? or #"))
    }

    pub(super) fn gateways_complaint(&self, home: &Path) -> Option<String> {
        if !self.enabled {
            return None;
        }
        let gateways = match self.gateways(home) {
            Ok(gateways) => gateways,
            Err(why) => return Some(why),
        };
        let is_webhook = |gateway: &Gateway| matches!(gateway.kind, GatewayKind::Webhook(_));
        let is_sms = |channel: &Channel| *channel == Channel::Sms;
        (!self.channels.iter().all(is_sms) && !gateways.iter().any(is_webhook)).then(|| {
            "channels besides sms need a webhook, and there is none among the gateways".to_owned()
        })
    }
}
