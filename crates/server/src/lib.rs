//! The whole server: configuration, home directory, command line, TLS, and the wiring of the parts.
//!
//! [`App`] is everything without sockets, which is what the tests drive; [`listen`] connects its
//! routers with the network; [`command`] is what an operator types. `main.rs` only starts it.
#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test may stop"))]

mod app;
pub mod command;
pub mod config;
pub mod demo;
mod health;
pub mod home;
pub mod listen;
mod passcode_service;
mod proxies;
mod request;
mod routes;
mod tls;
mod unread_body;

pub use app::{App, AppParts, SCHEMAS};
pub use tls::install_crypto;
