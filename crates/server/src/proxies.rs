//! Whose address a request comes from, where proxies of the operator stand in between.

use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderName};
use ipnet::IpNet;
use serde::Deserialize;

/// What each proxy appends the address to that it was called from.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// An address, or a network in the form `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network(IpNet);

impl Network {
    fn contains(self, ip: IpAddr) -> bool {
        self.0.contains(&ip)
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let address = text.parse::<IpAddr>().map(IpNet::from);
        address
            .or_else(|_| text.parse())
            .map(|network| Self(network.trunc()))
            .map_err(|_| {
                format!("{text:?} is no address and no network such as 10.0.0.5, 10.0.0.0/8 or 2001:db8::/32")
            })
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// The proxies whose word is taken for whom they speak for. By default nobody's is.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Arc<[Network]>);

impl TrustedProxies {
    pub fn new(networks: &[Network]) -> Self {
        Self(networks.into())
    }

    fn trusts(&self, ip: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(ip))
    }

    /// Who is behind `peer`: the last address in the header that no trusted proxy has. What is left
    /// of it was written by others, who may write what they like.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let lines = headers.get_all(FORWARDED_FOR).iter().rev();
        let mut hops = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        while self.trusts(client) {
            let Some(hop) = hops.next().and_then(address) else {
                break;
            };
            client = hop;
        }
        client
    }
}

/// An address, with or without a port, as proxies write it.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(hop).ok()?.trim();
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let ip = bare
        .parse::<IpAddr>()
        .or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()));
    ip.ok().map(|ip| ip.to_canonical())
}

/// Puts the address of the client in the place of the proxy's.
pub async fn seen_through(
    State(proxies): State<TrustedProxies>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(&ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>() {
        let client = SocketAddr::new(proxies.client(peer.ip(), request.headers()), peer.port());
        request.extensions_mut().insert(ConnectInfo(client));
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn client(trusted: &[&str], peer: &str, lines: &[&str]) -> String {
        let networks: Vec<Network> = trusted.iter().map(|text| text.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        for line in lines {
            let line = HeaderValue::from_bytes(line.as_bytes()).unwrap();
            headers.append(FORWARDED_FOR, line);
        }
        TrustedProxies::new(&networks)
            .client(peer.parse().unwrap(), &headers)
            .to_string()
    }

    #[test]
    fn a_header_is_believed_of_a_trusted_proxy_only() {
        let header = &["203.0.113.9"];
        assert_eq!(client(&[], "10.0.0.5", header), "10.0.0.5");
        assert_eq!(client(&["10.0.0.6"], "10.0.0.5", header), "10.0.0.5");
        assert_eq!(client(&["10.0.0.5"], "10.0.0.5", header), "203.0.113.9");
        assert_eq!(client(&["10.0.0.0/8"], "10.9.9.9", header), "203.0.113.9");
        assert_eq!(client(&["10.0.0.5"], "10.0.0.5", &[]), "10.0.0.5");
        assert_eq!(client(&["::1"], "::1", &["2001:db8::7"]), "2001:db8::7");
    }

    #[test]
    fn what_the_client_wrote_into_the_header_counts_for_nothing() {
        let trusted = &["10.0.0.0/8"];
        let spoofed = &["198.51.100.1, 203.0.113.9"];
        assert_eq!(client(trusted, "10.0.0.5", spoofed), "203.0.113.9");
        let lines = &["198.51.100.1", "203.0.113.9, 10.0.0.7"];
        assert_eq!(client(trusted, "10.0.0.5", lines), "203.0.113.9");
        let inside = &["10.1.1.1,203.0.113.9,10.0.0.7"];
        assert_eq!(client(trusted, "10.0.0.5", inside), "203.0.113.9");
    }

    #[test]
    fn what_is_no_address_ends_the_search_at_the_proxy_that_wrote_it() {
        let trusted = &["10.0.0.0/8"];
        for hop in ["unknown", "", "1.2.3", "_hidden", "\u{e9}"] {
            let line = format!("203.0.113.9, {hop}, 10.0.0.7");
            assert_eq!(client(trusted, "10.0.0.5", &[&line]), "10.0.0.7", "{hop}");
        }
        assert_eq!(client(trusted, "10.0.0.5", &["10.0.0.7"]), "10.0.0.7");
    }

    #[test]
    fn addresses_are_read_as_proxies_write_them() {
        for (hop, ip) in [
            (" 203.0.113.9 ", "203.0.113.9"),
            ("203.0.113.9:4711", "203.0.113.9"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
        ] {
            assert_eq!(client(&["10.0.0.5"], "::ffff:10.0.0.5", &[hop]), ip);
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["", "proxy.example.com", "10.0.0.0/33", "10.0.0.5:80"] {
            let complaint = text.parse::<Network>().unwrap_err();
            assert!(complaint.contains("no network such as"), "{complaint}");
        }
    }
}
