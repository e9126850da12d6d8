use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A method of the person authentication contract (facts of Gluu's interface in docs/scripts.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Call {
    IsValidAuthenticationMethod,
    GetAlternativeAuthenticationMethod,
    Authenticate { step: u32 },
    PrepareForStep { step: u32 },
    GetNextStep { step: u32 },
    GetExtraParametersForStep { step: u32 },
    GetCountAuthenticationSteps,
    GetPageForStep { step: u32 },
    GetAuthenticationMethodClaims,
    Logout,
    GetLogoutExternalUrl,
    GetApiVersion,
    Destroy,
}

impl Call {
    /// The method's name in the script.
    pub fn method(self) -> &'static str {
        match self {
            Self::IsValidAuthenticationMethod => "isValidAuthenticationMethod",
            Self::GetAlternativeAuthenticationMethod => "getAlternativeAuthenticationMethod",
            Self::Authenticate { .. } => "authenticate",
            Self::PrepareForStep { .. } => "prepareForStep",
            Self::GetNextStep { .. } => "getNextStep",
            Self::GetExtraParametersForStep { .. } => "getExtraParametersForStep",
            Self::GetCountAuthenticationSteps => "getCountAuthenticationSteps",
            Self::GetPageForStep { .. } => "getPageForStep",
            Self::GetAuthenticationMethodClaims => "getAuthenticationMethodClaims",
            Self::Logout => "logout",
            Self::GetLogoutExternalUrl => "getLogoutExternalUrl",
            Self::GetApiVersion => "getApiVersion",
            Self::Destroy => "destroy",
        }
    }

    /// The step that the method is told, if it is told one.
    pub fn step(self) -> Option<u32> {
        match self {
            Self::Authenticate { step }
            | Self::PrepareForStep { step }
            | Self::GetNextStep { step }
            | Self::GetExtraParametersForStep { step }
            | Self::GetPageForStep { step } => Some(step),
            _ => None,
        }
    }
}

/// What a method gave back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Returned {
    None,
    Bool(bool),
    Int(i64),
    Text(String),
    Texts(Vec<String>),
    Map(BTreeMap<String, String>),
}

impl Returned {
    /// Whether Python would take the value for true.
    pub fn truthy(&self) -> bool {
        match self {
            Self::None => false,
            Self::Bool(value) => *value,
            Self::Int(value) => *value != 0,
            Self::Text(text) => !text.is_empty(),
            Self::Texts(texts) => !texts.is_empty(),
            Self::Map(map) => !map.is_empty(),
        }
    }

    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            _ => None,
        }
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The texts of a list; a single text is a list of one, everything else is none.
    pub fn into_texts(self) -> Vec<String> {
        match self {
            Self::Texts(texts) => texts,
            Self::Text(text) => vec![text],
            _ => Vec::new(),
        }
    }

    pub fn into_map(self) -> BTreeMap<String, String> {
        match self {
            Self::Map(map) => map,
            _ => BTreeMap::new(),
        }
    }

    /// `None` when the value is of a kind that no method of the contract gives back.
    pub(crate) fn from_json(value: Value) -> Option<Self> {
        Some(match value {
            Value::Null => Self::None,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(number) => Self::Int(number.as_i64()?),
            Value::String(text) => Self::Text(text),
            Value::Array(items) => {
                Self::Texts(items.into_iter().map(into_text).collect::<Option<_>>()?)
            }
            Value::Object(entries) => Self::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| Some((key, into_text(value)?)))
                    .collect::<Option<_>>()?,
            ),
        })
    }
}

fn into_text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
        scalar => Some(scalar.to_string()),
    }
}
