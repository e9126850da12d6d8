//! Signature version 4 of AWS, for a POST of a form.

use std::fmt::Write;

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use sallyport_base::{Digest, Secret, Timestamp};
use url::Url;

const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

pub struct Signer {
    pub access_key_id: String,
    pub secret_access_key: Secret,
    pub region: String,
    pub service: &'static str,
}

impl Signer {
    /// The headers that make the request the account's.
    pub fn headers(&self, url: &Url, body: &str, now: Timestamp) -> Vec<(&'static str, String)> {
        let moment = basic_format(now);
        let host = host(url);
        let signed = "content-type;host;x-amz-date";
        let canonical = format!(
            "POST\n{}\n\ncontent-type:{FORM}\nhost:{host}\nx-amz-date:{moment}\n\n{signed}\n{}",
            url.path(),
            Digest::of(body.as_bytes())
        );
        let authorization = self.authorization(&canonical, signed, &moment);
        vec![
            ("content-type", FORM.to_owned()),
            ("host", host),
            ("x-amz-date", moment),
            ("authorization", authorization),
        ]
    }

    fn authorization(&self, canonical: &str, signed: &str, moment: &str) -> String {
        let scope = format!(
            "{}/{}/{}/aws4_request",
            &moment[..8],
            self.region,
            self.service
        );
        let digest = Digest::of(canonical.as_bytes());
        let to_sign = format!("AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}");
        let signature = hex(&sign(&self.key(&moment[..8]), to_sign.as_bytes()));
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={signed}, Signature={signature}",
            self.access_key_id
        )
    }

    fn key(&self, date: &str) -> Vec<u8> {
        let secret = format!("AWS4{}", self.secret_access_key.expose());
        [date, &self.region, self.service, "aws4_request"]
            .iter()
            .fold(secret.into_bytes(), |key, part| sign(&key, part.as_bytes()))
    }
}

fn sign(key: &[u8], text: &[u8]) -> Vec<u8> {
    let key = hmac::Key::new(HMAC_SHA256, key);
    hmac::sign(&key, text).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string does not fail");
        text
    })
}

/// `20150830T123600Z`
fn basic_format(now: Timestamp) -> String {
    now.rfc3339().replace(['-', ':'], "")
}

fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The credentials and the moment of AWS's test suite for signature version 4.
    fn signer() -> (Signer, &'static str) {
        let signer = Signer {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: Secret::from("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            region: "us-east-1".to_owned(),
            service: "service",
        };
        (signer, "20150830T123600Z")
    }

    /// Its case `post-vanilla`.
    #[test]
    fn a_request_is_signed_as_aws_does() {
        let (signer, moment) = signer();
        let empty = Digest::of(b"");
        let canonical = format!(
            "POST\n/\n\nhost:example.amazonaws.com\nx-amz-date:{moment}\n\nhost;x-amz-date\n{empty}"
        );
        assert_eq!(
            signer.authorization(&canonical, "host;x-amz-date", moment),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=host;x-amz-date, \
             Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
        );
    }

    /// The example of AWS's page on the signing key.
    #[test]
    fn a_key_is_derived_as_aws_does() {
        let signer = Signer {
            service: "iam",
            ..signer().0
        };
        assert_eq!(
            hex(&signer.key("20150830")),
            "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
        );
    }

    #[test]
    fn a_moment_has_no_separators() {
        let moment = Timestamp::from_seconds(1_440_938_160);
        assert_eq!(basic_format(moment), "20150830T123600Z");
        let url = "http://127.0.0.1:5000/".parse().unwrap();
        assert_eq!(host(&url), "127.0.0.1:5000");
    }
}
