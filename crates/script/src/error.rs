use std::fmt;

use serde::{Deserialize, Serialize};

/// A call of a script that did not come back with a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct ScriptError {
    /// One line for an operator. The secrets of the request are masked in it.
    pub message: String,
    /// The author's file and line numbers; empty when there are none.
    pub traceback: String,
    pub kind: ErrorKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ErrorKind {
    /// The script raised.
    Exception,
    /// The script was stopped at the end of its time.
    Deadline,
    /// The script was stopped because it took too much memory.
    Memory,
    /// The script could not be stopped, or broke its worker; the worker was ended.
    Lost,
    /// The worker could not load the script, which loaded on another worker before.
    NotLoaded,
}

impl ScriptError {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            traceback: String::new(),
            kind,
        }
    }
}

/// Why a script cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{stage}: {message}")]
pub struct LoadError {
    pub stage: LoadStage,
    /// One line for an operator, naming file and line where they are known.
    pub message: String,
    pub traceback: String,
    /// The author's line, counted from 1.
    pub line: Option<u32>,
}

impl LoadError {
    pub(crate) fn new(stage: LoadStage, message: impl Into<String>) -> Self {
        Self {
            stage,
            message: message.into(),
            traceback: String::new(),
            line: None,
        }
    }

    /// With file and line before the message, where the line is known.
    pub(crate) fn in_file(mut self, file: &str) -> Self {
        self.message = match self.line {
            Some(line) => format!("{file}, line {line}: {}", self.message),
            None => format!("{file}: {}", self.message),
        };
        self
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoadStage {
    /// Python 2 to Python 3.
    Translate,
    Compile,
    /// The module's own statements, and the class's constructor.
    Construct,
    Init,
}

impl fmt::Display for LoadStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Translate => "the script cannot be translated",
            Self::Compile => "the script is not valid Python",
            Self::Construct => "the script cannot be started",
            Self::Init => "the script refuses to start",
        })
    }
}

/// Why the engine took no request.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("all script workers are busy")]
    Busy,
    #[error("the script engine has stopped")]
    Stopped,
    #[error("a script worker cannot be started")]
    Worker(#[source] std::io::Error),
}
