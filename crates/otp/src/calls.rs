use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// More than ever run at once.
const MOST: u32 = 1 << 20;

/// The calls that run, with or without a caller who waits for them.
pub struct Calls(Arc<Semaphore>);

impl Default for Calls {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST as usize)))
    }
}

impl Calls {
    /// Counts a call for as long as what is returned is held.
    pub async fn begin(&self) -> Option<OwnedSemaphorePermit> {
        self.0.clone().acquire_owned().await.ok()
    }

    /// Waits until none runs.
    pub async fn are_over(&self) {
        drop(self.0.acquire_many(MOST).await);
    }
}
