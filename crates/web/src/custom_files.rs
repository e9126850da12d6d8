use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    Router, extract,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::fs;

use crate::path;

const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// A picture or page opened by itself runs nothing, whatever is in it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// The operator's own files: `<home>/oxauth/custom/static/img/logo.png` is served at
/// `/oxauth/ext/resources/img/logo.png`, as it is at that moment.
///
/// Files whose name or directory starts with a dot, files that a symbolic link leads out of the
/// directory to, and files above 16 MiB are not served.
pub fn custom_static_router<S>(home: &Path) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let root = Arc::new(directory(home));
    Router::new().route(
        "/oxauth/ext/resources/{*path}",
        get(
            move |extract::Path(path): extract::Path<String>, headers: HeaderMap| async move {
                serve(&root, &path, &headers).await
            },
        ),
    )
}

pub(crate) fn directory(home: &Path) -> PathBuf {
    home.join("oxauth/custom/static")
}

async fn serve(root: &Path, path: &str, headers: &HeaderMap) -> Response {
    match CustomFile::find(root, path).await {
        Ok(Some(file)) => file.response(headers),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::error!(
                file.path = path,
                %error,
                "A custom static file could not be read."
            );
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

struct CustomFile {
    kind: &'static str,
    tag: String,
    bytes: Vec<u8>,
}

impl CustomFile {
    async fn find(root: &Path, path: &str) -> io::Result<Option<Self>> {
        let Some(file) = path::below(root, path) else {
            return Ok(None);
        };
        match Self::read(root, &file).await {
            Err(error) if is_absent(&error) => Ok(None),
            found => found,
        }
    }

    async fn read(root: &Path, file: &Path) -> io::Result<Option<Self>> {
        let real = fs::canonicalize(file).await?;
        let metadata = fs::metadata(&real).await?;
        let inside = real.starts_with(fs::canonicalize(root).await?);
        if !inside || !metadata.is_file() || metadata.len() > MAX_BYTES {
            return Ok(None);
        }
        Ok(Some(Self {
            kind: content_type(file),
            tag: entity_tag(metadata.len(), metadata.modified()?),
            bytes: fs::read(&real).await?,
        }))
    }

    fn response(self, request: &HeaderMap) -> Response {
        let mut headers = HeaderMap::new();
        let tag = HeaderValue::try_from(&self.tag).expect("a tag is hexadecimal");
        let known = request.get(header::IF_NONE_MATCH) == Some(&tag);
        headers.insert(header::ETAG, tag);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.kind));
        for (name, value) in [
            (header::CACHE_CONTROL, "no-cache"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::CONTENT_SECURITY_POLICY, POLICY),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if known {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        (headers, self.bytes).into_response()
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename
    )
}

fn entity_tag(length: u64, modified: SystemTime) -> String {
    let modified = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("\"{length:x}-{:x}\"", modified.as_nanos())
}

fn content_type(file: &Path) -> &'static str {
    let extension = file
        .extension()
        .and_then(|extension| extension.to_str())
        .map(str::to_ascii_lowercase);
    match extension.as_deref().unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "ttf" => "font/ttf",
        "otf" => "font/otf",
        "html" | "htm" => "text/html; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        "pdf" => "application/pdf",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::Request;
    use http_body_util::BodyExt;
    use tempfile::TempDir;
    use tower::ServiceExt;

    use super::*;

    /// A home with one picture, and a secret beside the directory that is served.
    fn home() -> TempDir {
        let home = tempfile::tempdir().unwrap();
        let root = directory(home.path());
        std::fs::create_dir_all(root.join("img/.hidden")).unwrap();
        std::fs::write(root.join("img/logo.PNG"), "a picture").unwrap();
        std::fs::write(root.join("img/page.unknown"), "<script>").unwrap();
        std::fs::write(root.join("img/.hidden/file.txt"), "hidden").unwrap();
        std::fs::write(root.join(".env"), "hidden").unwrap();
        std::fs::write(home.path().join("oxauth/custom/secret.txt"), "secret").unwrap();
        home
    }

    async fn get_with(home: &TempDir, path: &str, tag: Option<&HeaderValue>) -> Response {
        let mut request = Request::get(format!("/oxauth/ext/resources/{path}"));
        if let Some(tag) = tag {
            request = request.header(header::IF_NONE_MATCH, tag);
        }
        let request = request.body(Body::empty()).unwrap();
        let router = custom_static_router::<()>(home.path());
        router.oneshot(request).await.unwrap()
    }

    async fn get(home: &TempDir, path: &str) -> Response {
        get_with(home, path, None).await
    }

    #[tokio::test]
    async fn an_operators_file_is_served_with_its_type() {
        let home = home();
        let response = get(&home, "img/logo.PNG").await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "image/png");
        assert_eq!(
            response.headers()[header::X_CONTENT_TYPE_OPTIONS],
            "nosniff"
        );
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(&bytes[..], b"a picture");
    }

    #[tokio::test]
    async fn a_file_of_unknown_type_is_never_a_page() {
        let response = get(&home(), "img/page.unknown").await;
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "application/octet-stream"
        );
    }

    #[tokio::test]
    async fn a_file_that_the_browser_has_is_not_sent_again_until_it_changes() {
        let home = home();
        let tag = get(&home, "img/logo.PNG").await.headers()[header::ETAG].clone();
        let again = get_with(&home, "img/logo.PNG", Some(&tag)).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);

        std::fs::write(directory(home.path()).join("img/logo.PNG"), "another one").unwrap();
        let changed = get_with(&home, "img/logo.PNG", Some(&tag)).await;
        assert_eq!(changed.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn nothing_else_can_be_reached() {
        let home = home();
        let link = directory(home.path()).join("img/link.txt");
        std::os::unix::fs::symlink(home.path().join("oxauth/custom/secret.txt"), link).unwrap();
        for path in [
            "../secret.txt",
            "..%2fsecret.txt",
            "img/../../secret.txt",
            "img/..%2f..%2fsecret.txt",
            "img/%2e%2e/%2e%2e/secret.txt",
            "%2fetc/passwd",
            "//etc/passwd",
            "img/link.txt",
            ".env",
            "img/.hidden/file.txt",
            "img",
            "img/",
            "img/none.png",
            "img/logo.PNG/more",
            "img/logo.PNG%00.txt",
            &"a".repeat(4000),
        ] {
            let status = get(&home, path).await.status();
            assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[tokio::test]
    async fn a_home_without_static_files_has_none() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(get(&home, "a.css").await.status(), StatusCode::NOT_FOUND);
    }
}
