use std::time::Duration;

use serde::Deserialize;

/// How long the service keeps what it no longer needs to answer.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// What became of a code, after it expired. 1 to 720 hours.
    pub code_hours: u32,
    /// Counters of messages, after their window closed. 1 to 720 hours.
    pub counter_hours: u32,
    /// What was decided, with the last two digits of numbers. 1 to 3650 days.
    pub audit_days: u32,
    /// How old a key that signs sessions becomes before the next one is made. 1 to 3650 days.
    pub signing_key_days: u32,
    /// How long the public half of a key that was replaced is still shown. 1 to 3650 days.
    pub signing_key_overlap_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            code_hours: 24,
            counter_hours: 48,
            audit_days: 30,
            signing_key_days: 180,
            signing_key_overlap_days: 30,
        }
    }
}

impl Retention {
    /// Says which value makes no sense and what was expected of it.
    pub fn check(&self) -> Result<(), String> {
        for (key, value, most) in [
            ("code_hours", self.code_hours, 720),
            ("counter_hours", self.counter_hours, 720),
            ("audit_days", self.audit_days, 3650),
            ("signing_key_days", self.signing_key_days, 3650),
            (
                "signing_key_overlap_days",
                self.signing_key_overlap_days,
                3650,
            ),
        ] {
            if !(1..=most).contains(&value) {
                return Err(format!("{key}: expected 1 to {most}"));
            }
        }
        Ok(())
    }

    pub fn codes(&self) -> Duration {
        hours(self.code_hours)
    }

    pub fn counters(&self) -> Duration {
        hours(self.counter_hours)
    }

    pub fn audit(&self) -> Duration {
        days(self.audit_days)
    }

    pub fn signing_key(&self) -> Duration {
        days(self.signing_key_days)
    }

    pub fn signing_key_overlap(&self) -> Duration {
        days(self.signing_key_overlap_days)
    }
}

fn hours(hours: u32) -> Duration {
    Duration::from_secs(u64::from(hours) * 3600)
}

fn days(days: u32) -> Duration {
    hours(days * 24)
}
