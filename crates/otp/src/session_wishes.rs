use std::time::Duration;

use serde_json::{Map, Value};

use crate::{fields::Fields, refusal::Refusal, session::SESSION_CLAIM};

/// The most that custom claims may take, in bytes of JSON.
const LARGEST_CLAIMS: usize = 4096;

/// Claims that belong to the JWT itself and cannot be set.
const RESERVED_CLAIMS: [&str; 8] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    SESSION_CLAIM,
];

/// What a request asks of its session.
pub struct SessionWishes {
    /// From now on. Absent: no session is opened, and one that exists ends when it would.
    pub duration: Option<Duration>,
    custom_claims: Map<String, Value>,
}

impl SessionWishes {
    pub fn check(fields: &Fields) -> Result<Self, Refusal> {
        let custom_claims = fields.object("session_custom_claims")?.into_map();
        check_size(&custom_claims)?;
        Ok(Self {
            duration: check_duration(fields)?,
            custom_claims,
        })
    }

    /// Changes the custom claims of a session as the request asks.
    pub fn change_claims(&self, claims: &mut Map<String, Value>) -> Result<(), Refusal> {
        merge(claims, &self.custom_claims);
        check_size(claims)
    }
}

fn check_size(claims: &Map<String, Value>) -> Result<(), Refusal> {
    match serde_json::to_vec(claims) {
        Ok(json) if json.len() <= LARGEST_CLAIMS => Ok(()),
        _ => Err(Refusal::ClaimsTooLarge),
    }
}

fn check_duration(fields: &Fields) -> Result<Option<Duration>, Refusal> {
    let Some(minutes) = fields.integer("session_duration_minutes")? else {
        return Ok(None);
    };
    match u64::try_from(minutes) {
        Ok(minutes @ 5..=527_040) => Ok(Some(Duration::from_secs(minutes * 60))),
        _ => Err(Refusal::InvalidSessionDuration),
    }
}

/// `null` deletes a claim; reserved ones are left alone.
fn merge(claims: &mut Map<String, Value>, changes: &Map<String, Value>) {
    for (name, value) in changes {
        if RESERVED_CLAIMS.contains(&name.as_str()) {
            continue;
        }
        match value {
            Value::Null => claims.remove(name),
            value => claims.insert(name.clone(), value.clone()),
        };
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn null_deletes_a_claim_and_reserved_claims_stay_out() {
        let mut claims = Map::from_iter([("plan".to_owned(), json!("free"))]);
        let changes = json!({ "plan": null, "tier": 2, "sub": "somebody-else", "exp": 1 });
        merge(&mut claims, changes.as_object().unwrap());
        assert_eq!(Value::Object(claims), json!({ "tier": 2 }));
    }
}
