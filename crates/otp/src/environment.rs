use std::fmt;

use sallyport_base::Id;

/// What a project is for. The word is part of every id that the project hands out, as in
/// `user-test-<uuid>`; a test project also answers to the sandbox number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Environment {
    Test,
    Live,
}

impl Environment {
    /// The environment that a project id such as `project-live-<uuid>` names. SDKs choose by the
    /// same prefix; what is not live is a test.
    pub fn of_project(project_id: &str) -> Self {
        if project_id.starts_with("project-live-") {
            Self::Live
        } else {
            Self::Test
        }
    }

    /// Whether `text` is the id of a project of this environment.
    pub fn is_project(self, text: &str) -> bool {
        self.parse::<Self>("project", text).is_some()
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Live => "live",
        }
    }

    /// The id on the wire of one `what`: `user-test-<uuid>`.
    pub fn name(self, what: &str, id: impl fmt::Display) -> String {
        format!("{what}-{}-{id}", self.as_str())
    }

    /// The id inside `text`; `None` when it is not the id of a `what` of this environment.
    pub fn parse<T>(self, what: &str, text: &str) -> Option<Id<T>> {
        let id = text
            .strip_prefix(what)?
            .strip_prefix('-')?
            .strip_prefix(self.as_str())?
            .strip_prefix('-')?;
        Id::parse(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back_in_its_own_environment_only() {
        let id = Id::<()>::parse("018f3c1e-7c1a-7b6e-9a43-5f0f4f3a2b1c").unwrap();
        let text = Environment::Test.name("phone-number", id);
        assert_eq!(
            text,
            "phone-number-test-018f3c1e-7c1a-7b6e-9a43-5f0f4f3a2b1c"
        );
        assert_eq!(Environment::Test.parse("phone-number", &text), Some(id));
        assert_eq!(Environment::Live.parse::<()>("phone-number", &text), None);
        assert_eq!(Environment::Test.parse::<()>("user", &text), None);
        assert_eq!(
            Environment::Test.parse::<()>("phone-number", "phone-number-test-7"),
            None
        );
    }
}
