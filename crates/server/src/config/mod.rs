//! What an operator can decide: `sallyport.toml` in the home directory, one struct for each section.

mod example;
mod gateways;
mod listen_address;
mod mail;
mod passcode_service;
mod section;
mod server;

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use sallyport_base::Secret;
use sallyport_flow::{Limit, ProofOfWork};
use section::section;
use serde::Deserialize;

pub use self::{
    example::example,
    listen_address::ListenAddress,
    mail::Mail,
    passcode_service::PasscodeService,
    server::{Server, is_loopback_name},
};

/// The name of the file in the home directory.
pub const FILE_NAME: &str = "sallyport.toml";

/// The whole file. Every section and every key may be left out.
#[derive(Clone, Default, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub server: Server,
    pub store: StoreSection,
    pub lifetimes: LifetimesSection,
    pub proof_of_work: ProofOfWorkSection,
    pub passwords: Passwords,
    pub scripts: Scripts,
    pub mail: Mail,
    pub passcode_service: PasscodeService,
}

section! {
    /// Where everything is kept.
    StoreSection {
        /// `sqlite:` with a file, or `postgres://user@host/database`. Without it: the file
        /// sallyport.db in the home directory. The option `--store` goes before it.
        address: Option<Secret> = None, eg "\"postgres://sallyport@db.example.com/sallyport\"";
        /// A file whose first line is the address, when it holds a password.
        address_file: Option<PathBuf> = None, eg "\"/run/secrets/store\"";
    }
}

section! {
    /// How long things live.
    LifetimesSection {
        /// A login that nobody finishes, in minutes.
        login_minutes: u64 = 30, eg "30";
        /// A browser session, from the login that opened it, in hours.
        session_hours: u64 = 24, eg "24";
    }
}

section! {
    /// What the page of a sign-in has to prove once many forms were sent, so that a program cannot
    /// try people, or send them messages, at the speed of a network.
    ProofOfWorkSection {
        /// How many forms one sign-in, and all sign-ins of one network together, may send without a
        /// proof. Those of a sign-in that succeeds are given back. 0: no proof is ever asked for.
        after: i64 = ProofOfWork::USUAL.free.count, eg "2";
        /// When the forms of a network are forgotten, in minutes after the first of them.
        minutes: u64 = ProofOfWork::USUAL.free.window.as_secs() / 60, eg "60";
        /// How much work a proof is. Each bit more doubles it; 16 take a browser a tenth of a second.
        bits: u32 = ProofOfWork::USUAL.bits, eg "16";
        /// How long a person without JavaScript stays on a page whose form needs a proof, in seconds.
        /// One such form of a network is taken in as much time.
        wait_seconds: u64 = ProofOfWork::USUAL.wait.as_secs(), eg "20";
    }
}

section! {
    /// How passwords are hashed.
    Passwords {
        /// How many passwords are hashed at once. Each thread takes 19 MiB of memory.
        threads: usize = 2, eg "2";
        /// How many passwords wait for a thread. Those above it are asked to try again.
        queue: usize = 64, eg "64";
    }
}

section! {
    /// The scripts that log people in.
    Scripts {
        /// How many logins run a script at once. Each takes a process of some megabytes while it
        /// does, also while the script waits for another server.
        workers: usize = 128, eg "128";
        /// How much memory a script may take, in MiB, above what all of them share.
        memory_limit_mib: u64 = 128, eg "128";
        /// How long one call of a script may take, in seconds. Waiting for an answer of another
        /// server does not count.
        time_limit_seconds: u64 = 5, eg "5";
        /// Hosts, with or without a port, that every script may send requests and browsers to,
        /// besides those in its own properties.
        allowed_hosts: Vec<String> = Vec::new(), eg "[\"sms.example.com\", \"10.0.0.5:8443\"]";
        /// The login method of applications that ask for none, unless `sallyport acr default` chose
        /// one. Without both: the enabled script of the highest level, or else the password alone
        /// (`simple_password_auth`).
        default_acr: Option<String> = None, eg "\"stytch\"";
        /// Parameters of an authorization request that scripts find in the session, besides those
        /// of the standard.
        authorization_parameters: Vec<String> = Vec::new(), eg "[\"preselected_provider\"]";
    }
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{}: the file cannot be read: {cause}", file.display())]
    Unreadable { file: PathBuf, cause: io::Error },
    /// Found by the TOML reader: `place` says line and key.
    #[error("{}, {place}: {why}", file.display())]
    Malformed {
        file: PathBuf,
        place: String,
        why: String,
    },
    #[error("{}, {key}: {why}", file.display())]
    Value {
        file: PathBuf,
        key: &'static str,
        why: String,
    },
}

