//! How much memory a server and its workers have in use.

use std::{fmt, fs, ops::AddAssign};

use anyhow::Context;

use super::family::family;

/// Memory in KiB. What several processes share is counted once, in parts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Resident {
    /// What grows.
    pub own: u64,
    /// Pages of the program file and of libraries, which the kernel can drop.
    pub file: u64,
}

impl Resident {
    /// Of a process and those that it started.
    pub fn of(process: u32) -> anyhow::Result<Self> {
        let mut all = Self::default();
        for member in family(process) {
            all += Self::of_one(member)?;
        }
        Ok(all)
    }

    fn of_one(process: u32) -> anyhow::Result<Self> {
        let map = Map::of(process)?;
        let own = map.field("Pss_Anon")? + map.field("Pss_Shmem")?;
        Ok(Self {
            own,
            file: map.field("Pss_File")?,
        })
    }
}

impl AddAssign for Resident {
    fn add_assign(&mut self, other: Self) {
        self.own += other.own;
        self.file += other.file;
    }
}

/// What one process holds alone, in KiB: what would be free without it.
pub fn private(process: u32) -> anyhow::Result<u64> {
    let map = Map::of(process)?;
    Ok(map.field("Private_Clean")? + map.field("Private_Dirty")?)
}

/// The kernel's figures of the memory of a process.
struct Map(String);

impl Map {
    fn of(process: u32) -> anyhow::Result<Self> {
        Ok(Self(fs::read_to_string(format!(
            "/proc/{process}/smaps_rollup"
        ))?))
    }

    fn field(&self, name: &str) -> anyhow::Result<u64> {
        let line = self.0.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.trim_start_matches(':').split_whitespace().next());
        Ok(number.with_context(|| name.to_owned())?.parse()?)
    }
}

impl fmt::Display for Resident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:6.1} MB ({:.1} its own, {:.1} of the program file)",
            megabytes(self.own + self.file),
            megabytes(self.own),
            megabytes(self.file)
        )
    }
}

pub fn megabytes(kib: u64) -> f64 {
    kib as f64 * 1024.0 / 1e6
}
