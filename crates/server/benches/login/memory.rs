//! How much memory a process has in use.

use std::{fmt, fs};

use anyhow::Context;

/// Resident memory, in KiB.
#[derive(Clone, Copy, Debug)]
pub struct Resident {
    /// The process's own: what grows.
    own: u64,
    /// Pages of the program file and of libraries, which the kernel can drop and share.
    file: u64,
}

impl Resident {
    pub fn of(process: u32) -> anyhow::Result<Self> {
        let status = fs::read_to_string(format!("/proc/{process}/status"))?;
        let field = |name: &str| -> anyhow::Result<u64> {
            let line = status.lines().find(|line| line.starts_with(name));
            let number = line.and_then(|line| line.split_whitespace().nth(1));
            Ok(number
                .with_context(|| format!("{name} of process {process}"))?
                .parse()?)
        };
        Ok(Self {
            own: field("RssAnon")? + field("RssShmem")?,
            file: field("RssFile")?,
        })
    }
}

impl fmt::Display for Resident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let megabytes = |kib: u64| kib as f64 * 1024.0 / 1e6;
        write!(
            f,
            "{:6.1} MB ({:.1} its own, {:.1} of the program file)",
            megabytes(self.own + self.file),
            megabytes(self.own),
            megabytes(self.file)
        )
    }
}
