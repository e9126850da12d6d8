use sallyport_base::{Id, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    phone::{self, Phone},
    project::Project,
};

/// A phone that the session was opened or strengthened with. The number is looked up when shown.
#[derive(Serialize, Deserialize)]
pub struct Factor {
    pub phone_id: Id<Phone>,
    created_at: Timestamp,
    pub last_authenticated_at: Timestamp,
}

impl Factor {
    pub const fn new(phone_id: Id<Phone>, now: Timestamp) -> Self {
        Self {
            phone_id,
            created_at: now,
            last_authenticated_at: now,
        }
    }

    pub fn shown(&self, project: &Project, phone: &Phone) -> Value {
        json!({
            "type": "otp",
            "delivery_method": "sms",
            "last_authenticated_at": self.last_authenticated_at.rfc3339(),
            "created_at": self.created_at.rfc3339(),
            "updated_at": self.last_authenticated_at.rfc3339(),
            "phone_number_factor": {
                "phone_id": phone::shown_id(project, phone.id),
                "phone_number": phone.number(),
            },
        })
    }
}
