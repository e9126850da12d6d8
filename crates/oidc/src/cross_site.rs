//! Forms that other sites post here.
//!
//! Browsers leave the session cookie out of them (`SameSite=Lax`), and the person would seem to be
//! signed out. They send it when they are led here by an address, so that is done.

use axum::response::{IntoResponse, Redirect, Response};
use http::HeaderMap;
use sallyport_web::Params;
use url::form_urlencoded::Serializer;

pub(crate) fn is_cross_site(headers: &HeaderMap) -> bool {
    headers
        .get("sec-fetch-site")
        .is_some_and(|site| site == "cross-site")
}

/// Leads the browser to `path` with the same parameters in the query.
pub(crate) fn as_get(path: &str, params: &Params) -> Response {
    let mut query = Serializer::new(String::new());
    for (name, values) in params.iter() {
        for value in values {
            query.append_pair(name, value);
        }
    }
    Redirect::to(&format!("{path}?{}", query.finish())).into_response()
}
