//! Every URL of the provider and who answers it. The paths are Gluu's.

use axum::{
    Router,
    middleware::map_response,
    routing::{get, post},
};

use crate::{
    Provider, authorize,
    cross_origin::{allow_any, preflight},
    discovery, end_session, introspection, revocation, token, userinfo,
};

pub(crate) const DISCOVERY: &str = "/.well-known/openid-configuration";
pub(crate) const JWKS: &str = "/oxauth/restv1/jwks";
pub(crate) const TOKEN: &str = "/oxauth/restv1/token";
pub(crate) const USERINFO: &str = "/oxauth/restv1/userinfo";
pub(crate) const REVOKE: &str = "/oxauth/restv1/revoke";
pub(crate) const INTROSPECTION: &str = "/oxauth/restv1/introspection";
pub(crate) const AUTHORIZE: &str = "/oxauth/restv1/authorize";
pub(crate) const RESUME: &str = "/oxauth/restv1/authorize/resume";
pub(crate) const CONSENT: &str = "/oxauth/restv1/authorize/consent";
pub(crate) const END_SESSION: &str = "/oxauth/restv1/end_session";
/// Gluu's page for signing out, which asks the script of the login method.
pub(crate) const LOGOUT: &str = "/oxauth/logout.htm";
pub(crate) const END_SESSION_CONFIRM: &str = "/oxauth/restv1/end_session/confirm";

#[rustfmt::skip]
pub fn routes() -> Router<Provider> {
    let for_any_origin = Router::new()
        .route(DISCOVERY, get(discovery::discovery).options(preflight))
        .route(JWKS, get(discovery::jwks).options(preflight))
        .route(TOKEN, post(token::token).options(preflight))
        .route(USERINFO, get(userinfo::get).post(userinfo::post).options(preflight))
        .route(REVOKE, post(revocation::revoke).options(preflight))
        .layer(map_response(allow_any));
    Router::new()
        .merge(for_any_origin)
        .route(INTROSPECTION, post(introspection::introspect))
        .route(AUTHORIZE, get(authorize::get).post(authorize::post))
        .route(RESUME, get(authorize::resume))
        .route(CONSENT, post(authorize::consent))
        .route(END_SESSION, get(end_session::get).post(end_session::post))
        .route(LOGOUT, get(end_session::logout_page).post(end_session::post_to_logout_page))
        .route(END_SESSION_CONFIRM, post(end_session::confirm))
}
