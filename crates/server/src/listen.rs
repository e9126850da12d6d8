//! From a connection to the router, and how serving ends.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, extract::ConnectInfo, response::Response};
use http::{HeaderValue, Request, Version, header};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
};
use rustls::ServerConfig;
use sallyport_flow::Issuer;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::unread_body::UnreadBody;

/// How long a client may take to say what it wants: the TLS handshake, and the head of a request.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long requests that run may go on after the server was told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Connections at the same time; the next one waits until another ends.
const CONNECTIONS: usize = 2048;

/// After an error such as "too many open files" accepting rests for a moment.
const REST: Duration = Duration::from_millis(200);

/// Why nothing can be served.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    #[error(
        "the address {address} is in use by another program; stop it or choose another with {option}"
    )]
    InUse {
        address: SocketAddr,
        option: &'static str,
    },
    #[error("the address {address} cannot be listened on: {cause}; choose another with {option}")]
    Refused {
        address: SocketAddr,
        option: &'static str,
        cause: io::Error,
    },
    #[error(
        "{address} is no loopback address, and without TLS passwords would cross the network unprotected; listen on 127.0.0.1 with {option}, or serve with an https issuer"
    )]
    PlainHttp {
        address: SocketAddr,
        option: &'static str,
    },
}

/// What keeps others from reading along.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protection {
    Tls,
    /// It is plain http, and only this machine hears it.
    Loopback,
}

impl Protection {
    /// The provider speaks as its issuer says. `option` is what an operator would change the address
    /// with.
    pub fn of_provider(
        issuer: &Issuer,
        address: SocketAddr,
        option: &'static str,
    ) -> Result<Self, ListenError> {
        if issuer.is_https() {
            Ok(Self::Tls)
        } else {
            Self::loopback(address, option)
        }
    }

    /// The passcode service speaks plain http where only this machine hears it. Elsewhere it needs
    /// TLS, which a server has whose issuer is https.
    pub fn of_passcode_service(
        issuer: &Issuer,
        address: SocketAddr,
        option: &'static str,
    ) -> Result<Self, ListenError> {
        match Self::loopback(address, option) {
            Err(_) if issuer.is_https() => Ok(Self::Tls),
            spoken => spoken,
        }
    }

    fn loopback(address: SocketAddr, option: &'static str) -> Result<Self, ListenError> {
        if address.ip().is_loopback() {
            Ok(Self::Loopback)
        } else {
            Err(ListenError::PlainHttp { address, option })
        }
    }
}

/// An address that is listened on, with or without TLS.
pub struct Listener {
    tcp: TcpListener,
    address: SocketAddr,
    option: &'static str,
    tls: Option<TlsAcceptor>,
}

impl Listener {
    /// `option` is what an operator would change the address with.
    pub async fn bind(address: SocketAddr, option: &'static str) -> Result<Self, ListenError> {
        let failed = |cause: io::Error| match cause.kind() {
            io::ErrorKind::AddrInUse => ListenError::InUse { address, option },
            _ => ListenError::Refused {
                address,
                option,
                cause,
            },
        };
        let tcp = TcpListener::bind(address).await.map_err(failed)?;
        let address = tcp.local_addr().map_err(failed)?;
        Ok(Self {
            tcp,
            address,
            option,
            tls: None,
        })
    }

    /// With the port that the system chose, when it was left to it.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn with_tls(self, config: Arc<ServerConfig>) -> Self {
        Self {
            tls: Some(TlsAcceptor::from(config)),
            ..self
        }
    }

    /// Refuses to serve without TLS to other machines.
    pub fn plain(self) -> Result<Self, ListenError> {
        Protection::loopback(self.address, self.option)?;
        Ok(self)
    }

    /// Serves until `stop` says so; then lets requests that run come to their end, up to ten
    /// seconds.
    pub async fn serve(self, router: Router, mut stop: Stop) {
        let graceful = GracefulShutdown::new();
        let room = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let accepted = tokio::select! {
                accepted = self.accept(&room) => accepted,
                () = stop.requested() => break,
            };
            match accepted {
                Ok((stream, peer, place)) => {
                    let connection = Connection {
                        router: router.clone(),
                        peer,
                        tls: self.tls.clone(),
                        watcher: graceful.watcher(),
                        _place: place,
                    };
                    tokio::spawn(connection.run(stream));
                }
                Err(cause) => {
                    tracing::warn!(error = %cause, "a connection could not be accepted");
                    tokio::time::sleep(REST).await;
                }
            }
        }
        drop(self.tcp);
        if timeout(GRACE, graceful.shutdown()).await.is_err() {
            tracing::warn!(address = %self.address, "requests were still running when the server stopped");
        }
    }

    async fn accept(
        &self,
        room: &Arc<Semaphore>,
    ) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
        let place = room
            .clone()
            .acquire_owned()
            .await
            .map_err(io::Error::other)?;
        let (stream, peer) = self.tcp.accept().await?;
        stream.set_nodelay(true)?;
        Ok((stream, peer, place))
    }
}

