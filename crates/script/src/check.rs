//! What a script imports, found without running it.

use tree_sitter::Node;

use crate::{
    classes,
    error::{LoadError, LoadStage},
    modules,
    source::Language,
    translate::{self, children, line_of},
};

/// What [`check`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub classes: Vec<Import>,
    pub modules: Vec<Import>,
    /// Whether there is a class `PersonAuthentication`.
    pub has_person_authentication: bool,
    /// Why the script would not even be translated or parsed: line and text.
    pub fault: Option<(u32, String)>,
}

/// A name that a script imports, or uses in full (`java.util.Arrays`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    pub name: String,
    /// Counted from 1.
    pub line: u32,
    pub provided: bool,
    /// Imported inside `try`: the script can do without.
    pub optional: bool,
}

impl Report {
    /// What keeps the script from loading.
    pub fn missing(&self) -> impl Iterator<Item = &Import> {
        self.classes
            .iter()
            .chain(&self.modules)
            .filter(|import| !import.provided && !import.optional)
    }

    /// Whether nothing found here keeps the script from loading.
    pub fn would_load(&self) -> bool {
        self.fault.is_none() && self.has_person_authentication && self.missing().next().is_none()
    }
}

/// Lists what a script imports and what of it is missing. Nothing is run.
pub fn check(source_text: &str, language: Language) -> Report {
    let fault = match language {
        Language::Python2 => python2_fault(source_text),
        Language::Python3 => None,
    };
    let text = translate::normalise(source_text);
    let Ok(tree) = translate::parse(&text) else {
        return Report {
            fault,
            ..Report::default()
        };
    };
    let mut finder = Finder {
        text: &text,
        language,
        roots: Vec::new(),
        report: Report {
            fault,
            ..Report::default()
        },
    };
    finder.visit(tree.root_node(), false);
    finder.report
}

fn python2_fault(source_text: &str) -> Option<(u32, String)> {
    match translate::python2(source_text) {
        Ok(translated) => translated
            .fault
            .map(|fault| (fault.line, format!("invalid syntax near `{}`", fault.near))),
        Err(error) => Some((error.line.unwrap_or(1), error.message)),
    }
}

/// Refuses a script that imports what is not there, so that no person meets it first.
///
/// A script with a syntax error is let through: the compiler says that better.
pub(crate) fn refuse_missing(text: &str, language: Language, file: &str) -> Result<(), LoadError> {
    let tree = translate::parse(text)?;
    if tree.root_node().has_error() {
        return Ok(());
    }
    let mut finder = Finder {
        text,
        language,
        roots: Vec::new(),
        report: Report::default(),
    };
    finder.visit(tree.root_node(), false);
    match finder.report.missing().min_by_key(|import| import.line) {
        None => Ok(()),
        Some(import) => {
            let what = if classes::is_java(&import.name) {
                format!(
                    "Java class '{}' is not provided by this server",
                    import.name
                )
            } else {
                format!(
                    "Python module '{}' is not available to scripts",
                    import.name
                )
            };
            let mut error = LoadError::new(
                LoadStage::Construct,
                format!("{file}, line {}: {what}", import.line),
            );
            error.line = Some(import.line);
            Err(error)
        }
    }
}

struct Finder<'a> {
    text: &'a str,
    language: Language,
    /// Java roots that the script imported as a whole (`import java`).
    roots: Vec<&'a str>,
    report: Report,
}

