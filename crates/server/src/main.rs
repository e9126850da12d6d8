//! The binary `sallyport`.

use std::process::ExitCode;

use clap::Parser;
use sallyport_server::command::{self, CommandLine};

fn main() -> ExitCode {
    if let Some(ended) = sallyport_script::template_main() {
        return ended;
    }
    command::run(CommandLine::parse())
}
