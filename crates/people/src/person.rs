use std::collections::BTreeMap;

use sallyport_base::{Id, Timestamp};
use serde::Serialize;

/// Somebody who may log in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person {
    /// Gluu's `inum`, and the subject of tokens.
    pub id: Id<Person>,
    /// The login name as it was typed when the person was added; it is compared without case.
    pub uid: String,
    pub attributes: Attributes,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Person {
    /// Whether the person may log in: as in Gluu, `gluuStatus` must say `active`.
    pub fn is_active(&self) -> bool {
        self.attributes.first("gluuStatus") == Some("active")
    }
}

/// What is known of a person, by Gluu's names in Gluu's spelling; `uid` and `inum` included, the
/// password never.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize)]
#[serde(transparent)]
pub struct Attributes(BTreeMap<String, Vec<String>>);

impl Attributes {
    /// Those of a person who is added: `given` and what the server adds to it.
    pub(crate) fn new(
        id: Id<Person>,
        uid: &str,
        given: BTreeMap<&'static str, Vec<String>>,
    ) -> Self {
        let mut attributes = Self::default();
        attributes.push("inum".to_owned(), id.to_string());
        attributes.push("uid".to_owned(), uid.to_owned());
        for (name, values) in given {
            for value in values {
                attributes.push(name.to_owned(), value);
            }
        }
        attributes
    }

    /// The first value; `None` when the person has none. The name is in Gluu's spelling.
    pub fn first(&self, name: &str) -> Option<&str> {
        self.all(name).first().map(String::as_str)
    }

    /// Every value, in the order they were given.
    pub fn all(&self, name: &str) -> &[String] {
        self.0.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// Names with their values, in the order of the alphabet.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0
            .iter()
            .map(|(name, values)| (name.as_str(), values.as_slice()))
    }

    pub fn into_map(self) -> BTreeMap<String, Vec<String>> {
        self.0
    }

    pub(crate) fn push(&mut self, name: String, value: String) {
        self.0.entry(name).or_default().push(value);
    }
}
