//! What happens around every request: an id, a line in the log, limits, and an answer when a handler
//! panics or does not end.

use std::{
    any::Any,
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    extract::{ConnectInfo, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use sallyport_base::Random;
use sallyport_web::{ErrorPage, Pages};
use serde_json::json;
use tower_http::{
    catch_panic::CatchPanicLayer, limit::RequestBodyLimitLayer, timeout::RequestBodyTimeoutLayer,
};
use tracing::Instrument;

use crate::proxies::{TrustedProxies, seen_through};

/// The header in which an answer names its request, and by which handlers know it.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The largest body of a request: forms are small.
const LARGEST_BODY: usize = 256 * 1024;

/// How long a body may pause.
const BODY_PAUSE: Duration = Duration::from_secs(15);

/// How long a request may take. A script may wait for another server for ten seconds, twice.
const LONGEST: Duration = Duration::from_secs(60);

/// The addresses that no browser shows.
const FOR_APPLICATIONS: &[&str] = &[
    "/oxauth/restv1/token",
    "/oxauth/restv1/revoke",
    "/oxauth/restv1/introspection",
    "/oxauth/restv1/userinfo",
];

/// Wraps the pages and endpoints of the provider.
pub fn guarded(router: Router, pages: Pages, random: Random, proxies: TrustedProxies) -> Router {
    router
        .layer(RequestBodyLimitLayer::new(LARGEST_BODY))
        .layer(RequestBodyTimeoutLayer::new(BODY_PAUSE))
        .layer(middleware::from_fn_with_state(LONGEST, in_time))
        .layer(CatchPanicLayer::custom(|panic: Box<dyn Any + Send>| {
            report(panic.as_ref());
            Failure::Broken.mark()
        }))
        .layer(middleware::from_fn_with_state(pages, told))
        .layer(middleware::from_fn_with_state(random, identified))
        .layer(middleware::from_fn_with_state(proxies, seen_through))
}

/// Wraps the passcode service, which has limits and answers of its own.
pub fn guarded_api(router: Router, random: Random) -> Router {
    router
        .layer(RequestBodyTimeoutLayer::new(BODY_PAUSE))
        .layer(middleware::from_fn_with_state(random, identified))
}

/// Why a handler gave no answer of its own.
#[derive(Clone, Copy)]
enum Failure {
    Broken,
    TooSlow,
}

impl Failure {
    /// An empty answer, for [`told`] to fill.
    fn mark(self) -> Response {
        let mut response = Response::default();
        response.extensions_mut().insert(self);
        response
    }

    /// RFC 6749 §5.2, with the errors of §4.1.2.1 that say whose fault it is.
    fn json(self) -> Response {
        let (status, error, description) = match self {
            Self::Broken => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "server_error",
                "The server has a fault of its own.",
            ),
            Self::TooSlow => (
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                "The server waited for something that did not come. Try again in a minute.",
            ),
        };
        let body = Json(json!({ "error": error, "error_description": description }));
        (status, [(header::CACHE_CONTROL, "no-store")], body).into_response()
    }

    fn page(self) -> ErrorPage {
        match self {
            Self::Broken => broken(),
            Self::TooSlow => too_slow(),
        }
    }
}

/// Tells of a failure in the language of who asks: JSON to an application, a page to a person.
async fn told(State(pages): State<Pages>, request: Request, next: Next) -> Response {
    let is_for_applications = FOR_APPLICATIONS.contains(&request.uri().path());
    let response = next.run(request).await;
    match response.extensions().get::<Failure>() {
        None => response,
        Some(failure) if is_for_applications => failure.json(),
        Some(failure) => pages.error(failure.page()),
    }
}

/// Answers in the place of a handler that does not come to its end.
async fn in_time(State(longest): State<Duration>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(longest, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            tracing::error!(
                seconds = longest.as_secs(),
                "a request took too long and was given up"
            );
            Failure::TooSlow.mark()
        }
    }
}

/// Gives the request an id of its own, whatever the client calls it, and logs how it ended. The
/// query is never logged: it may hold a code.
async fn identified(State(random): State<Random>, mut request: Request, next: Next) -> Response {
    let id = random.uuid().to_string();
    let value = HeaderValue::try_from(&id).expect("a UUID is visible ASCII");
    request.headers_mut().insert(REQUEST_ID, value.clone());
    let line = AccessLine::begin(&request);
    let span = tracing::info_span!("request", request.id = %id);
    async {
        let mut response = next.run(request).await;
        line.end(response.status());
        response.headers_mut().insert(REQUEST_ID, value);
        response
    }
    .instrument(span)
    .await
}

struct AccessLine {
    method: http::Method,
    path: String,
    client: Option<IpAddr>,
    began: Instant,
}

impl AccessLine {
    fn begin(request: &Request) -> Self {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        Self {
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            client: peer.map(|peer| peer.0.ip()),
            began: Instant::now(),
        }
    }

