//! CPU time of a process, as the kernel counts it.

use std::{collections::BTreeMap, fs, ops::Sub, path::Path, time::Duration};

use anyhow::Context;

use super::family::family;

/// Ticks of `/proc/PID/stat` in a second, on every architecture that this server runs on.
const TICKS: u64 = 100;

/// CPU time that a process and its workers have used since they began.
#[derive(Clone, Debug)]
pub struct Spent {
    /// In user and system mode, threads and processes that have ended included. It moves in steps of
    /// 10 ms.
    pub total: Duration,
    /// By what the threads are called, without their numbers. Only of threads that live.
    pub threads: BTreeMap<String, Duration>,
    /// How often one of them had nothing to do and slept, to be woken by another or by the kernel.
    pub sleeps: u64,
}

impl Spent {
    /// By a process and those that it started, which still run.
    pub fn by(process: u32) -> anyhow::Result<Self> {
        let mut spent = Self {
            total: Duration::ZERO,
            threads: BTreeMap::new(),
            sleeps: 0,
        };
        for member in family(process) {
            let added = spent.add(member);
            // The time of one that ended meanwhile is that of whoever waited for it.
            if member == process || Path::new(&format!("/proc/{member}")).exists() {
                added.with_context(|| format!("CPU time of process {member}"))?;
            }
        }
        Ok(spent)
    }

    fn add(&mut self, process: u32) -> anyhow::Result<()> {
        self.total += total(process)?;
        for entry in fs::read_dir(format!("/proc/{process}/task"))? {
            // A thread may end while it is looked at.
            if let Ok(thread) = Thread::read(&entry?.path()) {
                *self.threads.entry(thread.name).or_default() += thread.time;
                self.sleeps += thread.sleeps;
            }
        }
        Ok(())
    }

    /// Of the threads with this name.
    pub fn of_threads(&self, name: &str) -> Duration {
        self.threads.get(name).copied().unwrap_or_default()
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
            sleeps: self.sleeps.saturating_sub(earlier.sleeps),
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
    // Counted from the state of the process, which is field 3 of proc(5): fields 14 and 15 are its
    // own, 16 and 17 those of children that it waited for.
    let all = ticks(11)? + ticks(12)? + ticks(13)? + ticks(14)?;
    Ok(Duration::from_millis(all * 1000 / TICKS))
}

struct Thread {
    /// Without a number at its end.
    name: String,
    time: Duration,
    sleeps: u64,
}

impl Thread {
    fn read(task: &Path) -> anyhow::Result<Self> {
        let name = fs::read_to_string(task.join("comm"))?;
        let schedule = fs::read_to_string(task.join("schedstat"))?;
        let status = fs::read_to_string(task.join("status"))?;
        let nanoseconds = schedule.split_whitespace().next();
        let sleeps = status
            .lines()
            .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        let number = |c: char| c.is_ascii_digit() || c == '-';
        Ok(Self {
            name: name.trim().trim_end_matches(number).to_owned(),
            time: Duration::from_nanos(nanoseconds.context("schedstat")?.parse()?),
            sleeps: sleeps.context("status")?.trim().parse()?,
        })
    }
}
