//! JSON Web Signatures (RFC 7515) made and checked with keys of this server only.
//!
//! The algorithm belongs to the key. A token that names another one is refused before its signature
//! is looked at, so there is no algorithm to confuse.

mod algorithm;
mod key;
mod token;

pub use algorithm::Algorithm;
pub use key::{KeyError, SigningKey};
pub use token::{Unverified, sign};
