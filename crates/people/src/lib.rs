//! Who exists, what is known of them, and whether a password is theirs.
//!
//! A login begins here: the page of its first step asks whether a name and a password belong
//! together ([`People::check_password`]). Scripts read and change attributes of people by Gluu's
//! names, and the protocol side makes claims of them. Passwords are hashed on a few threads of
//! their own ([`Hasher`]), because that is what a login costs.
#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test may stop"))]

mod attribute;
mod directory;
mod hasher;
mod password;
mod people;
mod person;
pub mod phone;
#[cfg(test)]
mod tests;

pub use argon2::Params as Argon2Params;
pub use attribute::{Attribute, Values};
pub use directory::Directory;
pub use hasher::Hasher;
pub use people::{NewPerson, PasswordCheck, People};
pub use person::{Attributes, Person};

use sallyport_base::{Schema, StoreError};

/// The tables of this crate.
pub const SCHEMA: Schema = Schema {
    name: "people",
    steps: &[directory::FIRST_TABLES],
};

/// Why a question about people has no answer, or a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// Every hashing thread is at work and the queue is full: ask again in a moment (503).
    #[error("too many passwords are being checked at once; try again in a moment")]
    Busy,
    #[error("there is a person {uid} already")]
    Duplicate { uid: String },
    #[error("there is no attribute {name}{}", did_you_mean(similar))]
    UnknownAttribute {
        name: String,
        similar: Vec<&'static str>,
    },
    #[error("the attribute {attribute} cannot be set: {why}")]
    Invalid { attribute: String, why: String },
    #[error("the password cannot be set: {why}")]
    Password { why: &'static str },
    /// What the store holds as the password of a person is no hash, or one that would take more
    /// memory or time than a login may.
    #[error("the stored password of a person cannot be checked: {why}")]
    StoredPassword { why: String },
    #[error("the threads that hash passwords have stopped")]
    HasherStopped,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl PeopleError {
    /// Whether what was asked for is wrong, and asking again will not help: whoever asked is to be
    /// told. Otherwise the fault is here.
    pub const fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Duplicate { .. }
                | Self::UnknownAttribute { .. }
                | Self::Invalid { .. }
                | Self::Password { .. }
        )
    }
}

fn did_you_mean(similar: &[&str]) -> String {
    if similar.is_empty() {
        String::new()
    } else {
        format!("; did you mean {}?", similar.join(" or "))
    }
}
