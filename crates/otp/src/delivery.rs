use std::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use crate::{
    Otp,
    fields::Fields,
    keys::{Keys, Mac},
    locale::Locale,
    refusal::Refusal,
};

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
            .map_err(|_| {
                Refusal::BadRequest("attributes.ip_address is not an IP address.".into())
            })?;
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

    /// The network that is counted: an IPv4 address, or the /64 of an IPv6 one, since whoever has
    /// one address of it has them all.
    pub fn network(&self) -> Option<String> {
        Some(match self.ip? {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => {
                let [a, b, c, d, ..] = ip.segments();
                format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_counted_by_what_one_person_holds() {
        for (ip, network) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ] {
            let origin = Origin {
                ip: Some(ip.parse::<IpAddr>().unwrap().to_canonical()),
                user_agent: None,
            };
            assert_eq!(origin.network().as_deref(), Some(network));
        }
        assert_eq!(Origin::default().network(), None);
    }
}
