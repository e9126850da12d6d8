//! The server that takes mail.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use sallyport_base::Secret;
use sallyport_flow::{Issuer, MailParts, MailSecurity, Mailer};

use super::{is_loopback_name, section::section};

section! {
    /// The server that takes the mail which scripts send. Without `host` they cannot send any.
    Mail {
        /// The name of the mail server. Its certificate must be good for this name.
        host: Option<String> = None, eg "\"smtp.example.com\"";
        /// Without it the usual port of `security`: 587, 465 or 25.
        port: Option<u16> = None, eg "587";
        /// `starttls`, `tls` from the first byte, or `none` for a server on the same machine.
        security: MailSecurity = MailSecurity::Starttls, eg "\"starttls\"";
        /// Whom messages are from: an address, with or without a name.
        from: Option<String> = None, eg "\"Example Inc. <login@example.com>\"";
        /// The name and the password, where the mail server wants them.
        user: Option<String> = None, eg "\"login@example.com\"";
        /// The password of `user`.
        password: Option<Secret> = None, eg "\"a long random text\"";
        /// A file whose first line is the `password`.
        password_file: Option<PathBuf> = None, eg "\"/run/secrets/mail\"";
        /// A certificate in PEM that is trusted besides those of the system.
        ca_file: Option<PathBuf> = None, eg "\"/etc/sallyport/mail-ca.pem\"";
        /// How long the mail server may take to answer, in seconds.
        timeout_seconds: u64 = 10, eg "10";
    }
}

impl Mail {
    /// The way to the mail server; `None` when there is none.
    pub fn mailer(&self, home: &Path, issuer: &Issuer) -> anyhow::Result<Option<Mailer>> {
        let Some(host) = &self.host else {
            return Ok(None);
        };
        let ca = match &self.ca_file {
            Some(file) => {
                let file = home.join(file);
                let read = fs::read(&file);
                Some(read.with_context(|| format!("mail.ca_file: {}", file.display()))?)
            }
            None => None,
        };
        let parts = self.parts(host, ca, issuer.host());
        let mailer = Mailer::new(parts).context("the section mail of sallyport.toml")?;
        Ok(Some(mailer))
    }

    fn parts(&self, host: &str, ca: Option<Vec<u8>>, hello: &str) -> MailParts {
        MailParts {
            host: host.to_owned(),
            port: self.port,
            security: self.security,
            from: self.from.clone().unwrap_or_default(),
            credentials: self.user.clone().zip(self.password.clone()),
            ca,
            timeout: Duration::from_secs(self.timeout_seconds),
            hello: hello.to_owned(),
        }
    }

    pub(super) fn complaint(&self) -> Option<String> {
        let host = match &self.host {
            Some(host) => host,
            None if self.from.is_some() || self.user.is_some() => {
                return Some("host is missing".to_owned());
            }
            None => return None,
        };
        if self.from.is_none() {
            return Some("from is missing: the address that messages are from".to_owned());
        }
        if self.user.is_some() != self.password.is_some() {
            return Some("user and password, or password_file, are needed together".to_owned());
        }
        if self.security == MailSecurity::None && self.user.is_some() && !is_loopback_name(host) {
            return Some(format!(
                "the password would go to {host} unprotected; use starttls or tls"
            ));
        }
        // Certificates are read at the start; here it is about what the file says.
        let in_clear = MailParts {
            security: MailSecurity::None,
            ..self.parts(host, None, "localhost")
        };
        Mailer::new(in_clear).err().map(|cause| cause.to_string())
    }
}
