//! Proof Key for Code Exchange (RFC 7636), S256 only.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sallyport_base::constant_time_eq;
use serde::{Deserialize, Serialize};

/// What the client sent ahead: the SHA-256 of a secret that it shows when it redeems the code.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Challenge(String);

impl Challenge {
    /// `None` when the text is not a SHA-256 in base64url (RFC 7636 §4.2).
    pub fn check(text: &str) -> Option<Self> {
        let hash = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        (hash.len() == 32).then(|| Self(text.to_owned()))
    }

    pub(crate) const fn from_store(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `verifier` is the secret behind this challenge. One that is not as RFC 7636 §4.1
    /// wants it, above all a short one, never is.
    pub fn is_met_by(&self, verifier: &str) -> bool {
        let hash = digest(&SHA256, verifier.as_bytes());
        let expected = BASE64_URL_SAFE_NO_PAD.encode(hash);
        is_verifier(verifier) && constant_time_eq(expected.as_bytes(), self.0.as_bytes())
    }
}

/// 43 to 128 unreserved characters (RFC 7636 §4.1).
fn is_verifier(text: &str) -> bool {
    let unreserved =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    (43..=128).contains(&text.len()) && text.bytes().all(unreserved)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_example_of_rfc_7636_appendix_b() {
        let challenge = Challenge::check(CHALLENGE).unwrap();
        assert!(challenge.is_met_by(VERIFIER));
        for other in [
            "",
            CHALLENGE,
            &VERIFIER[1..],
            &format!("{VERIFIER}A"),
            &VERIFIER.to_lowercase(),
        ] {
            assert!(!challenge.is_met_by(other), "{other:?}");
        }
    }

    #[test]
    fn a_challenge_is_a_sha_256() {
        for (text, accepted) in [
            (CHALLENGE, true),
            ("", false),
            ("short", false),
            (&format!("{CHALLENGE}="), false),
            (&format!("{CHALLENGE}AAAA"), false),
            (&CHALLENGE.replace('-', "+"), false),
            (&CHALLENGE[..42], false),
        ] {
            assert_eq!(Challenge::check(text).is_some(), accepted, "{text:?}");
        }
    }

    /// Each verifier below is the true secret of its challenge; only its form decides.
    #[test]
    fn a_verifier_has_the_form_of_the_rfc() {
        for (verifier, accepted) in [
            ("a".repeat(42), false),
            ("a".repeat(43), true),
            ("a".repeat(128), true),
            ("a".repeat(129), false),
            ("-._~".repeat(11), true),
            (format!("{}+", "a".repeat(42)), false),
            (format!("{} ", "a".repeat(43)), false),
            ("ü".repeat(43), false),
            ("1".to_owned(), false),
        ] {
            let hash = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
            let challenge = Challenge::check(&hash).unwrap();
            assert_eq!(challenge.is_met_by(&verifier), accepted, "{verifier:?}");
        }
    }
}
