//! What a figure of a benchmark depends on.

use std::{fs, process::Command};

use crate::Clock;
use anyhow::Context;

/// The machine and this program, and what else a benchmark `depends` on, each with its name.
pub fn print(depends: &[(&str, &str)]) -> anyhow::Result<()> {
    let cpus = fs::read_to_string("/proc/cpuinfo")?;
    let model = field(&cpus, "model name").unwrap_or("unknown");
    let cores = std::thread::available_parallelism()?;
    let memory = fs::read_to_string("/proc/meminfo")?;
    println!("conditions");
    println!("  time           {}", Clock::System.now().rfc3339());
    println!("  processor      {model}, {cores} cores");
    println!(
        "  memory         {}",
        field(&memory, "MemTotal").unwrap_or("unknown")
    );
    println!("  kernel         {}", said_by("uname", &["-sr"])?);
    println!("  compiler       {}", said_by("rustc", &["--version"])?);
    println!(
        "  sallyport      {}, built as a release",
        env!("CARGO_PKG_VERSION")
    );
    for (name, what) in depends {
        println!("  {name:13}  {what}");
    }
    print_load()
}

/// How busy the machine was with everything together, this run included.
pub fn print_load() -> anyhow::Result<()> {
    let load = fs::read_to_string("/proc/loadavg")?;
    let averages: Vec<&str> = load.split_whitespace().take(3).collect();
    println!(
        "  load averages  {} (1, 5 and 15 minutes)",
        averages.join(" ")
    );
    Ok(())
}

fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim())
}

fn said_by(program: &str, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .with_context(|| program.to_owned())?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
