use std::fmt;

use sallyport_base::{Id, Timestamp};

use crate::{locale::Locale, passcode::Code};

/// What one GSM message holds, in septets (3GPP TS 23.040 §9.2.3.16).
const SEGMENT: usize = 160;

/// The basic character set of 3GPP TS 23.038 §6.2.1; each takes one septet.
const GSM_BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// Its extension (§6.2.1.1); each takes two septets.
const GSM_EXTENDED: &str = "\u{c}^{}\\[~]|€";

/// The text around a code: whose code it is, and the page that a browser may fill it into.
///
/// The code comes first, for previews on a lock screen; the last line is what browsers look for
/// (Origin-bound one-time codes, WICG): `@host #code`.
#[derive(Clone, Debug)]
pub struct MessageText {
    name: String,
    host: String,
}

/// Why a name or a host cannot be part of a message.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MessageTextError {
    #[error(
        "the name {0:?} has a character that a plain SMS cannot carry; use letters, digits and common punctuation"
    )]
    Character(String),
    #[error(
        "the host {0:?} is not the name of a host; expected one such as login.example.com, without scheme and port"
    )]
    Host(String),
    #[error(
        "with this name and host a message has {0} characters; expected at most 160, so that it is one SMS"
    )]
    Long(usize),
}

impl MessageText {
    /// Checks that a message with any code is one GSM-7 segment.
    pub fn check(name: &str, host: &str) -> Result<Self, MessageTextError> {
        if name.trim().is_empty() || name.contains(['\n', '\r']) || septets(name).is_none() {
            return Err(MessageTextError::Character(name.to_owned()));
        }
        if !is_host(host) {
            return Err(MessageTextError::Host(host.to_owned()));
        }
        let text = Self {
            name: name.to_owned(),
            host: host.to_owned(),
        };
        match septets(&text.around("000000")) {
            Some(length) if length <= SEGMENT => Ok(text),
            Some(length) => Err(MessageTextError::Long(length)),
            None => Err(MessageTextError::Character(name.to_owned())),
        }
    }

    pub fn with(&self, code: &Code) -> String {
        self.around(code.expose())
    }

    fn around(&self, code: &str) -> String {
        let Self { name, host } = self;
        format!("{code} is your {name} code. Never share it.\n\n@{host} #{code}")
    }
}

/// The length of `text` in the GSM alphabet; `None` when a character is not part of it.
fn septets(text: &str) -> Option<usize> {
    text.chars()
        .map(|character| {
            if GSM_BASIC.contains(character) {
                Some(1)
            } else if GSM_EXTENDED.contains(character) {
                Some(2)
            } else {
                None
            }
        })
        .sum()
}

fn is_host(host: &str) -> bool {
    matches!(url::Host::parse(host), Ok(url::Host::Domain(domain)) if domain == host)
}

/// A message on its way. Its id is the same at every try, so that a gateway can drop a repetition.
#[derive(Clone)]
pub struct Message {
    pub id: Id<Message>,
    pub to: String,
    pub body: String,
    pub locale: Locale,
    pub expires_at: Timestamp,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({})", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_what_a_browser_fills_in() {
        let text = MessageText::check("Sallyport", "login.example.com").unwrap();
        assert_eq!(
            text.around("012345"),
            "012345 is your Sallyport code. Never share it.\n\n@login.example.com #012345"
        );
    }

    #[test]
    fn a_message_is_one_gsm_segment() {
        let long = "a".repeat(120);
        assert_eq!(
            MessageText::check(&long, "login.example.com").err(),
            Some(MessageTextError::Long(185))
        );
        for name in ["", "Łódź", "two\nlines", "café ☕"] {
            assert!(
                matches!(
                    MessageText::check(name, "localhost"),
                    Err(MessageTextError::Character(_))
                ),
                "{name:?}"
            );
        }
        for host in [
            "",
            "https://login.example.com",
            "localhost:8080",
            "a b",
            "LOGIN.example.com/x",
        ] {
            assert!(
                matches!(
                    MessageText::check("Sallyport", host),
                    Err(MessageTextError::Host(_))
                ),
                "{host:?}"
            );
        }
        assert_eq!(septets("{€}"), Some(6));
        assert_eq!(septets("ñ@£"), Some(3));
        assert_eq!(septets("ó"), None);
    }
}
