use std::str::FromStr;

/// The longest name.
const LONGEST: usize = 128;

/// What operators call a project: one line, which is printed as it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProjectName(String);

/// Why a text is no name of a project.
#[derive(Debug, thiserror::Error)]
#[error(
    "a name has 1 to {LONGEST} characters, none of them a line break or another control character"
)]
pub struct ProjectNameError;

impl ProjectName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProjectName {
    type Err = ProjectNameError;

    fn from_str(text: &str) -> Result<Self, ProjectNameError> {
        let is_printed = |c: char| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}');
        let fits = (1..=LONGEST).contains(&text.chars().count()) && text.chars().all(is_printed);
        fits.then(|| Self(text.to_owned())).ok_or(ProjectNameError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_that_a_terminal_shows_as_it_is() {
        for (text, fits) in [
            ("Shop", true),
            ("Магазин 24", true),
            (&"é".repeat(128), true),
            (&"é".repeat(129), false),
            ("", false),
            ("two\nlines", false),
            ("\u{1b}[31mred", false),
            ("\u{9b}31m", false),
            ("a\u{2028}b", false),
        ] {
            assert_eq!(text.parse::<ProjectName>().is_ok(), fits, "{text:?}");
        }
    }
}
