use std::fmt;

use rlibphonenumber::{ParseError, PhoneNumber as Parsed, PhoneNumberType, enums::Region};

use crate::{
    environment::Environment,
    limits::{Limits, Voip},
    refusal::Refusal,
};

/// Stytch's sandbox number: in a test project nothing is sent to it and its code is `000000`.
const SANDBOX: &str = "+10000000000";

/// A number that may be sent a passcode: E.164, in use as a numbering range, of a country that is
/// served and of a type that a person holds in the hand. It is printed by its last two digits.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneNumber {
    e164: String,
    prefix: String,
    country: String,
    is_voip: bool,
}

impl PhoneNumber {
    /// Reads what a client sent.
    pub fn check(text: &str, environment: Environment, limits: &Limits) -> Result<Self, Refusal> {
        if text == SANDBOX {
            return Self::sandbox(environment);
        }
        let number = parse(text)?;
        check_country(&number, limits)?;
        check_type(&number, limits)?;
        Ok(Self {
            e164: text.to_owned(),
            prefix: prefix_of(&number),
            country: country_of(&number),
            is_voip: is_voip(&number),
        })
    }

    /// The sender of a message, which need not be of a country or a kind that is sent to.
    pub fn of_sender(text: &str) -> Result<Self, Refusal> {
        if !has_e164_shape(text) {
            return Err(Refusal::InvalidPhoneNumber);
        }
        Ok(Self::stored(text))
    }

    /// A number that was checked when it was stored.
    pub fn stored(e164: &str) -> Self {
        let parsed: Result<Parsed, ParseError> = e164.parse();
        let (prefix, country, is_voip) = match parsed {
            Ok(number) => (prefix_of(&number), country_of(&number), is_voip(&number)),
            Err(_) => (e164.chars().take(5).collect(), String::new(), false),
        };
        Self {
            e164: e164.to_owned(),
            prefix,
            country,
            is_voip,
        }
    }

    pub fn as_e164(&self) -> &str {
        &self.e164
    }

    /// Country code and the first three national digits: what pumping fraud walks through.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The ISO 3166 code of the country; empty for a number of none.
    pub fn country(&self) -> &str {
        &self.country
    }

    /// Whether it is in a range of internet telephony.
    pub const fn is_voip(&self) -> bool {
        self.is_voip
    }

    /// What may be shown of it elsewhere.
    pub fn last_two(&self) -> &str {
        &self.e164[self.e164.len() - 2..]
    }

    pub fn is_sandbox(&self) -> bool {
        self.e164 == SANDBOX
    }

    /// The number that every test project knows.
    pub fn sandbox(environment: Environment) -> Result<Self, Refusal> {
        match environment {
            Environment::Test => Ok(Self {
                e164: SANDBOX.to_owned(),
                prefix: "+1000".to_owned(),
                country: String::new(),
                is_voip: false,
            }),
            Environment::Live => Err(Refusal::SandboxNumberInLiveProject),
        }
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+…{}", self.last_two())
    }
}

fn parse(text: &str) -> Result<Parsed, Refusal> {
    if !has_e164_shape(text) {
        return Err(Refusal::InvalidPhoneNumber);
    }
    let number: Parsed = text
        .parse()
        .map_err(|_: ParseError| Refusal::InvalidPhoneNumber)?;
    // A number that the library writes otherwise had a trunk prefix or the like.
    if !number.is_valid() || number.to_string() != text {
        return Err(Refusal::InvalidPhoneNumber);
    }
    Ok(number)
}

/// `+`, then 2 to 15 digits of which the first is not zero (ITU-T E.164 §6).
fn has_e164_shape(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (2..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Numbers without a country (satellite, international premium) are never served.
fn check_country(number: &Parsed, limits: &Limits) -> Result<(), Refusal> {
    match number.get_region_code() {
        Some(region) if region != Region::World && limits.serves(&region.as_region_str()) => Ok(()),
        _ => Err(Refusal::UnservedCountry),
    }
}

fn check_type(number: &Parsed, limits: &Limits) -> Result<(), Refusal> {
    let refused = match number.get_type() {
        PhoneNumberType::TollFree
        | PhoneNumberType::PremiumRate
        | PhoneNumberType::SharedCost
        | PhoneNumberType::Pager
        | PhoneNumberType::UAN
        | PhoneNumberType::VoiceMail
        | PhoneNumberType::Unknown => true,
        PhoneNumberType::VoIP => limits.voip == Voip::Refuse,
        PhoneNumberType::FixedLine
        | PhoneNumberType::Mobile
        | PhoneNumberType::FixedLineOrMobile
        | PhoneNumberType::PersonalNumber => false,
    };
    if refused {
        return Err(Refusal::InvalidPhoneNumber);
    }
    Ok(())
}

fn is_voip(number: &Parsed) -> bool {
    number.get_type() == PhoneNumberType::VoIP
}

fn country_of(number: &Parsed) -> String {
    let region = number.get_region_code();
    region
        .filter(|region| *region != Region::World)
        .map(|region| region.as_region_str().to_string())
        .unwrap_or_default()
}

fn prefix_of(number: &Parsed) -> String {
    let national: String = number
        .get_national_significant_number()
        .chars()
        .take(3)
        .collect();
    format!("+{}{national}", number.country_code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, countries: &[&str]) -> Result<PhoneNumber, &'static str> {
        let limits = Limits {
            countries: countries.iter().map(|c| (*c).to_owned()).collect(),
            ..Limits::default()
        };
        PhoneNumber::check(text, Environment::Test, &limits).map_err(|refusal| refusal.error_type())
    }

    #[test]
    fn numbers_are_e164_with_a_country_that_exists() {
        for good in ["+12025550162", "+14165550123", "+10000000000"] {
            assert!(check(good, &["US", "CA"]).is_ok(), "{good}");
        }
        for bad in [
            "",
            "+",
            "12025550162",
            "+1 202 555 0162",
            "+1202555016",
            "+120255501621",
            "+999123456789",
            "+0012025550162",
            "+1202555o162",
            "+1٢025550162",
            "tel:+12025550162",
            "+12025550162;ext=1",
            "+4407700900123",
        ] {
            assert_eq!(
                check(bad, &["US", "CA", "GB"]),
                Err("invalid_phone_number"),
                "{bad}"
            );
        }
    }

    #[test]
    fn only_listed_countries_are_served() {
        let unserved = Err("invalid_phone_number_country_code");
        assert_eq!(check("+447400123456", &["US"]), unserved);
        assert!(check("+447400123456", &["US", "GB"]).is_ok());
        // Jamaica shares the country code of the United States.
        assert_eq!(check("+18762345678", &["US", "CA"]), unserved);
        // Satellite and international networks belong to no country.
        assert_eq!(check("+881612345678", &["US", "GB", "001"]), unserved);
    }

    #[test]
    fn premium_and_shared_cost_numbers_are_refused() {
        for (number, country) in [
            ("+19002345678", "US"),
            ("+18002345678", "US"),
            ("+449012345678", "GB"),
            ("+448431234567", "GB"),
            ("+497001234567", "XX"),
        ] {
            assert!(check(number, &[country]).is_err(), "{number}");
        }
    }

    #[test]
    fn a_number_shows_its_last_two_digits_only() {
        let number = check("+12025550162", &["US"]).unwrap();
        assert_eq!(format!("{number:?}"), "+…62");
        assert_eq!(number.prefix(), "+1202");
        assert_eq!(number.country(), "US");
        assert_eq!(PhoneNumber::stored("+14165550123").country(), "CA");
        assert_eq!(PhoneNumber::stored("+881612345678").country(), "");
    }
}
