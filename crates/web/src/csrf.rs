use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue};
use sallyport_base::{Random, constant_time_eq};

use crate::cookie::{SetCookie, find_host_only};

const COOKIE: &str = "sallyport_csrf";
const LENGTH: usize = 32;

/// The proof that a form was shown by this server to the browser that sends it.
///
/// The browser holds 256 random bits in a cookie; each form holds the same bits under a mask of its
/// own, so that no two pages repeat a text which compression could give away.
pub struct Csrf {
    secret: [u8; LENGTH],
    fresh: bool,
    foreign: bool,
    random: Random,
}

impl Csrf {
    /// What the browser's cookie says, or a fresh secret when it has none that is well formed.
    pub fn of(headers: &HeaderMap, random: &Random) -> Self {
        let known = find_host_only(headers, COOKIE, true)
            .or_else(|| find_host_only(headers, COOKIE, false))
            .and_then(|value| decoded(&value));
        Self {
            secret: known.unwrap_or_else(|| random.bytes()),
            fresh: known.is_none(),
            foreign: comes_from_elsewhere(headers),
            random: random.clone(),
        }
    }

    /// The value of the hidden field `csrf`, different at each call.
    pub fn field(&self) -> String {
        let mask: [u8; LENGTH] = self.random.bytes();
        let masked = combined(&mask, &self.secret);
        BASE64_URL_SAFE_NO_PAD.encode([mask, masked].concat())
    }

    /// Whether a form value was made by [`Self::field`] for this browser. False too when the browser
    /// says that another site, or another host of this site, sent the form (`Sec-Fetch-Site`): such a
    /// host could have planted the cookie.
    pub fn check(&self, form_value: &str) -> bool {
        let Some(both) = decoded::<{ 2 * LENGTH }>(form_value) else {
            return false;
        };
        let (mask, masked) = both.split_at(LENGTH);
        !self.fresh && !self.foreign && constant_time_eq(&combined(mask, masked), &self.secret)
    }

    /// Whether the browser sent no usable cookie: it never saw a form, or it refuses cookies.
    pub fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// The `Set-Cookie` value that must go out with the page; `None` when the browser has it already.
    pub fn set_cookie(&self, secure: bool) -> Option<HeaderValue> {
        let value = BASE64_URL_SAFE_NO_PAD.encode(self.secret);
        self.fresh.then(|| {
            SetCookie::new(COOKIE, &value)
                .secure(secure)
                .host_only()
                .header()
        })
    }
}

impl fmt::Debug for Csrf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Csrf")
            .field("fresh", &self.fresh)
            .field("foreign", &self.foreign)
            .finish_non_exhaustive()
    }
}

fn comes_from_elsewhere(headers: &HeaderMap) -> bool {
    headers
        .get("sec-fetch-site")
        .is_some_and(|site| site != "same-origin" && site != "none")
}

fn decoded<const N: usize>(text: &str) -> Option<[u8; N]> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    bytes.try_into().ok()
}

fn combined(mask: &[u8], bytes: &[u8]) -> [u8; LENGTH] {
    let mut combined = [0; LENGTH];
    for (place, (a, b)) in combined.iter_mut().zip(mask.iter().zip(bytes)) {
        *place = a ^ b;
    }
    combined
}

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;

    /// The request headers of a browser that keeps the cookie it was given.
    fn returning(first: &Csrf) -> HeaderMap {
        let set = first.set_cookie(false).unwrap();
        let pair = set.to_str().unwrap().split(';').next().unwrap().to_owned();
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, pair.parse().unwrap());
        headers
    }

    fn fresh() -> Csrf {
        Csrf::of(&HeaderMap::new(), &Random::system())
    }

    #[test]
    fn a_form_of_this_browser_is_accepted() {
        let first = fresh();
        let field = first.field();
        let later = Csrf::of(&returning(&first), &Random::system());
        assert!(later.check(&field));
        assert!(later.check(&later.field()));
        assert!(!later.is_fresh());
        assert_eq!(later.set_cookie(false), None);
    }

    #[test]
    fn a_form_of_another_browser_is_refused() {
        let (alice, mallory) = (fresh(), fresh());
        let alice = Csrf::of(&returning(&alice), &Random::system());
        assert!(!alice.check(&mallory.field()));
    }

    #[test]
    fn a_form_without_the_cookie_is_refused() {
        let first = fresh();
        assert!(!first.check(&first.field()));
        assert!(!fresh().check(&first.field()));
    }

    #[test]
    fn a_damaged_value_is_refused() {
        let first = fresh();
        let later = Csrf::of(&returning(&first), &Random::system());
        let field = first.field();
        let flipped = if field.starts_with('A') { "B" } else { "A" };
        let damaged = format!("{flipped}{}", &field[1..]);
        for value in ["", "AAAA", &field[1..], &damaged, "ü", &"A".repeat(86)] {
            assert!(!later.check(value), "{value:?}");
        }
    }

    #[test]
    fn a_form_sent_by_another_site_is_refused_even_with_the_right_value() {
        let first = fresh();
        for (site, accepted) in [
            ("same-origin", true),
            ("none", true),
            ("same-site", false),
            ("cross-site", false),
        ] {
            let mut headers = returning(&first);
            headers.insert("sec-fetch-site", HeaderValue::from_static(site));
            let later = Csrf::of(&headers, &Random::system());
            assert_eq!(later.check(&first.field()), accepted, "{site}");
        }
    }

    #[test]
    fn a_malformed_cookie_is_replaced() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("sallyport_csrf=x"));
        let csrf = Csrf::of(&headers, &Random::system());
        assert!(
            csrf.set_cookie(true)
                .unwrap()
                .to_str()
                .unwrap()
                .contains("; Secure")
        );
    }

    #[test]
    fn no_two_fields_are_alike_and_none_shows_the_secret() {
        let csrf = fresh();
        let secret = BASE64_URL_SAFE_NO_PAD.encode(csrf.secret);
        assert_ne!(csrf.field(), csrf.field());
        assert!(!csrf.field().contains(&secret));
        assert!(!format!("{csrf:?}").contains(&secret));
    }
}
