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

/// The number as login scripts read it, whatever way it is written: spaces, dots, dashes, slashes and
/// brackets do not count, `00` is `+`, and one without either begins with its country code. `None`
/// when no such number exists.
pub fn as_scripts_read(text: &str) -> Option<String> {
    let is_mark = |c: char| {
        c.is_whitespace() || "().-/".contains(c) || ('\u{2010}'..='\u{2015}').contains(&c)
    };
    let written: String = text.chars().filter(|c| !is_mark(*c)).collect();
    let number = match written.strip_prefix("00") {
        Some(digits) => format!("+{digits}"),
        None if written.starts_with('+') => written,
        None => format!("+{written}"),
    };
    normalise(&number, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_reads_a_number_in_every_usual_way_of_writing() {
        for (text, expected) in [
            ("+12025550101", Some("+12025550101")),
            ("+1 (202) 555-0142", Some("+12025550142")),
            ("001 202.555.0101", Some("+12025550101")),
            ("12025550101", Some("+12025550101")),
            ("+44 20 7946\u{2011}0958", Some("+442079460958")),
            ("202 555 0101", None),
            ("030 901820", None),
            ("+1202", None),
            ("none", None),
        ] {
            assert_eq!(as_scripts_read(text).as_deref(), expected, "{text}");
        }
    }

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
