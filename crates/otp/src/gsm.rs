//! How much of a message one SMS carries.

use sallyport_smpp::septets;

/// What one message of the GSM alphabet holds, in septets (3GPP TS 23.040 §9.2.3.16).
const GSM_SEGMENT: usize = 160;

/// What one message of any other alphabet holds, in UTF-16 units.
const UCS2_SEGMENT: usize = 70;

/// How long a message is, in the units that are billed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Length {
    /// Septets of the GSM alphabet.
    Gsm(usize),
    /// UTF-16 units, since a character is not in the GSM alphabet.
    Ucs2(usize),
}

impl Length {
    pub fn of(text: &str) -> Self {
        septets(text).map_or_else(|| Self::Ucs2(text.encode_utf16().count()), Self::Gsm)
    }

    /// Whether the message is sent, and billed, as one.
    pub const fn is_one_segment(self) -> bool {
        self.units() <= self.most()
    }

    pub const fn units(self) -> usize {
        match self {
            Self::Gsm(units) | Self::Ucs2(units) => units,
        }
    }

    /// What fits into one message of this alphabet.
    pub const fn most(self) -> usize {
        match self {
            Self::Gsm(_) => GSM_SEGMENT,
            Self::Ucs2(_) => UCS2_SEGMENT,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_that_a_carrier_bills() {
        assert_eq!(Length::of("{€}"), Length::Gsm(6));
        assert_eq!(Length::of("ñ@£"), Length::Gsm(3));
        assert_eq!(Length::of("ó"), Length::Ucs2(1));
        assert_eq!(Length::of("😀"), Length::Ucs2(2));
        for (text, fits) in [
            ("a".repeat(160), true),
            ("a".repeat(161), false),
            (format!("{}€", "a".repeat(158)), true),
            (format!("{}€", "a".repeat(159)), false),
            ("я".repeat(70), true),
            ("я".repeat(71), false),
        ] {
            assert_eq!(Length::of(&text).is_one_segment(), fits, "{text}");
        }
    }
}