impl<'a> Finder<'a> {
    fn slice(&self, node: Node<'_>) -> &'a str {
        &self.text[node.byte_range()]
    }

    fn visit(&mut self, node: Node<'_>, optional: bool) {
        match node.kind() {
            "import_statement" => self.import(node, optional),
            "import_from_statement" => self.import_from(node, optional),
            "attribute" => self.full_name(node, optional),
            "class_definition" => {
                let name = node
                    .child_by_field_name("name")
                    .map(|name| self.slice(name));
                self.report.has_person_authentication |= name == Some("PersonAuthentication");
                self.visit_children(node, optional);
            }
            "try_statement" => {
                self.visit_children(node, optional || catches_imports(node, self.text))
            }
            _ => self.visit_children(node, optional),
        }
    }

    fn visit_children(&mut self, node: Node<'_>, optional: bool) {
        for child in children(node) {
            self.visit(child, optional);
        }
    }

    fn import(&mut self, node: Node<'_>, optional: bool) {
        for part in children(node) {
            let name = match part.kind() {
                "dotted_name" => part,
                "aliased_import" => match part.child_by_field_name("name") {
                    Some(name) => name,
                    None => continue,
                },
                _ => continue,
            };
            let name = self.slice(name);
            if classes::is_java(name) {
                let root = name.split('.').next().unwrap_or(name);
                self.roots.push(root);
                if name.contains('.') && !classes::is_package(name) {
                    self.note_class(name.to_owned(), part, optional);
                }
            } else {
                self.note_module(name, part, optional);
            }
        }
    }

    fn import_from(&mut self, node: Node<'_>, optional: bool) {
        let Some(module) = node.child_by_field_name("module_name") else {
            return;
        };
        let package = self.slice(module);
        if !classes::is_java(package) {
            return self.note_module(package, module, optional);
        }
        for part in children(node)
            .into_iter()
            .filter(|part| part.start_byte() > module.end_byte())
        {
            let name = match part.kind() {
                "wildcard_import" if classes::is_package(package) => continue,
                "dotted_name" | "wildcard_import" => self.slice(part),
                "aliased_import" => part
                    .child_by_field_name("name")
                    .map(|name| self.slice(name))
                    .unwrap_or_default(),
                _ => continue,
            };
            let full = format!("{package}.{name}");
            if !classes::is_package(&full) {
                self.note_class(full, part, optional);
            }
        }
    }

    /// `java.util.Arrays.asList` names a class without importing it.
    fn full_name(&mut self, node: Node<'_>, optional: bool) {
        let text = self.slice(node);
        let root = text.split('.').next().unwrap_or(text);
        let plain = text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
        if !plain || !self.roots.contains(&root) {
            return self.visit_children(node, optional);
        }
        let mut class = String::new();
        for segment in text.split('.') {
            class.push_str(segment);
            if segment.starts_with(|c: char| c.is_ascii_uppercase()) {
                return self.note_class(class, node, optional);
            }
            class.push('.');
        }
    }

    fn note_class(&mut self, name: String, at: Node<'_>, optional: bool) {
        let provided = classes::is_provided(&name);
        note(
            &mut self.report.classes,
            Import {
                name,
                line: line_of(at),
                provided,
                optional,
            },
        );
    }

    fn note_module(&mut self, name: &str, at: Node<'_>, optional: bool) {
        let provided = modules::allowed(self.language == Language::Python2).contains(&name);
        note(
            &mut self.report.modules,
            Import {
                name: name.to_owned(),
                line: line_of(at),
                provided,
                optional,
            },
        );
    }
}

/// Keeps the first place of each name.
fn note(imports: &mut Vec<Import>, import: Import) {
    match imports.iter_mut().find(|known| known.name == import.name) {
        Some(known) => known.optional &= import.optional,
        None => imports.push(import),
    }
}

/// Whether a `try` goes on when an import fails.
fn catches_imports(node: Node<'_>, text: &str) -> bool {
    children(node)
        .into_iter()
        .filter(|part| part.kind() == "except_clause")
        .any(|clause| {
            let head = text[clause.byte_range()]
                .split(':')
                .next()
                .unwrap_or_default();
            head.trim() == "except" || head.contains("ImportError") || head.contains("Exception")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "from java.util import Arrays\nfrom com.duosecurity import Client\nimport java\nimport json, socket\n\
        try:\n    import simplejson\nexcept ImportError:\n    import nothing\nclass PersonAuthentication:\n    def f(self):\n        \
        print java.util.Date()\n        return java.util.zip.ZipFile('x')\n";

    #[test]
    fn every_missing_name_is_found_with_its_line() {
        let report = check(SCRIPT, Language::Python2);
        let missing: Vec<_> = report
            .missing()
            .map(|import| (import.name.as_str(), import.line))
            .collect();
        assert_eq!(
            missing,
            [
                ("com.duosecurity.Client", 2),
                ("java.util.zip.ZipFile", 12),
                ("socket", 4)
            ]
        );
        assert!(report.has_person_authentication && !report.would_load());
    }

    #[test]
    fn names_of_gluu_3_are_those_of_gluu_4() {
        let report = check("from org.xdi.util import StringHelper\n", Language::Python2);
        assert!(report.classes[0].provided);
    }
}