    fn end(self, status: StatusCode) {
        let Self {
            method,
            path,
            client,
            began,
        } = self;
        let client = client.map(tracing::field::display);
        let status = status.as_u16();
        let duration_ms = began.elapsed().as_millis();
        // Whoever watches the server asks often and learns nothing new.
        if matches!(path.as_str(), "/healthz" | "/readyz") {
            tracing::debug!(%method, path, status, duration_ms, client.ip = client, "answered");
        } else {
            tracing::info!(%method, path, status, duration_ms, client.ip = client, "answered");
        }
    }
}

fn report(panic: &(dyn Any + Send)) {
    let words = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no words");
    tracing::error!(
        panic = words,
        "a request handler panicked; please report it"
    );
}

fn broken() -> ErrorPage {
    ErrorPage {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        title: "Something went wrong here".to_owned(),
        happened: "The sign-in service has a fault of its own; it is nothing you did.".to_owned(),
        what_to_do: "Go back and try again. If it stays so, tell the people who run it.".to_owned(),
        link: None,
        request_id: None,
    }
}

fn too_slow() -> ErrorPage {
    ErrorPage {
        status: StatusCode::SERVICE_UNAVAILABLE,
        title: "This takes too long".to_owned(),
        happened: "The sign-in service waited for something that did not come.".to_owned(),
        what_to_do: "Wait a minute, go back and try again. If it stays so, tell the people who \
                     run it."
            .to_owned(),
        link: None,
        request_id: None,
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        sync::{Arc, Mutex},
    };

    use axum::{body::Body, routing::get};
    use http_body_util::BodyExt;
    use tower::ServiceExt;
    use tracing_subscriber::fmt::MakeWriter;

    use super::*;

    fn router() -> Router {
        let pages = Pages::new(None, Random::system(), true);
        let router = Router::new()
            .route("/panics", get(panics))
            .route("/oxauth/restv1/token", get(panics))
            .route("/echo", get(echo).post(|body: String| async { body }));
        guarded(router, pages, Random::system(), TrustedProxies::default())
    }

    async fn panics() -> &'static str {
        panic!("on purpose")
    }

    async fn echo(request: Request) -> String {
        request.headers()[REQUEST_ID].to_str().unwrap().to_owned()
    }

    async fn ask(request: http::request::Builder, body: &str) -> (Response, String) {
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let (parts, body) = router().oneshot(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        (Response::from_parts(parts, Body::empty()), text)
    }

    #[tokio::test]
    async fn a_panic_becomes_a_page() {
        let (answer, text) = ask(Request::get("/panics"), "").await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(
            answer.headers()[header::CONTENT_TYPE]
                .to_str()
                .unwrap()
                .starts_with("text/html")
        );
        assert!(text.contains("Something went wrong here"));
        assert!(!text.contains("on purpose"));
    }

    #[tokio::test]
    async fn a_request_that_does_not_end_becomes_a_page() {
        let text = hang("/hangs").await;
        assert!(text.contains("This takes too long"), "{text}");
    }

    #[tokio::test]
    async fn an_application_is_told_of_both_in_json() {
        let (answer, text) = ask(Request::get("/oxauth/restv1/token"), "").await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/json");
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
        let told: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(told["error"], "server_error");

        let text = hang("/oxauth/restv1/userinfo").await;
        let told: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(told["error"], "temporarily_unavailable");
    }

    /// What is answered in the place of a handler that hangs.
    async fn hang(path: &str) -> String {
        let pages = Pages::new(None, Random::system(), true);
        let router = Router::new()
            .route(path, get(std::future::pending::<&'static str>))
            .layer(middleware::from_fn_with_state(Duration::ZERO, in_time))
            .layer(middleware::from_fn_with_state(pages, told));
        let request = Request::get(path).body(Body::empty()).unwrap();
        let answer = router.oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        let text = answer.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(text.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_request_gets_an_id_of_its_own_whatever_the_client_says() {
        let (answer, seen) = ask(Request::get("/echo").header(REQUEST_ID, "forged"), "").await;
        assert_eq!(answer.headers()[REQUEST_ID].to_str().unwrap(), seen);
        assert_eq!(seen.len(), 36);
    }

    #[tokio::test]
    async fn a_body_that_is_too_large_is_refused() {
        let (answer, _) = ask(Request::post("/echo"), &"x".repeat(LARGEST_BODY)).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let (answer, _) = ask(Request::post("/echo"), &"x".repeat(LARGEST_BODY + 1)).await;
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl MakeWriter<'_> for Buffer {
        type Writer = Self;

        fn make_writer(&self) -> Self {
            self.clone()
        }
    }

    #[tokio::test]
    async fn the_log_has_the_path_and_never_the_query() {
        let buffer = Buffer::default();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(buffer.clone())
            .finish();
        // For the whole program: threads that asked first decide for all what is of interest.
        tracing::subscriber::set_global_default(subscriber).unwrap();
        ask(Request::get("/echo?code=s3cret-code"), "").await;
        let log = String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
        assert!(
            log.contains("path=\"/echo\"") && log.contains("status=200"),
            "{log}"
        );
        assert!(!log.contains("s3cret-code"), "{log}");
    }
}
