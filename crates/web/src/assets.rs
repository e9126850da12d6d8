use std::sync::LazyLock;

use axum::{
    Router,
    extract::{Path, RawQuery},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{StatusCode, header};
use sallyport_base::Digest;

const FOREVER: &str = "public, max-age=31536000, immutable";
const NOT_LONG: &str = "public, max-age=300";

struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
    /// Changes when the bytes do.
    version: String,
}

macro_rules! asset {
    ($name:literal, $kind:literal) => {
        Asset::new(
            $name,
            $kind,
            include_bytes!(concat!("../embedded/assets/", $name)),
        )
    };
}

static ASSETS: LazyLock<[Asset; 5]> = LazyLock::new(|| {
    [
        asset!("sallyport.css", "text/css; charset=utf-8"),
        asset!("sallyport.js", "text/javascript; charset=utf-8"),
        asset!("phone.js", "text/javascript; charset=utf-8"),
        asset!("proof.js", "text/javascript; charset=utf-8"),
        asset!("logo.svg", "image/svg+xml"),
    ]
});

impl Asset {
    fn new(name: &'static str, kind: &'static str, bytes: &'static [u8]) -> Self {
        let version = Digest::of(bytes).as_str()[..16].to_owned();
        Self {
            name,
            kind,
            bytes,
            version,
        }
    }

    fn find(name: &str) -> Option<&'static Self> {
        ASSETS.iter().find(|asset| asset.name == name)
    }
}

/// Where the embedded file of this name is served. The address changes when the file does.
pub fn asset_url(name: &str) -> String {
    let version = Asset::find(name).map_or("", |asset| &asset.version);
    format!("/oxauth/assets/{name}?v={version}")
}

/// The embedded style sheet, scripts and logo.
pub fn assets_router<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    Router::new().route("/oxauth/assets/{name}", get(asset))
}

async fn asset(Path(name): Path<String>, RawQuery(query): RawQuery) -> Response {
    let Some(asset) = Asset::find(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let current = query.is_some_and(|query| query.strip_prefix("v=") == Some(&asset.version));
    let headers = [
        (header::CONTENT_TYPE, asset.kind),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CACHE_CONTROL,
            if current { FOREVER } else { NOT_LONG },
        ),
    ];
    (headers, asset.bytes).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::Request;
    use tower::ServiceExt;

    use super::*;

    async fn get(url: &str) -> Response {
        let request = Request::get(url).body(Body::empty()).unwrap();
        assets_router::<()>().oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn every_asset_is_served_at_its_url_and_kept_forever() {
        for asset in ASSETS.iter() {
            let response = get(&asset_url(asset.name)).await;
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(response.headers()[header::CONTENT_TYPE], asset.kind);
            assert_eq!(response.headers()[header::CACHE_CONTROL], FOREVER);
        }
    }

    #[tokio::test]
    async fn an_asset_of_another_version_is_not_kept() {
        for url in [
            "/oxauth/assets/logo.svg",
            "/oxauth/assets/logo.svg?v=0000000000000000",
        ] {
            assert_eq!(get(url).await.headers()[header::CACHE_CONTROL], NOT_LONG);
        }
    }

    #[tokio::test]
    async fn an_unknown_asset_is_not_found() {
        for url in ["/oxauth/assets/x.css", "/oxauth/assets/..%2fCargo.toml"] {
            assert_eq!(get(url).await.status(), StatusCode::NOT_FOUND);
        }
    }
}
