use std::{error::Error, fmt, time::Duration};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{FromRequest, Request},
};
use http::{HeaderMap, header};
use http_body_util::LengthLimitError;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

use crate::{
    operation::{Field, Operation, Shape},
    refusal::Refusal,
};

/// The largest body that is read, in bytes.
const LARGEST_BODY: usize = 64 * 1024;

/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(10);

/// The fields of a JSON body. `null` is absent, unknown fields are ignored, and no message repeats
/// a value that was sent, because it may be a passcode.
///
/// Only fields that the call declares can be read, so that the OpenAPI document names them all.
pub struct Fields {
    values: Map<String, Value>,
    declared: Option<&'static [Field]>,
}

impl Fields {
    pub fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.contains('\0') => {
                Err(wrong_type(name, "a string without U+0000"))
            }
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(wrong_type(name, "a string")),
        }
    }

    /// A text of at least one character; some SDKs send an empty one for a value that is not set.
    pub fn filled_text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        Ok(self.text(name)?.filter(|text| !text.is_empty()))
    }

    pub fn required_text(&self, name: &str) -> Result<&str, Refusal> {
        self.filled_text(name)?
            .ok_or_else(|| Refusal::BadRequest(format!("{name} is required.").into()))
    }

    pub fn integer(&self, name: &str) -> Result<Option<i64>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => match value.as_i64().or_else(|| without_fraction(value)) {
                Some(integer) => Ok(Some(integer)),
                None => Err(wrong_type(name, "an integer")),
            },
        }
    }

    /// An absent flag is `false`.
    pub fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.get(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(wrong_type(name, "true or false")),
        }
    }

    /// A list of texts; `None` when absent.
    pub fn texts(&self, name: &str) -> Result<Option<Vec<String>>, Refusal> {
        let wrong = || wrong_type(name, "a list of strings without U+0000");
        match self.get(name) {
            None => Ok(None),
            Some(Value::Array(values)) => values
                .iter()
                .map(|value| match value.as_str() {
                    Some(text) if !text.contains('\0') => Ok(text.to_owned()),
                    _ => Err(wrong()),
                })
                .collect::<Result<_, _>>()
                .map(Some),
            Some(_) => Err(wrong()),
        }
    }

    /// A list of objects, empty when absent.
    pub fn objects(&self, name: &str) -> Result<Vec<Self>, Refusal> {
        let wrong = || wrong_type(name, "a list of objects");
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(values)) => values
                .iter()
                .map(|value| match value {
                    Value::Object(values) => Ok(self.inside(name, values.clone())),
                    _ => Err(wrong()),
                })
                .collect(),
            Some(_) => Err(wrong()),
        }
    }

    /// The value itself, of whatever type; `None` for `null`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        debug_assert!(
            self.declaration(name).is_some() || self.declared.is_none(),
            "{name} is read and not declared"
        );
        self.values.get(name).filter(|value| !value.is_null())
    }

    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// An absent object is an empty one.
    pub fn object(&self, name: &str) -> Result<Self, Refusal> {
        match self.get(name) {
            None => Ok(self.inside(name, Map::new())),
            Some(Value::Object(values)) => Ok(self.inside(name, values.clone())),
            Some(_) => Err(wrong_type(name, "an object")),
        }
    }

    pub fn into_map(self) -> Map<String, Value> {
        self.values
    }

    /// Each declared field is of its type, also one that no handler looks at.
    fn check_types(&self) -> Result<(), Refusal> {
        for field in self.declared.into_iter().flatten() {
            let name = field.name;
            match field.shape {
                Shape::Integer { .. } => self.integer(name).map(drop),
                Shape::Flag => self.flag(name).map(drop),
                Shape::Map => self.object(name).map(drop),
                Shape::Object(_) => self.object(name)?.check_types(),
                Shape::List(Shape::Text) => self.texts(name).map(drop),
                Shape::Text
                | Shape::FilledText
                | Shape::Pattern(_)
                | Shape::OneOf(_)
                | Shape::Time => self.text(name).map(drop),
                Shape::List(_) | Shape::Any | Shape::Named(..) => Ok(()),
            }?;
        }
        Ok(())
    }

    fn declaration(&self, name: &str) -> Option<&'static Field> {
        self.declared?.iter().find(|field| field.name == name)
    }

    /// The fields of an object inside this one.
    fn inside(&self, name: &str, values: Map<String, Value>) -> Self {
        let shape = self.declaration(name).map(|field| match field.shape {
            Shape::List(item) => *item,
            shape => shape,
        });
        let declared = match shape {
            Some(Shape::Object(fields)) => Some(fields),
            _ => None,
        };
        Self { values, declared }
    }

    fn parse(body: &[u8], declared: Option<&'static [Field]>) -> Result<Self, Refusal> {
        if std::str::from_utf8(body).is_err() {
            return Err(Refusal::BadRequest("The body is not UTF-8.".into()));
        }
        let no_object = "The body must be a JSON object that names each field once.";
        let body = serde_json::from_slice(body).map_err(|cause| match cause.classify() {
            serde_json::error::Category::Data => no_object,
            _ => "The body is not JSON.",
        });
        let values = match body {
            Ok(Unambiguous(Value::Object(values))) => values,
            Ok(_) => return Err(Refusal::BadRequest(no_object.into())),
            Err(why) => return Err(Refusal::BadRequest(why.into())),
        };
        let fields = Self { values, declared };
        fields.check_types()?;
        Ok(fields)
    }
}

