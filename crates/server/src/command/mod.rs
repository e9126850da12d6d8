//! What an operator types.

mod acr;
mod client;
mod config;
mod keys;
mod otp;
mod output;
mod password;
mod person;
mod premises;
mod rehearsal;
mod script;
mod script_check;
mod script_content;
mod script_log;
mod script_new;
mod script_pages;
mod script_show;
mod script_try;
mod serve;
mod station;
mod stop_signals;
mod upkeep;

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use anyhow::{anyhow, bail};
use clap::{Args, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::tls::install_crypto;

pub(crate) use output::print;
pub use premises::Premises;
pub(crate) use script::shipped as shipped_script;
use station::Door;
pub(crate) use station::Station;
pub(crate) use stop_signals::StopSignals;
pub(crate) use upkeep::Upkeep;

/// What help calls the options that every command has.
const EVERYWHERE: &str = "Options of every command";

/// An OpenID Connect server whose second door is a passcode by SMS.
///
/// Begin with `sallyport demo`, which shows a whole login on this machine. `sallyport serve` is the
/// same server for real use. The other commands look after people, applications and login scripts;
/// they work on the same home directory, whether a server runs on it or not.
#[derive(Debug, Parser)]
#[command(
    name = "sallyport",
    version,
    propagate_version = true,
    max_term_width = 100
)]
#[command(
    after_help = "Exit status: 0 done, 1 refused or failed (the reason is on standard error), 2 wrong usage."
)]
pub struct CommandLine {
    #[command(flatten)]
    place: PlaceOptions,

    /// How much is logged on standard error: error, warn, info, debug or trace, or a filter such as
    /// `sallyport_flow=debug,info`. Without it: info for servers, warn for the other commands.
    #[arg(long, global = true, value_name = "LEVEL", help_heading = EVERYWHERE)]
    log: Option<String>,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
struct PlaceOptions {
    /// The home directory, with the key file, the store and the files of the operator. Without it:
    /// ./sallyport-home, and ./sallyport-demo for the demo.
    #[arg(long, global = true, value_name = "DIR", help_heading = EVERYWHERE)]
    home: Option<PathBuf>,