impl Config {
    /// Reads `sallyport.toml` of a home directory; without the file everything is as by default.
    pub fn load(home: &Path) -> Result<Self, ConfigError> {
        let file = home.join(FILE_NAME);
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => String::new(),
            Err(cause) => return Err(ConfigError::Unreadable { file, cause }),
        };
        let mut config = Self::parse(&text, &file)?;
        config.read_secret_files(&file)?;
        config.check(&file)?;
        Ok(config)
    }

    fn parse(text: &str, file: &Path) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|error| ConfigError::Malformed {
            file: file.to_owned(),
            place: place(text, error.span()),
            why: error.message().replace('\n', ", "),
        })
    }

    /// Puts the content of the files in the place of the texts they stand for.
    fn read_secret_files(&mut self, file: &Path) -> Result<(), ConfigError> {
        let base = home_of(file);
        for (key, text, text_file) in [
            (
                "store.address_file",
                &mut self.store.address,
                &self.store.address_file,
            ),
            (
                "passcode_service.metrics_token_file",
                &mut self.passcode_service.metrics_token,
                &self.passcode_service.metrics_token_file,
            ),
            (
                "mail.password_file",
                &mut self.mail.password,
                &self.mail.password_file,
            ),
        ] {
            let Some(path) = text_file else { continue };
            if text.is_some() {
                let why = "the text itself is given too; leave one of them out".to_owned();
                return Err(value(file, key, why));
            }
            let read = gateways::first_line(&base.join(path));
            *text = Some(Secret::from(read.map_err(|why| value(file, key, why))?));
        }
        Ok(())
    }

    fn check(&self, file: &Path) -> Result<(), ConfigError> {
        for (key, complaint) in [
            ("server.issuer", self.server.issuer_complaint()),
            (
                "server.certificate_file",
                self.server.certificate_complaint(),
            ),
            (
                "lifetimes.login_minutes",
                range(self.lifetimes.login_minutes, 1, 24 * 60),
            ),
            (
                "lifetimes.session_hours",
                range(self.lifetimes.session_hours, 1, 24 * 365),
            ),
            (
                "proof_of_work.after",
                range(self.proof_of_work.after, 0, 1_000_000),
            ),
            (
                "proof_of_work.minutes",
                range(self.proof_of_work.minutes, 1, 24 * 60),
            ),
            ("proof_of_work.bits", range(self.proof_of_work.bits, 1, 24)),
            (
                "proof_of_work.wait_seconds",
                range(self.proof_of_work.wait_seconds, 1, self.longest_wait()),
            ),
            ("passwords.threads", range(self.passwords.threads, 1, 64)),
            ("passwords.queue", range(self.passwords.queue, 1, 10_000)),
            ("scripts.workers", range(self.scripts.workers, 1, 1024)),
            (
                "scripts.memory_limit_mib",
                range(self.scripts.memory_limit_mib, 16, 4096),
            ),
            (
                "scripts.time_limit_seconds",
                range(self.scripts.time_limit_seconds, 1, 60),
            ),
            (
                "mail.timeout_seconds",
                range(self.mail.timeout_seconds, 1, 60),
            ),
            ("mail", self.mail.complaint()),
            (
                "passcode_service.gateways",
                self.passcode_service.gateways_complaint(home_of(file)),
            ),
            (
                "passcode_service.lookup",
                self.passcode_service.lookup_complaint(home_of(file)),
            ),
            (
                "passcode_service.public_url",
                self.passcode_service.public_url_complaint(),
            ),
            (
                "passcode_service.limits",
                self.passcode_service.limits.check().err(),
            ),
            (
                "passcode_service.retention",
                self.passcode_service.retention.check().err(),
            ),
        ] {
            if let Some(why) = complaint {
                return Err(value(file, key, why));
            }
        }
        Ok(())
    }

    /// A page cannot be open for longer than its login lives.
    fn longest_wait(&self) -> u64 {
        let login = self.lifetimes.login_minutes.saturating_mul(60);
        login.saturating_sub(1).min(600)
    }
}

impl ProofOfWorkSection {
    pub fn rule(&self) -> ProofOfWork {
        ProofOfWork {
            free: Limit::new(self.after, self.minutes),
            bits: self.bits,
            wait: Duration::from_secs(self.wait_seconds),
        }
    }
}

fn value(file: &Path, key: &'static str, why: String) -> ConfigError {
    ConfigError::Value {
        file: file.to_owned(),
        key,
        why,
    }
}

fn range<N>(value: N, least: u64, most: u64) -> Option<String>
where
    N: TryInto<u64> + std::fmt::Display + Copy,
{
    let inside = value
        .try_into()
        .is_ok_and(|number| (least..=most).contains(&number));
    (!inside).then(|| format!("expected a number from {least} to {most}, not {value}"))
}

/// What paths in the file are relative to.
fn home_of(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new("."))
}

