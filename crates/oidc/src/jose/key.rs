use aws_lc_rs::{
    digest::{SHA256, digest},
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
        Ed25519KeyPair, KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
        RsaKeyPair,
    },
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::Algorithm;

/// A private key, parsed once, with what others need to check its signatures.
pub struct SigningKey {
    algorithm: Algorithm,
    kid: String,
    pair: Pair,
    public: ParsedPublicKey,
    jwk: Value,
}

/// The cryptographic library refused a key or could not use it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a signing key could not be made or used")]
pub struct KeyError;

enum Pair {
    Rsa(Box<RsaKeyPair>),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// A new private key as PKCS#8. It takes up to a second for RS256: not to be called where other
    /// requests wait.
    ///
    /// RSA keys have 2048 bits: what NIST SP 800-57 accepts until 2030, at 2.6 times the signatures
    /// per second of 3072 bits; rotation replaces them long before.
    pub fn generate(algorithm: Algorithm) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let pkcs8 = match algorithm {
            Algorithm::Rs256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError)?;
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError)?;
                der.as_ref().to_vec()
            }
            Algorithm::Es256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
                .and_then(|pair| pair.to_pkcs8v1())
                .map_err(|_| KeyError)?
                .as_ref()
                .to_vec(),
            Algorithm::EdDsa => Ed25519KeyPair::generate()
                .and_then(|pair| pair.to_pkcs8v1())
                .map_err(|_| KeyError)?
                .as_ref()
                .to_vec(),
        };
        Ok(Zeroizing::new(pkcs8))
    }

    pub fn from_pkcs8(algorithm: Algorithm, pkcs8: &[u8]) -> Result<Self, KeyError> {
        let pair = Pair::from_pkcs8(algorithm, pkcs8).map_err(|_| KeyError)?;
        let public = pair.public()?;
        let members = pair.members()?;
        let kid = thumbprint(&members);
        let jwk = published(&members, algorithm, &kid);
        Ok(Self {
            algorithm,
            kid,
            pair,
            public,
            jwk,
        })
    }

    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key's thumbprint (RFC 7638), by which tokens name it.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public key as the JWK Set publishes it (RFC 7517).
    pub const fn jwk(&self) -> &Value {
        &self.jwk
    }

    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map_err(|_| KeyError)?;
                Ok(signature)
            }
            Pair::P256(pair) => pair
                .sign(&random, message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| KeyError),
            Pair::Ed25519(pair) => pair
                .try_sign(message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| KeyError),
        }
    }

    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.public.verify_sig(message, signature).is_ok()
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

impl Pair {
    fn from_pkcs8(
        algorithm: Algorithm,
        pkcs8: &[u8],
    ) -> Result<Self, aws_lc_rs::error::KeyRejected> {
        Ok(match algorithm {
            Algorithm::Rs256 => Self::Rsa(Box::new(RsaKeyPair::from_pkcs8(pkcs8)?)),
            Algorithm::Es256 => Self::P256(EcdsaKeyPair::from_pkcs8(
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                pkcs8,
            )?),
            Algorithm::EdDsa => Self::Ed25519(Ed25519KeyPair::from_pkcs8(pkcs8)?),
        })
    }

    fn public(&self) -> Result<ParsedPublicKey, KeyError> {
        match self {
            Self::Rsa(pair) => ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key()),
            Self::P256(pair) => ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key()),
            Self::Ed25519(pair) => ParsedPublicKey::new(&ED25519, pair.public_key()),
        }
        .map_err(|_| KeyError)
    }

    /// The members that make the public key, in the order of their names (RFC 7638 §3.2).
    fn members(&self) -> Result<Vec<(&'static str, String)>, KeyError> {
        let text = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        Ok(match self {
            Self::Rsa(pair) => {
                let public = pair.public_key();
                vec![
                    (
                        "e",
                        text(public.exponent().big_endian_without_leading_zero()),
                    ),
                    ("kty", "RSA".to_owned()),
                    (
                        "n",
                        text(public.modulus().big_endian_without_leading_zero()),
                    ),
                ]
            }
            Self::P256(pair) => {
                let (x, y) = coordinates(pair.public_key().as_ref()).ok_or(KeyError)?;
                vec![
                    ("crv", "P-256".to_owned()),
                    ("kty", "EC".to_owned()),
                    ("x", text(x)),
                    ("y", text(y)),
                ]
            }
            Self::Ed25519(pair) => vec![
                ("crv", "Ed25519".to_owned()),
                ("kty", "OKP".to_owned()),
                ("x", text(pair.public_key().as_ref())),
            ],
        })
    }
}

/// The two coordinates of an uncompressed point (SEC 1 §2.3.3).
fn coordinates(point: &[u8]) -> Option<(&[u8], &[u8])> {
    let both = point.strip_prefix(&[4])?;
    both.split_at_checked(32).filter(|(_, y)| y.len() == 32)
}

