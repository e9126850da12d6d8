//! Telephone numbers in the one form that providers accept.

use rlibphonenumber::{PhoneNumber, PhoneNumberFormat, Region};

/// The number in E.164, such as `+12025550101`; `None` when no such number exists. A number
/// without a country code is taken to be of `default_region`, a code of ISO 3166-1 such as `US`.
pub fn normalise(text: &str, default_region: Option<&str>) -> Option<String> {
    let region = default_region.and_then(|code| code.parse::<Region>().ok());
    let number = PhoneNumber::parse(text, region).ok()?;
    number
        .is_valid()
        .then(|| number.format_as(PhoneNumberFormat::E164).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_e164() {
        for (text, region, expected) in [
            ("+1 202-555-0101", None, Some("+12025550101")),
            ("(202) 555-0101", Some("US"), Some("+12025550101")),
            ("202 555 0101", None, None),
            ("+44 20 7946 0958", None, Some("+442079460958")),
            ("030 901820", Some("DE"), Some("+4930901820")),
            ("+1 202", None, None),
            ("+999 123456789", None, None),
            ("true", Some("US"), None),
            ("", Some("US"), None),
            ("+12025550101; and more", None, None),
        ] {
            assert_eq!(
                normalise(text, region).as_deref(),
                expected,
                "{text} {region:?}"
            );
        }
    }
}
