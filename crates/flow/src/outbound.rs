use std::{collections::BTreeSet, time::Duration};

use sallyport_script::{Answer, HttpResponse, Property};
use url::{Host, Url};

const LONGEST: Duration = Duration::from_secs(10);
const LARGEST_BODY: usize = 1024 * 1024;

/// The only way out of the server for scripts: TLS verified, no plain HTTP but to this machine or
/// where the administrator allows it, ten seconds, no redirects, no proxy, one mebibyte, and only to
/// hosts that an administrator named.
#[derive(Clone, Debug)]
pub struct Outbound {
    client: reqwest::Client,
    allowed: BTreeSet<String>,
}

impl Outbound {
    /// `allowed` are hosts (`api.example.com`, `10.0.0.5:8443`) that every script may call besides
    /// those in its own properties.
    pub fn new(allowed: impl IntoIterator<Item = String>) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .timeout(LONGEST)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("Sallyport/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self {
            client,
            allowed: allowed
                .into_iter()
                .map(|host| host.to_lowercase())
                .collect(),
        })
    }

    /// What the server at `url` answered. The address is named in the log without query and body.
    pub(crate) async fn send(
        &self,
        script: &ScriptHosts,
        method: &str,
        url: &str,
        headers: &[(String, String)],
        body: Vec<u8>,
    ) -> Answer {
        let target = match Url::parse(url) {
            Ok(target) if matches!(target.scheme(), "http" | "https") => target,
            _ => return Answer::Refused("the address is not an http or https URL".to_owned()),
        };
        if let Err(why) = self.permit(script, &target) {
            return Answer::Refused(why);
        }
        let host = authority(&target);
        match self.exchange(method, target, headers, body).await {
            Ok(response) => Answer::Http(response),
            Err(why) => {
                tracing::warn!(host = %host, cause = %why, "a call of a script got no answer");
                Answer::Unreachable(why)
            }
        }
    }

    /// Whether the administrator allows the host, or the host with this port, to every script.
    pub(crate) fn is_named(&self, host: &str, port: u16) -> bool {
        let host = host.to_lowercase();
        self.allowed.contains(&format!("{host}:{port}")) || self.allowed.contains(&host)
    }

    /// Whether a script may have to do with this address, be it that the server calls it or that a
    /// browser is sent there: the administrator named its host, and nobody reads on the way. The
    /// error says why not, for the script's log.
    pub(crate) fn permit(&self, script: &ScriptHosts, target: &Url) -> Result<(), String> {
        let host = authority(target);
        if !script.web.contains(&host) && !self.is_allowed(target, &host) {
            tracing::warn!(event = "script.host_refused", host = %host, "a script named a host that nobody allowed");
            return Err(format!(
                "{host} is neither in the properties of this script nor allowed by the administrator"
            ));
        }
        if target.scheme() == "http" && !is_loopback(target) && !self.is_allowed(target, &host) {
            tracing::warn!(event = "script.plain_http_refused", host = %host, "a script would have sent secrets in clear");
            return Err(format!("{host} must be called over https"));
        }
        Ok(())
    }

    fn is_allowed(&self, target: &Url, authority: &str) -> bool {
        let bare = target.host_str().unwrap_or_default();
        self.allowed.contains(authority) || self.allowed.contains(bare)
    }

    async fn exchange(
        &self,
        method: &str,
        target: Url,
        headers: &[(String, String)],
        body: Vec<u8>,
    ) -> Result<HttpResponse, String> {
        let method = reqwest::Method::from_bytes(method.as_bytes())
            .map_err(|_| "the HTTP method is malformed".to_owned())?;
        let mut request = self.client.request(method, target).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = request.send().await.map_err(words)?;
        let status = response.status();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.to_string(), value)
            })
            .collect();
        Ok(HttpResponse {
            status: status.as_u16(),
            reason: status.canonical_reason().unwrap_or_default().to_owned(),
            headers,
            body: read_capped(response).await?,
        })
    }
}

