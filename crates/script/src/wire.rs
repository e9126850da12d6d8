//! What the server and the process of a worker say to each other: JSON behind its length.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    call::{Call, Returned},
    error::{LoadError, ScriptError},
    library::Libraries,
    log::LogLevel,
    question::{Answer, Question},
    scene::Scene,
    source::{Language, Property},
};

/// A longer message is a fault of the one who sent it.
const LONGEST: usize = 32 * 1024 * 1024;

/// From the server to a worker. A worker answers `Load` and `Call` and nothing else; it waits for
/// `Answer` after it has asked.
#[derive(Serialize, Deserialize)]
pub(crate) enum Order {
    Load(Box<Program>),
    Call {
        script: u64,
        /// The browser request that the call belongs to.
        run: u64,
        call: Call,
        scene: Box<Scene>,
        /// The script's own time, in milliseconds.
        millis: u64,
    },
    Answer(Answer),
    /// Nobody waits for the call any more.
    Abandon,
}

/// A script as a worker loads it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Program {
    pub serial: u64,
    pub name: String,
    pub language: Language,
    /// As the author wrote it.
    pub text: String,
    /// As it is compiled, when another worker has translated it before.
    pub translated: Option<String>,
    pub properties: Vec<Property>,
    pub libraries: Libraries,
    /// What the constructor is given: milliseconds since 1970.
    pub now_ms: i64,
    /// For all of loading, `init` included, in milliseconds.
    pub millis: u64,
}

/// From a worker to the server.
#[derive(Serialize, Deserialize)]
pub(crate) enum Event {
    /// The first word of a worker.
    Ready,
    Line {
        level: LogLevel,
        text: String,
    },
    Ask(Question),
    Loaded(Result<Started, LoadError>),
    Returned {
        scene: Box<Scene>,
        result: Result<Returned, ScriptError>,
        /// The worker is not to be used for another request.
        worn: bool,
    },
}

/// What loading has found out.
#[derive(Serialize, Deserialize)]
pub(crate) struct Started {
    pub translated: String,
    /// What `getApiVersion` gave.
    pub api_version: i64,
}

/// A message with its length before it, ready to be sent.
pub(crate) fn framed(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 4];
    serde_json::to_writer(&mut bytes, message)?;
    let length = bytes.len() - 4;
    if length > LONGEST {
        return Err(io::Error::other("a message to or of a script is too long"));
    }
    let length = u32::try_from(length).map_err(io::Error::other)?;
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    Ok(bytes)
}

/// Takes the first message out of what was received. `None` when it is not whole yet.
pub(crate) fn take<T: DeserializeOwned>(received: &mut Vec<u8>) -> io::Result<Option<T>> {
    let Some(head) = received.first_chunk::<4>() else {
        return Ok(None);
    };
    let end = 4 + checked_length(*head)?;
    if received.len() < end {
        return Ok(None);
    }
    let message = serde_json::from_slice(&received[4..end])?;
    received.drain(..end);
    Ok(Some(message))
}

pub(crate) fn send(to: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    to.write_all(&framed(message)?)
}

/// Waits for a message. The error `UnexpectedEof` says that the other side has gone.
pub(crate) fn receive<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<T> {
    let mut head = [0; 4];
    from.read_exact(&mut head)?;
    let mut body = vec![0; checked_length(head)?];
    from.read_exact(&mut body)?;
    Ok(serde_json::from_slice(&body)?)
}

fn checked_length(head: [u8; 4]) -> io::Result<usize> {
    let length = u32::from_le_bytes(head) as usize;
    if length > LONGEST {
        return Err(io::Error::other("a message of a script is too long"));
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_out_whole_and_in_order_however_they_arrive() {
        let mut stream = framed(&Order::Answer(Answer::Done)).unwrap();
        stream.extend(framed(&Order::Abandon).unwrap());
        let (mut received, mut seen) = (Vec::new(), Vec::new());
        for byte in stream {
            received.push(byte);
            while let Some(order) = take::<Order>(&mut received).unwrap() {
                seen.push(serde_json::to_string(&order).unwrap());
            }
        }
        assert_eq!(seen, ["{\"Answer\":{\"answer\":\"done\"}}", "\"Abandon\""]);
        assert!(received.is_empty());
    }

    #[test]
    fn a_length_that_no_message_has_is_refused() {
        let mut received = u32::MAX.to_le_bytes().to_vec();
        assert!(take::<Order>(&mut received).is_err());
    }
}
