//! How an operator stops a server.

use std::{future::Future, io, time::Duration};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// How long a server may take to stop in order. Managers of services give up after half a minute or
/// so, and kill.
const LONGEST_STOP: Duration = Duration::from_secs(25);

/// SIGTERM, SIGINT, and SIGHUP, by which a terminal says that it is closed.
pub struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
    /// `None` where whoever began the server has it ignored, as `nohup` does.
    hangup: Option<Signal>,
}

impl StopSignals {
    /// From now on they end nothing by themselves.
    pub fn watch() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: match ignores_hangup() {
                true => None,
                false => Some(signal(SignalKind::hangup())?),
            },
        })
    }

    /// Waits for the next one.
    pub async fn told(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            () = heard(&mut self.hangup) => {}
        }
    }

    /// Closes in order, unless that takes too long or whoever stops the server insists.
    pub async fn close(mut self, closing: impl Future<Output = ()>) {
        tracing::info!("stopping; what runs may come to its end");
        tokio::select! {
            () = closing => tracing::info!("stopped"),
            () = self.told() => tracing::warn!("told to stop once more: what still ran is given up"),
            () = tokio::time::sleep(LONGEST_STOP) => tracing::warn!(
                seconds = LONGEST_STOP.as_secs(),
                "stopping took too long: what still ran is given up"
            ),
        }
    }
}

async fn heard(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// Whether SIGHUP, the first of the signals, is among those that the kernel keeps from this process
/// (proc(5), `SigIgn`).
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.unwrap_or_default() & 1 == 1
}

#[cfg(test)]
mod tests {
    use rustix::process::{Signal, getpid, kill_process};

    use super::*;

    #[tokio::test]
    async fn whoever_insists_does_not_wait_for_the_end() {
        let mut signals = StopSignals::watch().unwrap();
        let hang_up = || kill_process(getpid(), Signal::HUP).unwrap();
        hang_up();
        signals.told().await;
        hang_up();
        signals.close(std::future::pending()).await;
    }
}
