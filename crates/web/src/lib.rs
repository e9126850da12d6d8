//! What a browser gets from Sallyport, and what it sends back: pages, cookies, forms.
//!
//! A step of a login ends in [`Pages::render`], which finds the page by Gluu's name for it
//! (`login.xhtml`, `auth/otp_sms/otp_sms.xhtml`), the operator's file first and the embedded one
//! second. The answer of the person comes back as [`Params`], proven by [`Csrf`] to come from a page
//! that this server showed to this browser. Nothing here knows of people, logins or OAuth.
#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test may stop"))]

mod assets;
pub mod cookie;
mod csrf;
mod custom_files;
mod embedded;
mod error_page;
mod form;
mod headers;
mod pages;
mod path;
mod phone;
mod qr_code;
mod template;

#[cfg(test)]
#[path = "../tests/samples/mod.rs"]
mod samples;

pub use assets::{asset_url, assets_router};
pub use csrf::Csrf;
pub use custom_files::custom_static_router;
pub use error_page::ErrorPage;
pub use form::{BadForm, FormBody, Params, QueryParams, Repeated, parse_form};
pub use headers::security_headers;
pub use pages::Pages;
pub use phone::masked_number;
