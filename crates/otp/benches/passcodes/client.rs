//! Whoever calls the service: a project with its secret.

use std::net::SocketAddr;

use anyhow::{Context, ensure};
use axum::body::Bytes;
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use sallyport_base::Secret;
use sallyport_otp::Project;
use serde_json::Value;
use tokio::net::TcpStream;

/// The credentials of a caller.
#[derive(Clone)]
pub struct Caller {
    pub project: Project,
    authorization: String,
}

impl Caller {
    pub fn new(project: Project, secret: &Secret) -> Self {
        let pair = format!("{}:{}", project.id, secret.expose());
        Self {
            project,
            authorization: format!("Basic {}", BASE64_STANDARD.encode(pair)),
        }
    }
}

/// One request, and a text that its answer has.
pub struct Call {
    pub method: Method,
    pub path: String,
    pub body: String,
    pub expected: &'static str,
}

impl Call {
    pub fn get(path: impl Into<String>, expected: &'static str) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            body: String::new(),
            expected,
        }
    }

    pub fn post(path: &str, body: &Value, expected: &'static str) -> Self {
        Self {
            method: Method::POST,
            path: path.to_owned(),
            body: body.to_string(),
            expected,
        }
    }
}

/// A connection that stays open.
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    authorization: String,
}

impl Connection {
    pub async fn open(address: SocketAddr, caller: &Caller) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // Whoever waits for an answer learns what went wrong.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self {
            sender,
            authorization: caller.authorization.clone(),
        })
    }

    /// The answer, which must be a success and have in it what the call expects.
    pub async fn ask(&mut self, call: &Call) -> anyhow::Result<Bytes> {
        let request = Request::builder()
            .method(&call.method)
            .uri(&call.path)
            .header(header::HOST, "localhost")
            .header(header::AUTHORIZATION, &self.authorization)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::from(call.body.clone()))?;
        self.sender.ready().await?;
        let answer = self.sender.send_request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        let text = std::str::from_utf8(&body).context("an answer that is not text")?;
        ensure!(
            status == StatusCode::OK && text.contains(call.expected),
            "{} {} was answered by {status}: {text}",
            call.method,
            call.path
        );
        Ok(body)
    }

    pub async fn ask_json(&mut self, call: &Call) -> anyhow::Result<Value> {
        Ok(serde_json::from_slice(&self.ask(call).await?)?)
    }
}
