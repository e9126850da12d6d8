//! What every part of Sallyport stands on: time, randomness, ids, networks, secrets and the store.
//!
//! Nothing here knows of people, logins or OAuth. Time and randomness are values that are passed
//! in, so that tests decide them; the store is one SQL text for SQLite and PostgreSQL.
#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test may stop"))]

mod id;
mod network;
mod random;
mod secret;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod time;
mod vault;

pub use id::Id;
pub use network::network_of;
pub use random::Random;
pub use secret::{Digest, Secret, Token, constant_time_eq};
pub use store::{
    Column, Conn, Reader, Row, Schema, Sql, Store, StoreAddress, StoreError, Tx, Value,
};
pub use time::{Clock, Timestamp};
pub use vault::{Vault, VaultError};
