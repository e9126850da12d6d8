use std::fmt;

use crate::{
    address::Address,
    alphabet::Alphabet,
    error::SmppError,
    pdu::{BodyWriter, Command, Pdu, Unfit},
};

/// Longer messages go into this optional parameter (SMPP 3.4 §5.3.2.32), and the message centre
/// splits them.
const MESSAGE_PAYLOAD: u16 = 0x0424;

/// What `submit_sm` carries (SMPP 3.4 §4.4.1). [`ShortMessage::text`] fills it in for a text.
#[derive(Clone, PartialEq, Eq)]
pub struct ShortMessage {
    pub service_type: String,
    pub from: Address,
    pub to: Address,
    pub esm_class: u8,
    pub protocol_id: u8,
    pub priority: u8,
    /// When to deliver it, in the form of §7.1.1; empty for now.
    pub schedule: String,
    /// Until when to try, in the same form; empty for the message centre's own limit.
    pub validity: String,
    /// 1 to be told what became of it.
    pub registered_delivery: u8,
    pub replace_if_present: u8,
    pub data_coding: u8,
    pub default_message: u8,
    pub content: Vec<u8>,
}

impl ShortMessage {
    /// A text in the alphabet that it needs, with a receipt wanted.
    pub fn text(from: Address, to: Address, text: &str) -> Self {
        let (alphabet, content) = Alphabet::encode(text);
        Self {
            service_type: String::new(),
            from,
            to,
            esm_class: 0,
            protocol_id: 0,
            priority: 0,
            schedule: String::new(),
            validity: String::new(),
            registered_delivery: 1,
            replace_if_present: 0,
            data_coding: alphabet.data_coding(),
            default_message: 0,
            content,
        }
    }

    /// The same, not delivered any more after `seconds`, as a relative time of §7.1.1.2 up to a day.
    pub fn valid_for(self, seconds: u32) -> Self {
        let seconds = seconds.min(24 * 3600 - 1);
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        Self {
            validity: format!("000000{hours:02}{minutes:02}{seconds:02}000R"),
            ..self
        }
    }

    pub(crate) fn pdu(&self) -> Result<Pdu, SmppError> {
        let body = self.body().map_err(|Unfit| {
            SmppError::Unsendable("an address or another field is too long or not ASCII")
        })?;
        Ok(Pdu::request(Command::SUBMIT_SM, body))
    }

    fn body(&self) -> Result<Vec<u8>, Unfit> {
        let mut body = BodyWriter::default();
        body.text(&self.service_type, 6)?;
        write_address(&mut body, &self.from)?;
        write_address(&mut body, &self.to)?;
        body.byte(self.esm_class)
            .byte(self.protocol_id)
            .byte(self.priority)
            .text(&self.schedule, 17)?
            .text(&self.validity, 17)?
            .byte(self.registered_delivery)
            .byte(self.replace_if_present)
            .byte(self.data_coding)
            .byte(self.default_message);
        match u8::try_from(self.content.len()) {
            Ok(length) if self.content.len() <= self.capacity() => {
                body.byte(length).octets(&self.content);
            }
            _ => {
                body.byte(0).parameter(MESSAGE_PAYLOAD, &self.content)?;
            }
        }
        Ok(body.finish())
    }

    fn capacity(&self) -> usize {
        if self.data_coding == Alphabet::Ucs2.data_coding() {
            Alphabet::Ucs2.capacity()
        } else {
            Alphabet::Gsm.capacity()
        }
    }
}

fn write_address(body: &mut BodyWriter, address: &Address) -> Result<(), Unfit> {
    body.byte(address.ton)
        .byte(address.npi)
        .text(&address.text, 21)?;
    Ok(())
}

/// The content and the number are not shown.
impl fmt::Debug for ShortMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShortMessage({} octets)", self.content.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> ShortMessage {
        let from = Address::sender("Sallyport").unwrap();
        ShortMessage::text(from, Address::international("+12025550162"), text)
    }

    #[test]
    fn a_message_is_laid_out_as_the_specification_says() {
        let body = message("1 @h #1").valid_for(300).body().unwrap();
        let mut expected = Vec::new();
        expected.extend(b"\0"); // service_type
        expected.extend(b"\x05\x00Sallyport\0");
        expected.extend(b"\x01\x0112025550162\0");
        expected.extend([0, 0, 0]); // esm_class, protocol_id, priority_flag
        expected.push(0); // schedule_delivery_time
        expected.extend(b"000000000500000R\x00"); // validity_period
        expected.extend([1, 0, 0, 0]); // registered_delivery, replace, data_coding, default message
        expected.extend(b"\x071 \0h #1");
        assert_eq!(body, expected);
    }

    #[test]
    fn a_long_text_is_split_by_the_message_centre() {
        let septets = message(&"a".repeat(161)).body().unwrap();
        let payload = septets.len() - 161;
        assert_eq!(septets[payload - 5..payload], [0, 0x04, 0x24, 0, 161]);
        let short = message(&"ж".repeat(70)).body().unwrap();
        assert_eq!(short[short.len() - 141], 140);
        let long = message(&"ж".repeat(71)).body().unwrap();
        assert_eq!(long[long.len() - 142 - 5..][..5], [0, 0x04, 0x24, 0, 142]);
    }

    #[test]
    fn a_number_that_does_not_fit_is_not_sent() {
        let mut long = message("x");
        long.to = Address::international(&"1".repeat(21));
        assert!(matches!(long.pdu(), Err(SmppError::Unsendable(_))));
    }

    #[test]
    fn neither_text_nor_number_is_shown() {
        assert_eq!(format!("{:?}", message("123456")), "ShortMessage(6 octets)");
    }
}
