use sallyport_base::{Id, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{address::Kind, channel::Channel, method::Method, project::Project};

/// A method that the session was opened or strengthened with. Its address is looked up when shown.
#[derive(Serialize, Deserialize)]
pub struct Factor {
    /// Named as when every method was a phone.
    #[serde(rename = "phone_id")]
    pub method_id: Id<Method>,
    /// The word of a [`Channel`].
    #[serde(default = "sms")]
    channel: String,
    created_at: Timestamp,
    last_authenticated_at: Timestamp,
}

impl Factor {
    pub fn new(method_id: Id<Method>, channel: Channel, now: Timestamp) -> Self {
        Self {
            method_id,
            channel: channel.as_str().to_owned(),
            created_at: now,
            last_authenticated_at: now,
        }
    }

    /// The user proved it again.
    pub fn prove(&mut self, channel: Channel, now: Timestamp) {
        channel.as_str().clone_into(&mut self.channel);
        self.last_authenticated_at = now;
    }

    pub const fn last_authenticated_at(&self) -> Timestamp {
        self.last_authenticated_at
    }

    pub fn shown(&self, project: &Project, method: &Method) -> Value {
        let id = method.shown_id(project);
        let address = method.address.as_str();
        let mut shown = json!({
            "type": "otp",
            "delivery_method": self.channel,
            "last_authenticated_at": self.last_authenticated_at.rfc3339(),
            "created_at": self.created_at.rfc3339(),
            "updated_at": self.last_authenticated_at.rfc3339(),
        });
        match method.kind() {
            Kind::Phone => {
                shown["phone_number_factor"] = json!({ "phone_id": id, "phone_number": address });
            }
            Kind::Email => {
                shown["email_factor"] = json!({ "email_id": id, "email_address": address });
            }
        }
        shown
    }
}

fn sms() -> String {
    Channel::Sms.as_str().to_owned()
}