fn thumbprint(members: &[(&'static str, String)]) -> String {
    let members: Vec<String> = members
        .iter()
        .map(|(name, value)| format!("\"{name}\":\"{value}\""))
        .collect();
    let canonical = format!("{{{}}}", members.join(","));
    BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()))
}

fn published(members: &[(&'static str, String)], algorithm: Algorithm, kid: &str) -> Value {
    let mut jwk = json!({ "kid": kid, "use": "sig", "alg": algorithm.name() });
    for (name, value) in members {
        jwk[*name] = json!(value);
    }
    jwk
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::{rsa::PublicKeyComponents, signature::UnparsedPublicKey};

    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    #[test]
    fn another_library_finds_the_same_thumbprint() {
        for algorithm in Algorithm::ALL {
            let pkcs8 = SigningKey::generate(algorithm).unwrap();
            let key = SigningKey::from_pkcs8(algorithm, &pkcs8).unwrap();
            let jwk: jsonwebtoken::jwk::Jwk = serde_json::from_value(key.jwk().clone()).unwrap();
            let sha_256 = jsonwebtoken::jwk::ThumbprintHash::SHA256;
            assert_eq!(jwk.thumbprint(sha_256).unwrap(), key.kid());
        }
    }

    /// The key of RFC 7515 A.2 checks its own signature through the algorithm used here.
    #[test]
    fn rs256_is_that_of_rfc_7515_a_2() {
        let key = PublicKeyComponents {
            n: bytes(
                "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2\
                 mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7\
                 OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMT\
                 BQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkM\
                 Ls91kzk2PAcDTW9gb54h4FRWyuXpoQ",
            ),
            e: bytes("AQAB"),
        };
        let signature = bytes(
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5Y\
             Kt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6x\
             BArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6\
             BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_I\
             oypGlUPQGe77Rw",
        );
        key.verify(&RSA_PKCS1_2048_8192_SHA256, A_2.as_bytes(), &signature)
            .unwrap();
    }

    const A_2: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0d\
                       HA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

    #[test]
    fn es256_is_that_of_rfc_7515_a_3() {
        let x = bytes("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
        let y = bytes("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
        let point = [&[4], x.as_slice(), y.as_slice()].concat();
        assert_eq!(coordinates(&point), Some((x.as_slice(), y.as_slice())));
        let message = A_2.replace("eyJhbGciOiJSUzI1NiJ9", "eyJhbGciOiJFUzI1NiJ9");
        let signature = bytes(
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6\
             NU1Q",
        );
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            .verify(message.as_bytes(), &signature)
            .unwrap();
    }

    #[test]
    fn eddsa_is_that_of_rfc_8037_a_4() {
        let seed = bytes("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
        let pkcs8 = pair.to_pkcs8v1().unwrap();
        let key = SigningKey::from_pkcs8(Algorithm::EdDsa, pkcs8.as_ref()).unwrap();
        assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        assert_eq!(
            BASE64_URL_SAFE_NO_PAD.encode(key.sign(message).unwrap()),
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM\
             0KAg"
        );
    }

    #[test]
    fn a_key_checks_what_it_signed_and_nothing_else() {
        for algorithm in Algorithm::ALL {
            let key = |pkcs8: &[u8]| SigningKey::from_pkcs8(algorithm, pkcs8).unwrap();
            let pkcs8 = SigningKey::generate(algorithm).unwrap();
            let (one, same) = (key(&pkcs8), key(&pkcs8));
            let other = key(&SigningKey::generate(algorithm).unwrap());
            assert_eq!(one.kid(), same.kid());
            assert_ne!(one.kid(), other.kid());
            let signature = one.sign(b"message").unwrap();
            assert!(same.verifies(b"message", &signature));
            assert!(!same.verifies(b"massage", &signature));
            assert!(!other.verifies(b"message", &signature));
            assert!(!one.verifies(b"message", b""));
        }
    }

    #[test]
    fn a_key_is_refused_for_another_algorithm() {
        let pkcs8 = SigningKey::generate(Algorithm::Es256).unwrap();
        for algorithm in [Algorithm::Rs256, Algorithm::EdDsa] {
            assert_eq!(
                SigningKey::from_pkcs8(algorithm, &pkcs8).unwrap_err(),
                KeyError
            );
        }
    }

    #[test]
    fn a_published_key_holds_nothing_private() {
        for algorithm in Algorithm::ALL {
            let pkcs8 = SigningKey::generate(algorithm).unwrap();
            let key = SigningKey::from_pkcs8(algorithm, &pkcs8).unwrap();
            let names: Vec<&String> = key.jwk().as_object().unwrap().keys().collect();
            for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
                assert!(!names.iter().any(|name| *name == private), "{private}");
            }
            assert!(!format!("{key:?}").contains("pair"));
        }
    }
}
