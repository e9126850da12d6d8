use std::fmt;

use sallyport_web::Pages;
use url::Url;

use crate::{Flow, loaded_script::LoadedScript};

/// The page of a step whose script names none.
const LOGIN_PAGE: &str = "/login.xhtml";
/// Gluu's page for the return from another site: it shows nothing, `authenticate` runs at once.
const RETURN_PAGE: &str = "/postlogin.xhtml";
/// The longest address that a browser is sent to.
const LONGEST: usize = 8 * 1024;

/// Where a step takes place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// A page of ours or of the operator, such as `/auth/otp_sms/otp_sms.xhtml`.
    Page(String),
    /// No page: `authenticate` runs as soon as the browser comes.
    AtOnce,
    /// Another site, or another part of this one, which sends the browser back.
    Elsewhere(Url),
}

/// Why a script cannot send a browser to where it wants.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoPlace {
    #[error("it named the page {0}, which does not exist")]
    NoPage(String),
    #[error("it named an address that is none of a web site")]
    NoAddress,
    #[error("it wanted to send the browser elsewhere: {0}")]
    Forbidden(String),
}

impl Place {
    pub(crate) fn login_page() -> Self {
        Self::Page(LOGIN_PAGE.to_owned())
    }

    /// What `getPageForStep` gave.
    pub(crate) fn of_step(flow: &Flow, script: &LoadedScript, text: &str) -> Result<Self, NoPlace> {
        if text.is_empty() {
            return Ok(Self::login_page());
        }
        if is_page(text) {
            return Self::page(flow.pages(), text);
        }
        Self::of_address(flow, script, text)
    }

    /// What a script gave to a redirect: an address, or a page by its file.
    pub(crate) fn of_redirect(
        flow: &Flow,
        script: &LoadedScript,
        text: &str,
    ) -> Result<Self, NoPlace> {
        if is_page(text) {
            return Self::page(flow.pages(), text);
        }
        Self::of_address(flow, script, text)
    }

    fn page(pages: &Pages, text: &str) -> Result<Self, NoPlace> {
        let name = format!("/{}", text.trim_start_matches('/'));
        if pages.has(&name) {
            return Ok(Self::Page(name));
        }
        if name.ends_with("postlogin.xhtml") {
            return Ok(Self::AtOnce);
        }
        Err(NoPlace::NoPage(name))
    }

    /// An address as a browser would read it on a page of ours, so that `//host` and `/\\host` are
    /// the other hosts that browsers take them for.
    fn of_address(flow: &Flow, script: &LoadedScript, text: &str) -> Result<Self, NoPlace> {
        let base = Url::parse(&flow.issuer().join("/oxauth/")).map_err(|_| NoPlace::NoAddress)?;
        let url = base.join(text.trim()).map_err(|_| NoPlace::NoAddress)?;
        let is_plain = matches!(url.scheme(), "https" | "http")
            && url.username().is_empty()
            && url.password().is_none()
            && url.as_str().len() <= LONGEST;
        if !is_plain {
            return Err(NoPlace::NoAddress);
        }
        if url.origin() != base.origin() {
            let permit = flow.outbound().permit(script.hosts(), &url);
            return permit
                .map(|()| Self::Elsewhere(url))
                .map_err(NoPlace::Forbidden);
        }
        Ok(match page_at(flow.pages(), &url) {
            Some(page) => Self::Page(page),
            None => Self::Elsewhere(url),
        })
    }

    /// The page's address here.
    pub(crate) fn path(&self) -> String {
        match self {
            Self::Page(page) => address_of(page),
            Self::AtOnce => address_of(RETURN_PAGE),
            Self::Elsewhere(_) => "/oxauth/leave.htm".to_owned(),
        }
    }

    /// The place that [`fmt::Display`] wrote. What is no address is a page.
    pub(crate) fn stored(text: &str) -> Self {
        match Url::parse(text) {
            Ok(url) => Self::Elsewhere(url),
            Err(_) if text == RETURN_PAGE => Self::AtOnce,
            Err(_) => Self::Page(text.to_owned()),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Page(page) => f.write_str(page),
            Self::AtOnce => f.write_str(RETURN_PAGE),
            Self::Elsewhere(url) => f.write_str(url.as_str()),
        }
    }
}

/// Whether a text names a page by its file and not by an address.
fn is_page(text: &str) -> bool {
    text.ends_with(".xhtml") && !text.starts_with("//") && !text.contains(':')
}

/// Gluu's address of a page: `.htm` where the file is `.xhtml`.
fn address_of(page: &str) -> String {
    let page = page.strip_suffix(".xhtml").unwrap_or(page);
    format!("/oxauth{page}.htm")
}

/// The page whose address it is; a query of its own is lost, as pages have none but the login's.
fn page_at(pages: &Pages, url: &Url) -> Option<String> {
    let page = url.path().strip_prefix("/oxauth")?.strip_suffix(".htm")?;
    let page = format!("{page}.xhtml");
    pages.has(&page).then_some(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_stored_as_text() {
        for place in [
            Place::login_page(),
            Place::AtOnce,
            Place::Elsewhere(Url::parse("https://idp.example/login?a=b").unwrap()),
        ] {
            assert_eq!(Place::stored(&place.to_string()), place);
        }
    }

    #[test]
    fn a_file_is_no_address() {
        for (text, page) in [
            ("login.xhtml", true),
            ("/auth/x.xhtml", true),
            ("//evil.example/x.xhtml", false),
            ("https://evil.example/x.xhtml", false),
            ("javascript:x.xhtml", false),
            ("/auth/x.htm", false),
        ] {
            assert_eq!(is_page(text), page, "{text}");
        }
    }
}
