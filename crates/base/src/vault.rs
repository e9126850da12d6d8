use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey},
    hkdf::{HKDF_SHA256, KeyType, Salt},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

/// What was sealed cannot be opened: another key file, another purpose, or altered text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "a sealed value does not open with this key file; is it the key file that the store was made with?"
)]
pub struct VaultError;

/// Seals what the store must not hold in clear (signing keys, script properties) under the key
/// file, with AES-256-GCM. A copy of the store alone opens nothing.
#[derive(Clone)]
pub struct Vault(Zeroizing<[u8; 32]>);

struct SubKey;

impl KeyType for SubKey {
    fn len(&self) -> usize {
        32
    }
}

impl Vault {
    pub fn from_key(key: [u8; 32]) -> Self {
        Self(Zeroizing::new(key))
    }

    /// The sealed text, in base64url. It opens for the same `purpose` only, so that a value cannot
    /// be moved to another column.
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> String {
        let mut sealed = plain.to_vec();
        let nonce = self
            .key(purpose)
            .seal_in_place_append_tag(Aad::from(purpose.as_bytes()), &mut sealed)
            .expect("a value of a few kilobytes can be sealed");
        sealed.splice(0..0, nonce.as_ref().iter().copied());
        BASE64_URL_SAFE_NO_PAD.encode(sealed)
    }

    pub fn open(&self, purpose: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let bytes = BASE64_URL_SAFE_NO_PAD
            .decode(sealed)
            .map_err(|_| VaultError)?;
        let (nonce, body) = bytes.split_at_checked(12).ok_or(VaultError)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultError)?;
        let mut body = Zeroizing::new(body.to_vec());
        let length = self
            .key(purpose)
            .open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut body)
            .map_err(|_| VaultError)?
            .len();
        body.truncate(length);
        Ok(body)
    }

    /// A key of its own for one purpose (HKDF, RFC 5869), such as the HMAC of passcodes.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut key = [0; 32];
        Salt::new(HKDF_SHA256, b"sallyport")
            .extract(self.0.as_slice())
            .expand(&[purpose.as_bytes()], SubKey)
            .and_then(|material| material.fill(&mut key))
            .expect("32 bytes are within what HKDF gives");
        key
    }

    fn key(&self, purpose: &str) -> RandomizedNonceKey {
        let key = Zeroizing::new(self.derive(&format!("seal {purpose}")));
        RandomizedNonceKey::new(&AES_256_GCM, key.as_slice()).expect("the key has 32 bytes")
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_for_its_purpose_and_key_only() {
        let vault = Vault::from_key([7; 32]);
        let sealed = vault.seal("signing key", b"secret");
        assert_ne!(sealed, vault.seal("signing key", b"secret"));
        assert_eq!(
            vault.open("signing key", &sealed).unwrap().as_slice(),
            b"secret"
        );
        assert_eq!(vault.open("other", &sealed), Err(VaultError));
        assert_eq!(
            Vault::from_key([8; 32]).open("signing key", &sealed),
            Err(VaultError)
        );
        assert_eq!(vault.open("signing key", "AAAA"), Err(VaultError));
        assert_eq!(vault.open("signing key", "%%%"), Err(VaultError));
    }
}
