use crate::{
    error::{LoadError, ScriptError},
    scene::Scene,
    source::Source,
};

/// A shorter text would take ordinary words out of a log.
const SHORTEST: usize = 3;

/// Texts of a request and of a script's properties that must not be written anywhere.
#[derive(Default)]
pub(crate) struct Masks(Vec<String>);

impl Masks {
    pub(crate) fn of(source: &Source, scene: Option<&Scene>) -> Self {
        let hidden = source
            .properties
            .iter()
            .filter(|property| property.hide)
            .map(|property| &property.value2);
        let typed = scene
            .into_iter()
            .flat_map(|scene| &scene.request.parameters)
            .filter(|(name, _)| is_secret_name(name))
            .flat_map(|(_, values)| values);
        let password = scene.and_then(|scene| scene.password.as_ref());
        let mut texts: Vec<String> = hidden
            .chain(typed)
            .chain(password)
            .flat_map(|text| as_written(text))
            .filter(|text| text.len() >= SHORTEST)
            .collect();
        texts.sort_by_key(|mask| std::cmp::Reverse(mask.len()));
        texts.dedup();
        Self(texts)
    }

    pub(crate) fn texts(&self) -> &[String] {
        &self.0
    }

    pub(crate) fn script_error(&self, error: ScriptError) -> ScriptError {
        ScriptError {
            message: self.message(&error.message),
            traceback: self.masked(&error.traceback),
            ..error
        }
    }

    pub(crate) fn load_error(&self, error: LoadError) -> LoadError {
        LoadError {
            message: self.message(&error.message),
            traceback: self.masked(&error.traceback),
            ..error
        }
    }

    fn masked(&self, text: &str) -> String {
        self.0
            .iter()
            .fold(text.to_owned(), |text, mask| text.replace(mask, "***"))
    }

    /// The first 500 characters: a message is one line for an operator. Cut when it is masked, so that
    /// no half of a secret is left over.
    fn message(&self, text: &str) -> String {
        self.masked(text).chars().take(500).collect()
    }
}

/// A secret as it may stand in a line: whole, with its blanks drawn together, as Python quotes it, and
/// each of its lines.
fn as_written(secret: &str) -> Vec<String> {
    let spaced = secret.split_whitespace().collect::<Vec<_>>().join(" ");
    let quoted = secret.replace('\\', "\\\\").replace('\'', "\\'");
    let lines = secret.lines().map(|line| line.trim().to_owned());
    let mut texts: Vec<String> = [secret.to_owned(), spaced, quoted].into();
    texts.extend(lines);
    texts
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "code"
        || ["pass", "secret", "otp", "token"]
            .iter()
            .any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn masks(secret: &str) -> Masks {
        Masks(as_written(secret))
    }

    #[test]
    fn a_secret_is_masked_however_it_stands_in_a_message() {
        for (secret, message) in [
            ("my  secret", "no login for my secret"),
            ("my  secret", "no login for my  secret"),
            ("pa\\ss'word", "invalid literal: 'pa\\\\ss\\'word'"),
            ("-----BEGIN\n  abcdef\n-----END", "line abcdef of it"),
        ] {
            let error = ScriptError::new(ErrorKind::Exception, message);
            let shown = masks(secret).script_error(error).message;
            assert!(shown.contains("***"), "{secret:?}: {shown}");
            for part in ["secret", "ss'word", "abcdef"] {
                assert!(!shown.contains(part), "{secret:?}: {shown}");
            }
        }
    }

    #[test]
    fn no_half_of_a_secret_is_left_where_a_message_is_cut() {
        let message = format!("{}sesame-opens", "x".repeat(494));
        let error = ScriptError::new(ErrorKind::Exception, message);
        let shown = masks("sesame-opens").script_error(error).message;
        assert!(!shown.contains("sesame"), "{shown}");
    }
}
