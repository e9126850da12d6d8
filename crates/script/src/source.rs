use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::library::Libraries;

/// One version of a person authentication script as an administrator stored it.
#[derive(Clone, Debug)]
pub struct Source {
    /// The acr that the script answers for.
    pub name: String,
    pub text: String,
    pub language: Language,
    /// What `configurationAttributes` shows, by `value1`; the last of two equal names wins.
    pub properties: Vec<Property>,
    pub revision: i64,
    /// What the script may import besides the modules of this server.
    pub libraries: Arc<Libraries>,
}

/// What a script is written in. Never guessed: Python 2 is what Gluu's scripts are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    Python2,
    Python3,
}

impl Language {
    /// What a comment like `# sallyport: language=python3` in the first five lines declares.
    ///
    /// `None` when there is no such comment or it names no known language.
    pub fn declared_in(text: &str) -> Option<Self> {
        text.lines()
            .take(5)
            .find_map(|line| line.trim().strip_prefix("# sallyport: language="))
            .and_then(|name| match name.trim() {
                "python2" => Some(Self::Python2),
                "python3" => Some(Self::Python3),
                _ => None,
            })
    }
}

/// A custom property of a script, in the shape that Gluu stores (`oxConfigurationProperty`).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Property {
    /// The name.
    pub value1: String,
    /// The value, as typed: never trimmed.
    #[serde(default)]
    pub value2: String,
    /// Whether the value is a secret.
    #[serde(default)]
    pub hide: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl fmt::Debug for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value: &dyn fmt::Debug = if self.hide { &"(hidden)" } else { &self.value2 };
        f.debug_struct("Property")
            .field("value1", &self.value1)
            .field("value2", value)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_declared_by_a_comment_near_the_top() {
        let declared =
            Language::declared_in("# A script\n# sallyport: language=python3\nimport json\n");
        assert_eq!(declared, Some(Language::Python3));
        assert_eq!(Language::declared_in("import json\n"), None);
        assert_eq!(Language::declared_in("# sallyport: language=cobol\n"), None);
    }

    #[test]
    fn a_hidden_value_is_not_in_the_debug_text() {
        let property = Property {
            value1: "SECRET".into(),
            value2: "s3cr3t".into(),
            hide: true,
            description: None,
        };
        assert!(!format!("{property:?}").contains("s3cr3t"));
    }
}
