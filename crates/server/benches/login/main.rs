//! The figures of docs/performance.md, measured in one run: `cargo figures`.
//!
//! The servers that are measured are processes of their own, with the SQLite store that a server has
//! without further configuration; this program is the browser, the application and the gateway for
//! messages. It lifts the limits of the passcode service, because all logins come from one address
//! within minutes; the limits of the login itself stay, which is why so many people log in.

mod browser;
mod commits;
mod gateway;
mod house;
mod scripts;
mod serve;
mod site;
mod start_up;
mod whole_login;
mod workers;

use std::process::ExitCode;

use clap::Parser;
use sallyport_base::testing::conditions;

/// Measures what a login costs, in CPU time, commits and memory.
#[derive(Debug, Parser)]
struct Figures {
    /// How many logins come before the second look at the memory.
    #[arg(long, default_value_t = 10_000)]
    logins: usize,
    /// Cargo says so to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    match try_main(&Figures::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            eprintln!("the figures: {cause:#}");
            ExitCode::FAILURE
        }
    }
}

fn try_main(figures: &Figures) -> anyhow::Result<()> {
    // Only the first call in a process has an effect.
    let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    tokio::runtime::Runtime::new()?.block_on(measure(figures))
}

async fn measure(figures: &Figures) -> anyhow::Result<()> {
    conditions::print(&[
        ("store", "SQLite, WAL, synchronous=FULL, group commit"),
        ("password hash", "Argon2id m=19456 t=2 p=1"),
    ])?;
    start_up::measure().await?;
    scripts::measure().await?;
    workers::measure().await?;
    commits::measure().await?;
    whole_login::measure_apart().await?;
    whole_login::measure_together(figures.logins).await?;
    conditions::print_load()
}
