use serde::{Deserialize, Serialize};

/// Where what scripts print goes. Must not block for long.
pub trait ScriptLog: Send + Sync {
    fn line(&self, line: LogLine<'_>);
}

/// One printed line, never empty.
#[derive(Clone, Copy)]
pub struct LogLine<'a> {
    pub script: &'a str,
    pub thread: &'a str,
    pub level: LogLevel,
    pub text: &'a str,
    /// Exact texts that must not appear: password and passcode of this request, hidden properties.
    pub masks: &'a [String],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogLevel {
    /// Standard output.
    Info,
    /// Standard error.
    Error,
}
