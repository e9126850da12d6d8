use crate::{
    error::{LoadError, ScriptError},
    scene::Scene,
    source::Source,
};

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
            .filter(|text| text.len() >= 3)
            .cloned()
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
            message: self.masked(&error.message),
            traceback: self.masked(&error.traceback),
            ..error
        }
    }

    pub(crate) fn load_error(&self, error: LoadError) -> LoadError {
        LoadError {
            message: self.masked(&error.message),
            traceback: self.masked(&error.traceback),
            ..error
        }
    }

    fn masked(&self, text: &str) -> String {
        self.0
            .iter()
            .fold(text.to_owned(), |text, mask| text.replace(mask, "***"))
    }
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "code"
        || ["pass", "secret", "otp", "token"]
            .iter()
            .any(|word| name.contains(word))
}
