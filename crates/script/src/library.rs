//! Modules of the operator, which scripts share in text and not in state.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::source::Language;

/// The modules that a script may import besides those of this server, by full name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Libraries(pub BTreeMap<String, Library>);

/// One module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Library {
    pub text: String,
    /// As errors name it.
    pub file: String,
    /// Whether it has modules below it.
    pub is_package: bool,
}

impl Libraries {
    /// Whether there is a module of that full name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// What the importer of a script is given. A library that declares no language is written in
    /// that of the script.
    pub(crate) fn for_scripts_in(&self, language: Language) -> Value {
        let sources = self.0.iter().map(|(name, library)| {
            let own = Language::declared_in(&library.text).unwrap_or(language);
            let source = json!([
                library.text,
                library.file,
                library.is_package,
                own == Language::Python2
            ]);
            (name.clone(), source)
        });
        Value::Object(sources.collect())
    }
}
