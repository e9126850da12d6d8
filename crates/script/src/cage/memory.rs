//! How much memory a worker has taken since it was forked, and how much it may take.

use std::{fs::File, io, os::unix::fs::FileExt};

use rustix::{
    param::page_size,
    process::{Resource, Rlimit, setrlimit},
};

/// The memory of this process, measured by the kernel.
pub(crate) struct Memory {
    statm: File,
    page: u64,
    /// What was resident when the worker began, in bytes.
    before: u64,
    /// What it may take on top, in bytes.
    limit: u64,
}

/// The figures of `/proc/self/statm` that matter here, in bytes.
struct Figures {
    resident: u64,
    data: u64,
}

impl Memory {
    /// Gives a worker a limit. One that takes more at once than twice the limit is ended by the kernel;
    /// one that grows over it is told so, which names the line.
    pub(crate) fn limit(bytes: u64) -> io::Result<Self> {
        let mut memory = Self {
            statm: File::open("/proc/self/statm")?,
            page: page_size() as u64,
            before: 0,
            limit: bytes,
        };
        let now = memory.figures()?;
        memory.before = now.resident;
        let hard = now.data.saturating_add(bytes.saturating_mul(2));
        let limit = Rlimit {
            current: Some(hard),
            maximum: Some(hard),
        };
        setrlimit(Resource::Data, limit)?;
        Ok(memory)
    }

    pub(crate) fn is_used_up(&self) -> bool {
        self.grown() > self.limit
    }

    /// Half of the limit was left behind by calls that are over.
    pub(crate) fn is_worn(&self) -> bool {
        self.grown() > self.limit / 2
    }

    /// A kernel that gives no figures lets nothing grow.
    fn grown(&self) -> u64 {
        self.figures()
            .map_or(u64::MAX, |now| now.resident.saturating_sub(self.before))
    }

    fn figures(&self) -> io::Result<Figures> {
        let mut bytes = [0; 256];
        let length = self.statm.read_at(&mut bytes, 0)?;
        let text = String::from_utf8_lossy(&bytes[..length]);
        let mut pages = text.split_whitespace().map(str::parse::<u64>);
        let mut nth = |n| match pages.nth(n) {
            Some(Ok(pages)) => Ok(pages * self.page),
            _ => Err(io::Error::other("/proc/self/statm is not as expected")),
        };
        Ok(Figures {
            resident: nth(1)?,
            data: nth(3)?,
        })
    }
}