/// One client.
struct Connection {
    router: Router,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    watcher: hyper_util::server::graceful::Watcher,
    _place: OwnedSemaphorePermit,
}

impl Connection {
    async fn run(self, stream: TcpStream) {
        let Some(tls) = self.tls.clone() else {
            return self.serve(stream, Protocol::Http1).await;
        };
        match timeout(PATIENCE, tls.accept(stream)).await {
            Ok(Ok(stream)) => {
                let protocol = match stream.get_ref().1.alpn_protocol() {
                    Some(b"h2") => Protocol::Http2,
                    _ => Protocol::Http1,
                };
                self.serve(stream, protocol).await;
            }
            Ok(Err(cause)) => {
                tracing::debug!(client.address = %self.peer, error = %cause, "a TLS handshake failed");
            }
            Err(_) => tracing::debug!(client.address = %self.peer, "a TLS handshake took too long"),
        }
    }

    async fn serve<S>(self, stream: S, protocol: Protocol)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self {
            router,
            peer,
            watcher,
            _place,
            ..
        } = self;
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            answer(router.clone(), request)
        });
        let builder = protocol.builder();
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        if let Err(cause) = watcher.watch(connection).await {
            tracing::debug!(client.address = %peer, error = %cause, "a connection broke");
        }
    }
}

