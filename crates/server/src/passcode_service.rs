//! The passcode service, put together of what the configuration says.

use std::path::Path;

use anyhow::Context;
use sallyport_base::{Clock, Random, Store, Vault};
use sallyport_flow::Issuer;
use sallyport_otp::{Gateway, Otp, OtpParts};

use crate::config::PasscodeService;

/// What the service has in common with the rest of a server.
pub(crate) struct Common<'a> {
    pub home: &'a Path,
    pub store: &'a Store,
    pub clock: &'a Clock,
    pub random: &'a Random,
    pub vault: &'a Vault,
}

/// The service of a section, whether it is enabled there or not. Codes are for pages of the issuer,
/// unless the section names another host.
pub(crate) fn passcode_service(
    section: &PasscodeService,
    common: &Common<'_>,
    gateways: Vec<Gateway>,
    issuer: &Issuer,
) -> anyhow::Result<Otp> {
    Otp::new(OtpParts {
        store: common.store.clone(),
        clock: common.clock.clone(),
        random: common.random.clone(),
        vault: common.vault.clone(),
        limits: section.limits.clone(),
        message: section.message(&host_of_codes(issuer)),
        channels: section.channels(&gateways),
        retention: section.retention.clone(),
        gateways,
        lookup: section.lookup(common.home).map_err(anyhow::Error::msg)?,
        public_url: section.public_url.clone(),
        metrics_token: section.metrics_token.clone(),
    })
    .context("the section passcode_service of sallyport.toml")
}

/// The host that a message binds its code to. It is always a name, and this machine's when the issuer
/// has an IP address instead.
fn host_of_codes(issuer: &Issuer) -> String {
    let host = issuer.host();
    match url::Host::parse(host) {
        Ok(url::Host::Domain(_)) => host.to_owned(),
        _ => "localhost".to_owned(),
    }
}
