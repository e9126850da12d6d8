use std::{fmt, net::SocketAddr, str::FromStr};

use serde::Deserialize;

/// An address and a port to listen on, as an operator writes them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct ListenAddress(pub SocketAddr);

/// Why a text is none.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0:?} is no address with a port, such as 127.0.0.1:8443, 0.0.0.0:443 or [::1]:8443; a name such as localhost is none either"
)]
pub struct NoListenAddress(String);

impl FromStr for ListenAddress {
    type Err = NoListenAddress;

    fn from_str(text: &str) -> Result<Self, NoListenAddress> {
        text.parse()
            .map(Self)
            .map_err(|_| NoListenAddress(text.to_owned()))
    }
}

impl TryFrom<String> for ListenAddress {
    type Error = NoListenAddress;

    fn try_from(text: String) -> Result<Self, NoListenAddress> {
        text.parse()
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
