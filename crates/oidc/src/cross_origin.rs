//! Which answers the scripts of other web pages may read (Fetch §3.2).
//!
//! Applications that live in a browser call some endpoints from pages of their own. Those endpoints
//! look at no cookie, and what they tell depends on the code, token or secret in the request alone;
//! so any page may read them, and credentials of the browser are never asked for.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

/// For a request that a browser asks permission for before.
pub(crate) async fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "authorization, content-type",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "7200"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

pub(crate) async fn allow_any(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("www-authenticate"),
    );
    response
}
