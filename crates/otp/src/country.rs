use rlibphonenumber::PHONE_NUMBER_UTIL;

/// Says which of these codes names no country that has telephone numbers, and what to write.
pub fn check_countries<'a>(codes: impl IntoIterator<Item = &'a String>) -> Result<(), String> {
    codes.into_iter().try_for_each(|code| check_country(code))
}

fn check_country(code: &str) -> Result<(), String> {
    let written = code.trim().to_ascii_uppercase();
    if !is_country(&written) {
        return Err(format!(
            "{code:?} is no country; expected ISO 3166 codes of two capital letters such as US (the United Kingdom is GB)"
        ));
    }
    if written != code {
        return Err(format!("{code:?} must be written {written:?}"));
    }
    Ok(())
}

/// `001` is the world: numbers of no country.
fn is_country(code: &str) -> bool {
    code.len() == 2
        && PHONE_NUMBER_UTIL
            .get_supported_regions()
            .any(|region| &*region.as_region_str() == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_iso_3166_are_countries_and_what_to_write_instead_of_others_is_said() {
        for code in ["US", "CA", "GB", "DE", "JM", "XK", "IN"] {
            assert_eq!(check_country(code), Ok(()), "{code}");
        }
        for code in ["UK", "XX", "001", "", "USA", "EN", "ſS"] {
            let why = check_country(code).unwrap_err();
            assert!(why.contains("is no country; expected ISO 3166"), "{why}");
        }
        for code in ["us", "Us", " US"] {
            let why = check_country(code).unwrap_err();
            assert!(why.ends_with("must be written \"US\""), "{why}");
        }
    }
}
