//! The certificate that the server shows.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use rcgen::{CertificateParams, DnType, KeyPair};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use sallyport_base::Timestamp;

use crate::{
    config,
    home::{Home, HomeError},
};

/// A self-signed certificate is made again when its file is older than this.
const SELF_SIGNED_FOR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Chooses the implementation of cryptography for this process. Every call after the first one has
/// no effect.
pub fn install_crypto() {
    // It is refused when there is one already, and there is never another.
    let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{} cannot be read as {what} in PEM: {why}", file.display())]
    Unreadable {
        file: PathBuf,
        what: &'static str,
        why: String,
    },
    #[error("{} and {} cannot be used together: {cause}", certificate.display(), key.display())]
    Unusable {
        certificate: PathBuf,
        key: PathBuf,
        cause: rustls::Error,
    },
    #[error("no certificate could be made for {host}: {cause}")]
    SelfSigned { host: String, cause: rcgen::Error },
    #[error(transparent)]
    Home(#[from] HomeError),
}

/// A certificate with its chain, and the key that it belongs to.
#[derive(Clone, Debug)]
pub struct Certificate {
    pub certificate_file: PathBuf,
    pub key_file: PathBuf,
}

impl Certificate {
    /// The files that the configuration names; relative names are looked for in the home.
    pub fn configured(section: &config::Server, home: &Path) -> Option<Self> {
        Some(Self {
            certificate_file: home.join(section.certificate_file.as_ref()?),
            key_file: home.join(section.key_file.as_ref()?),
        })
    }

    /// The self-signed certificate of this home for `host`, made when it is not there. Nobody has
    /// reason to believe it: it is for a start.
    pub fn self_signed(home: &Home, host: &str, now: Timestamp) -> Result<Self, TlsError> {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let name = format!("self-signed-{}", host.replace(':', "_"));
        let made = Self {
            certificate_file: home.path().join(format!("{name}.pem")),
            key_file: home.path().join(format!("{name}.key")),
        };
        if !made.is_fresh(now) {
            make_self_signed(home, host, &name)?;
        }
        tracing::warn!(
            file = %made.certificate_file.display(),
            "nobody else signed this certificate, so browsers warn; set server.certificate_file and server.key_file to use another"
        );
        Ok(made)
    }

    /// What TLS needs: HTTP/2 and HTTP/1.1, TLS 1.2 and 1.3.
    pub fn server_config(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let chain = self.chain()?;
        let key = PrivateKeyDer::from_pem_file(&self.key_file)
            .map_err(|cause| unreadable(&self.key_file, "a private key", cause))?;
        let mut config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|cause| TlsError::Unusable {
                certificate: self.certificate_file.clone(),
                key: self.key_file.clone(),
                cause,
            })?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    fn chain(&self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let what = "certificates";
        let chain = CertificateDer::pem_file_iter(&self.certificate_file)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|cause| unreadable(&self.certificate_file, what, cause))?;
        if chain.is_empty() {
            return Err(unreadable(&self.certificate_file, what, "there is none"));
        }
        Ok(chain)
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        let made = fs::metadata(&self.certificate_file).and_then(|file| file.modified());
        let made = made
            .ok()
            .and_then(|made| made.duration_since(UNIX_EPOCH).ok());
        let epoch = Timestamp::from_seconds(0);
        self.key_file.exists()
            && made.is_some_and(|made| now.since(epoch.plus(made)) < SELF_SIGNED_FOR)
    }
}

fn unreadable(file: &Path, what: &'static str, why: impl ToString) -> TlsError {
    TlsError::Unreadable {
        file: file.to_owned(),
        what,
        why: why.to_string(),
    }
}

fn make_self_signed(home: &Home, host: &str, name: &str) -> Result<(), TlsError> {
    let failed = |cause| TlsError::SelfSigned {
        host: host.to_owned(),
        cause,
    };
    let key = KeyPair::generate().map_err(failed)?;
    let mut names = vec![
        host.to_owned(),
        "localhost".to_owned(),
        "127.0.0.1".to_owned(),
    ];
    names.dedup();
    let mut params = CertificateParams::new(names).map_err(failed)?;
    params.distinguished_name.push(DnType::CommonName, host);
    params
        .distinguished_name
        .push(DnType::OrganizationName, "Sallyport (self-signed)");
    let certificate = params.self_signed(&key).map_err(failed)?;
    home.write_private(&format!("{name}.key"), key.serialize_pem().as_bytes())?;
    home.write_private(&format!("{name}.pem"), certificate.pem().as_bytes())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use sallyport_base::Random;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_512_600);

    fn home(folder: &Path) -> Home {
        install_crypto();
        Home::create(folder, &Random::system()).unwrap()
    }

    #[test]
    fn a_self_signed_certificate_is_made_once_for_each_host() {
        let folder = tempfile::tempdir().unwrap();
        let home = home(folder.path());
        let read = |certificate: &Certificate| fs::read(&certificate.certificate_file).unwrap();
        let first = Certificate::self_signed(&home, "login.example.com", NOW).unwrap();
        let bytes = read(&first);
        first.server_config().unwrap();
        assert_eq!(
            read(&Certificate::self_signed(&home, "login.example.com", NOW).unwrap()),
            bytes
        );
        let other = Certificate::self_signed(&home, "[::1]", NOW).unwrap();
        other.server_config().unwrap();
        assert_ne!(read(&other), bytes);
    }

    #[test]
    fn files_that_are_no_certificate_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let home = home(folder.path());
        let mut certificate = Certificate::self_signed(&home, "localhost", NOW).unwrap();
        let other = Certificate::self_signed(&home, "other.example.com", NOW).unwrap();

        certificate.key_file = other.key_file;
        let error = certificate.server_config().unwrap_err().to_string();
        assert!(error.contains("cannot be used together"), "{error}");

        certificate.certificate_file = folder.path().join("sallyport.key");
        let error = certificate.server_config().unwrap_err().to_string();
        assert!(
            error.contains("sallyport.key cannot be read as certificates in PEM: there is none"),
            "{error}"
        );

        certificate.certificate_file = folder.path().join("absent.pem");
        let error = certificate.server_config().unwrap_err().to_string();
        assert!(error.contains("absent.pem cannot be read"), "{error}");
    }
}
