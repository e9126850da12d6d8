//! A browser without JavaScript, on a connection of its own as every browser has.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context;
use reqwest::{Client, Response, redirect::Policy};
use rustls::{ClientConfig, RootCertStore};
use url::Url;

use crate::house::CALLBACK;

pub struct Browser(Client);

/// What a request ended in: a page of the server, or the way back to the application.
pub struct Page {
    url: Url,
    body: String,
}

impl Browser {
    /// `localhost` is where `address` is.
    pub fn open(address: SocketAddr) -> anyhow::Result<Self> {
        Ok(Self(client(address)?))
    }

    pub async fn get(&self, url: Url) -> anyhow::Result<Page> {
        Page::read(self.0.get(url).send().await?).await
    }

    /// Sends the form of a page with these fields filled in.
    pub async fn submit(&self, page: &Page, fields: &[(&str, &str)]) -> anyhow::Result<Page> {
        let (action, hidden) = page.form()?;
        let mut form: Vec<(&str, &str)> = hidden;
        form.extend(fields);
        Page::read(self.0.post(action).form(&form).send().await?).await
    }
}

/// A client for plain HTTP, which never leaves this machine: it goes no further than the address
/// of the application.
pub fn client(address: SocketAddr) -> anyhow::Result<Client> {
    let stay = Policy::custom(|attempt| {
        if attempt.url().host_str() == Some("localhost") {
            attempt.follow()
        } else {
            attempt.stop()
        }
    });
    let no_tls = ClientConfig::builder_with_provider(Arc::new(
        rustls::crypto::aws_lc_rs::default_provider(),
    ))
    .with_safe_default_protocol_versions()?
    .with_root_certificates(RootCertStore::empty())
    .with_no_client_auth();
    Ok(Client::builder()
        .tls_backend_preconfigured(no_tls)
        .no_proxy()
        .cookie_store(true)
        .redirect(stay)
        .resolve("localhost", address)
        .build()?)
}

impl Page {
    async fn read(response: Response) -> anyhow::Result<Self> {
        let location = response.headers().get(http::header::LOCATION);
        let away = location.and_then(|value| value.to_str().ok());
        let url = match away.filter(|url| url.starts_with(CALLBACK)) {
            Some(url) => Url::parse(url)?,
            None => response.url().clone(),
        };
        let body = response.text().await?;
        Ok(Self { url, body })
    }

    /// A parameter of the address.
    pub fn parameter(&self, name: &str) -> anyhow::Result<String> {
        let found = self.url.query_pairs().find(|(known, _)| known == name);
        found
            .map(|(_, value)| value.into_owned())
            .with_context(|| format!("no {name} at {}: {}", self.url, self.body))
    }

    /// Where the first form goes, and its hidden fields. The pages are our own: their attributes
    /// stand in a known order, and neither names nor values need unescaping.
    fn form(&self) -> anyhow::Result<(Url, Vec<(&str, &str)>)> {
        let form = self.body.split_once("<form ").map(|(_, rest)| rest);
        let form = form.with_context(|| format!("no form at {}: {}", self.url, self.body))?;
        let action = attribute(form, "action").context("a form without an action")?;
        let hidden = form
            .split("<input type=\"hidden\" ")
            .skip(1)
            .filter_map(|input| Some((attribute(input, "name")?, attribute(input, "value")?)))
            .collect();
        Ok((self.url.join(action)?, hidden))
    }
}

fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let (_, value) = tag.split_once(&format!("{name}=\""))?;
    Some(value.split_once('"')?.0)
}
