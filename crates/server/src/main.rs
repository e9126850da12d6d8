//! The binary `sallyport`.

use std::process::ExitCode;

use clap::Parser;
use sallyport_server::command::{self, CommandLine};

fn main() -> ExitCode {
    command::run(CommandLine::parse())
}
