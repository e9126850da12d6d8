//! A passcode service that speaks Stytch's consumer API: it sends six digits by SMS and says
//! whether they came back right, in time and once.
//!
//! Login scripts call it over HTTP as they would call Stytch, and so may any other application
//! through Stytch's SDKs. A request is checked into parameters, handed to [`dispatch`] when it asks
//! for a message, and answered through [`answer`], which makes JSON of whatever happened. What a
//! code, a number or an address may do is counted in the store.
#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test may stop"))]

mod address;
mod allowance;
mod answer;
mod audit;
mod authenticate;
mod budgets;
mod calls;
mod channel;
mod claim;
mod collision;
mod conversion;
mod cooldown;
mod country;
mod courier;
mod decoy;
mod deliveries;
mod delivery;
mod dispatch;
mod email_address;
mod environment;
mod factor;
mod fields;
mod gateway;
mod gsm;
mod hands;
mod health;
mod inbound;
mod keys;
mod limits;
mod lines;
mod locale;
mod lookup;
mod message;
mod method;
mod metrics;
mod notice;
mod number_facts;
mod openapi;
mod operation;
mod operations;
mod opt_out;
mod otp;
mod outbox;
mod passcode;
mod phone_number;
mod profile;
mod project;
mod project_name;
mod purge;
mod receipt;
mod recipient;
mod refusal;
mod retention;
mod routes;
mod sandbox_session;
mod send;
mod session;
mod session_wishes;
mod sessions;
mod signature;
mod signing_key;
mod status;
mod telephone;
mod unlock;
mod user;
mod user_filters;
mod user_methods;
mod user_name;
mod user_search;
mod users;
mod wording;

use sallyport_base::Schema;

pub use channel::Channel;
pub use country::check_countries;
pub use environment::Environment;
pub use gateway::{
    Gateway, GatewayKind, GatewaySetupError, Kannel, Smpp, Sns, Twilio, Vonage, Webhook,
};
pub use limits::{Conversion, Limits, Voip, Window};
pub use locale::locale_tags;
pub use lookup::{Lookup, LookupSetupError, WithoutAnswer};
pub use message::{MessageSettings, MessageTextError};
pub use opt_out::{OptOutError, OptOutList, OptedOut};
pub use otp::{Otp, OtpError, OtpParts, PurgeError};
pub use project::{Project, ProjectSecret};
pub use project_name::{ProjectName, ProjectNameError};
pub use retention::Retention;
pub use routes::{paths, routes};
pub use status::{Share, Status};
pub use telephone::{TelephoneMessage, telephone_messages};
pub use unlock::{Lifted, Unlock, UnlockError};

/// The tables of the service.
pub const SCHEMA: Schema = Schema {
    name: "otp",
    steps: &[
        project::TABLES,
        user::TABLE,
        method::TABLE,
        passcode::TABLE,
        cooldown::TABLE,
        allowance::TABLE,
        session::TABLE,
        signing_key::TABLE,
        telephone::TABLE,
        audit::TABLE,
        method::METHODS,
        passcode::CHANNEL,
        user::PROFILE,
        conversion::TABLE,
        opt_out::TABLE,
        project::NAME,
        outbox::TABLE,
        number_facts::TABLE,
        decoy::TABLE,
        method::ON_PROBATION,
        user::LOWERED_NAME,
        user::BY_PROJECT,
        outbox::PREFIX,
        outbox::BY_GATEWAY,
        user::BY_LOCK,
    ],
};
