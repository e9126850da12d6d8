use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many messages one node hands to one gateway at once.
pub const HANDS: u32 = 32;

/// The hands of one gateway, of which each has one message at a time. Each gateway has its own, so that
/// one which keeps them all busy holds up no other.
pub struct Hands(Arc<Semaphore>);

/// A hand that is free, or has a message, for as long as this lives.
pub type Hand = OwnedSemaphorePermit;

impl Default for Hands {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(HANDS as usize)))
    }
}

impl Hands {
    /// All that are free now.
    pub fn free(&self) -> Vec<Hand> {
        std::iter::from_fn(|| self.0.clone().try_acquire_owned().ok()).collect()
    }

    /// Waits until all are free. None is afterwards.
    pub async fn rest(&self) {
        if let Ok(all) = self.0.acquire_many(HANDS).await {
            all.forget();
        }
    }
}
