//! Writes every page, with sample contexts, to a directory: `cargo run --example gallery -- DIR`.
//! Served from that directory, they look as they do in a browser in the middle of a login.

use std::{error::Error, fs, path::Path};

use http::StatusCode;
use http_body_util::BodyExt;
use sallyport_base::Random;
use sallyport_web::{ErrorPage, Pages};

#[path = "../tests/samples/mod.rs"]
mod samples;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args().nth(1).ok_or("give a directory")?;
    let directory = Path::new(&directory);
    let assets = directory.join("oxauth/assets");
    fs::create_dir_all(&assets)?;
    for asset in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/embedded/assets"))? {
        let asset = asset?;
        fs::copy(asset.path(), assets.join(asset.file_name()))?;
    }
    let pages = Pages::new(None, Random::system(), false);
    for sample in samples::all() {
        let response = pages.render(sample.page, StatusCode::OK, &sample.context);
        write(directory, sample.name, response).await?;
    }
    let response = pages.error(ErrorPage {
        status: StatusCode::BAD_REQUEST,
        title: "This link has been used".to_owned(),
        happened: "The sign-in that you started was finished or took too long.".to_owned(),
        what_to_do: "Go back to the application and sign in again.".to_owned(),
        link: Some((
            "Go to Riverbank Books".to_owned(),
            "https://books.example".to_owned(),
        )),
        request_id: Some("019ab3c2-6f0e-7c55".to_owned()),
    });
    write(directory, "error", response).await
}

async fn write(
    directory: &Path,
    name: &str,
    response: axum::response::Response,
) -> Result<(), Box<dyn Error>> {
    let html = response.into_body().collect().await?.to_bytes();
    fs::write(directory.join(format!("{name}.html")), html)?;
    Ok(())
}
