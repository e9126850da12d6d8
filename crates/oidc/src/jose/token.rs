use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{KeyError, SigningKey};

/// Signs `claims` as a JSON Web Token in the compact form (RFC 7519, RFC 7515 §3.1).
pub fn sign(key: &SigningKey, claims: &impl Serialize) -> Result<String, KeyError> {
    let header = Header {
        alg: key.algorithm().name().to_owned(),
        typ: Some("JWT".to_owned()),
        kid: Some(key.kid().to_owned()),
        crit: None,
    };
    let input = format!("{}.{}", part(&header)?, part(claims)?);
    let signature = key.sign(input.as_bytes())?;
    Ok(format!(
        "{input}.{}",
        BASE64_URL_SAFE_NO_PAD.encode(signature)
    ))
}

fn part(content: &impl Serialize) -> Result<String, KeyError> {
    let json = serde_json::to_vec(content).map_err(|_| KeyError)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(json))
}

#[derive(Serialize, Deserialize)]
struct Header {
    alg: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    typ: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    crit: Option<serde_json::Value>,
}

/// A token that somebody sent, taken apart and not believed.
pub struct Unverified<'a> {
    header: Header,
    signed: &'a str,
    claims: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Unverified<'a> {
    /// `None` when the text is not a JSON Web Token in the compact form, or asks for extensions
    /// that must be understood (`crit`, RFC 7515 §4.1.11).
    pub fn parse(text: &'a str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let header: Header = serde_json::from_slice(&decoded(header)?).ok()?;
        Some(Self {
            signed,
            claims: decoded(claims)?,
            signature: decoded(signature)?,
            header: Some(header).filter(|header| header.crit.is_none())?,
        })
    }

    /// Which key the token says it was signed with.
    pub fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// The claims, if `key` signed the token with its own algorithm and they have the form asked for.
    pub fn verified_by<C: DeserializeOwned>(&self, key: &SigningKey) -> Option<C> {
        let trusted = self.header.alg == key.algorithm().name()
            && key.verifies(self.signed.as_bytes(), &self.signature);
        trusted
            .then(|| serde_json::from_slice(&self.claims).ok())
            .flatten()
    }
}

fn decoded(part: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(part).ok()
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{DecodingKey, Validation};
    use serde_json::{Value, json};

    use super::{
        super::{Algorithm, SigningKey},
        *,
    };

    fn key(algorithm: Algorithm) -> SigningKey {
        let pkcs8 = SigningKey::generate(algorithm).unwrap();
        SigningKey::from_pkcs8(algorithm, &pkcs8).unwrap()
    }

    fn claims() -> Value {
        json!({ "iss": "https://id.example", "sub": "J\u{fc}rgen", "exp": 4_000_000_000_u64 })
    }

    #[test]
    fn another_library_reads_our_tokens_with_the_published_key() {
        for algorithm in Algorithm::ALL {
            let key = key(algorithm);
            let token = sign(&key, &claims()).unwrap();
            let jwk: jsonwebtoken::jwk::Jwk = serde_json::from_value(key.jwk().clone()).unwrap();
            let header = jsonwebtoken::decode_header(&token).unwrap();
            assert_eq!(header.kid.as_deref(), Some(key.kid()));
            assert_eq!(header.typ.as_deref(), Some("JWT"));
            let read = jsonwebtoken::decode::<Value>(
                &token,
                &DecodingKey::from_jwk(&jwk).unwrap(),
                &Validation::new(header.alg),
            );
            assert_eq!(read.unwrap().claims, claims(), "{}", algorithm.name());
        }
    }

    #[test]
    fn our_own_tokens_are_believed() {
        for algorithm in Algorithm::ALL {
            let key = key(algorithm);
            let token = sign(&key, &claims()).unwrap();
            let unverified = Unverified::parse(&token).unwrap();
            assert_eq!(unverified.kid(), Some(key.kid()));
            assert_eq!(unverified.verified_by::<Value>(&key), Some(claims()));
        }
    }

    #[test]
    fn altered_tokens_are_not_believed() {
        let (key, other) = (key(Algorithm::Es256), key(Algorithm::Es256));
        let token = sign(&key, &claims()).unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let encoded = |value: Value| part(&value).unwrap();
        let forged = encoded(json!({ "sub": "mallory" }));
        for (text, why) in [
            (
                format!("{}.{forged}.{}", parts[0], parts[2]),
                "other claims",
            ),
            (format!("{}.{}.", parts[0], parts[1]), "no signature"),
            (format!("{}.{}.AAAA", parts[0], parts[1]), "short signature"),
            (sign(&other, &claims()).unwrap(), "another key"),
        ] {
            let believed = Unverified::parse(&text)
                .and_then(|unverified| unverified.verified_by::<Value>(&key));
            assert_eq!(believed, None, "{why}");
        }
    }

    /// The signature is right in each case; the header alone is not.
    #[test]
    fn a_token_that_names_another_algorithm_is_not_believed() {
        let key = key(Algorithm::Rs256);
        for header in [
            json!({ "alg": "none", "kid": key.kid() }),
            json!({ "alg": "HS256", "kid": key.kid() }),
            json!({ "alg": "RS384", "kid": key.kid() }),
            json!({ "alg": "rs256", "kid": key.kid() }),
            json!({ "kid": key.kid() }),
            json!({ "alg": "RS256", "kid": key.kid(), "crit": ["exp"] }),
        ] {
            let input = format!("{}.{}", part(&header).unwrap(), part(&claims()).unwrap());
            let signature = BASE64_URL_SAFE_NO_PAD.encode(key.sign(input.as_bytes()).unwrap());
            let text = format!("{input}.{signature}");
            let believed = Unverified::parse(&text)
                .and_then(|unverified| unverified.verified_by::<Value>(&key));
            assert_eq!(believed, None, "{header}");
        }
    }

    #[test]
    fn what_is_not_a_token_is_not_read() {
        for text in [
            "",
            ".",
            "..",
            "a.b",
            "a.b.c",
            "e30.e30.!",
            "e30.e30",
            "\u{fc}.\u{fc}.\u{fc}",
            "bnVsbA..",
            "W10.W10.AA",
        ] {
            assert!(Unverified::parse(text).is_none(), "{text:?}");
        }
    }
}
