use std::fmt;

use url::Url;

/// The address of this server as others write it: `https://host[:port]`, without a path and
/// without a slash at the end (OpenID Connect Discovery 1.0 §3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer(Url);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the issuer {0:?} is not an address such as https://login.example.com (scheme and host, an optional port, nothing else)"
)]
pub struct BadIssuer(String);

impl Issuer {
    pub fn parse(text: &str) -> Result<Self, BadIssuer> {
        let bad = || BadIssuer(text.to_owned());
        let url = Url::parse(text).map_err(|_| bad())?;
        let bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if bare && url.has_host() && matches!(url.scheme(), "https" | "http") {
            Ok(Self(url))
        } else {
            Err(bad())
        }
    }

    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The host name, without the port.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The address of `path` on this server; `path` begins with a slash.
    pub fn join(&self, path: &str) -> String {
        format!("{self}{path}")
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_scheme_host_and_port() {
        for (text, shown) in [
            ("https://login.example.com", "https://login.example.com"),
            ("https://login.example.com/", "https://login.example.com"),
            ("http://localhost:8080", "http://localhost:8080"),
        ] {
            assert_eq!(Issuer::parse(text).unwrap().to_string(), shown);
        }
        for text in [
            "login.example.com",
            "https://a.example/path",
            "https://a.example/?q",
            "https://user@a.example",
            "ftp://a.example",
            "",
        ] {
            assert!(Issuer::parse(text).is_err(), "{text}");
        }
    }
}
