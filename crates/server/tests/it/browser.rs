use std::{collections::BTreeMap, net::SocketAddr};

use axum::{Router, body::Body, extract::ConnectInfo};
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use scraper::{Html, Selector};
use serde_json::Value;
use tower::ServiceExt;
use url::{Url, form_urlencoded};

use crate::app::ISSUER;

/// A browser without JavaScript: it keeps cookies, follows redirects within the issuer, and fills
/// in the forms that it is shown.
#[derive(Clone)]
pub struct Browser {
    router: Router,
    /// Where it is.
    address: SocketAddr,
    pub cookies: BTreeMap<String, String>,
    /// What it, or a proxy before the server, says of where it is.
    forwarded_for: Option<String>,
}

/// What a request ended in.
#[derive(Debug)]
pub struct Page {
    pub url: Url,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Browser {
    pub fn new(router: Router) -> Self {
        Self {
            router,
            address: SocketAddr::from(([127, 0, 0, 1], 40_000)),
            cookies: BTreeMap::new(),
            forwarded_for: None,
        }
    }

    /// The same browser, which a load balancer sends to another node.
    pub fn at(&self, router: Router) -> Self {
        Self {
            router,
            ..self.clone()
        }
    }

    /// The same browser at this IP address.
    pub fn in_network(mut self, ip: &str) -> Self {
        self.address.set_ip(ip.parse().unwrap());
        self
    }

    /// The same browser, with this in the header `X-Forwarded-For`.
    pub fn forwarded_for(mut self, header: &str) -> Self {
        self.forwarded_for = Some(header.to_owned());
        self
    }

    pub async fn get(&mut self, path: &str) -> Page {
        self.open(Method::GET, path, None).await
    }

    /// Sends the page's first form, with these fields filled in.
    pub async fn submit(&mut self, page: &Page, fields: &[(&str, &str)]) -> Page {
        let (action, hidden) = page.form();
        let mut form: Vec<(String, String)> = hidden;
        form.extend(
            fields
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned())),
        );
        self.post(&action, &form).await
    }

    pub async fn post(&mut self, path: &str, form: &[(String, String)]) -> Page {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        self.open(Method::POST, path, Some(body)).await
    }

    async fn open(&mut self, method: Method, path: &str, form: Option<String>) -> Page {
        let mut url = Url::parse(ISSUER).unwrap().join(path).unwrap();
        let (mut method, mut form) = (method, form);
        for _ in 0..10 {
            let page = self.request(&method, &url, form.take()).await;
            let Some(location) = page.location() else {
                return page;
            };
            url = url.join(&location).unwrap();
            if !url.as_str().starts_with(ISSUER) {
                return Page { url, ..page };
            }
            method = Method::GET;
        }
        panic!("too many redirects, the last to {url}");
    }

    async fn request(&mut self, method: &Method, url: &Url, form: Option<String>) -> Page {
        let target = url[url::Position::BeforePath..url::Position::AfterQuery].to_owned();
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .extension(ConnectInfo(self.address))
            .header(header::HOST, "login.example.com");
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self
                .cookies
                .iter()
                .map(|(n, v)| format!("{n}={v}"))
                .collect();
            request = request.header(header::COOKIE, pairs.join("; "));
        }
        if let Some(hops) = &self.forwarded_for {
            request = request.header("x-forwarded-for", hops);
        }
        if form.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let body = form.map_or_else(Body::empty, Body::from);
        let response = self
            .router
            .clone()
            .oneshot(request.body(body).unwrap())
            .await
            .unwrap();
        self.keep_cookies(response.headers());
        Page::read(url.clone(), response).await
    }

    fn keep_cookies(&mut self, headers: &HeaderMap) {
        for cookie in headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            assert!(
                cookie.contains("HttpOnly") && cookie.contains("Secure"),
                "{cookie}"
            );
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

impl Page {
    pub async fn read(url: Url, response: http::Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Self {
            url,
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    fn location(&self) -> Option<String> {
        let location = self.headers.get(header::LOCATION)?;
        self.status
            .is_redirection()
            .then(|| location.to_str().unwrap().to_owned())
    }

    /// The text of the first element that the selector finds.
    pub fn text(&self, selector: &str) -> String {
        let html = Html::parse_document(&self.body);
        let found = html.select(&Selector::parse(selector).unwrap()).next();
        let text: String = found
            .unwrap_or_else(|| panic!("no {selector} in {}", self.body))
            .text()
            .collect();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// An attribute of the first element that the selector finds.
    pub fn attribute(&self, selector: &str, name: &str) -> String {
        let html = Html::parse_document(&self.body);
        let found = html.select(&Selector::parse(selector).unwrap()).next();
        let found = found.unwrap_or_else(|| panic!("no {selector} in {}", self.body));
        found.value().attr(name).unwrap().to_owned()
    }

    pub fn heading(&self) -> String {
        self.text("h1")
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    /// The parameter that the address carries.
    pub fn query(&self, name: &str) -> Option<String> {
        let found = self.url.query_pairs().find(|(n, _)| n == name);
        found.map(|(_, value)| value.into_owned())
    }

    /// Where the first form goes, and the hidden fields that it carries.
    pub fn form(&self) -> (String, Vec<(String, String)>) {
        let html = Html::parse_document(&self.body);
        let form = html.select(&Selector::parse("form").unwrap()).next();
        let form = form.unwrap_or_else(|| panic!("no form at {}: {}", self.url, self.body));
        let hidden = form
            .select(&Selector::parse("input[type=hidden]").unwrap())
            .map(|input| {
                let value = |name| input.value().attr(name).unwrap_or_default().to_owned();
                (value("name"), value("value"))
            })
            .collect();
        (form.value().attr("action").unwrap().to_owned(), hidden)
    }
}
