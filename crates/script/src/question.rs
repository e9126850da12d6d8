//! The complete list of what a script may ask of the host, and of what the host may answer.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::scene::Person;

/// What a script asks. The JSON form is `{"ask": "find_person", …}`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Question {
    /// Answered by [`Answer::Person`]: `None` for a wrong password, an unknown or a disabled person.
    CheckPassword {
        username: String,
        password: Password,
    },
    /// Says who signs in, without a password. Answered by [`Answer::Person`]: `None` for an unknown
    /// or a disabled person; or refused, where the script may not say so.
    Vouch { username: String },
    /// Answered by [`Answer::Person`].
    FindPerson { by: PersonKey },
    /// Answered by [`Answer::Persons`].
    FindPersons {
        name: String,
        value: String,
        limit: u32,
    },
    /// Answered by [`Answer::Person`] with the person as stored, or refused.
    AddPerson { person: Person },
    /// Sets the attributes named and leaves the others; no values means removal.
    /// Answered by [`Answer::Person`] with the person as stored, or refused.
    ChangePerson {
        inum: String,
        set: BTreeMap<String, Vec<String>>,
    },
    /// Answered by [`Answer::Http`] or [`Answer::Unreachable`]. Basic authentication is in the headers.
    Http {
        method: String,
        url: String,
        headers: Vec<(String, String)>,
        #[serde(with = "latin1")]
        body: Vec<u8>,
    },
    /// Answered by [`Answer::Text`].
    CacheGet { key: String },
    /// Answered by [`Answer::Done`].
    CachePut {
        key: String,
        value: String,
        seconds: u64,
    },
    /// Answered by [`Answer::Done`].
    CacheRemove { key: String },
    /// A number that every node shares, changed in one statement: of many at once no two get the
    /// same. `who` is kept as a digest. Answered by [`Answer::Number`].
    Tally {
        what: String,
        who: String,
        act: TallyAct,
    },
    /// One message to each of the addresses. Answered by [`Answer::Done`], [`Answer::Unreachable`]
    /// when the mail server did not take it, or refused.
    SendMail {
        to: Vec<String>,
        subject: String,
        body: String,
        html: Option<String>,
    },
    /// One message to an SMPP message centre. Answered by [`Answer::Text`] with the message centre's id of it, by
    /// [`Answer::Unreachable`], or by [`Answer::Rejected`].
    Smpp(Box<ShortMessage>),
    /// Answered by [`Answer::MailServer`].
    MailServer,
    /// Answered by [`Answer::Text`].
    Encrypt { text: String },
    /// Answered by [`Answer::Text`].
    Decrypt { text: String },
    /// Answered by [`Answer::Client`].
    FindClient { id: String },
    /// Answered by [`Answer::Scripts`].
    FindScripts,
    /// Something happened that is counted. Answered by [`Answer::Done`].
    Count { what: String },
    /// The address of the server. Answered by [`Answer::Text`].
    Issuer,
}

impl Question {
    /// The kind of question, for logs: never what it carries.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::CheckPassword { .. } => "check_password",
            Self::Vouch { .. } => "vouch",
            Self::FindPerson { .. } => "find_person",
            Self::FindPersons { .. } => "find_persons",
            Self::AddPerson { .. } => "add_person",
            Self::ChangePerson { .. } => "change_person",
            Self::Http { .. } => "http",
            Self::CacheGet { .. } => "cache_get",
            Self::CachePut { .. } => "cache_put",
            Self::CacheRemove { .. } => "cache_remove",
            Self::Tally { .. } => "tally",
            Self::SendMail { .. } => "send_mail",
            Self::Smpp(_) => "smpp",
            Self::Encrypt { .. } => "encrypt",
            Self::Decrypt { .. } => "decrypt",
            Self::MailServer => "mail_server",
            Self::FindClient { .. } => "find_client",
            Self::FindScripts => "find_scripts",
            Self::Count { .. } => "count",
            Self::Issuer => "issuer",
        }
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Question({})", self.kind())
    }
}

