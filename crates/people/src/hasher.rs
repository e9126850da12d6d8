use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
};

use argon2::{Block, Params, password_hash::phc::Salt};
use sallyport_base::Secret;
use tokio::sync::oneshot;

use crate::{
    PeopleError,
    password::{self, StoredPassword},
};

/// A few threads that do nothing but hash passwords, each with memory of its own that it uses again
/// and again: an Argon2id hash takes 19 MiB, and as many of them as there are requests would take
/// the machine. What does not fit the queue is refused at once.
#[derive(Clone, Debug)]
pub struct Hasher {
    queue: SyncSender<Job>,
    params: Params,
    hashes: Arc<AtomicU64>,
}

struct Job {
    password: Secret,
    work: Work,
}

enum Work {
    Verify(StoredPassword, oneshot::Sender<bool>),
    Hash(Salt, oneshot::Sender<Option<String>>),
}

impl Hasher {
    /// Starts `threads` threads, before which at most `queue` passwords wait. They end with the
    /// last clone of the hasher.
    pub fn start(threads: usize, queue: usize, params: Params) -> Self {
        let (sender, receiver) = sync_channel(queue);
        let receiver = Arc::new(Mutex::new(receiver));
        let hashes = Arc::new(AtomicU64::new(0));
        for _ in 0..threads.max(1) {
            let worker = Worker {
                jobs: receiver.clone(),
                params: params.clone(),
                memory: Vec::new(),
                hashes: hashes.clone(),
            };
            thread::Builder::new()
                .name("passwords".to_owned())
                .spawn(move || worker.run())
                .expect("the operating system gives a thread at start-up");
        }
        Self {
            queue: sender,
            params,
            hashes,
        }
    }

    /// Hashes done since the start: what a benchmark divides by.
    pub fn hashes(&self) -> u64 {
        self.hashes.load(Ordering::Relaxed)
    }

    pub(crate) fn params(&self) -> &Params {
        &self.params
    }

    pub(crate) async fn verify(
        &self,
        password: &Secret,
        stored: StoredPassword,
    ) -> Result<bool, PeopleError> {
        let (sender, answer) = oneshot::channel();
        self.submit(password, Work::Verify(stored, sender))?;
        answer.await.map_err(|_| PeopleError::HasherStopped)
    }

    /// The text to store for a password.
    pub(crate) async fn hash(&self, password: &Secret, salt: Salt) -> Result<String, PeopleError> {
        let (sender, answer) = oneshot::channel();
        self.submit(password, Work::Hash(salt, sender))?;
        let hashed = answer.await.map_err(|_| PeopleError::HasherStopped)?;
        hashed.ok_or(PeopleError::Password {
            why: "it cannot be hashed",
        })
    }

    fn submit(&self, password: &Secret, work: Work) -> Result<(), PeopleError> {
        let job = Job {
            password: password.clone(),
            work,
        };
        self.queue.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => PeopleError::Busy,
            TrySendError::Disconnected(_) => PeopleError::HasherStopped,
        })
    }
}

struct Worker {
    jobs: Arc<Mutex<Receiver<Job>>>,
    params: Params,
    memory: Vec<Block>,
    hashes: Arc<AtomicU64>,
}

impl Worker {
    fn run(mut self) {
        while let Some(job) = self.next() {
            self.work(job);
            self.give_back_extra_memory();
        }
    }

    fn next(&self) -> Option<Job> {
        self.jobs.lock().ok()?.recv().ok()
    }

    fn work(&mut self, job: Job) {
        if job.work.is_unwanted() {
            return;
        }
        self.hashes.fetch_add(1, Ordering::Relaxed);
        match job.work {
            Work::Verify(stored, answer) => {
                // Who asked may be gone by now; then nobody needs the answer.
                let _gone = answer.send(stored.verify(&job.password, &mut self.memory));
            }
            Work::Hash(salt, answer) => {
                let hashed = password::hash(&job.password, salt, &self.params, &mut self.memory);
                let _gone = answer.send(hashed);
            }
        }
    }

    /// A hash with costlier parameters than ours makes the memory grow; it does not stay.
    fn give_back_extra_memory(&mut self) {
        let own = self.params.block_count();
        if self.memory.len() > own {
            self.memory.truncate(own);
            self.memory.shrink_to_fit();
        }
    }
}

impl Work {
    /// Whether the request that asked was given up while it waited.
    fn is_unwanted(&self) -> bool {
        match self {
            Self::Verify(_, answer) => answer.is_closed(),
            Self::Hash(_, answer) => answer.is_closed(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use sallyport_base::Random;

    use super::*;

    fn salt() -> Salt {
        password::salt(&Random::system())
    }

    #[tokio::test]
    async fn what_does_not_fit_the_queue_is_refused_at_once() {
        // One slow hash at work, one waiting: the rest finds the queue full.
        let slow = Params::new(19 * 1024, 4, 1, None).unwrap();
        let hasher = Hasher::start(1, 1, slow);
        let password = Secret::from("secret");
        let tries = (0..8).map(|_| hasher.hash(&password, salt()));
        let outcomes = futures_util::future::join_all(tries).await;
        let refused = outcomes
            .iter()
            .filter(|o| matches!(o, Err(PeopleError::Busy)))
            .count();
        let done = outcomes.iter().filter(|o| o.is_ok()).count();
        assert_eq!(refused + done, 8);
        assert!((1..=2).contains(&done), "{done} were hashed");
        assert!(
            hasher.hash(&password, salt()).await.is_ok(),
            "there is room again"
        );
    }

    #[tokio::test]
    async fn a_hash_that_nobody_waits_for_is_not_made() {
        let hasher = Hasher::start(1, 8, Params::new(19 * 1024, 2, 1, None).unwrap());
        let password = Secret::from("secret");
        let mut kept = Box::pin(hasher.hash(&password, salt()));
        let mut given_up = Box::pin(hasher.hash(&password, salt()));
        // Both enter the queue, then one request goes away.
        let mut context = Context::from_waker(Waker::noop());
        assert!(kept.as_mut().poll(&mut context).is_pending());
        assert!(given_up.as_mut().poll(&mut context).is_pending());
        drop(given_up);
        kept.await.unwrap();
        hasher.hash(&password, salt()).await.unwrap();
        assert_eq!(hasher.hashes(), 2);
    }
}
