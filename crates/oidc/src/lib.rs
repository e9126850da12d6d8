//! The OpenID provider: what applications see of Sallyport.
//!
//! [`authorize`] takes an application's request, has the person sign in (`sallyport-flow` does
//! that), asks them what they allow, and gives the application a code. [`token`] exchanges the code.
//! Everything issued hangs on one authorization: a person, at one browser, let one client in; it
//! ends, and all that came of it is dead.
//!
//! A request is believed step by step. `ReplyTo` marks the line after which an error may go to the
//! client, and `decide` is the one place where it is decided what a person must do.
#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test may stop"))]

mod access_token;
mod authorization;
mod authorization_code;
mod authorize;
mod claims;
mod client;
mod client_authentication;
mod consent;
mod cross_origin;
mod cross_site;
mod discovery;
mod end_session;
mod error;
mod grant;
mod id_token;
mod introspection;
mod jose;
mod pkce;
mod provider;
mod purge;
mod redirect_uri;
mod refresh_token;
mod revocation;
mod routes;
mod scope;
mod signing_key;
mod stored;
mod token;
mod userinfo;

pub use client::{AuthMethod, Client, ClientError, GrantType, Registration};
pub use error::OidcError;
pub use jose::Algorithm;
pub use provider::Provider;
pub use purge::purge;
pub use redirect_uri::{BadRedirectUri, RedirectUri};
pub use routes::routes;
pub use scope::{Scope, Scopes, UnknownScope};
pub use signing_key::{SigningKeyError, rotate_keys};

use sallyport_base::Schema;

pub const SCHEMA: Schema = Schema {
    name: "oidc",
    steps: &[
        client::TABLE,
        signing_key::TABLE,
        authorization::TABLE,
        authorization_code::TABLE,
        access_token::TABLE,
        refresh_token::TABLE,
        consent::TABLE,
    ],
};
