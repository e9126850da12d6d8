use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, Visitor},
};
use zeroize::Zeroizing;

use crate::Random;

/// 256 random bits that a client holds, in base64url: an authorization code, an access token, a
/// cookie. The store keeps only its [`Digest`].
#[derive(Clone)]
pub struct Token(Zeroizing<String>);

impl Token {
    pub fn issue(random: &Random) -> Self {
        Self(Zeroizing::new(
            BASE64_URL_SAFE_NO_PAD.encode(random.bytes::<32>()),
        ))
    }

    /// A text that somebody sent and that proves nothing until its digest is found in the store.
    pub fn unverified(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    /// The text itself, for the one answer that hands it out.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn digest(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(redacted)")
    }
}

/// SHA-256 in lower-case hexadecimal. Enough for a [`Token`], whose 256 bits cannot be guessed;
/// not enough for a password or a passcode.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    pub fn of(bytes: &[u8]) -> Self {
        use fmt::Write;

        let mut hex = String::with_capacity(64);
        for byte in digest(&SHA256, bytes).as_ref() {
            write!(hex, "{byte:02x}").expect("writing to a string does not fail");
        }
        Self(hex)
    }

    pub(crate) const fn from_store(hex: String) -> Self {
        Self(hex)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that must not be shown: a password, an API secret. It has no `Display`, its `Debug` is
/// redacted, and its memory is wiped when it is dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }
}

/// Takes a text only, and never repeats what it was given: serde's own errors show a number or a flag
/// where a text was expected, and a password may look like one when its quotes were forgotten.
impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecretVisitor)
    }
}

struct SecretVisitor;

impl SecretVisitor {
    fn refuse<E: de::Error>() -> Result<Secret, E> {
        Err(E::custom("a secret must be a text in quotes"))
    }
}

impl<'de> Visitor<'de> for SecretVisitor {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text in quotes")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Secret, E> {
        Ok(Secret::from(text))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Secret, E> {
        Ok(Secret::from(text))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_i128<E: de::Error>(self, _: i128) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_u128<E: de::Error>(self, _: u128) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_bytes<E: de::Error>(self, _: &[u8]) -> Result<Secret, E> {
        Self::refuse()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

/// Whether two texts are equal, in a time that depends on their lengths only.
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a, b).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_43_characters_and_never_shows() {
        let token = Token::issue(&Random::system());
        assert_eq!(token.expose().len(), 43);
        assert!(!format!("{token:?}").contains(token.expose()));
        assert_eq!(token.digest(), Token::unverified(token.expose()).digest());
    }

    #[test]
    fn a_digest_is_sha_256() {
        assert_eq!(
            Digest::of(b"abc").as_str(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn a_secret_without_quotes_is_refused_and_not_repeated() {
        let secret: Secret = serde_json::from_str("\"12345678\"").unwrap();
        assert_eq!(secret.expose(), "12345678");
        for (text, secret) in [
            ("12345678", "12345678"),
            ("-12345678", "12345678"),
            ("1234.5678", "1234.5678"),
            ("true", "true"),
            ("[12345678]", "12345678"),
            ("{\"hunter2\": 1}", "hunter2"),
        ] {
            let refused = serde_json::from_str::<Secret>(text)
                .unwrap_err()
                .to_string();
            assert!(!refused.contains(secret), "{refused}");
            assert!(refused.contains("text in quotes"), "{refused}");
        }
    }

    #[test]
    fn a_secret_never_shows() {
        assert_eq!(format!("{:?}", Secret::from("hunter2")), "Secret(redacted)");
    }
}
