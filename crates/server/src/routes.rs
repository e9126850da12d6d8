//! Every address of the provider, and which part answers it.

use axum::{Router, extract::State, handler::Handler, response::Response, routing::get};
use http::StatusCode;
use sallyport_base::{Random, Store};
use sallyport_otp::Otp;
use sallyport_web::{ErrorPage, Pages, assets_router, custom_static_router, security_headers};

use crate::{App, health, request};

/// The routers of the parts do not overlap; axum refuses to start when they do.
pub fn provider(app: &App, extra: Router) -> Router {
    let pages = app.flow.pages().clone();
    let store = app.flow.store().clone();
    let router = Router::new()
        .merge(sallyport_oidc::routes().with_state(app.provider.clone()))
        .merge(sallyport_flow::routes().with_state(app.flow.clone()))
        .merge(assets_router())
        .merge(custom_static_router(&app.home))
        .merge(health(store))
        .merge(extra)
        .fallback_service(nothing_here.with_state(pages.clone()));
    let router = security_headers(router, app.flow.issuer().is_https());
    let random = app.flow.random().clone();
    request::guarded(router, pages, random, app.proxies.clone())
}

/// Every address of the passcode service, and whether it runs. Whoever watches it has no project.
pub fn passcode_service(otp: Otp, store: Store, random: Random) -> Router {
    let router = health(store).merge(sallyport_otp::routes(otp));
    request::guarded_api(router, random)
}

fn health(store: Store) -> Router {
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready).with_state(store))
}

async fn nothing_here(State(pages): State<Pages>) -> Response {
    pages.error(ErrorPage {
        status: StatusCode::NOT_FOUND,
        title: "There is no such page".to_owned(),
        happened: "This server has nothing at the address that your browser asked for.".to_owned(),
        what_to_do: "Go back to the application that you came from, and check the address if you \
                     typed it."
            .to_owned(),
        link: None,
        request_id: None,
    })
}
