use std::fmt;

/// Why a message was not taken, or why nobody knows.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SmppError {
    /// Nothing was sent.
    #[error("the message centre could not be reached: {0}")]
    Unreachable(String),
    /// Nothing was sent.
    #[error("the message centre refused to bind: {0}")]
    Unbound(Status),
    /// The message cannot be put into the protocol; nothing was sent.
    #[error("the message cannot be sent: {0}")]
    Unsendable(&'static str),
    /// The message centre did not take the message.
    #[error("the message centre refused the message: {0}")]
    Refused(Status),
    /// The message centre asked to slow down for as long as was waited; it did not take the message.
    #[error("the message centre is busy: {0}")]
    Throttled(Status),
    /// The message may have been taken all the same.
    #[error("the message centre was given the message and did not answer: {0}")]
    Unanswered(&'static str),
}

/// `command_status`: what a message centre says of an operation (SMPP 3.4 §5.1.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Status(pub u32);

impl Status {
    pub const OK: Self = Self(0);
    pub(crate) const INVALID_COMMAND: Self = Self(0x03);
    /// The other side does not know of the bind any more.
    pub(crate) const NOT_BOUND: Self = Self(0x04);
    pub(crate) const QUEUE_FULL: Self = Self(0x14);
    pub(crate) const THROTTLED: Self = Self(0x58);
    /// The receiver asks for the same again, later.
    pub(crate) const TEMPORARY: Self = Self(0x64);

    /// Whether the same message may be taken a moment later.
    pub const fn is_busy(self) -> bool {
        matches!(self, Self::QUEUE_FULL | Self::THROTTLED)
    }

    /// The name of the specification, for those that operators meet.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            0x00 => "ESME_ROK",
            0x01 => "ESME_RINVMSGLEN",
            0x02 => "ESME_RINVCMDLEN",
            0x03 => "ESME_RINVCMDID",
            0x04 => "ESME_RINVBNDSTS",
            0x05 => "ESME_RALYBND",
            0x08 => "ESME_RSYSERR",
            0x0a => "ESME_RINVSRCADR",
            0x0b => "ESME_RINVDSTADR",
            0x0c => "ESME_RINVMSGID",
            0x0d => "ESME_RBINDFAIL",
            0x0e => "ESME_RINVPASWD",
            0x0f => "ESME_RINVSYSID",
            0x14 => "ESME_RMSGQFUL",
            0x15 => "ESME_RINVSERTYP",
            0x45 => "ESME_RSUBMITFAIL",
            0x48 => "ESME_RINVSRCTON",
            0x49 => "ESME_RINVSRCNPI",
            0x50 => "ESME_RINVDSTTON",
            0x51 => "ESME_RINVDSTNPI",
            0x53 => "ESME_RINVSYSTYP",
            0x58 => "ESME_RTHROTTLED",
            0x61 => "ESME_RINVSCHED",
            0x62 => "ESME_RINVEXPIRY",
            0xff => "ESME_RUNKNOWNERR",
            _ => return None,
        })
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} (0x{:08x})", self.0),
            None => write!(f, "0x{:08x}", self.0),
        }
    }
}
