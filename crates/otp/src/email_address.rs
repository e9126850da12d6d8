use std::fmt;

use crate::{environment::Environment, refusal::Refusal};

/// Stytch's sandbox address: in a test project nothing is sent to it and its code is `000000`.
const SANDBOX: &str = "sandbox@stytch.com";

/// The longest address that fits into an SMTP path (RFC 5321 §4.5.3.1.3).
const LONGEST: usize = 254;

/// An address that may be sent a passcode, in lower case, since nobody has two that differ in case
/// alone. It is printed by its domain.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Reads what a client sent: a local part without quotes and a domain with a dot.
    pub fn check(text: &str, environment: Environment) -> Result<Self, Refusal> {
        let address = Self(text.to_lowercase());
        if !address.is_well_formed() {
            return Err(Refusal::InvalidEmail);
        }
        if address.is_sandbox() && environment == Environment::Live {
            return Err(Refusal::SandboxEmailInLiveProject);
        }
        Ok(address)
    }

    /// Reads what an operator typed, for whichever project.
    pub fn of_operator(text: &str) -> Result<Self, Refusal> {
        Self::check(text, Environment::Test)
    }

    /// An address that was checked when it was stored.
    pub fn stored(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_sandbox(&self) -> bool {
        self.0 == SANDBOX
    }

    fn is_well_formed(&self) -> bool {
        self.0.len() <= LONGEST
            && self
                .0
                .split_once('@')
                .is_some_and(|(local, domain)| is_local_part(local) && is_domain(domain))
    }

    fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "…@{}", self.domain())
    }
}

/// A dot-atom of RFC 5322 §3.2.3 of at most 64 characters.
fn is_local_part(text: &str) -> bool {
    let is_atom = |atom: &str| {
        !atom.is_empty()
            && atom
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte))
    };
    text.len() <= 64 && text.split('.').all(is_atom)
}

/// Letters, digits and hyphens with at least one dot; internationalised ones in their `xn--` form.
fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.contains('.') && text.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_plain_and_in_lower_case() {
        let check = |text| EmailAddress::check(text, Environment::Test);
        assert_eq!(
            check("Alice+Mail@Example.COM").unwrap().as_str(),
            "alice+mail@example.com"
        );
        for bad in [
            "",
            "alice",
            "@example.com",
            "alice@",
            "alice@localhost",
            "a b@example.com",
            "\"a\"@example.com",
            "alice@example..com",
            ".alice@example.com",
            "alice@-example.com",
            "alice@example.com\r\nBcc: x@example.com",
            "alice@ex@ample.com",
        ] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
        assert!(check(&format!("{}@example.com", "a".repeat(65))).is_err());
    }

    #[test]
    fn the_sandbox_address_is_for_test_projects() {
        assert!(EmailAddress::check(SANDBOX, Environment::Test).is_ok());
        assert!(EmailAddress::check(SANDBOX, Environment::Live).is_err());
    }

    #[test]
    fn an_address_shows_its_domain_only() {
        let address = EmailAddress::stored("alice@example.com");
        assert_eq!(format!("{address:?}"), "…@example.com");
    }
}
