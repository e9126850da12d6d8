//! The Java classes that scripts may import, as the frozen Python registers them.

use std::{collections::BTreeSet, sync::LazyLock};

/// Where classes are registered, by lines that start with `@java_class(` or `java_class(`.
const SOURCES: &[&str] = &[
    include_str!("../python/gluu_http.py"),
    include_str!("../python/gluu_people.py"),
    include_str!("../python/gluu_script.py"),
    include_str!("../python/gluu_services.py"),
    include_str!("../python/gluu_session.py"),
    include_str!("../python/gluu_util.py"),
    include_str!("../python/java_lang.py"),
    include_str!("../python/java_time.py"),
    include_str!("../python/java_util.py"),
    include_str!("../python/javax_faces.py"),
];

static PROVIDED: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    SOURCES
        .iter()
        .flat_map(|source| source.lines())
        .filter(|line| line.trim_start_matches('@').starts_with("java_class("))
        .flat_map(|line| line.split('"').skip(1).step_by(2))
        .collect()
});

/// Top-level names that are Java's, whatever follows.
const ROOTS: &[&str] = &["com", "java", "javax", "net", "org"];

/// The classes of the host API, in order.
pub fn provided_classes() -> impl Iterator<Item = &'static str> {
    PROVIDED.iter().copied()
}

pub(crate) fn is_java(name: &str) -> bool {
    let root = name.split('.').next().unwrap_or(name);
    ROOTS.contains(&root)
}

/// Whether a name is a class of the host API, or a member of one.
pub(crate) fn is_provided(name: &str) -> bool {
    let name = canonical(name);
    let mut candidate = name.as_str();
    loop {
        if PROVIDED.contains(candidate) {
            return true;
        }
        match candidate.rsplit_once('.') {
            Some((shorter, _)) => candidate = shorter,
            None => return false,
        }
    }
}

/// Whether classes of the host API lie under a name.
pub(crate) fn is_package(name: &str) -> bool {
    let prefix = format!("{}.", canonical(name));
    PROVIDED
        .range(prefix.as_str()..)
        .next()
        .is_some_and(|class| class.starts_with(&prefix))
}

/// The name since Gluu 4 of what was called `org.xdi` before.
fn canonical(name: &str) -> String {
    match name.strip_prefix("org.xdi.") {
        Some(rest) => format!("org.gluu.{rest}"),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_that_registers_classes_is_left_out() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/python");
        let registering = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
            .filter(|source| source.lines().any(|line| line.starts_with("@java_class(")))
            .count();
        assert_eq!(registering, SOURCES.len());
    }

    #[test]
    fn members_of_classes_are_provided_with_them() {
        assert!(is_provided("java.util.Arrays"));
        assert!(is_provided("org.xdi.oxauth.security.Identity"));
        assert!(!is_provided("java.util.zip.ZipFile"));
        assert!(is_package("java.util") && !is_package("java.util.Arrays"));
    }
}
