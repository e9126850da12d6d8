use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use sallyport_base::{Digest, Random, Token};
use sallyport_web::cookie::{self, SetCookie};

const COOKIE: &str = "sallyport_browser";

/// One browser, known by a cookie, so that a login goes on where it began and nowhere else.
pub(crate) struct Browser {
    token: Token,
    fresh: bool,
}

impl Browser {
    /// The browser that sent a request; a new one when it has no cookie yet.
    pub(crate) fn of(headers: &HeaderMap, random: &Random, https: bool) -> Self {
        match cookie::find_host_only(headers, COOKIE, https) {
            Some(value) if value.len() == 43 => Self {
                token: Token::unverified(&value),
                fresh: false,
            },
            _ => Self {
                token: Token::issue(random),
                fresh: true,
            },
        }
    }

    pub(crate) fn digest(&self) -> Digest {
        self.token.digest()
    }

    /// What makes a new browser remember itself; `None` when it does already.
    pub(crate) fn set_cookie(&self, https: bool) -> Option<HeaderValue> {
        self.fresh.then(|| {
            SetCookie::new(COOKIE, self.token.expose())
                .max_age(Duration::from_secs(86_400))
                .secure(https)
                .host_only()
                .header()
        })
    }
}
