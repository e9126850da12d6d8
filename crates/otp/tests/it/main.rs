//! The passcode service over HTTP, in memory, with a clock that stands still.
#![expect(clippy::unwrap_used, reason = "a test may stop")]

mod abuse;
mod app;
mod attacks;
mod authenticate;
mod canary;
mod channels;
mod claims;
mod clock;
mod collisions;
mod deliveries;
mod delivery;
mod errors;
mod factors;
mod given_up;
mod guessing;
mod limits;
mod log;
mod lookup;
mod numbers;
mod openapi;
mod operator;
mod practices;
mod projects;
mod receipts;
mod sdk;
mod sdk_errors;
mod sdk_users;
mod search;
mod sessions;
mod sms;
mod strangers;
mod unlock;
mod users;
mod webhook;
