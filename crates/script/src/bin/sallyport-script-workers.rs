//! The process that script workers are forked from, as a program of its own: for tests and benchmarks
//! of this crate, where the server is not at hand.

use std::process::ExitCode;

fn main() -> ExitCode {
    sallyport_script::template_main().unwrap_or_else(|| {
        eprintln!("this program is started by the script engine");
        ExitCode::FAILURE
    })
}