/// The answer of the router. A connection of HTTP/1 is left so that it carries the next request, or
/// is said to end.
async fn answer(router: Router, request: Request<Incoming>) -> Result<Response, Infallible> {
    if request.version() >= Version::HTTP_2 {
        return router.oneshot(request).await;
    }
    let (request, unread) = UnreadBody::lend(request);
    let mut response = router.oneshot(request).await?;
    if !unread.discard().await {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    Ok(response)
}

/// What a connection speaks. It is never guessed from the first bytes, which may not come.
#[derive(Clone, Copy)]
enum Protocol {
    Http1,
    Http2,
}

impl Protocol {
    fn builder(self) -> Builder<TokioExecutor> {
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(PATIENCE)
            .max_buf_size(64 * 1024);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(100)
            .max_header_list_size(64 * 1024)
            .keep_alive_interval(PATIENCE)
            .keep_alive_timeout(PATIENCE);
        match self {
            Self::Http1 => builder.http1_only(),
            Self::Http2 => builder.http2_only(),
        }
    }
}

/// The wish that serving ends, for as many listeners as there are.
#[derive(Clone)]
pub struct Stop(watch::Receiver<bool>);

/// Makes every [`Stop`] come true.
pub struct Stopper(watch::Sender<bool>);

impl Stop {
    pub fn new() -> (Stopper, Self) {
        let (sender, receiver) = watch::channel(false);
        (Stopper(sender), Self(receiver))
    }

    /// Waits until the server is to stop.
    pub async fn requested(&mut self) {
        // The sender being gone means the same.
        let _gone = self.0.wait_for(|stop| *stop).await;
    }
}

impl Stopper {
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

#[cfg(test)]
mod tests {
    use axum::{
        extract::ConnectInfo,
        routing::{get, post},
    };
    use sallyport_base::{Clock, Random};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        sync::Notify,
    };

    use super::*;
    use crate::{
        home::Home,
        tls::{Certificate, install_crypto},
    };

    fn any() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 0))
    }

    fn router() -> Router {
        let who = |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() };
        let slow = || async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            "done"
        };
        Router::new()
            .route("/who", get(who))
            .route("/slow", get(slow))
    }

    fn client() -> reqwest::Client {
        install_crypto();
        reqwest::Client::builder()
            .tls_danger_accept_invalid_certs(true)
            .timeout(Duration::from_secs(10))
            .build()
            .unwrap()
    }

    #[tokio::test]
    async fn a_port_in_use_is_named_with_what_to_do() {
        let first = Listener::bind(any(), "--listen").await.unwrap();
        let Err(error) = Listener::bind(first.address(), "--listen").await else {
            panic!("the port is in use");
        };
        let address = first.address();
        assert_eq!(
            error.to_string(),
            format!(
                "the address {address} is in use by another program; stop it or choose another with --listen"
            )
        );
    }

    #[tokio::test]
    async fn plain_http_stays_on_this_machine() {
        let world = SocketAddr::from(([0, 0, 0, 0], 0));
        let refused = Listener::bind(world, "--listen").await.unwrap().plain();
        assert!(matches!(refused, Err(ListenError::PlainHttp { .. })));
    }

    #[tokio::test]
    async fn requests_that_run_end_before_the_server_does_and_no_new_ones_begin() {
        let listener = Listener::bind(any(), "--listen")
            .await
            .unwrap()
            .plain()
            .unwrap();
        let url = format!("http://{}", listener.address());
        let (stopper, stop) = Stop::new();
        let serving = tokio::spawn(listener.serve(router(), stop));
        let who = client().get(format!("{url}/who")).send().await.unwrap();
        assert_eq!(who.text().await.unwrap(), "127.0.0.1");

        let slow = tokio::spawn(client().get(format!("{url}/slow")).send());
        tokio::time::sleep(Duration::from_millis(100)).await;
        stopper.stop();
        assert_eq!(slow.await.unwrap().unwrap().text().await.unwrap(), "done");
        timeout(Duration::from_secs(5), serving)
            .await
            .unwrap()
            .unwrap();
        assert!(client().get(format!("{url}/who")).send().await.is_err());
    }

    /// A connection to a server whose `/early` answers without reading the body, and what tells
    /// that it was asked.
    async fn early() -> (TcpStream, Arc<Notify>) {
        let asked = Arc::new(Notify::new());
        let asks = asked.clone();
        let router = router().route(
            "/early",
            post(async move || {
                asks.notify_one();
                "early"
            }),
        );
        let listener = Listener::bind(any(), "--listen").await.unwrap();
        let address = listener.address();
        tokio::spawn(async move {
            let (_stopper, stop) = Stop::new();
            listener.serve(router, stop).await;
        });
        (TcpStream::connect(address).await.unwrap(), asked)
    }

    #[tokio::test]
    async fn a_body_that_comes_after_the_answer_was_made_does_not_end_the_connection() {
        let (mut stream, asked) = early().await;
        let head = b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n";
        stream.write_all(head).await.unwrap();
        asked.notified().await;
        stream.write_all(b"late").await.unwrap();
        let next = b"GET /who HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        stream.write_all(next).await.unwrap();
        let mut answers = String::new();
        stream.read_to_string(&mut answers).await.unwrap();
        assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2, "{answers}");
        assert!(answers.ends_with("127.0.0.1"), "{answers}");
    }

    #[tokio::test]
    async fn an_answer_before_a_large_body_says_that_the_connection_ends() {
        let (mut stream, _) = early().await;
        let head = b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n";
        stream.write_all(head).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
        assert!(answer.ends_with("early"), "{answer}");
    }

    #[tokio::test]
    async fn tls_speaks_http_2_and_plain_text_gets_nothing() {
        let client = client();
        let folder = tempfile::tempdir().unwrap();
        let home = Home::create(folder.path(), &Random::system()).unwrap();
        let now = Clock::System.now();
        let certificate = Certificate::self_signed(&home, "localhost", now).unwrap();
        let listener = Listener::bind(any(), "--listen").await.unwrap();
        let listener = listener.with_tls(certificate.server_config().unwrap());
        let port = listener.address().port();
        let (_stopper, stop) = Stop::new();
        tokio::spawn(listener.serve(router(), stop));

        let answer = client
            .get(format!("https://localhost:{port}/who"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.version(), http::Version::HTTP_2);
        assert_eq!(answer.text().await.unwrap(), "127.0.0.1");
        assert!(
            client
                .get(format!("http://localhost:{port}/who"))
                .send()
                .await
                .is_err()
        );
    }
}
