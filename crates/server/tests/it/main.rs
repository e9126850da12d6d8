//! The whole server over HTTP, on SQLite or, with `SALLYPORT_TEST_STORE`, on PostgreSQL.
//!
//! One line sets a test up: `let app = TestApp::start().await;`. The provider is driven in memory
//! by a [`Browser`]; the passcode service listens on loopback, because scripts call it over HTTP.
#![expect(clippy::unwrap_used, reason = "a test may stop")]

mod abuse;
mod app;
mod authoring;
mod authorize;
mod browser;
mod canary;
mod command;
mod contract;
mod host;
mod libs;
mod lifecycle;
mod login;
mod messages;
mod methods;
mod proof_of_work;
mod relying_party;
mod scripts;
mod sessions;
mod slow_provider;
mod strangers;
mod tokens;

use app::{CALLBACK, PASSWORD, TestApp, number_of};
use browser::{Browser, Page};
use relying_party::RelyingParty;
