//! The Java classes that scripts may import, as the frozen Python registers them.

use std::{collections::BTreeMap, sync::LazyLock};

/// Where classes are registered: the frozen Python, as the build script found it.
const SOURCES: &[&str] = include!(concat!(env!("OUT_DIR"), "/python_sources.rs"));

/// What begins a line that registers classes. The names and what is missing stand on that line.
const REGISTERING: [&str; 3] = ["@java_class(", "java_class(", "import_only("];

/// One class of the host API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    /// With its package.
    pub name: &'static str,
    /// What of it is not there; `None` when a script finds all of it that matters.
    pub partial: Option<&'static str>,
}

static PROVIDED: LazyLock<BTreeMap<&'static str, Class>> = LazyLock::new(|| {
    SOURCES
        .iter()
        .flat_map(|source| source.lines())
        .filter(|line| REGISTERING.iter().any(|start| line.starts_with(start)))
        .flat_map(registered)
        .map(|class| (class.name, class))
        .collect()
});

fn registered(line: &'static str) -> impl Iterator<Item = Class> {
    let (names, partial) = match line.split_once("partial=\"") {
        Some((names, rest)) => (names, rest.split('"').next()),
        None => (line, None),
    };
    let names = names.split('"').skip(1).step_by(2);
    names.map(move |name| Class { name, partial })
}

/// Top-level names that are Java's, whatever follows.
const ROOTS: &[&str] = &["com", "java", "javax", "net", "org"];

/// The classes of the host API, in order.
pub fn provided_classes() -> impl Iterator<Item = Class> {
    PROVIDED.values().copied()
}

pub(crate) fn is_java(name: &str) -> bool {
    let root = name.split('.').next().unwrap_or(name);
    ROOTS.contains(&root)
}

/// The class of the host API that a name is, or is a member of.
pub(crate) fn find(name: &str) -> Option<Class> {
    let name = canonical(name);
    let mut candidate = name.as_str();
    loop {
        if let Some(class) = PROVIDED.get(candidate) {
            return Some(*class);
        }
        candidate = candidate.rsplit_once('.')?.0;
    }
}

/// Whether the name is that of a class of the host API itself.
pub(crate) fn is_class(name: &str) -> bool {
    PROVIDED.contains_key(canonical(name).as_str())
}

/// Whether classes of the host API lie under a name.
pub(crate) fn is_package(name: &str) -> bool {
    let prefix = format!("{}.", canonical(name));
    PROVIDED
        .range(prefix.as_str()..)
        .next()
        .is_some_and(|(name, _)| name.starts_with(&prefix))
}

/// The name since Gluu 4 of what was called `org.xdi` before.
pub(crate) fn canonical(name: &str) -> String {
    match name.strip_prefix("org.xdi.") {
        Some(rest) => format!("org.gluu.{rest}"),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_classes_and_what_is_missing_of_them() {
        let class = |name, partial| Class { name, partial };
        let table: [(&str, Vec<Class>); 3] = [
            (
                r#"@java_class("a.B", "c.D")"#,
                vec![class("a.B", None), class("c.D", None)],
            ),
            (
                r#"@java_class("a.B", partial="no dates")"#,
                vec![class("a.B", Some("no dates"))],
            ),
            (
                r#"import_only("a.B", "a.C", partial="no peer")"#,
                vec![class("a.B", Some("no peer")), class("a.C", Some("no peer"))],
            ),
        ];
        for (line, classes) in table {
            assert_eq!(registered(line).collect::<Vec<_>>(), classes, "{line}");
        }
    }

    #[test]
    fn members_of_classes_are_provided_with_them() {
        assert!(find("java.util.Arrays").is_some());
        assert!(find("org.xdi.oxauth.security.Identity").is_some());
        assert!(find("java.util.zip.ZipFile").is_none());
        assert!(is_package("java.util") && !is_package("java.util.Arrays"));
    }
}
