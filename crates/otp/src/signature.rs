//! How requests between this service and servers of the operator's own are signed, both ways.

use std::{fmt::Write, time::Duration};

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use sallyport_base::{Secret, Timestamp, constant_time_eq};

/// The header: `t=<unix seconds>,v1=<hex of HMAC-SHA-256 over "<unix seconds>.<body>">`
pub const HEADER: &str = "sallyport-signature";

/// How old a signature may be, and how far ahead the other clock.
const LIFE: Duration = Duration::from_secs(300);

/// The fewest characters of a secret.
const SHORTEST_SECRET: usize = 16;

/// Signs, and knows its own signatures.
pub struct Signer(hmac::Key);

impl Signer {
    /// `None` when the secret is too short to keep anybody out.
    pub fn new(secret: &Secret) -> Option<Self> {
        let secret = secret.expose().as_bytes();
        (secret.len() >= SHORTEST_SECRET).then(|| Self(hmac::Key::new(HMAC_SHA256, secret)))
    }

    pub fn sign(&self, body: &[u8], now: Timestamp) -> String {
        self.signature(body, now.as_seconds())
    }

    /// Whether `signature` is of this body and young.
    pub fn verify(&self, signature: &str, body: &[u8], now: Timestamp) -> bool {
        let Some(seconds) = signature
            .strip_prefix("t=")
            .and_then(|rest| rest.split_once(','))
            .and_then(|(seconds, _)| seconds.parse::<i64>().ok())
        else {
            return false;
        };
        let is_fresh = now.as_seconds().abs_diff(seconds) <= LIFE.as_secs();
        let expected = self.signature(body, seconds);
        is_fresh && constant_time_eq(expected.as_bytes(), signature.as_bytes())
    }

    fn signature(&self, body: &[u8], seconds: i64) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(format!("{seconds}.").as_bytes());
        context.update(body);
        let mut signature = format!("t={seconds},v1=");
        for byte in context.sign().as_ref() {
            write!(signature, "{byte:02x}").expect("writing to a string does not fail");
        }
        signature
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_long_and_a_signature_young() {
        assert!(Signer::new(&Secret::from("short")).is_none());
        let signer = Signer::new(&Secret::from("0123456789abcdef")).unwrap();
        let then = Timestamp::from_seconds(1000);
        let signature = signer.sign(b"{}", then);
        assert!(signer.verify(&signature, b"{}", then));
        assert!(signer.verify(&signature, b"{}", then.plus(LIFE)));
        assert!(!signer.verify(&signature, b"{ }", then));
        let late = then.plus(LIFE + Duration::from_secs(1));
        assert!(!signer.verify(&signature, b"{}", late));
        assert!(!signer.verify(&signature.replace("1000", "1001"), b"{}", then));
        assert!(!signer.verify("t=,v1=", b"{}", then));
    }
}
