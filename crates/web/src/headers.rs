use axum::{Router, middleware::map_response, response::Response};
use http::{HeaderMap, HeaderName, HeaderValue, header};

const PERMISSIONS: &str = "otp-credentials=(self), camera=(), microphone=(), geolocation=(), \
     payment=(), usb=(), browsing-topics=()";
const ONE_YEAR: &str = "max-age=31536000";

/// Adds to every answer what keeps a browser from misusing it. A header that the handler has set
/// stays as it is; an answer that says nothing of caching is not cached, and one that brings no
/// policy of its own (as [`crate::Pages`] does) may load and run nothing.
pub fn security_headers<S>(router: Router<S>, https: bool) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    router.layer(map_response(move |mut response: Response| async move {
        add_security_headers(response.headers_mut(), https);
        response
    }))
}

fn add_security_headers(headers: &mut HeaderMap, https: bool) {
    // Not `no-referrer`: under it browsers send `Origin: null` with the forms of our own pages.
    set_missing(headers, header::REFERRER_POLICY, "same-origin");
    set_missing(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set_missing(headers, header::X_FRAME_OPTIONS, "DENY");
    set_missing(headers, header::CACHE_CONTROL, "no-store");
    set_missing(
        headers,
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    );
    set_missing(
        headers,
        HeaderName::from_static("permissions-policy"),
        PERMISSIONS,
    );
    if https {
        set_missing(headers, header::STRICT_TRANSPORT_SECURITY, ONE_YEAR);
    }
}

fn set_missing(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers
        .entry(name)
        .or_insert(HeaderValue::from_static(value));
}

/// The Content-Security-Policy of a page whose own styles and scripts carry this nonce.
///
/// It has no `form-action`: browsers apply that to the redirects after a form too, and the last form
/// of a login ends in a redirect to the client, which may send the browser on to any other host.
pub(crate) fn page_policy(nonce: &str) -> HeaderValue {
    let policy = format!(
        "default-src 'none'; style-src 'self' 'nonce-{nonce}'; script-src 'nonce-{nonce}'; \
         worker-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
         manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).expect("a nonce is base64")
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, routing::get};
    use http::Request;
    use tower::ServiceExt;

    use super::*;

    async fn headers_of(https: bool, path: &str) -> HeaderMap {
        let router = Router::new().route("/plain", get(|| async { "x" })).route(
            "/own",
            get(|| async { ([(header::CACHE_CONTROL, "max-age=60")], "x") }),
        );
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = security_headers(router, https).oneshot(request).await;
        response.unwrap().headers().clone()
    }

    #[tokio::test]
    async fn every_answer_is_guarded() {
        for path in ["/plain", "/own", "/nowhere"] {
            let headers = headers_of(false, path).await;
            assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
            assert_eq!(headers[header::REFERRER_POLICY], "same-origin");
            assert_eq!(headers[header::X_FRAME_OPTIONS], "DENY");
            let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(policy.starts_with("default-src 'none'"));
            assert!(!headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
        }
    }

    #[tokio::test]
    async fn what_a_handler_says_stays() {
        let own = headers_of(false, "/own").await;
        assert_eq!(own[header::CACHE_CONTROL], "max-age=60");
        let plain = headers_of(false, "/plain").await;
        assert_eq!(plain[header::CACHE_CONTROL], "no-store");
    }

    #[tokio::test]
    async fn https_is_remembered_by_the_browser() {
        let headers = headers_of(true, "/plain").await;
        assert_eq!(headers[header::STRICT_TRANSPORT_SECURITY], ONE_YEAR);
    }
}
