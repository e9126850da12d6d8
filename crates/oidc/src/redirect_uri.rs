use serde::{Deserialize, Serialize};
use url::Url;

/// An address of a client that browsers may be sent to, as it was registered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RedirectUri(String);

/// Why an address is not accepted for a client.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the redirect address {uri:?} cannot be used: {why}")]
pub struct BadRedirectUri {
    uri: String,
    why: &'static str,
}

impl RedirectUri {
    /// Accepts `https`, `http` on the machine of the person (RFC 8252 §7.3), and schemes of an
    /// application's own, which hold a dot (RFC 8252 §7.1).
    pub fn check(text: &str) -> Result<Self, BadRedirectUri> {
        match fault(text) {
            None => Ok(Self(text.to_owned())),
            Some(why) => Err(BadRedirectUri {
                uri: text.to_owned(),
                why,
            }),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `requested` is this address, character by character.
    pub fn is(&self, requested: &str) -> bool {
        requested == self.0
    }

    /// Whether `requested` is this address at any port: a native application chooses the port of a
    /// loopback IP address when it runs (RFC 8252 §7.3).
    pub fn is_at_some_port(&self, requested: &str) -> bool {
        loopback(&self.0).is_some() && loopback(&self.0) == loopback(requested)
    }
}

impl std::str::FromStr for RedirectUri {
    type Err = BadRedirectUri;

    /// [`RedirectUri::check`].
    fn from_str(text: &str) -> Result<Self, BadRedirectUri> {
        Self::check(text)
    }
}

fn fault(text: &str) -> Option<&'static str> {
    // Parsers do not agree about anything else, and a parser decides where the browser goes.
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) || text.contains(['\\', '"', '<', '>']) {
        return Some("it holds characters that an address cannot hold unescaped");
    }
    let Ok(url) = Url::parse(text) else {
        return Some("it is not an absolute address");
    };
    if url.fragment().is_some() {
        return Some("it has a fragment (RFC 6749 §3.1.2)");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Some("it names a user");
    }
    match url.scheme() {
        "https" if url.host_str().is_some_and(|host| host.contains('*')) => {
            Some("wildcards are not supported")
        }
        "https" => None,
        "http" if is_this_machine(&url) => None,
        "http" => Some("plain http is accepted for 127.0.0.1, [::1] and localhost only"),
        own if own.contains('.') => None,
        _ => Some(
            "the scheme is not https, and one of an application's own has a dot, such as com.example.app",
        ),
    }
}

fn is_this_machine(url: &Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"))
}

/// Host and what follows the port, of an address at a loopback IP address. `None` when the text is
/// not such an address, or names something that is not a port.
fn loopback(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("http://")?;
    let host = ["127.0.0.1", "[::1]"]
        .into_iter()
        .find(|host| rest.starts_with(host))?;
    let after = &rest[host.len()..];
    let end = after.find(['/', '?']).unwrap_or(after.len());
    let (port, path) = after.split_at(end);
    is_port_or_nothing(port).then_some((host, path))
}

fn is_port_or_nothing(text: &str) -> bool {
    match text.strip_prefix(':') {
        None => text.is_empty(),
        Some(port) => {
            port.bytes().all(|byte| byte.is_ascii_digit())
                && port.parse::<u16>().is_ok_and(|port| port > 0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_matched_character_by_character() {
        let registered = RedirectUri::check("https://rp.example/cb?a=1").unwrap();
        assert!(registered.is("https://rp.example/cb?a=1"));
        for other in [
            "https://rp.example/cb",
            "https://rp.example/cb?a=1&b=2",
            "https://rp.example/cb?a=1#",
            "https://rp.example/cb/?a=1",
            "https://rp.example:443/cb?a=1",
            "https://RP.example/cb?a=1",
            "https://rp.example/x/../cb?a=1",
            "https://rp.example/%63b?a=1",
            "https://rp.example@evil.example/cb?a=1",
            "https://rp.example.evil.example/cb?a=1",
            "http://rp.example/cb?a=1",
            " https://rp.example/cb?a=1",
            "",
        ] {
            assert!(!registered.is(other), "{other:?}");
            assert!(!registered.is_at_some_port(other), "{other:?}");
        }
    }

    #[test]
    fn a_native_application_chooses_its_loopback_port() {
        for (registered, requested, allowed) in [
            ("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb", true),
            ("http://127.0.0.1/cb", "http://127.0.0.1/cb", true),
            (
                "http://127.0.0.1:8000/cb",
                "http://127.0.0.1:51004/cb",
                true,
            ),
            ("http://[::1]/cb", "http://[::1]:51004/cb", true),
            ("http://127.0.0.1", "http://127.0.0.1:51004", true),
            ("http://127.0.0.1?a", "http://127.0.0.1:51004?a", true),
            ("http://127.0.0.1/cb", "http://127.0.0.1:51004/other", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb?a", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb#a", false),
            ("http://127.0.0.1/cb", "https://127.0.0.1:51004/cb", false),
            ("http://127.0.0.1/cb", "http://[::1]:51004/cb", false),
            ("http://127.0.0.1/cb", "http://localhost:51004/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:0/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:65536/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:+80/cb", false),
            (
                "http://127.0.0.1/cb",
                "http://127.0.0.1:80@evil.example/cb",
                false,
            ),
            (
                "http://127.0.0.1/cb",
                "http://127.0.0.1.evil.example/cb",
                false,
            ),
            (
                "http://127.0.0.1/cb",
                "http://127.0.0.1:80\\@evil.example/cb",
                false,
            ),
            ("http://localhost:8080/cb", "http://localhost:8080/cb", true),
            (
                "http://localhost:8080/cb",
                "http://localhost:51004/cb",
                false,
            ),
            (
                "http://localhost:8080/cb",
                "http://localhost:8080@evil.example/cb",
                false,
            ),
        ] {
            let registered = RedirectUri::check(registered).unwrap();
            assert_eq!(
                registered.is(requested) || registered.is_at_some_port(requested),
                allowed,
                "{registered:?} {requested}"
            );
        }
    }

    #[test]
    fn only_safe_addresses_are_registered() {
        for (text, accepted) in [
            ("https://rp.example/cb", true),
            ("https://rp.example/cb?x=1", true),
            ("http://localhost:8080/demo/callback", true),
            ("http://127.0.0.1/cb", true),
            ("http://[::1]:9/cb", true),
            ("com.example.app:/cb", true),
            ("http://rp.example/cb", false),
            ("http://127.0.0.2/cb", false),
            ("https://rp.example/cb#x", false),
            ("https://rp.example/cb#", false),
            ("https://user@rp.example/cb", false),
            ("https://*.example/cb", false),
            ("javascript:alert(1)", false),
            ("data:text/html,x", false),
            ("myapp:/cb", false),
            ("/cb", false),
            ("", false),
            ("https://rp.example/a b", false),
            ("https://rp.example/\u{fc}", false),
            ("https://rp.example\\@evil.example", false),
            ("https://rp.example/\ncb", false),
        ] {
            assert_eq!(RedirectUri::check(text).is_ok(), accepted, "{text:?}");
        }
    }
}
