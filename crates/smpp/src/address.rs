/// A number or a name, with what kind it is (SMPP 3.4 §5.2.5, §5.2.6).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Address {
    /// Type of number.
    pub ton: u8,
    /// Numbering plan indicator.
    pub npi: u8,
    pub text: String,
}

/// A text that cannot be where a message comes from.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "{0:?} is not a sender: expected a number such as +12025550100, a short code such as 12345, or a name of at most 11 letters, digits and spaces"
)]
pub struct AddressError(String);

const UNKNOWN: u8 = 0;
const INTERNATIONAL: u8 = 1;
const ALPHANUMERIC: u8 = 5;
const ISDN: u8 = 1;

impl Address {
    /// A number in E.164, with or without its `+`.
    pub fn international(number: &str) -> Self {
        Self {
            ton: INTERNATIONAL,
            npi: ISDN,
            text: number.trim_start_matches('+').to_owned(),
        }
    }

    /// Who a message is from: a number in E.164, a short code of the network, or a name.
    pub fn sender(text: &str) -> Result<Self, AddressError> {
        let is_number = |digits: &str, longest| {
            (3..=longest).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
        };
        match text.strip_prefix('+') {
            Some(digits) if is_number(digits, 15) => Ok(Self::international(digits)),
            None if is_number(text, 8) => Ok(Self {
                ton: UNKNOWN,
                npi: ISDN,
                text: text.to_owned(),
            }),
            None if is_name(text) => Ok(Self {
                ton: ALPHANUMERIC,
                npi: UNKNOWN,
                text: text.to_owned(),
            }),
            _ => Err(AddressError(text.to_owned())),
        }
    }
}

/// Names that networks carry: not digits alone, and at most eleven characters (3GPP TS 23.040 §9.1.2.5).
fn is_name(text: &str) -> bool {
    text.len() <= 11
        && text == text.trim()
        && text.bytes().any(|b| b.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b" -_.&".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_a_number_a_short_code_or_a_name() {
        for (text, ton, npi, sent) in [
            ("+12025550100", 1, 1, "12025550100"),
            ("12345", 0, 1, "12345"),
            ("Sallyport", 5, 0, "Sallyport"),
            ("A&B Bank 24", 5, 0, "A&B Bank 24"),
        ] {
            let address = Address::sender(text).unwrap();
            assert_eq!((address.ton, address.npi, &*address.text), (ton, npi, sent));
        }
        for text in [
            "",
            "+",
            "+1",
            "12",
            "123456789",
            "TwelveLetter",
            " Bank",
            "Zürich",
            "+1202555010O",
        ] {
            assert_eq!(Address::sender(text), Err(AddressError(text.to_owned())));
        }
    }

    #[test]
    fn a_recipient_is_written_without_its_plus() {
        let address = Address::international("+12025550162");
        assert_eq!(
            (address.ton, address.npi, &*address.text),
            (1, 1, "12025550162")
        );
    }
}
