//! The unit that both sides exchange: a header of sixteen bytes and a body (SMPP 3.4 §3.2).

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::error::Status;

const HEADER: usize = 16;

/// Longer ones are not believed: a whole message of the protocol fits many times.
const LONGEST: usize = 64 * 1024;

/// The bit that makes an answer of an operation.
const ANSWER: u32 = 0x8000_0000;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Command(pub u32);

impl Command {
    pub const GENERIC_NACK: Self = Self(ANSWER);
    pub const BIND_TRANSMITTER: Self = Self(0x02);
    pub const SUBMIT_SM: Self = Self(0x04);
    pub const DELIVER_SM: Self = Self(0x05);
    pub const UNBIND: Self = Self(0x06);
    pub const BIND_TRANSCEIVER: Self = Self(0x09);
    pub const ENQUIRE_LINK: Self = Self(0x15);
    pub const ALERT_NOTIFICATION: Self = Self(0x102);

    pub const fn answer(self) -> Self {
        Self(self.0 | ANSWER)
    }

    pub const fn is_answer(self) -> bool {
        self.0 & ANSWER != 0
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pdu {
    pub command: Command,
    pub status: Status,
    pub sequence: u32,
    pub body: Vec<u8>,
}

impl Pdu {
    /// What is asked of the other side. Its sequence number is given when it is sent.
    pub const fn request(command: Command, body: Vec<u8>) -> Self {
        Self {
            command,
            status: Status::OK,
            sequence: 0,
            body,
        }
    }

    /// The answer to this one.
    pub const fn answered(&self, status: Status, body: Vec<u8>) -> Self {
        Self {
            command: self.command.answer(),
            status,
            sequence: self.sequence,
            body,
        }
    }

    /// The answer to one whose command is not known.
    pub const fn not_understood(&self) -> Self {
        Self {
            command: Command::GENERIC_NACK,
            status: Status::INVALID_COMMAND,
            sequence: self.sequence,
            body: Vec::new(),
        }
    }

    pub async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        let length = from.read_u32().await? as usize;
        let Some(body_length) = length.checked_sub(HEADER).filter(|_| length <= LONGEST) else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "this is not SMPP",
            ));
        };
        let command = Command(from.read_u32().await?);
        let status = Status(from.read_u32().await?);
        let sequence = from.read_u32().await?;
        let mut body = vec![0; body_length];
        from.read_exact(&mut body).await?;
        Ok(Self {
            command,
            status,
            sequence,
            body,
        })
    }

    pub async fn write(&self, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        to.write_all(&self.bytes()).await?;
        to.flush().await
    }

    pub fn bytes(&self) -> Vec<u8> {
        let length = u32::try_from(HEADER + self.body.len()).unwrap_or(u32::MAX);
        let mut bytes = Vec::with_capacity(HEADER + self.body.len());
        for word in [length, self.command.0, self.status.0, self.sequence] {
            bytes.extend(word.to_be_bytes());
        }
        bytes.extend(&self.body);
        bytes
    }
}

/// A body under construction.
#[derive(Default)]
pub struct BodyWriter(Vec<u8>);

/// A text that is longer than its field, or has a NUL inside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unfit;

impl BodyWriter {
    pub fn byte(&mut self, byte: u8) -> &mut Self {
        self.0.push(byte);
        self
    }

    /// A C-octet string whose field has `size` octets with the NUL.
    pub fn text(&mut self, text: &str, size: usize) -> Result<&mut Self, Unfit> {
        if text.len() >= size || !text.is_ascii() || text.contains('\0') {
            return Err(Unfit);
        }
        self.0.extend(text.as_bytes());
        self.0.push(0);
        Ok(self)
    }

    pub fn octets(&mut self, octets: &[u8]) -> &mut Self {
        self.0.extend(octets);
        self
    }

    /// An optional parameter (SMPP 3.4 §3.2.4).
    pub fn parameter(&mut self, tag: u16, value: &[u8]) -> Result<&mut Self, Unfit> {
        let length = u16::try_from(value.len()).map_err(|_| Unfit)?;
        self.0.extend(tag.to_be_bytes());
        self.0.extend(length.to_be_bytes());
        Ok(self.octets(value))
    }

    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// A body that is read from front to back. `None` means that it is too short.
pub struct BodyReader<'a>(pub &'a [u8]);

impl<'a> BodyReader<'a> {
    pub fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    pub fn text(&mut self) -> Option<String> {
        let end = self.0.iter().position(|byte| *byte == 0)?;
        let text = String::from_utf8_lossy(&self.0[..end]).into_owned();
        self.0 = &self.0[end + 1..];
        Some(text)
    }

    pub fn octets(&mut self, count: usize) -> Option<&'a [u8]> {
        let (octets, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(octets)
    }

    /// The next optional parameter.
    pub fn parameter(&mut self) -> Option<(u16, &'a [u8])> {
        let tag = self.octets(2)?;
        let length = self.octets(2)?;
        let value = self.octets(usize::from(u16::from_be_bytes([length[0], length[1]])))?;
        Some((u16::from_be_bytes([tag[0], tag[1]]), value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_unit_is_its_length_its_header_and_its_body() {
        let enquire = Pdu {
            sequence: 7,
            ..Pdu::request(Command::ENQUIRE_LINK, Vec::new())
        };
        let bytes = [0, 0, 0, 16, 0, 0, 0, 0x15, 0, 0, 0, 0, 0, 0, 0, 7];
        assert_eq!(enquire.bytes(), bytes);
        assert_eq!(Pdu::read(&mut &bytes[..]).await.unwrap(), enquire);
        assert_eq!(
            enquire.answered(Status::OK, Vec::new()).bytes()[4..8],
            [0x80, 0, 0, 0x15]
        );
    }

    #[tokio::test]
    async fn what_is_not_the_protocol_is_an_error_and_takes_no_memory() {
        for bytes in [
            &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
            &[0, 0, 0, 15, 0],
            &[0, 0, 0, 17, 0],
            b"",
        ] {
            assert!(Pdu::read(&mut &bytes[..]).await.is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn a_text_that_does_not_fit_its_field_is_not_written() {
        let mut body = BodyWriter::default();
        assert!(body.text("12345678", 9).is_ok());
        assert!(body.text("123456789", 9).is_err());
        assert!(body.text("a\0b", 9).is_err());
        assert!(body.text("é", 9).is_err());
        assert_eq!(body.finish(), b"12345678\0");
    }

    #[test]
    fn a_short_body_is_none() {
        assert_eq!(BodyReader(b"abc").text(), None);
        assert_eq!(BodyReader(&[0, 1, 0, 9, 1]).parameter(), None);
        assert_eq!(
            BodyReader(&[0x04, 0x27, 0, 1, 2]).parameter(),
            Some((0x0427, &[2][..]))
        );
        assert_eq!(BodyReader(b"").byte(), None);
    }
}
