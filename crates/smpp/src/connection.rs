//! The socket, in the clear or with TLS, and the bind over it.

use std::{io, sync::Arc, time::Duration};

use rustls::{ClientConfig, pki_types::ServerName};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use crate::{
    error::{SmppError, Status},
    pdu::{BodyWriter, Command, Pdu, Unfit},
    settings::{Bind, Settings},
};

const VERSION: u8 = 0x34;

pub trait Socket: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Socket for T {}

/// A connection that is bound.
pub async fn open(settings: &Settings) -> Result<Box<dyn Socket>, SmppError> {
    let mut socket = in_time(settings.patience, connect(settings)).await?;
    let request = bind_request(settings)?;
    let answer = in_time(settings.patience, async {
        request.write(&mut socket).await?;
        loop {
            let answer = Pdu::read(&mut socket).await?;
            if answer.command.is_answer() {
                return Ok(answer);
            }
        }
    })
    .await?;
    match answer.status {
        Status::OK => Ok(socket),
        status => Err(SmppError::Unbound(status)),
    }
}

async fn in_time<T>(
    patience: Duration,
    work: impl Future<Output = io::Result<T>>,
) -> Result<T, SmppError> {
    match timeout(patience, work).await {
        Ok(done) => done.map_err(|cause| SmppError::Unreachable(cause.to_string())),
        Err(_) => Err(SmppError::Unreachable("it took too long".to_owned())),
    }
}

async fn connect(settings: &Settings) -> io::Result<Box<dyn Socket>> {
    let stream = TcpStream::connect((&*settings.host, settings.port)).await?;
    stream.set_nodelay(true)?;
    if !settings.tls {
        return Ok(Box::new(stream));
    }
    let name = ServerName::try_from(settings.host.clone())
        .map_err(|cause| io::Error::new(io::ErrorKind::InvalidInput, cause))?;
    let tls = TlsConnector::from(tls_config().map_err(io::Error::other)?);
    Ok(Box::new(tls.connect(name, stream).await?))
}

fn tls_config() -> Result<Arc<ClientConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(Arc::new(
        ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_platform_verifier()?
            .with_no_client_auth(),
    ))
}

fn bind_request(settings: &Settings) -> Result<Pdu, SmppError> {
    let command = match settings.bind {
        Bind::Transmitter => Command::BIND_TRANSMITTER,
        Bind::Transceiver => Command::BIND_TRANSCEIVER,
    };
    let body = bind_body(settings).map_err(|Unfit| {
        SmppError::Unsendable(
            "system_id has at most 15 characters, password 8, system_type 12, all of them ASCII",
        )
    })?;
    Ok(Pdu {
        sequence: 1,
        ..Pdu::request(command, body)
    })
}

fn bind_body(settings: &Settings) -> Result<Vec<u8>, Unfit> {
    let mut body = BodyWriter::default();
    body.text(&settings.system_id, 16)?
        .text(settings.password.expose(), 9)?
        .text(&settings.system_type, 13)?
        .byte(VERSION)
        .octets(&[0, 0, 0]); // addr_ton, addr_npi, no address_range
    Ok(body.finish())
}
