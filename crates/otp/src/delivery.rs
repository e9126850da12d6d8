use std::{net::IpAddr, time::Duration};

use sallyport_base::network_of;

use crate::{
    Otp,
    fields::Fields,
    keys::{Keys, Mac},
    locale::Locale,
    refusal::Refusal,
};

/// The longest that a code lives.
pub const LONGEST_LIFE: Duration = Duration::from_secs(600);

/// How a code is to be delivered: the optional fields that every send shares.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub expires_in: Duration,
    pub locale: Locale,
    pub origin: Origin,
}

/// Where the end user is, as the calling application says.
#[derive(Clone, Default, Debug)]
pub struct Origin {
    pub ip: Option<IpAddr>,
    pub user_agent: Option<String>,
}

impl Delivery {
    pub fn check(otp: &Otp, fields: &Fields) -> Result<Self, Refusal> {
        Ok(Self {
            expires_in: check_expiration(fields, otp.limits().expiration_minutes)?,
            locale: check_locale(fields)?,
            origin: Origin::check(fields)?,
        })
    }
}

impl Origin {
    /// Reads `attributes`.
    pub fn check(fields: &Fields) -> Result<Self, Refusal> {
        let attributes = fields.object("attributes")?;
        let ip = attributes
            .filled_text("ip_address")?
            .map(|text| text.trim().parse::<IpAddr>())
            .transpose()
            .map_err(|_| Refusal::InvalidIpAddress)?;
        Ok(Self {
            ip: ip.map(|ip| ip.to_canonical()),
            user_agent: attributes.filled_text("user_agent")?.map(str::to_owned),
        })
    }

    pub fn ip_mac(&self, keys: &Keys) -> Option<Mac> {
        self.ip.map(|ip| keys.subject("ip", &ip.to_string()))
    }

    pub fn user_agent_mac(&self, keys: &Keys) -> Option<Mac> {
        self.user_agent
            .as_deref()
            .map(|user_agent| keys.subject("user agent", user_agent))
    }

    /// The network that is counted.
    pub fn network(&self) -> Option<String> {
        self.ip.map(network_of)
    }
}

/// 1 to 10 minutes, the usual ones when absent.
fn check_expiration(fields: &Fields, usual: u32) -> Result<Duration, Refusal> {
    let minutes = fields.integer("expiration_minutes")?;
    let minutes = minutes.unwrap_or_else(|| i64::from(usual));
    match u64::try_from(minutes) {
        Ok(minutes @ 1..=10) => Ok(Duration::from_secs(minutes * 60)),
        _ => Err(Refusal::InvalidExpiration),
    }
}

fn check_locale(fields: &Fields) -> Result<Locale, Refusal> {
    match fields.filled_text("locale")? {
        None => Ok(Locale::default()),
        Some(text) => Locale::parse(text).ok_or(Refusal::InvalidLocale),
    }
}