fn unreadable(cause: &axum::Error) -> Refusal {
    match cause.source() {
        Some(cause) if cause.is::<LengthLimitError>() => Refusal::BodyTooLarge,
        _ => Refusal::BadRequest("The body did not arrive whole.".into()),
    }
}

/// `2.0` is an integer to JSON Schema (2020-12 §6.1.1).
fn without_fraction(value: &Value) -> Option<i64> {
    /// Beyond it not every integer has a number of its own.
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    let number = value.as_f64()?;
    (number.fract() == 0.0 && number.abs() <= LARGEST).then_some(number as i64)
}

fn wrong_type(name: &str, expected: &str) -> Refusal {
    Refusal::BadRequest(format!("{name} must be {expected}.").into())
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        check_content_type(request.headers())?;
        let operation = request.extensions().get::<&'static Operation>();
        let declared = operation.and_then(|operation| operation.body);
        Self::parse(&read_body(request.into_body()).await?, declared)
    }
}

/// The body, when it is neither too large nor too slow.
pub async fn read_body(body: Body) -> Result<Bytes, Refusal> {
    tokio::time::timeout(BODY_TIME, to_bytes(body, LARGEST_BODY))
        .await
        .map_err(|_| Refusal::BodyTooSlow)?
        .map_err(|cause| unreadable(&cause))
}

/// A body without a type is taken for JSON; one of another type is not, nor one that is compressed.
fn check_content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let coding = headers.get(header::CONTENT_ENCODING);
    if coding.is_some_and(|coding| coding != "identity") {
        return Err(Refusal::NotJson);
    }
    let Some(content_type) = headers.get(header::CONTENT_TYPE) else {
        return Ok(());
    };
    let essence = content_type
        .to_str()
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if essence == "application/json" {
        Ok(())
    } else {
        Err(Refusal::NotJson)
    }
}

/// A JSON value in which no object names a field twice: two readers could choose differently.
struct Unambiguous(Value);

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UnambiguousVisitor).map(Self)
    }
}

struct UnambiguousVisitor;

impl<'de> Visitor<'de> for UnambiguousVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(flag.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Unambiguous(value)) = items.next_element()? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some((name, Unambiguous(value))) = entries.next_entry::<String, _>()? {
            if fields.insert(name, value).is_some() {
                return Err(A::Error::custom("a field is named twice"));
            }
        }
        Ok(fields.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &[u8]) -> String {
        Fields::parse(body, None)
            .err()
            .unwrap()
            .message()
            .into_owned()
    }

    #[test]
    fn null_is_absent_and_unknown_fields_are_ignored() {
        let fields = Fields::parse(br#"{"a": null, "b": "x", "later": [1]}"#, None).unwrap();
        assert_eq!(fields.text("a").unwrap(), None);
        assert_eq!(fields.text("b").unwrap(), Some("x"));
        assert_eq!(fields.integer("a").unwrap(), None);
        assert!(!fields.flag("a").unwrap());
        assert!(fields.object("a").unwrap().values.is_empty());
    }

    #[test]
    fn a_value_of_another_type_is_named_but_not_repeated() {
        let fields = Fields::parse(br#"{"code": 123456}"#, None).unwrap();
        let message = fields.text("code").err().unwrap().message();
        assert_eq!(message, "code must be a string.");
    }

    #[test]
    fn a_text_with_a_null_character_is_refused() {
        // PostgreSQL cannot keep one.
        let fields = Fields::parse(br#"{"user_agent": "a\u0000b"}"#, None).unwrap();
        let message = fields.text("user_agent").err().unwrap().message();
        assert_eq!(message, "user_agent must be a string without U+0000.");
    }

    #[test]
    fn what_is_not_one_json_object_is_refused() {
        assert_eq!(refused(b"{"), "The body is not JSON.");
        assert_eq!(refused(b""), "The body is not JSON.");
        assert_eq!(refused(b"{} {}"), "The body is not JSON.");
        assert_eq!(refused(b"\"\xff\""), "The body is not UTF-8.");
        let object = "The body must be a JSON object that names each field once.";
        assert_eq!(refused(b"[1]"), object);
        assert_eq!(refused(br#"{"code": "1", "code": "2"}"#), object);
        let inside = br#"{"options": [{"ip_match_required": true, "ip_match_required": false}]}"#;
        assert_eq!(refused(inside), object);
    }

    #[test]
    fn an_integer_may_be_written_with_a_fraction_of_nothing() {
        let body = br#"{"a": 2.0, "b": 1e1, "c": 2.5, "d": 1e300, "e": -3}"#;
        let fields = Fields::parse(body, None).unwrap();
        for (name, integer) in [("a", 2), ("b", 10), ("e", -3)] {
            assert_eq!(fields.integer(name).unwrap(), Some(integer), "{name}");
        }
        for name in ["c", "d"] {
            assert!(fields.integer(name).is_err(), "{name}");
        }
    }
}
