//! What a script puts into the answer to the browser: cookies, headers, and where to go.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use sallyport_script::{ResponseCookie, Scene};
use sallyport_web::cookie::{self, SetCookie};

use crate::place::Place;

/// The cookies of this server, and those that Gluu's has: no script reads or sets them.
const RESERVED: [&str; 7] = [
    "session_id",
    "session_state",
    "opbs",
    "rp_origin_id",
    "current_sessions",
    "consent_session_id",
    "uma_session_id",
];
const OWN_PREFIX: &str = "sallyport_";

/// Headers that say something of the page and open nothing.
const HEADERS: [&str; 4] = ["content-language", "p3p", "x-robots-tag", "x-ua-compatible"];

const MOST_COOKIES: usize = 20;
/// Bytes that browsers keep of one cookie.
const LONGEST_COOKIE: usize = 4096;
/// Browsers keep a cookie no longer (RFC 6265bis §5.5).
const LONGEST_LIFE: i64 = 400 * 24 * 60 * 60;

/// What goes out with the answer besides the page.
#[derive(Default)]
pub(crate) struct ScriptReply {
    headers: HeaderMap,
    /// Where the browser goes instead of to the page of the step.
    pub(crate) way: Option<Place>,
}

impl ScriptReply {
    pub(crate) fn of(scene: &Scene, way: Option<Place>, https: bool) -> Self {
        let mut headers = HeaderMap::new();
        for cookie in scene.response_cookies.iter().take(MOST_COOKIES) {
            match set_cookie(cookie, https) {
                Some(value) => drop(headers.append(header::SET_COOKIE, value)),
                None => {
                    tracing::warn!(cookie = ?cookie.name, "a script set a cookie that it may not set");
                }
            }
        }
        for (name, value) in &scene.response_headers {
            match allowed_header(name, value) {
                Some((name, value)) => drop(headers.append(name, value)),
                None => {
                    tracing::warn!(header = ?name, "a script set a header that it may not set");
                }
            }
        }
        Self { headers, way }
    }

    /// What two calls in one request put into one answer. The later way counts.
    pub(crate) fn and(mut self, later: Self) -> Self {
        for (name, value) in &later.headers {
            self.headers.append(name, value.clone());
        }
        let way = later.way.or(self.way);
        Self { way, ..self }
    }

    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.headers {
            headers.append(name, value.clone());
        }
    }
}

/// Closed to the scripts of pages and to other sites, whatever the script said: `HttpOnly`,
/// `SameSite=Lax`, of this host alone, and `Secure` over https.
fn set_cookie(cookie: &ResponseCookie, https: bool) -> Option<HeaderValue> {
    if is_reserved(&cookie.name) {
        return None;
    }
    let mut set = SetCookie::named(&cookie.name, &cookie.value)?
        .secure(https || cookie.secure)
        .below(cookie.path.as_deref().unwrap_or("/"));
    if let Some(seconds) = cookie.max_age {
        let seconds = seconds.clamp(0, LONGEST_LIFE).unsigned_abs();
        set = set.max_age(Duration::from_secs(seconds));
    }
    Some(set.header()).filter(|value| value.len() <= LONGEST_COOKIE)
}

fn allowed_header(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
    let value = HeaderValue::from_str(value).ok()?;
    HEADERS.contains(&name.as_str()).then_some((name, value))
}

/// The cookies of a request that a script may read: all but those of sessions.
pub(crate) fn readable_cookies(headers: &HeaderMap) -> impl Iterator<Item = (String, String)> {
    cookie::all(headers)
        .filter(|(name, _)| !is_reserved(name))
        .map(|(name, value)| (name.to_owned(), cookie::decoded(value)))
}

fn is_reserved(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    RESERVED.contains(&name.as_str()) || name.starts_with(OWN_PREFIX) || name.starts_with("__")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookie(name: &str) -> ResponseCookie {
        ResponseCookie {
            name: name.to_owned(),
            value: "a b".to_owned(),
            path: Some("/oxauth".to_owned()),
            max_age: Some(60),
            secure: false,
            http_only: false,
        }
    }

    #[test]
    fn a_script_sets_closed_cookies_and_none_of_ours() {
        assert_eq!(
            set_cookie(&cookie("device"), true).unwrap(),
            "device=a%20b; Path=/oxauth; Max-Age=60; HttpOnly; Secure; SameSite=Lax"
        );
        for name in [
            "session_id",
            "Session_ID",
            "sallyport_browser",
            "__Host-sallyport_csrf",
            "__Secure-x",
            "a;b",
            "",
        ] {
            assert!(set_cookie(&cookie(name), true).is_none(), "{name}");
        }
        let long = ResponseCookie {
            value: "x".repeat(5000),
            ..cookie("device")
        };
        assert!(set_cookie(&long, true).is_none());
    }

    #[test]
    fn a_script_sets_no_header_that_opens_something() {
        for (name, value, allowed) in [
            ("Content-Language", "de", true),
            ("X-Robots-Tag", "noindex", true),
            ("Set-Cookie", "session_id=x", false),
            ("Location", "https://evil.example/", false),
            ("Refresh", "0; url=https://evil.example/", false),
            ("Content-Security-Policy", "default-src *", false),
            ("X-Accel-Redirect", "/etc/passwd", false),
            ("Content-Language", "a\r\nb: c", false),
            ("a b", "c", false),
        ] {
            assert_eq!(allowed_header(name, value).is_some(), allowed, "{name}");
        }
    }

    #[test]
    fn a_script_reads_no_cookie_of_a_session() {
        let mut headers = HeaderMap::new();
        let sent = "session_id=s; device=a%20b; __Host-sallyport_browser=b; sallyport_csrf=c";
        headers.insert(header::COOKIE, HeaderValue::from_static(sent));
        let read: Vec<_> = readable_cookies(&headers).collect();
        assert_eq!(read, [("device".to_owned(), "a b".to_owned())]);
    }
}
