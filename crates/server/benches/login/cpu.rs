//! CPU time of a process, as the kernel counts it.

use std::{collections::BTreeMap, fs, io, ops::Sub, time::Duration};

use anyhow::Context;

/// Ticks of `/proc/PID/stat` in a second, on every architecture that this server runs on.
const TICKS: u64 = 100;

/// CPU time that a process has used since it began.
#[derive(Clone, Debug)]
pub struct Spent {
    /// In user and system mode, threads that have ended included. It moves in steps of 10 ms.
    pub total: Duration,
    /// By what the threads are called, without their numbers. Only of threads that live.
    pub threads: BTreeMap<String, Duration>,
}

impl Spent {
    pub fn by(process: u32) -> anyhow::Result<Self> {
        let total = total(process).with_context(|| format!("CPU time of process {process}"))?;
        let threads = threads(process).with_context(|| format!("threads of process {process}"))?;
        Ok(Self { total, threads })
    }

    /// Of the threads that do nothing but hash passwords.
    pub fn hashing(&self) -> Duration {
        self.threads.get("passwords").copied().unwrap_or_default()
    }
}

impl Sub for Spent {
    type Output = Self;

    /// What was used between two moments.
    fn sub(self, earlier: Self) -> Self {
        let before = |name| earlier.threads.get(name).copied().unwrap_or_default();
        let threads = self.threads.iter();
        Self {
            total: self.total.saturating_sub(earlier.total),
            threads: threads
                .map(|(name, time)| (name.clone(), time.saturating_sub(before(name))))
                .collect(),
        }
    }
}

fn total(process: u32) -> anyhow::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name of the program stands in parentheses and may hold anything.
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .map(|(_, fields)| fields.split_whitespace().collect())
        .unwrap_or_default();
    let ticks = |at: usize| -> anyhow::Result<u64> {
        Ok(fields
            .get(at)
            .context("a short line of statistics")?
            .parse()?)
    };
    // Counted from the state of the process, which is field 3 of proc(5): fields 14 and 15.
    Ok(Duration::from_millis(
        (ticks(11)? + ticks(12)?) * 1000 / TICKS,
    ))
}

fn threads(process: u32) -> io::Result<BTreeMap<String, Duration>> {
    let mut threads = BTreeMap::new();
    for entry in fs::read_dir(format!("/proc/{process}/task"))? {
        let task = entry?.path();
        let read = |file: &str| fs::read_to_string(task.join(file));
        // A thread may end while it is looked at.
        let (Ok(name), Ok(schedule)) = (read("comm"), read("schedstat")) else {
            continue;
        };
        let nanoseconds = schedule.split_whitespace().next();
        let time = nanoseconds.and_then(|text| text.parse().ok()).unwrap_or(0);
        let name = name
            .trim()
            .trim_end_matches(|c: char| c.is_ascii_digit() || c == '-');
        *threads.entry(name.to_owned()).or_default() += Duration::from_nanos(time);
    }
    Ok(threads)
}
