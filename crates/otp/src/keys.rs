use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sallyport_base::Vault;

use crate::address::Address;

/// The server's keys for what the store keeps instead of a code, a number, a mailbox or an IP address. Six digits
/// can be tried out in a moment, so that a plain hash would hide nothing.
pub struct Keys {
    codes: hmac::Key,
    subjects: hmac::Key,
}

/// HMAC-SHA-256 in base64url.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mac(String);

impl Mac {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// One that the store kept.
    pub fn stored(text: &str) -> Self {
        Self(text.to_owned())
    }

    fn of(key: &hmac::Key, parts: &[&str]) -> Self {
        let mut context = hmac::Context::with_key(key);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        Self(BASE64_URL_SAFE_NO_PAD.encode(context.sign()))
    }
}

impl Keys {
    pub fn new(vault: &Vault) -> Self {
        Self {
            codes: hmac::Key::new(HMAC_SHA256, &vault.derive("otp codes")),
            subjects: hmac::Key::new(HMAC_SHA256, &vault.derive("otp subjects")),
        }
    }

    /// What is stored for a code. It binds the code to its method, so that one row cannot be
    /// copied over another.
    pub fn code(&self, method_id: &str, code: &str) -> Mac {
        Mac::of(&self.codes, &[method_id, code])
    }

    pub fn address(&self, address: &Address) -> Mac {
        let what = match address {
            Address::Phone(_) => "number",
            Address::Email(_) => "email",
        };
        Mac::of(&self.subjects, &[what, address.as_str()])
    }

    /// Something else that is compared or counted but not kept: an IP address, a user agent.
    pub fn subject(&self, what: &str, value: &str) -> Mac {
        Mac::of(&self.subjects, &[what, value])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mac_depends_on_method_code_and_key() {
        let keys = Keys::new(&Vault::from_key([1; 32]));
        let mac = keys.code("a", "000000");
        assert_eq!(mac, keys.code("a", "000000"));
        assert_ne!(mac, keys.code("b", "000000"));
        assert_ne!(mac, keys.code("a", "000001"));
        assert_ne!(
            mac,
            Keys::new(&Vault::from_key([2; 32])).code("a", "000000")
        );
        assert_ne!(keys.code("ab", "c"), keys.code("a", "bc"));
    }
}
