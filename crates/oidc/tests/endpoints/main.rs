//! The provider's endpoints over HTTP, in memory, with the built-in password method. The whole
//! server with scripts and passcodes is driven by the tests of `sallyport-server`.
#![expect(clippy::unwrap_used, reason = "a test may stop")]

mod app;
mod authorize;
mod client_endpoints;
mod consent;
mod discovery;
mod logout;

use app::{Answer, CALLBACK, TestApp, VERIFIER};