/// A message, and the message centre that is to take it: the fields of `submit_sm` (SMPP 3.4 §4.4.1).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShortMessage {
    pub host: String,
    pub port: u16,
    pub system_id: String,
    pub password: Password,
    pub system_type: String,
    pub service_type: String,
    pub source: SmppAddress,
    pub destination: SmppAddress,
    pub esm_class: u8,
    pub protocol_id: u8,
    pub priority: u8,
    pub schedule: String,
    pub validity: String,
    pub registered_delivery: u8,
    pub replace_if_present: u8,
    pub data_coding: u8,
    pub default_message: u8,
    #[serde(with = "latin1")]
    pub content: Vec<u8>,
}

/// A number or a name, with its type and its numbering plan.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmppAddress {
    pub ton: u8,
    pub npi: u8,
    pub text: String,
}

/// A password on its way from the script to the host.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Password {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// What is done to a number that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TallyAct {
    /// One more. The number begins anew so many seconds after the first.
    Add { seconds: u64 },
    /// Nothing; the number as it stands.
    Look,
    /// Begins anew; the number that was reached.
    Forget,
}

/// What a person is looked up by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonKey {
    Uid(String),
    Inum(String),
    Attribute { name: String, value: String },
}

/// What the host answers. The JSON form is `{"answer": "person", "value": …}`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", content = "value", rename_all = "snake_case")]
pub enum Answer {
    Person(Option<Person>),
    Persons(Vec<Person>),
    Http(HttpResponse),
    /// No answer came: unknown host, refused, time-out. The text is for the operator.
    Unreachable(String),
    Text(Option<String>),
    Number(i64),
    /// `None` when no mail is configured.
    MailServer(Option<MailServer>),
    Client(Option<Client>),
    Scripts(Vec<ScriptFacts>),
    Done,
    /// The other side was reached and said no. The text is for the operator.
    Rejected(String),
    /// The host does not do this; raises an exception with this text in the script.
    Refused(String),
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Person(_) => "Person",
            Self::Persons(_) => "Persons",
            Self::Http(_) => "Http",
            Self::Unreachable(_) => "Unreachable",
            Self::Text(_) => "Text",
            Self::Number(_) => "Number",
            Self::MailServer(_) => "MailServer",
            Self::Client(_) => "Client",
            Self::Scripts(_) => "Scripts",
            Self::Done => "Done",
            Self::Rejected(_) => "Rejected",
            Self::Refused(_) => "Refused",
        })
    }
}

/// What a script may know of the server that takes mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailServer {
    pub host: String,
    pub port: u16,
    /// Whether the way there is.
    pub encrypted: bool,
    /// The name, where the server wants one.
    pub user: Option<String>,
    pub from: String,
    pub from_name: Option<String>,
}

/// What a script may know of an application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    pub id: String,
    pub name: String,
    pub redirect_uris: Vec<String>,
    pub post_logout_redirect_uris: Vec<String>,
    pub scopes: Vec<String>,
    pub default_acr_values: Vec<String>,
    pub trusted: bool,
}

/// What a script may know of a script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptFacts {
    pub name: String,
    pub description: String,
    pub level: i64,
    pub aliases: Vec<String>,
    pub enabled: bool,
    pub revision: i64,
    pub properties: Vec<ShownProperty>,
}

/// A property as another script sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownProperty {
    pub value1: String,
    /// `None` when it is hidden.
    pub value2: Option<String>,
    pub hide: bool,
    pub description: Option<String>,
}

/// What an HTTP server answered.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpResponse {
    pub status: u16,
    pub reason: String,
    pub headers: Vec<(String, String)>,
    #[serde(with = "latin1")]
    pub body: Vec<u8>,
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpResponse({})", self.status)
    }
}

/// Bytes as a JSON string with one character, U+0000 to U+00FF, for each byte.
mod latin1 {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
        serializer.serialize_str(&text)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        String::deserialize(deserializer)?
            .chars()
            .map(|c| u8::try_from(c).map_err(|_| D::Error::custom("a body holds bytes only")))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_survives_json_byte_for_byte() {
        let question = Question::Http {
            method: "POST".into(),
            url: "https://api.example/".into(),
            headers: vec![("Accept".into(), "application/json".into())],
            body: (0..=255).collect(),
        };
        let json = serde_json::to_string(&question).unwrap();
        assert_eq!(serde_json::from_str::<Question>(&json).unwrap(), question);
    }

    #[test]
    fn no_debug_text_shows_a_password() {
        let question = Question::CheckPassword {
            username: "alice".into(),
            password: "hunter2".into(),
        };
        assert_eq!(format!("{question:?}"), "Question(check_password)");
    }
}
