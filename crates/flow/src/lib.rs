//! One login, step by step, through one script, and the browser session that it ends in.
//!
//! A protocol (OAuth, in `sallyport-oidc`) starts a [`Login`] for an [`Acr`] and parks its own
//! request with it. The person's browser then walks the pages of the login method: each form goes
//! to the method's script, which asks its questions here ([`questions`]), until the last step is
//! passed. The protocol takes the finished login, once, and opens or strengthens the
//! [`BrowserSession`]. Nothing here knows OAuth.
#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test may stop"))]

mod acr;
mod browser;
mod browser_session;
mod counted_tries;
mod default_acr;
mod error;
mod flow;
mod issuer;
mod known_person;
mod library_folder;
mod loaded_script;
mod login;
mod login_page;
mod logout;
mod mail;
mod outbound;
mod passwords;
mod place;
mod progress;
mod proof_of_work;
pub mod questions;
mod return_page;
mod scene;
mod script_cache;
mod script_entry;
mod script_file;
mod script_log;
mod script_name;
mod script_reply;
mod script_start;
mod script_version;
mod scripts;
mod sent_forms;
mod short_message;
mod step;
mod talk;
mod trial;
mod tries;

use axum::{Router, routing::get};

pub use acr::{Acr, Authentication, PASSWORD_ACR};
pub use browser_session::BrowserSession;
pub use default_acr::{DefaultAcr, refuse as refuse_if_default};
pub use error::FlowError;
pub use flow::{FindClient, Flow, FlowParts, Lifetimes, library_folder};
pub use issuer::{BadIssuer, Issuer};
pub use login::{FinishedLogin, Login, NewLogin};
pub use logout::{MethodLogout, SigningOut};
pub use mail::{BadMail, MailParts, MailSecurity, Mailer};
pub use outbound::{Outbound, named_hosts};
pub use proof_of_work::ProofOfWork;
pub use script_entry::{NewScript, ScriptEntry, ScriptStoreError};
pub use script_file::FileMark;
pub use script_log::ScriptLogFile;
pub use script_name::ScriptName;
pub use script_version::ScriptVersion;
pub use trial::{Asked, Rehearsal, RehearsalError, Trial, Tried, TriedCall};
pub use tries::{Limit, Limits, forget_tries};

/// What a script may know of an application.
pub use sallyport_script::Client as ClientForScripts;

use sallyport_base::Schema;

pub const SCHEMA: Schema = Schema {
    name: "flow",
    steps: &[
        include_str!("../schema/0001.sql"),
        include_str!("../schema/0002.sql"),
        include_str!("../schema/0003.sql"),
        include_str!("../schema/0004.sql"),
    ],
};

/// The pages of a login, under Gluu's paths.
pub fn routes() -> Router<Flow> {
    let returned = get(return_page::returned).post(return_page::returned);
    Router::new()
        .route("/oxauth/postlogin.htm", returned.clone())
        // As Gluu's scripts for CAS write it.
        .route("/oxauth/postlogin", returned)
        .route("/oxauth/leave.htm", get(return_page::leave))
        .route(
            "/oxauth/{*page}",
            get(login_page::show).post(login_page::submit),
        )
}
