//! Where the server listens, and what it is called.

use std::{net::SocketAddr, path::PathBuf};

use sallyport_flow::{BadIssuer, Issuer};

use super::{listen_address::ListenAddress, section::section};
use crate::proxies::Network;

section! {
    /// The address of the server and its TLS certificate.
    Server {
        /// The address of this server as browsers and applications write it, without a path. It is
        /// the `iss` of every token, so choose it once. Without it: https://localhost and the port
        /// of `listen`. An address that begins with http:// means no TLS, which is for trials on
        /// one machine only: `listen` must then be a loopback address.
        issuer: Option<String> = None, eg "\"https://login.example.com\"";
        /// The address and port to listen on. 0.0.0.0 and [::] stand for every address.
        listen: ListenAddress = ListenAddress(SocketAddr::from(([127, 0, 0, 1], 8443))), eg "\"127.0.0.1:8443\"";
        /// The TLS certificate with its chain, in PEM. Without it the server makes one that
        /// nobody else has signed, and browsers warn.
        certificate_file: Option<PathBuf> = None, eg "\"/etc/sallyport/fullchain.pem\"";
        /// The private key of the certificate, in PEM. Required with `certificate_file`.
        key_file: Option<PathBuf> = None, eg "\"/etc/sallyport/privkey.pem\"";
        /// Addresses and networks of proxies. Of a connection from there the header
        /// `X-Forwarded-For` says where a person is; of every other it is not believed.
        trusted_proxies: Vec<Network> = Vec::new(), eg "[\"10.0.0.5\", \"10.1.0.0/16\"]";
    }
}

impl Server {
    /// What the server is called when it listens on `port`.
    pub fn issuer_at(&self, port: u16) -> Result<Issuer, BadIssuer> {
        match &self.issuer {
            Some(issuer) => Issuer::parse(issuer),
            None => Issuer::parse(&format!("https://localhost:{port}")),
        }
    }

    pub(super) fn issuer_complaint(&self) -> Option<String> {
        let issuer = match Issuer::parse(self.issuer.as_deref()?) {
            Ok(issuer) => issuer,
            Err(cause) => return Some(cause.to_string()),
        };
        if issuer.is_https() {
            return None;
        }
        if !is_loopback_name(issuer.host()) {
            return Some(format!(
                "{issuer} would send passwords over the network unprotected; use https, or http://localhost for a trial on one machine"
            ));
        }
        let certificate = self.certificate_file.is_some();
        certificate.then(|| format!("{issuer} means no TLS, but there is a certificate_file"))
    }

    pub(super) fn certificate_complaint(&self) -> Option<String> {
        (self.certificate_file.is_some() != self.key_file.is_some())
            .then(|| "certificate_file and key_file are needed together".to_owned())
    }
}

/// Whether a host name of an issuer means this machine.
pub fn is_loopback_name(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_loopback_names() {
        for (host, loopback) in [
            ("localhost", true),
            ("127.0.0.1", true),
            ("127.8.8.8", true),
            ("[::1]", true),
            ("localhost.example.com", false),
            ("10.0.0.1", false),
        ] {
            assert_eq!(is_loopback_name(host), loopback, "{host}");
        }
    }
}
