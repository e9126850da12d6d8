//! Speaks SMPP 3.4 to a message centre: how carriers and SMS aggregators take messages in bulk.
//!
//! [`send`] delivers one message and hangs up, as a login script does. A [`Session`] stays bound,
//! sends many messages at once and hears of their delivery.
//!
//! The protocol has six operations that matter here, each a few fields behind a header of sixteen
//! bytes, so that the crate has its own encoding of them instead of a library for all forty.
#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test may stop"))]

mod address;
mod alphabet;
mod connection;
mod error;
mod message;
mod pdu;
mod receipt;
mod session;
mod settings;

pub use address::{Address, AddressError};
pub use alphabet::{Alphabet, septets};
pub use error::{SmppError, Status};
pub use message::ShortMessage;
pub use receipt::{Incoming, Receipt, State};
pub use session::{Listener, Session};
pub use settings::{Bind, Settings};

/// Binds, sends one message, unbinds. Returns the message centre's id of the message.
///
/// When the message centre asks to slow down, it is asked again until `settings.patience` is over.
pub async fn send(settings: &Settings, message: &ShortMessage) -> Result<String, SmppError> {
    let session = Session::open(settings, Listener::deaf()).await?;
    let sent = session.submit(message).await;
    session.close().await;
    sent
}