async fn read_capped(mut response: reqwest::Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(words)? {
        if body.len() + chunk.len() > LARGEST_BODY {
            return Err(format!("the answer is larger than {LARGEST_BODY} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// What went wrong, without the address: its query may hold a secret.
fn words(cause: reqwest::Error) -> String {
    use std::error::Error;

    if cause.is_timeout() {
        return format!("no answer within {} seconds", LONGEST.as_secs());
    }
    let cause = cause.without_url();
    let mut words = cause.to_string();
    let mut source = cause.source();
    while let Some(inner) = source {
        words = format!("{words}: {inner}");
        source = inner.source();
    }
    words
}

/// Whether the address leads to this machine, where nobody listens on the way.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The hosts that a script with these properties may call because they name them, with their ports.
pub fn named_hosts(properties: &[Property]) -> Vec<String> {
    ScriptHosts::of(properties).web.into_iter().collect()
}

/// The hosts that the properties of one script name, with their ports.
#[derive(Clone, Debug, Default)]
pub(crate) struct ScriptHosts {
    /// `host:port` of every URL.
    web: BTreeSet<String>,
    message_centres: BTreeSet<String>,
}

impl ScriptHosts {
    pub(crate) fn of(properties: &[Property]) -> Self {
        let urls = properties
            .iter()
            .filter_map(|p| Url::parse(p.value2.trim()).ok());
        let mut web: BTreeSet<_> = urls
            .filter(Url::has_host)
            .map(|url| authority(&url))
            .collect();
        let named = |names: &[&str]| {
            let values = properties.iter().filter(|p| {
                names
                    .iter()
                    .any(|name| p.value1.trim().eq_ignore_ascii_case(name))
            });
            values
                .map(|p| p.value2.trim().to_lowercase())
                .filter(|value| !value.is_empty())
                .collect::<BTreeSet<_>>()
        };
        // Who gives a script an account at Twilio wants it to send messages there.
        if !named(&["twilio_sid", "twilio_account_sid"]).is_empty() {
            web.insert(TWILIO.to_owned());
        }
        Self {
            web,
            message_centres: named(&["smpp_server"]),
        }
    }

    /// Whether a property names the host as the script's SMPP message centre.
    pub(crate) fn is_message_centre(&self, host: &str) -> bool {
        self.message_centres.contains(&host.to_lowercase())
    }
}

const TWILIO: &str = "api.twilio.com:443";

/// `host:port`, the port always said.
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default().to_lowercase();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine() {
        for (address, own) in [
            ("http://127.0.0.1:8081/v1", true),
            ("http://localhost/x", true),
            ("http://[::1]:1/", true),
            ("http://10.0.0.1/", false),
            ("http://localhost.evil.example/", false),
            ("http://test.stytch.com/", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(address).unwrap()), own, "{address}");
        }
    }

    #[test]
    fn the_properties_name_the_hosts_with_their_ports() {
        let property = |value: &str| Property {
            value1: "X".to_owned(),
            value2: value.to_owned(),
            hide: false,
            description: None,
        };
        let hosts = ScriptHosts::of(&[
            property("https://test.stytch.com/v1/otps/sms/send"),
            property("http://127.0.0.1:8081/v1/otps/authenticate"),
            property("project-test-1"),
        ]);
        let names: Vec<_> = hosts.web.iter().map(String::as_str).collect();
        assert_eq!(names, ["127.0.0.1:8081", "test.stytch.com:443"]);
    }

    #[test]
    fn an_account_at_twilio_and_a_message_centre_name_their_hosts() {
        let property = |name: &str, value: &str| Property {
            value1: name.to_owned(),
            value2: value.to_owned(),
            hide: false,
            description: None,
        };
        let hosts = ScriptHosts::of(&[
            property("twilio_sid", "AC1"),
            property("smpp_server", "SMSC.example"),
            property("system_id", "gluu"),
        ]);
        assert!(hosts.web.contains("api.twilio.com:443"));
        assert!(hosts.is_message_centre("smsc.EXAMPLE") && !hosts.is_message_centre("gluu"));
        let none = ScriptHosts::of(&[property("twilio_sid", ""), property("smpp_port", "2775")]);
        assert!(none.web.is_empty() && none.message_centres.is_empty());
    }
}
