//! Checking an ID token as an application does, with the keys that the provider publishes.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sallyport_base::{Timestamp, constant_time_eq};
use serde::Deserialize;
use serde_json::{Map, Value};

/// What must be true of the token (OpenID Connect Core §3.1.3.7).
pub(super) struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub nonce: &'a str,
    pub now: Timestamp,
}

/// Keys as the provider publishes them (RFC 7517).
#[derive(Deserialize)]
pub(super) struct KeySet {
    keys: Vec<Key>,
}

#[derive(Deserialize)]
struct Key {
    kid: String,
    n: Option<String>,
    e: Option<String>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
}

/// The claims of the token, or why it is not to be believed.
pub(super) fn check(
    token: &str,
    keys: &KeySet,
    expected: &Expected<'_>,
) -> Result<Map<String, Value>, &'static str> {
    let (signed, signature) = token.rsplit_once('.').ok_or("it is no JWT")?;
    let (header, payload) = signed.split_once('.').ok_or("it is no JWT")?;
    let header: Header = part(header)?;
    if header.alg != "RS256" {
        return Err("it is not signed with RS256, as this application agreed");
    }
    verify(signed, signature, keys, &header.kid)?;
    let claims: Map<String, Value> = part(payload)?;
    check_claims(&claims, expected)?;
    Ok(claims)
}

fn part<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, &'static str> {
    let bytes = decode(text)?;
    serde_json::from_slice(&bytes).map_err(|_| "a part of it is not the JSON that it should be")
}

fn decode(text: &str) -> Result<Vec<u8>, &'static str> {
    BASE64_URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| "a part of it is not base64url")
}

fn verify(signed: &str, signature: &str, keys: &KeySet, kid: &str) -> Result<(), &'static str> {
    let key = keys.keys.iter().find(|key| key.kid == kid);
    let key = key.ok_or("its key is not published by the provider")?;
    let (Some(n), Some(e)) = (&key.n, &key.e) else {
        return Err("its key is no RSA key");
    };
    RsaPublicKeyComponents {
        n: decode(n)?,
        e: decode(e)?,
    }
    .verify(
        &RSA_PKCS1_2048_8192_SHA256,
        signed.as_bytes(),
        &decode(signature)?,
    )
    .map_err(|_| "its signature is wrong")
}

fn check_claims(claims: &Map<String, Value>, expected: &Expected<'_>) -> Result<(), &'static str> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let audience = match claims.get("aud") {
        Some(Value::Array(all)) => all.len() == 1 && all[0] == expected.client_id,
        Some(one) => one == expected.client_id,
        None => false,
    };
    if text("iss") != expected.issuer {
        Err("it is from another provider")
    } else if !audience {
        Err("it is for another application")
    } else if !constant_time_eq(text("nonce").as_bytes(), expected.nonce.as_bytes()) {
        Err("it belongs to another sign-in")
    } else if claims
        .get("exp")
        .and_then(Value::as_i64)
        .is_none_or(|exp| exp <= expected.now.as_seconds())
    {
        Err("it has expired")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::{
        rand::SystemRandom,
        rsa::{KeySize, PublicKeyComponents},
        signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
    };
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1000);

    fn expected() -> Expected<'static> {
        Expected {
            issuer: "http://localhost:8080",
            client_id: "demo",
            nonce: "n",
            now: NOW,
        }
    }

    struct Signer(RsaKeyPair);

    impl Signer {
        fn new() -> Self {
            Self(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
        }

        fn keys(&self) -> KeySet {
            let public = PublicKeyComponents::<Vec<u8>>::from(self.0.public_key());
            KeySet {
                keys: vec![Key {
                    kid: "k".to_owned(),
                    n: Some(BASE64_URL_SAFE_NO_PAD.encode(public.n)),
                    e: Some(BASE64_URL_SAFE_NO_PAD.encode(public.e)),
                }],
            }
        }

        fn sign(&self, header: &Value, claims: &Value) -> String {
            let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
            let signed = format!("{}.{}", encode(header), encode(claims));
            let mut signature = vec![0; self.0.public_modulus_len()];
            self.0
                .sign(
                    &RSA_PKCS1_SHA256,
                    &SystemRandom::new(),
                    signed.as_bytes(),
                    &mut signature,
                )
                .unwrap();
            format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
        }
    }

    fn claims() -> Value {
        json!({ "iss": "http://localhost:8080", "aud": "demo", "nonce": "n", "exp": 1001, "sub": "s" })
    }

    #[test]
    fn a_token_is_believed_only_when_all_of_it_is_right() {
        let signer = Signer::new();
        let header = json!({ "alg": "RS256", "kid": "k" });
        let read = |token: &str| {
            check(token, &signer.keys(), &expected()).map(|claims| claims["sub"].clone())
        };
        let with = |name: &str, value: Value| {
            let mut changed = claims();
            changed[name] = value;
            read(&signer.sign(&header, &changed))
        };
        assert_eq!(read(&signer.sign(&header, &claims())), Ok(json!("s")));
        assert_eq!(with("aud", json!(["demo"])), Ok(json!("s")));
        for (name, value, why) in [
            ("iss", json!("http://other"), "it is from another provider"),
            ("aud", json!("other"), "it is for another application"),
            (
                "aud",
                json!(["demo", "other"]),
                "it is for another application",
            ),
            ("nonce", json!("m"), "it belongs to another sign-in"),
            ("exp", json!(1000), "it has expired"),
        ] {
            assert_eq!(with(name, value), Err(why));
        }
        let none = json!({ "alg": "none", "kid": "k" });
        assert_eq!(
            read(&signer.sign(&none, &claims())),
            Err("it is not signed with RS256, as this application agreed")
        );
        let stranger = Signer::new().sign(&header, &claims());
        assert_eq!(read(&stranger), Err("its signature is wrong"));
        assert_eq!(read("a.b"), Err("it is no JWT"));
    }
}
