//! Runs the Python scripts that log people in: Gluu Server 4 person authentication scripts as they are, and ours.
#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test may stop"))]

mod cage;
mod call;
mod check;
mod classes;
mod contract;
mod engine;
mod error;
#[cfg(test)]
mod host_api;
mod host_use;
mod library;
mod log;
mod masks;
mod modules;
mod question;
mod run;
mod scene;
mod script;
mod source;
mod template;
mod translate;
mod wire;
mod worker;

pub use cage::template_main;
pub use call::{Call, Returned};
pub use check::{Import, Report, SyntaxFault, check};
pub use classes::{Class, provided_classes};
pub use engine::{Engine, Limits};
pub use error::{EngineError, ErrorKind, LoadError, LoadStage, ScriptError};
pub use host_use::HostUse;
pub use library::{Libraries, Library};
pub use log::{LogLevel, LogLine, ScriptLog};
pub use question::{
    Answer, Client, HttpResponse, MailServer, Password, PersonKey, Question, ScriptFacts,
    ShortMessage, ShownProperty, SmppAddress, TallyAct,
};
pub use run::{LoadTurn, Loading, Run, Turn};
pub use scene::{About, Message, Person, Request, ResponseCookie, Scene, Severity, Usage};
pub use script::Script;
pub use source::{Language, Property, Source};
pub use template::{Template, WorkerProgram};
