//! Changes that meet others. On PostgreSQL a user or a method may be deleted between the statement that
//! reads it and the one that refers to it, and two changes may wait for each other. The store takes back
//! all of one of them, so that it can be made again: nothing is sent or counted twice.

use crate::refusal::Refusal;

/// How often a change is made at the most.
const TRIES: usize = 4;

/// Makes a change, which commits what it does, again when others were in its way.
pub async fn again<T, F>(mut change: impl FnMut() -> F) -> Result<T, Refusal>
where
    F: Future<Output = Result<T, Refusal>>,
{
    for _ in 1..TRIES {
        match change().await {
            Err(Refusal::Store(cause)) if cause.is_collision() => {
                tracing::info!(error = %cause, "a change met another and is made again");
            }
            done => return done,
        }
    }
    change().await
}
