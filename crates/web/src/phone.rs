/// A phone number as a page may show it: country code and the last two digits, `+1 ••• ••• ••62`.
///
/// A text that does not start with `+` has no country code to show, and one of fewer than six
/// digits shows none of them. A text without any digit gives an empty text.
pub fn masked_number(e164: &str) -> String {
    let digits: Vec<char> = e164.chars().filter(char::is_ascii_digit).collect();
    let shown_in_front = country_code_length(e164.trim(), &digits);
    let shown_at_end = if digits.len() < 6 { 0 } else { 2 };
    let (country, national) = digits.split_at(shown_in_front);
    let hidden = national.len() - shown_at_end;
    let masked: Vec<char> = national
        .iter()
        .enumerate()
        .map(|(place, digit)| if place < hidden { '•' } else { *digit })
        .collect();
    let groups = grouped(&masked);
    if country.is_empty() {
        return groups;
    }
    let country: String = country.iter().collect();
    format!("+{country} {groups}")
}

/// How many of the digits are the country code (ITU-T E.164); 0 when there is none to show.
fn country_code_length(text: &str, digits: &[char]) -> usize {
    if !text.starts_with('+') || digits.len() < 6 {
        return 0;
    }
    match (digits[0], digits[1]) {
        ('1' | '7', _) => 1,
        ('2', '0' | '7')
        | ('3', '0'..='4' | '6' | '9')
        | ('4', '0' | '1' | '3'..='9')
        | ('5', '1'..='8')
        | ('6', '0'..='6')
        | ('8', '1' | '2' | '4' | '6')
        | ('9', '0'..='5' | '8') => 2,
        _ => 3,
    }
}

/// Groups of three, the last one of two to four, as people read numbers out.
fn grouped(characters: &[char]) -> String {
    let mut text = String::new();
    let mut rest = characters;
    while rest.len() > 4 {
        let (group, after) = rest.split_at(3);
        text.extend(group);
        text.push(' ');
        rest = after;
    }
    text.extend(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_shows_its_country_and_two_digits() {
        for (number, shown) in [
            ("+12125550162", "+1 ••• ••• ••62"),
            ("+79161234567", "+7 ••• ••• ••67"),
            ("+4915112345678", "+49 ••• ••• ••• 78"),
            ("+33612345678", "+33 ••• ••• •78"),
            ("+351912345678", "+351 ••• ••• •78"),
            ("+6591234567", "+65 ••• ••• 67"),
            ("+1 (212) 555-0162", "+1 ••• ••• ••62"),
            (" +12125550162", "+1 ••• ••• ••62"),
            ("2125550162", "••• ••• ••62"),
            ("+123456", "+1 ••• 56"),
            ("+12345", "••• ••"),
            ("1234", "••••"),
            ("+1", "•"),
            ("+", ""),
            ("", ""),
            ("not a number", ""),
            ("١٢٣٤٥٦٧", ""),
        ] {
            assert_eq!(masked_number(number), shown, "{number:?}");
        }
    }
}