/// `line 3, server.listen`, as far as it can be told.
fn place(text: &str, span: Option<std::ops::Range<usize>>) -> String {
    let start = span.map_or(0, |span| span.start).min(text.len());
    let before = text.get(..start).unwrap_or_default();
    let number = before.matches('\n').count() + 1;
    let section = before
        .lines()
        .rev()
        .find_map(|line| line.trim().strip_prefix('[')?.split_once(']'));
    let line = text.lines().nth(number - 1).unwrap_or_default();
    let key = line.split_once('=').map(|(key, _)| key.trim());
    match (section, key) {
        (Some((section, _)), Some(key)) => format!("line {number}, {section}.{key}"),
        (None, Some(key)) => format!("line {number}, {key}"),
        _ => format!("line {number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        let file = Path::new("/home/sallyport.toml");
        let mut config = Config::parse(text, file).map_err(|e| e.to_string())?;
        config.read_secret_files(file).map_err(|e| e.to_string())?;
        config.check(file).map_err(|e| e.to_string())?;
        Ok(config)
    }

    #[test]
    fn an_empty_file_is_a_configuration() {
        let config = parse("").unwrap();
        assert_eq!(config.server.listen.to_string(), "127.0.0.1:8443");
        assert!(!config.passcode_service.enabled);
    }

    #[test]
    fn gateways_may_reach_the_service_by_https_or_on_this_machine() {
        for url in [
            "https://otp.example.com",
            "https://otp.example.com/passcodes/",
            "http://127.0.0.1:8081",
            "http://[::1]:8081",
            "http://localhost:8081",
        ] {
            parse(&format!("[passcode_service]\npublic_url = {url:?}\n")).unwrap();
        }
    }

    #[test]
    fn a_bad_value_is_named_with_its_line_and_key_and_what_was_expected() {
        for (text, complaint) in [
            (
                "[server]\n\nlisten = 5\n",
                "/home/sallyport.toml, line 3, server.listen: invalid type: integer `5`, expected a string",
            ),
            (
                "[server]\nlisten = \"localhost\"\n",
                "/home/sallyport.toml, line 2, server.listen: \"localhost\" is no address with a port, such as 127.0.0.1:8443, 0.0.0.0:443 or [::1]:8443; a name such as localhost is none either",
            ),
            (
                "[passcode_service]\nlisten = \"8081\"\n",
                "/home/sallyport.toml, line 2, passcode_service.listen: \"8081\" is no address with a port, such as 127.0.0.1:8443, 0.0.0.0:443 or [::1]:8443; a name such as localhost is none either",
            ),
            (
                "[server]\nlisen = \"1\"\n",
                "/home/sallyport.toml, line 2, server.lisen: unknown field `lisen`, expected one of `issuer`, `listen`, `certificate_file`, `key_file`, `trusted_proxies`",
            ),
            (
                "[sever]\n",
                "/home/sallyport.toml, line 1: unknown field `sever`, expected one of `server`, `store`, `lifetimes`, `proof_of_work`, `passwords`, `scripts`, `mail`, `passcode_service`",
            ),
            (
                "[server]\nissuer = \"login.example.com\"\n",
                "/home/sallyport.toml, server.issuer: the issuer \"login.example.com\" is not an address such as https://login.example.com (scheme and host, an optional port, nothing else)",
            ),
            (
                "[server]\nissuer = \"http://login.example.com\"\n",
                "/home/sallyport.toml, server.issuer: http://login.example.com would send passwords over the network unprotected; use https, or http://localhost for a trial on one machine",
            ),
            (
                "[server]\nkey_file = \"k\"\n",
                "/home/sallyport.toml, server.certificate_file: certificate_file and key_file are needed together",
            ),
            (
                "[server]\ntrusted_proxies = [\"proxy.example.com\"]\n",
                "/home/sallyport.toml, line 2, server.trusted_proxies: \"proxy.example.com\" is no address and no network such as 10.0.0.5, 10.0.0.0/8 or 2001:db8::/32",
            ),
            (
                "[passwords]\nthreads = 0\n",
                "/home/sallyport.toml, passwords.threads: expected a number from 1 to 64, not 0",
            ),
            (
                "[proof_of_work]\nafter = -1\n",
                "/home/sallyport.toml, proof_of_work.after: expected a number from 0 to 1000000, not -1",
            ),
            (
                "[proof_of_work]\nminutes = 0\n",
                "/home/sallyport.toml, proof_of_work.minutes: expected a number from 1 to 1440, not 0",
            ),
            (
                "[proof_of_work]\nbits = 25\n",
                "/home/sallyport.toml, proof_of_work.bits: expected a number from 1 to 24, not 25",
            ),
            (
                "[lifetimes]\nlogin_minutes = 1\n[proof_of_work]\nwait_seconds = 60\n",
                "/home/sallyport.toml, proof_of_work.wait_seconds: expected a number from 1 to 59, not 60",
            ),
            (
                "[mail]\nhost = \"smtp.example.com\"\n",
                "/home/sallyport.toml, mail: from is missing: the address that messages are from",
            ),
            (
                "[mail]\nhost = \"smtp.example.com\"\nfrom = \"nobody\"\n",
                "/home/sallyport.toml, mail: the sender \"nobody\" is no address such as Example Inc. <login@example.com>",
            ),
            (
                "[mail]\nhost = \"smtp.example.com\"\nfrom = \"a@b.example\"\nuser = \"a\"\n",
                "/home/sallyport.toml, mail: user and password, or password_file, are needed together",
            ),
            (
                "[mail]\nhost = \"smtp.example.com\"\nsecurity = \"none\"\nfrom = \"a@b.example\"\nuser = \"a\"\npassword = \"p\"\n",
                "/home/sallyport.toml, mail: the password would go to smtp.example.com unprotected; use starttls or tls",
            ),
            (
                "[mail]\nsecurity = \"ssl\"\n",
                "/home/sallyport.toml, line 2, mail.security: unknown variant `ssl`, expected one of `none`, `starttls`, `tls`",
            ),
            (
                "[passcode_service]\nenabled = true\n",
                "/home/sallyport.toml, passcode_service.gateways: there is none, so that no message can be sent",
            ),
            (
                "[passcode_service]\nenabled = true\ngateways = [{ kind = \"sns\", region = \"eu-central-1\", access_key_id = \"A\", secret_access_key = \"s\" }]\nlookup = { url = \"http://numbers.example.com/\", secret = \"0123456789abcdef\", remember = 1 }\n",
                "/home/sallyport.toml, passcode_service.lookup: unknown field `remember`, expected one of `url`, `secret`, `remember_minutes`, `without_answer`",
            ),
            (
                "[passcode_service.limits]\nlock_minutes = 1\n",
                "/home/sallyport.toml, passcode_service.limits: lock_minutes: expected 5 to 10080",
            ),
            (
                "[passcode_service.limits]\ncountries = [\"UK\"]\n",
                "/home/sallyport.toml, passcode_service.limits: countries: \"UK\" is no country; expected ISO 3166 codes of two capital letters such as US (the United Kingdom is GB)",
            ),
            (
                "[passcode_service]\nenabled = true\ngateways = [{ kind = \"webhook\", countries = [\"us\"], url = \"https://sms.example.com/\", secret = \"0123456789abcdef\" }]\n",
                "/home/sallyport.toml, passcode_service.gateways: the table number 1: countries: \"us\" must be written \"US\"",
            ),
            (
                "[passcode_service]\npublic_url = \"http://otp.example.com\"\n",
                "/home/sallyport.toml, passcode_service.public_url: what became of messages would come to http://otp.example.com/ over the network unprotected; use https, or http on this machine",
            ),
            (
                "[passcode_service]\npublic_url = \"ftp://otp.example.com\"\n",
                "/home/sallyport.toml, passcode_service.public_url: expected an address such as https://otp.example.com, not one of ftp",
            ),
            (
                "[passcode_service]\npublic_url = \"https://otp.example.com/?a=b\"\n",
                "/home/sallyport.toml, passcode_service.public_url: paths are put behind https://otp.example.com/?a=b; leave out what begins with ? or #",
            ),
            (
                "[passcode_service]\npublic_url = \"https://otp.example.com/#a\"\n",
                "/home/sallyport.toml, passcode_service.public_url: paths are put behind https://otp.example.com/#a; leave out what begins with ? or #",
            ),
            (
                "[store]\naddress_file = \"/nowhere/at/all\"\n",
                "/home/sallyport.toml, store.address_file: /nowhere/at/all cannot be read: No such file or directory (os error 2)",
            ),
        ] {
            assert_eq!(parse(text).unwrap_err(), complaint, "{text}");
        }
    }

    #[test]
    fn scripts_have_one_worker_at_least() {
        assert_eq!(parse("[scripts]\nworkers = 1").unwrap().scripts.workers, 1);
        let refused = parse("[scripts]\nworkers = 0").unwrap_err();
        assert!(refused.ends_with("expected a number from 1 to 1024, not 0"));
    }

    #[test]
    fn a_secret_comes_from_a_file_too() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        fs::write(&file, "postgres://u:p@h/d\n").unwrap();
        let text = format!("[store]\naddress_file = {file:?}\n");
        let config = parse(&text).unwrap();
        assert_eq!(config.store.address.unwrap().expose(), "postgres://u:p@h/d");
        let both = parse(&format!("{text}address = \"sqlite:x\"\n")).unwrap_err();
        assert!(
            both.ends_with(
                "store.address_file: the text itself is given too; leave one of them out"
            )
        );
    }
}
