use std::fmt;

use crate::PASSWORD_ACR;

/// The name of a script, which is the acr that it answers for, or a further one (an alias). Matched
/// without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptName(String);

impl ScriptName {
    /// 2 to 60 letters, digits and `_ - : / .`; the name of the built-in method is reserved.
    pub fn check(text: &str) -> Result<Self, String> {
        let known = |c: char| c.is_ascii_alphanumeric() || "_-:/.".contains(c);
        if !(2..=60).contains(&text.len()) || !text.chars().all(known) {
            return Err(format!(
                "{text:?} cannot name a script: use 2 to 60 letters, digits and the characters _ - : / ."
            ));
        }
        if text.eq_ignore_ascii_case(PASSWORD_ACR) {
            return Err(format!(
                "{PASSWORD_ACR} names the built-in method; choose another name"
            ));
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the store knows a name by.
    pub(crate) fn key(name: &str) -> String {
        name.to_ascii_lowercase()
    }
}

impl fmt::Display for ScriptName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_gluus_rule() {
        for good in ["stytch", "Stytch_2", "urn:acr/sms.v1", "ab"] {
            assert!(ScriptName::check(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a",
            "two words",
            "naïve",
            "x;y",
            PASSWORD_ACR,
            &"a".repeat(61),
        ] {
            assert!(ScriptName::check(bad).is_err(), "{bad}");
        }
    }
}
