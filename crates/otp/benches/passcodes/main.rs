//! The figures of the passcode service in docs/performance.md, measured in one run:
//! `cargo passcode-figures`.
//!
//! The server is this program once more, in a process of its own, so that its CPU time and memory are
//! its alone. It is asked over HTTP, on connections that stay open; this process is the caller and
//! the gateway that the messages go to. The limits on messages are lifted, because all of them are
//! asked for within minutes. An answer that is not the one expected ends the run.

mod client;
mod disk;
mod gateway;
mod lookups;
mod people;
mod postgres;
mod rates;
mod server;
mod site;
mod times;

use std::{process::ExitCode, time::Duration};

use clap::{Parser, Subcommand};
use sallyport_base::testing::conditions;

use crate::{postgres::Postgres, server::Server, site::Folder};

/// Measures what the passcode service sends and verifies in a second, and how it grows with its users.
#[derive(Debug, Parser)]
struct Figures {
    /// A short run over few users, to see that everything still works.
    #[arg(long)]
    quick: bool,
    /// Cargo says so to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// Is the server that is measured.
    #[command(hide = true)]
    Serve(Server),
}

/// How much is measured.
pub struct Scale {
    /// Connections that ask at the same time.
    connections: &'static [usize],
    /// How long codes are asked for, and how long the reference is.
    asking: Duration,
    /// Users of the store that codes are sent to as fast as it goes.
    crowd: i64,
    /// Users of the stores that something is looked for in.
    sizes: &'static [i64],
    /// The same on PostgreSQL.
    sizes_of_postgres: &'static [i64],
    /// How often one thing is looked up at the most, and for how long.
    lookups: usize,
    looking: Duration,
}

const WHOLE: Scale = Scale {
    connections: &[1, 8, 64],
    asking: Duration::from_secs(3),
    crowd: 100_000,
    sizes: &[1_000, 10_000, 100_000, 1_000_000],
    sizes_of_postgres: &[1_000, 1_000_000],
    lookups: 300,
    looking: Duration::from_secs(4),
};

const QUICK: Scale = Scale {
    connections: &[1, 8],
    asking: Duration::from_millis(200),
    crowd: 2_000,
    sizes: &[100, 1_000],
    sizes_of_postgres: &[1_000],
    lookups: 20,
    looking: Duration::from_millis(500),
};

fn main() -> ExitCode {
    match try_main(Figures::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            eprintln!("the figures of the passcode service: {cause:#}");
            ExitCode::FAILURE
        }
    }
}

fn try_main(figures: Figures) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    match figures.role {
        Some(Role::Serve(server)) => runtime.block_on(server.run()),
        None => runtime.block_on(measure(if figures.quick { &QUICK } else { &WHOLE })),
    }
}

async fn measure(scale: &Scale) -> anyhow::Result<()> {
    let folder = Folder::create()?;
    let postgres = Postgres::start(&folder)?;
    conditions::print(&[
        ("SQLite", "WAL, synchronous=FULL, group commit"),
        (
            "PostgreSQL",
            &format!("{}, fsync=on, as initdb sets it up", postgres.version),
        ),
        (
            "limits",
            "lifted: one address asks for messages to many numbers",
        ),
        ("log", "info, to a file"),
    ])?;
    let disk = || disk::print(&folder, scale);
    disk()?;
    rates::print_head();
    rates::measure(&folder.site("crowd").await?, None, scale).await?;
    rates::measure(
        &postgres.site(&folder, "crowd").await?,
        Some(&postgres),
        scale,
    )
    .await?;
    lookups::print_head();
    lookups::measure(&folder.site("sizes").await?, scale.sizes, scale).await?;
    let site = postgres.site(&folder, "sizes").await?;
    lookups::measure(&site, scale.sizes_of_postgres, scale).await?;
    disk()?;
    conditions::print_load()
}
