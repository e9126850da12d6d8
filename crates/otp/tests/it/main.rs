//! The passcode service over HTTP, in memory, with a clock that stands still.
#![expect(clippy::unwrap_used, reason = "a test may stop")]

mod abuse;
mod app;
mod authenticate;
mod canary;
mod errors;
mod given_up;
mod guessing;
mod limits;
mod numbers;
mod projects;
mod sdk;
mod sessions;
mod sms;
mod strangers;
mod users;
mod webhook;
