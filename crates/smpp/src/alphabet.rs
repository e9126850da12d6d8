/// The default alphabet of 3GPP TS 23.038 §6.2.1: a character's place is its code. The escape at
/// 0x1B stands for no character.
const DEFAULT: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u{1b}ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// Its extension (§6.2.1.1), each behind the escape.
const EXTENSION: [(char, u8); 10] = [
    ('\u{c}', 0x0a),
    ('^', 0x14),
    ('{', 0x28),
    ('}', 0x29),
    ('\\', 0x2f),
    ('[', 0x3c),
    ('~', 0x3d),
    (']', 0x3e),
    ('|', 0x40),
    ('€', 0x65),
];

const ESCAPE: u8 = 0x1b;

/// The two ways in which a text travels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Alphabet {
    /// GSM 03.38, one septet in each octet: 160 in a message.
    Gsm,
    /// UTF-16, big end first: 70 units in a message.
    Ucs2,
}

impl Alphabet {
    /// The shorter of the two that has every character of `text`, and the text in it.
    pub fn encode(text: &str) -> (Self, Vec<u8>) {
        match gsm(text) {
            Some(bytes) => (Self::Gsm, bytes),
            None => (Self::Ucs2, ucs2(text)),
        }
    }

    /// The text of received bytes; what is no character is shown as `?`.
    pub fn decode(self, bytes: &[u8]) -> String {
        match self {
            Self::Gsm => from_gsm(bytes),
            Self::Ucs2 => {
                let units: Vec<u16> = bytes
                    .chunks_exact(2)
                    .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
                    .collect();
                String::from_utf16_lossy(&units)
            }
        }
    }

    /// `data_coding` (SMPP 3.4 §5.2.19).
    pub const fn data_coding(self) -> u8 {
        match self {
            Self::Gsm => 0,
            Self::Ucs2 => 8,
        }
    }

    /// How many octets one message holds.
    pub const fn capacity(self) -> usize {
        match self {
            Self::Gsm => 160,
            Self::Ucs2 => 140,
        }
    }
}

/// The length of `text` in the GSM alphabet; `None` when a character is not part of it.
pub fn septets(text: &str) -> Option<usize> {
    gsm(text).map(|bytes| bytes.len())
}

fn gsm(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        if let Some(code) = DEFAULT
            .chars()
            .position(|c| c == character && c != '\u{1b}')
        {
            bytes.push(u8::try_from(code).ok()?);
        } else {
            let (_, code) = EXTENSION.iter().find(|(c, _)| *c == character)?;
            bytes.extend([ESCAPE, *code]);
        }
    }
    Some(bytes)
}

fn from_gsm(bytes: &[u8]) -> String {
    let mut codes = bytes.iter();
    let mut text = String::with_capacity(bytes.len());
    while let Some(code) = codes.next() {
        let character = if *code == ESCAPE {
            let code = codes.next();
            EXTENSION
                .iter()
                .find(|(_, c)| Some(c) == code)
                .map(|(c, _)| *c)
        } else {
            DEFAULT.chars().nth(usize::from(*code))
        };
        text.push(character.unwrap_or('?'));
    }
    text
}

fn ucs2(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_alphabet_has_its_codes_in_order() {
        assert_eq!(DEFAULT.chars().count(), 128);
        for (text, bytes) in [
            ("@", &[0x00][..]),
            ("£$¥", &[0x01, 0x02, 0x03]),
            ("_", &[0x11]),
            ("É ", &[0x1f, 0x20]),
            ("¤", &[0x24]),
            ("09", &[0x30, 0x39]),
            ("¡AZ", &[0x40, 0x41, 0x5a]),
            ("§¿az", &[0x5f, 0x60, 0x61, 0x7a]),
            ("à", &[0x7f]),
            ("€{", &[0x1b, 0x65, 0x1b, 0x28]),
            ("\n@login.example.com #1", b"\n\0login.example.com #1"),
        ] {
            assert_eq!(
                Alphabet::encode(text),
                (Alphabet::Gsm, bytes.to_vec()),
                "{text}"
            );
        }
    }

    #[test]
    fn what_the_alphabet_lacks_travels_as_ucs_2() {
        let (alphabet, bytes) = Alphabet::encode("ó😀");
        assert_eq!(alphabet, Alphabet::Ucs2);
        assert_eq!(bytes, [0x00, 0xf3, 0xd8, 0x3d, 0xde, 0x00]);
        assert_eq!(septets("ó"), None);
        assert_eq!(septets("\u{1b}"), None);
        assert_eq!(septets("{€}"), Some(6));
    }

    #[test]
    fn a_text_comes_back_as_it_went() {
        for text in ["@£ {[€]}\n Ünïcode? ÄÖÑÜ§", "Ваш код 123456", "验证码 😀"]
        {
            let (alphabet, bytes) = Alphabet::encode(text);
            assert_eq!(alphabet.decode(&bytes), text);
        }
        assert_eq!(Alphabet::Gsm.decode(&[0x1b, 0x00, 0xff, 0x1b]), "???");
        assert_eq!(Alphabet::Ucs2.decode(&[0xd8, 0x3d, 0x00]), "\u{fffd}");
    }
}
