//! The work that a server does beside answering requests.

use std::{future::Future, time::Duration};

use tokio::task::{JoinHandle, JoinSet};

/// Until work that failed is begun again.
const PAUSE: Duration = Duration::from_secs(1);

/// Work in the background that must never end. When it does, by a fault of its own, the log says so
/// and it is begun again.
pub struct Upkeep(JoinHandle<()>);

impl Upkeep {
    pub fn of<W>(what: &'static str, mut work: impl FnMut() -> W + Send + 'static) -> Self
    where
        W: Future<Output = ()> + Send + 'static,
    {
        Self(tokio::spawn(async move {
            // Of a set, so that the work ends with this task.
            let mut running = JoinSet::new();
            loop {
                running.spawn(work());
                if let Some(Err(cause)) = running.join_next().await {
                    tracing::error!(event = "server.work_failed", what, %cause, "work in the background failed and is begun again; please report it");
                }
                tokio::time::sleep(PAUSE).await;
            }
        }))
    }

    pub fn end(self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    use tokio::sync::Notify;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_that_panics_is_begun_again_and_ends_with_its_server() {
        let (times, again) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
        let upkeep = Upkeep::of("testing", {
            let (times, again) = (times.clone(), again.clone());
            move || {
                let (times, again) = (times.clone(), again.clone());
                async move {
                    assert!(times.fetch_add(1, Ordering::SeqCst) > 0, "on purpose");
                    again.notify_one();
                    std::future::pending::<()>().await;
                }
            }
        });
        again.notified().await;
        assert_eq!(times.load(Ordering::SeqCst), 2);
        upkeep.end();
        while Arc::strong_count(&times) > 1 {
            tokio::task::yield_now().await;
        }
    }
}
