use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

/// Everything that a script sees of one browser request, and changes.
///
/// It goes to the worker as JSON and comes back changed, so that a process boundary can be put between.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Scene {
    /// Session attributes (`auth_step`, `auth_user`, `acr`, `remote_ip`, …): for the script a live map.
    pub session: BTreeMap<String, String>,
    /// What `SessionId.getId()` shows. Never the value of a cookie.
    pub session_id: String,
    /// Working parameters of this request. A value that is no JSON comes back as null,
    /// and the script still finds it in later calls of the same [`Run`](crate::Run).
    pub working: BTreeMap<String, serde_json::Value>,
    pub username: Option<String>,
    pub password: Option<String>,
    pub request: Request,
    pub usage: Usage,
    /// The moment of the request, in milliseconds since 1970: what `time.time()` and `Date()` begin
    /// with. 0 is the machine's own clock.
    pub now_ms: i64,
    /// `https://host`, for links that a script builds.
    pub issuer: String,
    /// The person whose password was right, or whom the host took from `auth_user`.
    pub authenticated: Option<Person>,
    /// What the script said to the person at the browser (`FacesMessages`).
    pub messages: Vec<Message>,
    /// Where the script wants the browser to go.
    pub redirect: Option<String>,
    pub response_headers: Vec<(String, String)>,
    pub response_cookies: Vec<ResponseCookie>,
}

impl fmt::Debug for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scene")
            .field("session_id", &self.session_id)
            .field("path", &self.request.path)
            .field("authenticated", &self.authenticated)
            .finish_non_exhaustive()
    }
}

/// The browser's request. Header names are in lower case.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Request {
    pub parameters: BTreeMap<String, Vec<String>>,
    pub headers: BTreeMap<String, String>,
    pub cookies: BTreeMap<String, String>,
    pub remote_ip: String,
    pub method: String,
    pub path: String,
    /// A BCP 47 tag.
    pub locale: String,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({} {})", self.method, self.path)
    }
}

/// A cookie that a script sets through the servlet API.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseCookie {
    pub name: String,
    pub value: String,
    #[serde(default)]
    pub path: Option<String>,
    /// Seconds; `None` is a cookie of the browser session, 0 removes it.
    #[serde(default)]
    pub max_age: Option<i64>,
    #[serde(default)]
    pub secure: bool,
    #[serde(default)]
    pub http_only: bool,
}

impl fmt::Debug for ResponseCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ResponseCookie({})", self.name)
    }
}

/// What a script is asked to authenticate: a person at a browser, or a call without one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Usage {
    #[default]
    Interactive,
    Service,
    Both,
}

/// A person with the attribute names of Gluu's directory.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Person {
    pub inum: String,
    pub uid: String,
    pub attributes: BTreeMap<String, Vec<String>>,
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Person({}, {})", self.inum, self.uid)
    }
}

/// A text for the person at the browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub severity: Severity,
    pub text: String,
    /// `None`: the script does not say, as most of Gluu's do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<About>,
}

/// What a message is about, and so where a page shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum About {
    /// What was typed: it stands at the field.
    Field,
    /// Anything else: it stands above the form.
    Page,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Info,
    Warn,
    Error,
    Fatal,
}
