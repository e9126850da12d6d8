//! Cookies as RFC 6265 writes them.

use std::{borrow::Cow, fmt::Write, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// Everything that RFC 6265 §4.1.1 does not allow in a value, and `%`.
const NOT_IN_A_VALUE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b',')
    .add(b';')
    .add(b'\\')
    .add(b'%');

const HOST_PREFIX: &str = "__Host-";

/// The value of the cookie that [`SetCookie::host_only`] set. The bare name counts only over plain
/// http, where browsers refuse the prefix: a cookie without it may come from another host.
pub fn find_host_only(headers: &HeaderMap, name: &str, https: bool) -> Option<String> {
    if https {
        find(headers, &format!("{HOST_PREFIX}{name}"))
    } else {
        find(headers, name)
    }
}

/// The value of the first cookie of this name, as the browser sent it.
pub fn find(headers: &HeaderMap, name: &str) -> Option<String> {
    all(headers)
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value.to_owned())
}

/// Every cookie that the browser sent, name and value, as it sent them.
pub fn all(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .map(|(name, value)| (name, value.trim_matches('"')))
}

/// The value that [`SetCookie::new`] was given, from what the browser sent back.
pub fn decoded(value: &str) -> String {
    percent_decode_str(value).decode_utf8_lossy().into_owned()
}

/// A cookie to set: for every path and until the browser closes, out of reach of scripts, not sent
/// with requests that other sites start (`SameSite=Lax`), unless said otherwise.
#[derive(Clone)]
pub struct SetCookie {
    name: Cow<'static, str>,
    value: String,
    path: Cow<'static, str>,
    max_age: Option<Duration>,
    http_only: bool,
    secure: bool,
    host_only: bool,
}

impl SetCookie {
    /// Bytes of the value that a cookie cannot hold are percent-encoded.
    pub fn new(name: &'static str, value: &str) -> Self {
        Self::of(name.into(), value)
    }

    /// The same under a name that somebody else chose; `None` when it cannot name a cookie, or has
    /// one of the prefixes that browsers give a meaning to.
    pub fn named(name: &str, value: &str) -> Option<Self> {
        let is_token = HeaderName::from_bytes(name.as_bytes()).is_ok();
        let is_plain = !name.starts_with("__");
        (is_token && is_plain).then(|| Self::of(name.to_owned().into(), value))
    }

    fn of(name: Cow<'static, str>, value: &str) -> Self {
        Self {
            name,
            value: utf8_percent_encode(value, NOT_IN_A_VALUE).to_string(),
            path: "/".into(),
            max_age: None,
            http_only: true,
            secure: false,
            host_only: false,
        }
    }

    /// Over https the name gets the prefix `__Host-`, so that no other host of the same domain can
    /// plant the cookie. Read with [`find_host_only`].
    pub fn host_only(self) -> Self {
        Self {
            host_only: true,
            ..self
        }
    }

    /// Makes the browser forget the cookie of this name. The path must be the one it was set with.
    pub fn removed(name: &'static str) -> Self {
        Self::new(name, "").max_age(Duration::ZERO)
    }

    pub fn path(self, path: &'static str) -> Self {
        let path = path.into();
        Self { path, ..self }
    }

    /// The same with a path that somebody else chose. One that is not a path is left out.
    pub fn below(self, path: &str) -> Self {
        let is_path = path.starts_with('/')
            && path
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b';');
        if !is_path {
            return self;
        }
        let path = path.to_owned().into();
        Self { path, ..self }
    }

    /// How long the browser keeps the cookie, in whole seconds; zero removes it.
    pub fn max_age(self, max_age: Duration) -> Self {
        Self {
            max_age: Some(max_age),
            ..self
        }
    }

    /// Sent over https only. To be set whenever the server itself is reached over https.
    pub fn secure(self, secure: bool) -> Self {
        Self { secure, ..self }
    }

    /// Lets scripts of the page read the cookie (no `HttpOnly`).
    pub fn readable_by_scripts(self) -> Self {
        Self {
            http_only: false,
            ..self
        }
    }

    /// The value of a `Set-Cookie` header.
    pub fn header(&self) -> HeaderValue {
        HeaderValue::try_from(self.to_text())
            .expect("names and paths are constants or checked, and values are percent-encoded")
    }

    fn to_text(&self) -> String {
        let prefix = if self.host_only && self.secure {
            HOST_PREFIX
        } else {
            ""
        };
        let mut text = format!("{prefix}{}={}; Path={}", self.name, self.value, self.path);
        if let Some(max_age) = self.max_age {
            write!(text, "; Max-Age={}", max_age.as_secs())
                .expect("writing to a string does not fail");
        }
        if self.http_only {
            text.push_str("; HttpOnly");
        }
        if self.secure {
            text.push_str("; Secure");
        }
        text.push_str("; SameSite=Lax");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        for line in ["a=1; session_id=first;session_id=second", "b=\"2\"; c=x=y"] {
            headers.append(header::COOKIE, HeaderValue::from_static(line));
        }
        for (name, value) in [
            ("a", Some("1")),
            ("session_id", Some("first")),
            ("b", Some("2")),
            ("c", Some("x=y")),
            ("session", None),
            ("id", None),
            ("", None),
        ] {
            assert_eq!(find(&headers, name).as_deref(), value, "{name:?}");
        }
    }

    #[test]
    fn a_cookie_is_closed_unless_said_otherwise() {
        let cookie = SetCookie::new("session_id", "abc");
        assert_eq!(
            cookie.header(),
            "session_id=abc; Path=/; HttpOnly; SameSite=Lax"
        );
        let cookie = cookie
            .path("/oxauth")
            .max_age(Duration::from_secs(90))
            .secure(true)
            .readable_by_scripts();
        assert_eq!(
            cookie.header(),
            "session_id=abc; Path=/oxauth; Max-Age=90; Secure; SameSite=Lax"
        );
        assert_eq!(
            SetCookie::removed("session_id").header(),
            "session_id=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
        );
    }

    #[test]
    fn what_others_choose_cannot_break_out_of_its_header() {
        for bad in [
            "",
            "a b",
            "a;b",
            "a=b",
            "a\r\nb",
            "ü",
            "__Host-x",
            "__Secure-x",
        ] {
            assert!(SetCookie::named(bad, "x").is_none(), "{bad:?}");
        }
        for (path, shown) in [
            ("/a", "/a"),
            ("a", "/"),
            ("/;Domain=x", "/"),
            ("/a\r\nb", "/"),
        ] {
            let cookie = SetCookie::named("Device", "x").unwrap().below(path);
            let expected = format!("Device=x; Path={shown}; HttpOnly; SameSite=Lax");
            assert_eq!(cookie.header(), expected, "{path:?}");
        }
    }

    #[test]
    fn a_value_comes_back_as_it_was() {
        for value in ["a b;c,\"d\"", "100%25", "größe", ""] {
            let set = SetCookie::new("a", value).header();
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            let (_, sent) = pair.split_once('=').unwrap();
            assert_eq!(decoded(sent), value);
        }
    }

    #[test]
    fn a_value_cannot_break_out_of_its_header() {
        let cookie = SetCookie::new("a", "x; Domain=evil.example\r\nSet-Cookie: b=ü");
        assert_eq!(
            cookie.header(),
            "a=x%3B%20Domain=evil.example%0D%0ASet-Cookie:%20b=%C3%BC; Path=/; HttpOnly; SameSite=Lax"
        );
    }
}
