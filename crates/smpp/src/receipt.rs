use crate::{alphabet::Alphabet, pdu::BodyReader};

const RECEIPTED_MESSAGE_ID: u16 = 0x001e;
const MESSAGE_PAYLOAD: u16 = 0x0424;
const MESSAGE_STATE: u16 = 0x0427;

/// The bits of `esm_class` that say what kind of message it is, and the one of a receipt
/// (SMPP 3.4 §5.2.12).
const MESSAGE_TYPE: u8 = 0x3c;
const IS_RECEIPT: u8 = 0x04;

/// What a message centre delivers to us.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Incoming {
    Receipt(Receipt),
    /// Somebody wrote to our number: `STOP`, for example.
    Message {
        from: String,
        to: String,
        text: String,
    },
}

/// What became of a message that we sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// The id that the message centre gave when it took the message.
    pub message_id: String,
    pub state: State,
    /// The network's own code for what went wrong, when it gives one.
    pub error: Option<String>,
}

/// `message_state` (SMPP 3.4 §5.2.28).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    Scheduled,
    Enroute,
    Delivered,
    Expired,
    Deleted,
    Undeliverable,
    Accepted,
    Unknown,
    Rejected,
}

impl State {
    /// Whether it may still change.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Scheduled | Self::Enroute | Self::Accepted)
    }

    const fn of_number(number: u8) -> Self {
        match number {
            0 => Self::Scheduled,
            1 => Self::Enroute,
            2 => Self::Delivered,
            3 => Self::Expired,
            4 => Self::Deleted,
            5 => Self::Undeliverable,
            6 => Self::Accepted,
            8 => Self::Rejected,
            _ => Self::Unknown,
        }
    }

    fn of_word(word: &str) -> Self {
        match word {
            "ENROUTE" => Self::Enroute,
            "DELIVRD" => Self::Delivered,
            "EXPIRED" => Self::Expired,
            "DELETED" => Self::Deleted,
            "UNDELIV" => Self::Undeliverable,
            "ACCEPTD" => Self::Accepted,
            "REJECTD" => Self::Rejected,
            _ => Self::Unknown,
        }
    }
}

impl Incoming {
    /// Reads the body of a `deliver_sm`; `None` when it cannot be read.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let mut reader = BodyReader(body);
        reader.text()?; // service_type
        let from = read_address(&mut reader)?;
        let to = read_address(&mut reader)?;
        let esm_class = reader.byte()?;
        reader.octets(2)?; // protocol_id, priority_flag
        reader.text()?; // schedule_delivery_time
        reader.text()?; // validity_period
        reader.octets(2)?; // registered_delivery, replace_if_present_flag
        let data_coding = reader.byte()?;
        reader.byte()?; // sm_default_msg_id
        let length = usize::from(reader.byte()?);
        let mut content = reader.octets(length)?;
        let mut message_id = None;
        let mut state = None;
        while let Some((tag, value)) = reader.parameter() {
            match tag {
                RECEIPTED_MESSAGE_ID => message_id = BodyReader(value).text(),
                MESSAGE_STATE => state = value.first().copied().map(State::of_number),
                MESSAGE_PAYLOAD => content = value,
                _ => {}
            }
        }
        if esm_class & MESSAGE_TYPE == IS_RECEIPT {
            return Receipt::read(&String::from_utf8_lossy(content), message_id, state)
                .map(Self::Receipt);
        }
        let alphabet = match data_coding {
            8 => Alphabet::Ucs2,
            _ => Alphabet::Gsm,
        };
        Some(Self::Message {
            from,
            to,
            text: alphabet.decode(content),
        })
    }
}

impl Receipt {
    /// From the optional parameters, and where they are missing from the text, whose form is a
    /// custom of the trade (SMPP 3.4 appendix B): `id:… sub:… stat:DELIVRD err:000 text:…`.
    fn read(text: &str, message_id: Option<String>, state: Option<State>) -> Option<Self> {
        let state =
            state.or_else(|| word(text, "stat:").map(|word| State::of_word(&word.to_uppercase())));
        Some(Self {
            message_id: message_id.or_else(|| word(text, "id:").map(str::to_owned))?,
            state: state.unwrap_or(State::Unknown),
            error: word(text, "err:")
                .filter(|code| !code.trim_start_matches('0').is_empty())
                .map(str::to_owned),
        })
    }
}

/// The value behind `key` at the beginning of a word.
fn word<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.split_ascii_whitespace()
        .take_while(|word| !word.to_ascii_lowercase().starts_with("text:"))
        .find_map(|word| {
            let (start, value) = word.split_at_checked(key.len())?;
            start.eq_ignore_ascii_case(key).then_some(value)
        })
        .filter(|value| !value.is_empty())
}

fn read_address(reader: &mut BodyReader<'_>) -> Option<String> {
    reader.octets(2)?;
    reader.text()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::pdu::BodyWriter;

    pub fn deliver(esm_class: u8, content: &[u8], parameters: &[(u16, &[u8])]) -> Vec<u8> {
        let mut body = BodyWriter::default();
        body.octets(b"\0\x01\x0112025550162\0\x05\0Sallyport\0");
        body.byte(esm_class).octets(&[0; 8]);
        body.byte(u8::try_from(content.len()).unwrap())
            .octets(content);
        for (tag, value) in parameters {
            body.parameter(*tag, value).unwrap();
        }
        body.finish()
    }

    const TEXT: &[u8] = b"id:0a-7 sub:001 dlvrd:001 submit date:2611241000 done date:2611241001 stat:DELIVRD err:000 text:id:9 stat:EXPIRED";

    #[test]
    fn a_receipt_is_read_from_its_text() {
        let Some(Incoming::Receipt(receipt)) = Incoming::read(&deliver(4, TEXT, &[])) else {
            panic!("it is a receipt");
        };
        assert_eq!(receipt.message_id, "0a-7");
        assert_eq!(receipt.state, State::Delivered);
        assert_eq!(receipt.error, None);
        let failed = deliver(4, b"ID:1 stat:UNDELIV err:0B5 Text:", &[]);
        assert_eq!(
            Incoming::read(&failed),
            Some(Incoming::Receipt(Receipt {
                message_id: "1".to_owned(),
                state: State::Undeliverable,
                error: Some("0B5".to_owned()),
            }))
        );
    }

    #[test]
    fn optional_parameters_say_it_better() {
        let body = deliver(
            4,
            TEXT,
            &[(0x001e, b"abc\0"), (0x0427, &[8]), (0x1400, b"?")],
        );
        let Some(Incoming::Receipt(receipt)) = Incoming::read(&body) else {
            panic!("it is a receipt");
        };
        assert_eq!(
            (&*receipt.message_id, receipt.state),
            ("abc", State::Rejected)
        );
    }

    #[test]
    fn what_somebody_writes_is_a_message() {
        assert_eq!(
            Incoming::read(&deliver(0, b"STOP \x00", &[])),
            Some(Incoming::Message {
                from: "12025550162".to_owned(),
                to: "Sallyport".to_owned(),
                text: "STOP @".to_owned(),
            })
        );
    }

    #[test]
    fn a_body_that_ends_early_is_not_read() {
        let whole = deliver(4, TEXT, &[]);
        for end in 0..whole.len() {
            assert_eq!(Incoming::read(&whole[..end]), None, "{end}");
        }
        assert_eq!(Incoming::read(&deliver(4, b"stat:DELIVRD", &[])), None);
    }
}