    /// The store, in place of the one of sallyport.toml: sqlite:FILE or postgres://USER@HOST/DATABASE.
    /// An address with a password belongs into the file that store.address_file names.
    #[arg(long, global = true, value_name = "ADDRESS", help_heading = EVERYWHERE)]
    store: Option<String>,
}

/// Where everything is.
#[derive(Clone, Debug)]
pub struct Place {
    pub home: PathBuf,
    /// In place of the store that the configuration names.
    pub store: Option<String>,
}

impl Place {
    fn of(options: PlaceOptions, command: &Command) -> Self {
        Self {
            home: options.home.unwrap_or_else(|| command.usual_home().into()),
            store: options.store,
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(crate::demo::Demo),
    Serve(serve::Serve),
    #[command(subcommand)]
    Person(person::Person),
    #[command(subcommand)]
    Client(client::Client),
    #[command(subcommand)]
    Script(script::Script),
    #[command(subcommand)]
    Acr(acr::Acr),
    #[command(subcommand)]
    Otp(otp::Otp),
    #[command(subcommand)]
    Keys(keys::Keys),
    #[command(subcommand)]
    Config(config::Config),
}

impl Command {
    const fn is_server(&self) -> bool {
        match self {
            Self::Demo(_) | Self::Serve(_) => true,
            Self::Otp(otp) => otp.is_server(),
            _ => false,
        }
    }

    /// The demo has a home of its own: the password of its people is known to everybody.
    const fn usual_home(&self) -> &'static str {
        match self {
            Self::Demo(_) => "./sallyport-demo",
            _ => "./sallyport-home",
        }
    }

    async fn run(self, place: Place) -> anyhow::Result<()> {
        match self {
            Self::Demo(demo) => demo.run(place).await,
            Self::Serve(serve) => serve.run(place).await,
            Self::Person(person) => person.run(place).await,
            Self::Client(client) => client.run(place).await,
            Self::Script(script) => script.run(place).await,
            Self::Acr(acr) => acr.run(place).await,
            Self::Otp(otp) => otp.run(place).await,
            Self::Keys(keys) => keys.run(place).await,
            Self::Config(config) => config.run(&place),
        }
    }
}

/// Does what the command line says. The error, when there is one, is one line on standard error.
pub fn run(line: CommandLine) -> ExitCode {
    match try_run(line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // With nobody to read it the status alone has to do.
            let _unread = writeln!(io::stderr(), "sallyport: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn try_run(line: CommandLine) -> anyhow::Result<()> {
    start_log(&line)?;
    install_crypto();
    let place = Place::of(line.place, &line.command);
    let runtime = tokio::runtime::Runtime::new()?;
    let outcome = runtime.block_on(line.command.run(place));
    // What a thread still waits for, such as a name that does not resolve, keeps nobody waiting.
    runtime.shutdown_timeout(Duration::from_secs(1));
    outcome
}

fn start_log(line: &CommandLine) -> anyhow::Result<()> {
    let filter = match &line.log {
        Some(text) => log_filter(text)?,
        None if line.command.is_server() => log_filter("info")?,
        // A command says itself why a script does not load.
        None => log_filter("warn,sallyport_flow::scripts=off")?,
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        // A line that cannot be written is lost. To complain of it there would be a panic.
        .log_internal_errors(false)
        .try_init()
        .map_err(|cause| anyhow!("the log cannot be started: {cause}"))
}

/// A level alone is that of this product. Libraries stay at `warn`: some of them log headers, in
/// which secrets are.
fn log_filter(text: &str) -> anyhow::Result<EnvFilter> {
    const EXPECTED: &str =
        "expected error, warn, info, debug, trace, or a filter such as sallyport_flow=debug,info";
    let directives = match text {
        "error" | "warn" | "info" | "debug" | "trace" => format!("warn,sallyport={text}"),
        filter if filter.contains('=') => filter.to_owned(),
        _ => bail!("--log {text:?}: {EXPECTED}"),
    };
    EnvFilter::try_new(directives).map_err(|cause| anyhow!("--log {text:?}: {cause}; {EXPECTED}"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn the_demo_has_a_home_of_its_own() {
        for (line, home) in [
            ("sallyport demo", "./sallyport-demo"),
            ("sallyport serve", "./sallyport-home"),
            ("sallyport person list", "./sallyport-home"),
            ("sallyport demo --home elsewhere", "elsewhere"),
            ("sallyport person list --home elsewhere", "elsewhere"),
        ] {
            let line = CommandLine::try_parse_from(line.split(' ')).unwrap();
            let place = Place::of(line.place, &line.command);
            assert_eq!(place.home.to_str(), Some(home));
        }
    }

    #[test]
    fn every_command_says_what_it_does_and_shows_an_example() {
        fn check(command: &clap::Command, path: &str) {
            let own = |sub: &&clap::Command| sub.get_name() != "help";
            for sub in command.get_subcommands().filter(own) {
                let path = format!("{path} {}", sub.get_name());
                let about = sub
                    .get_about()
                    .unwrap_or_else(|| panic!("{path}"))
                    .to_string();
                assert!(
                    about.chars().next().unwrap().is_uppercase(),
                    "{path}: {about}"
                );
                if sub.has_subcommands() {
                    check(sub, &path);
                } else {
                    let help = sub
                        .get_after_help()
                        .unwrap_or_else(|| panic!("{path} has no example"));
                    assert!(help.to_string().contains(&format!("  {path}")), "{path}");
                }
            }
        }
        let mut command = CommandLine::command();
        command.build();
        check(&command, "sallyport");
    }

    /// Every Rust file of the crates.
    fn sources(folder: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let mut found = Vec::new();
        for path in paths {
            if path.is_dir() {
                found.extend(sources(&path));
            } else if path.extension().is_some_and(|end| end == "rs") {
                found.push(path);
            }
        }
        found
    }

    /// The causes of an error are printed behind it, so that a text which holds its cause must have
    /// no source.
    #[test]
    fn no_error_repeats_its_source() {
        let mark = concat!("#[", "error(");
        let mut with_source = 0;
        for file in sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))) {
            let code = std::fs::read_to_string(&file).unwrap();
            for variant in code.split(mark).skip(1) {
                let (text, rest) = variant.split_once(")]").unwrap();
                let ends = ["),\n", "},\n", "}\n"].map(|end| rest.find(end));
                let fields = &rest[..ends.into_iter().flatten().min().unwrap_or(rest.len())];
                let marked = ["#[from]", "#[source]"].map(|mark| fields.split_once(mark));
                let Some((_, field)) = marked.into_iter().flatten().next() else {
                    continue;
                };
                with_source += 1;
                let name = field.trim().split(':').next().unwrap();
                let repeats = text.contains("{0") || text.contains(&format!("{{{name}}}"));
                assert!(!repeats, "{}: {text}", file.display());
            }
        }
        assert!(with_source > 20, "{with_source} errors with a source");
    }

    #[test]
    fn a_level_is_that_of_this_product_and_a_filter_is_taken_as_it_is() {
        assert_eq!(
            log_filter("debug").unwrap().to_string(),
            "sallyport=debug,warn"
        );
        assert_eq!(
            log_filter("sallyport_flow=debug,info").unwrap().to_string(),
            "sallyport_flow=debug,info"
        );
        assert!(log_filter("sallyport=loud").is_err());
        assert!(log_filter("loud").is_err());
    }
}
