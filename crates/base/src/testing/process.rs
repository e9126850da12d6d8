use std::{
    io,
    process::{Child, ExitStatus},
};

use super::{cpu::Spent, memory::Resident};

/// A process that a benchmark started and looks at. It is ended in the end.
pub struct Running(Child);

impl Running {
    pub fn new(child: Child) -> Self {
        Self(child)
    }

    /// Whether it has ended by itself, and how.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.0.try_wait()
    }

    pub fn spent(&self) -> anyhow::Result<Spent> {
        Spent::by(self.0.id())
    }

    pub fn resident(&self) -> anyhow::Result<Resident> {
        Resident::of(self.0.id())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Err(cause) = self.0.kill().and_then(|()| self.0.wait()) {
            eprintln!("process {} was left behind: {cause}", self.0.id());
        }
    }
}
