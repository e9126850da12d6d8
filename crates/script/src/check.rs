//! What a script imports, found without running it.

use std::collections::BTreeSet;

use ruff_python_parser::parse_module;
use serde::Serialize;
use tree_sitter::Node;

use crate::{
    classes, contract,
    error::{LoadError, LoadStage},
    host_use::{self, HostUse},
    modules,
    source::Language,
    translate::{self, children, line_of},
};

/// What [`check`] found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    pub language: Language,
    pub classes: Vec<Import>,
    pub modules: Vec<Import>,
    /// What the script may ask of the host.
    pub uses: Vec<HostUse>,
    /// Hosts in the URLs that stand in the text.
    pub hosts: BTreeSet<String>,
    /// Texts that look like pages: `/auth/otp_sms/otp_sms.xhtml`.
    pub pages: BTreeSet<String>,
    /// Whether there is a class `PersonAuthentication`.
    pub has_person_authentication: bool,
    /// The methods of the contract that the class defines, in their order.
    pub methods: Vec<String>,
    /// The methods that its API version asks for and that it does not define itself.
    pub missing_methods: Vec<String>,
    /// What `getApiVersion` returns, where that is a number in the text.
    pub api_version: Option<i64>,
    /// Built-in functions that it names and that are refused when they are called.
    pub refused: Vec<Refused>,
    /// Why the script would not even be translated or parsed.
    pub fault: Option<SyntaxFault>,
}

/// A call that raises: it may stand where the script never gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refused {
    pub name: String,
    /// Counted from 1.
    pub line: u32,
}

/// Built-in functions that scripts do not have.
const REFUSED: &[&str] = &[
    "compile",
    "eval",
    "exec",
    "execfile",
    "file",
    "input",
    "open",
    "raw_input",
];

/// The first place where a script is not what its language allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SyntaxFault {
    /// Counted from 1.
    pub line: u32,
    pub what: String,
}

/// A name that a script imports, or uses in full (`java.util.Arrays`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Import {
    pub name: String,
    /// Counted from 1.
    pub line: u32,
    pub provided: bool,
    /// What of a class is not there.
    pub partial: Option<&'static str>,
    /// Imported inside `try`: the script can do without.
    pub optional: bool,
}

impl Import {
    /// Why it is not there, in one line.
    pub fn refusal(&self) -> String {
        if classes::is_java(&self.name) {
            return format!("Java class '{}' is not provided by this server", self.name);
        }
        let why = modules::refusal(&self.name).map_or_else(String::new, |why| format!(": {why}"));
        format!(
            "Python module '{}' is not available to scripts{why}",
            self.name
        )
    }
}

impl Report {
    fn new(language: Language) -> Self {
        Self {
            language,
            classes: Vec::new(),
            modules: Vec::new(),
            uses: Vec::new(),
            hosts: BTreeSet::new(),
            pages: BTreeSet::new(),
            has_person_authentication: false,
            methods: Vec::new(),
            missing_methods: Vec::new(),
            api_version: None,
            refused: Vec::new(),
            fault: None,
        }
    }

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

/// Lists what a script imports, what of it is missing and what it may ask of the host. Nothing is run.
pub fn check(source_text: &str, language: Language) -> Report {
    let text = translate::normalise(source_text);
    let mut report = Report::new(language);
    report.fault = fault(source_text, language);
    let Ok(tree) = translate::parse(&text) else {
        return report;
    };
    let mut finder = Finder::new(&text, report);
    finder.visit(tree.root_node(), false);
    finder.finish()
}

/// The first syntax error. What the translation finds has better words for Python 2; what it lets pass, such as a
/// broken indentation, the parser of Python 3 finds in its output, whose lines are the author's.
fn fault(source_text: &str, language: Language) -> Option<SyntaxFault> {
    let (text, own) = match language {
        Language::Python3 => (source_text.to_owned(), None),
        Language::Python2 => match translate::python2(source_text) {
            Ok(translated) => (translated.text, translated.fault),
            Err(error) => {
                return Some(SyntaxFault {
                    line: error.line.unwrap_or(1),
                    what: error.message,
                });
            }
        },
    };
    let own = own.map(|fault| SyntaxFault {
        line: fault.line,
        what: format!("invalid syntax near `{}`", fault.near),
    });
    let parsed = parse_module(&text).err().map(|error| SyntaxFault {
        line: line_at(&text, usize::from(error.location.start())),
        what: error.error.to_string(),
    });
    match (own, parsed) {
        (Some(own), Some(parsed)) if own.line < parsed.line => Some(own),
        (own, parsed) => parsed.or(own),
    }
}

/// Counted from 1.
fn line_at(text: &str, offset: usize) -> u32 {
    let before = text.get(..offset).unwrap_or(text);
    u32::try_from(before.matches('\n').count()).unwrap_or(u32::MAX - 1) + 1
}

/// Refuses a script that imports what is not there, so that no person meets it first.
///
/// A script with a syntax error is let through: the compiler says that better.
pub(crate) fn refuse_missing(
    text: &str,
    language: Language,
    file: &str,
    is_library: impl Fn(&str) -> bool,
) -> Result<(), LoadError> {
    let tree = translate::parse(text)?;
    if tree.root_node().has_error() {
        return Ok(());
    }
    let mut finder = Finder::new(text, Report::new(language));
    finder.visit(tree.root_node(), false);
    let missing = finder.report.missing();
    let missing = missing.filter(|import| !is_library(&import.name));
    match missing.min_by_key(|import| import.line) {
        None => Ok(()),
        Some(import) => {
            let mut error = LoadError::new(
                LoadStage::Construct,
                format!("{file}, line {}: {}", import.line, import.refusal()),
            );
            error.line = Some(import.line);
            Err(error)
        }
    }
}

struct Finder<'a> {
    text: &'a str,
    /// Java roots that the script imported as a whole (`import java`).
    roots: Vec<&'a str>,
    /// What stands behind a dot anywhere.
    members: BTreeSet<&'a str>,
    report: Report,
}

impl<'a> Finder<'a> {
    const fn new(text: &'a str, report: Report) -> Self {
        Self {
            text,
            roots: Vec::new(),
            members: BTreeSet::new(),
            report,
        }
    }

    /// Draws the conclusions from what the walk has found.
    fn finish(mut self) -> Report {
        let imported = self.report.classes.iter().chain(&self.report.modules);
        let names: Vec<&str> = imported.map(|import| import.name.as_str()).collect();
        self.report.uses = host_use::of(&names, &self.members);
        let version = self.report.api_version.unwrap_or(i64::MAX);
        let defined = &self.report.methods;
        if self.report.has_person_authentication {
            self.report.missing_methods = contract::METHODS
                .iter()
                .filter(|(name, since)| *since <= version && !defined.iter().any(|it| it == name))
                .map(|(name, _)| (*name).to_owned())
                .collect();
        }
        self.report
    }

    fn slice(&self, node: Node<'_>) -> &'a str {
        &self.text[node.byte_range()]
    }

    fn visit(&mut self, node: Node<'_>, optional: bool) {
        match node.kind() {
            "import_statement" => self.import(node, optional),
            "import_from_statement" => self.import_from(node, optional),
            "attribute" => {
                self.note_member(node);
                self.full_name(node, optional);
            }
            "call" => {
                self.note_refused(node);
                self.visit_children(node, optional);
            }
            "string_content" => {
                self.note_hosts(node);
                self.note_page(node);
            }
            "class_definition" => {
                if self.field(node, "name") == Some("PersonAuthentication") {
                    self.note_contract(node);
                }
                self.visit_children(node, optional);
            }
            "try_statement" => {
                self.visit_children(node, optional || catches_imports(node, self.text))
            }
            _ => self.visit_children(node, optional),
        }
    }

    fn field(&self, node: Node<'_>, name: &str) -> Option<&'a str> {
        node.child_by_field_name(name).map(|part| self.slice(part))
    }

    fn note_member(&mut self, attribute: Node<'_>) {
        if let Some(name) = self.field(attribute, "attribute") {
            self.members.insert(name);
        }
    }

    /// The hosts of the URLs in a text.
    fn note_hosts(&mut self, content: Node<'_>) {
        let text = self.slice(content);
        for scheme in ["https://", "http://"] {
            let hosts = text
                .match_indices(scheme)
                .filter_map(|(at, _)| host_at(&text[at + scheme.len()..]));
            self.report.hosts.extend(hosts);
        }
    }

    fn note_page(&mut self, content: Node<'_>) {
        let text = self.slice(content);
        let is_path = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
        let is_page = text
            .strip_suffix(".xhtml")
            .is_some_and(|stem| !stem.is_empty());
        if is_page && text.bytes().all(is_path) {
            self.report.pages.insert(text.to_owned());
        }
    }

    /// The methods of the contract that a class has, and its API version.
    fn note_contract(&mut self, class: Node<'_>) {
        self.report.has_person_authentication = true;
        let Some(body) = class.child_by_field_name("body") else {
            return;
        };
        for method in children(body).into_iter().map(undecorated) {
            if method.kind() != "function_definition" {
                continue;
            }
            let Some(name) = self.field(method, "name") else {
                continue;
            };
            if contract::METHODS.iter().any(|(known, _)| *known == name)
                && !self.report.methods.iter().any(|known| known == name)
            {
                self.report.methods.push(name.to_owned());
            }
            if name == "getApiVersion" {
                self.report.api_version = self.returned_number(method);
            }
        }
    }

    /// The number that a method returns where its body is that alone.
    fn returned_number(&self, method: Node<'_>) -> Option<i64> {
        let statement = method.child_by_field_name("body")?.named_child(0)?;
        let value = statement.named_child(0)?;
        let is_number = statement.kind() == "return_statement" && value.kind() == "integer";
        is_number
            .then(|| self.slice(value).trim_end_matches(['l', 'L']).parse().ok())
            .flatten()
    }

    fn note_refused(&mut self, call: Node<'_>) {
        let function = call.child_by_field_name("function");
        if let Some(function) = function.filter(|it| it.kind() == "identifier")
            && REFUSED.contains(&self.slice(function))
        {
            self.report.refused.push(Refused {
                name: self.slice(function).to_owned(),
                line: line_of(call),
            });
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
            if classes::is_class(&full) || !classes::is_package(&full) {
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
        let class = classes::find(&name);
        let (provided, partial) = (class.is_some(), class.and_then(|class| class.partial));
        note(
            &mut self.report.classes,
            Import {
                name,
                line: line_of(at),
                provided,
                partial,
                optional,
            },
        );
    }

    fn note_module(&mut self, name: &str, at: Node<'_>, optional: bool) {
        let provided = modules::is_allowed(name, self.report.language);
        note(
            &mut self.report.modules,
            Import {
                name: name.to_owned(),
                line: line_of(at),
                provided,
                partial: None,
                optional,
            },
        );
    }
}

/// The host and port that a text begins with.
fn host_at(text: &str) -> Option<String> {
    let end = text
        .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-' | ':'))
        .unwrap_or(text.len());
    let host = text[..end].trim_end_matches([':', '.']).to_lowercase();
    (host.contains('.') || host.starts_with("localhost")).then_some(host)
}

fn undecorated(node: Node<'_>) -> Node<'_> {
    let definition = node.child_by_field_name("definition");
    definition.unwrap_or(node)
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

    const SCRIPT: &str = "from java.util import Arrays\nfrom com.nowhere import Nothing\nimport java\nimport json, socket\n\
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
                ("com.nowhere.Nothing", 2),
                ("java.util.zip.ZipFile", 12),
                ("socket", 4)
            ]
        );
        assert!(report.has_person_authentication && !report.would_load());
    }

    #[test]
    fn what_the_script_may_do_is_read_from_its_text() {
        let text = "from org.gluu.oxauth.service import AuthenticationService\nimport urllib2\n\
            class PersonAuthentication:\n    def init(self, a, b):\n        return True\n    \
            def getApiVersion(self):\n        return 2\n    def authenticate(self, c, r, s):\n        \
            urllib2.urlopen('https://api.example.com:8443/v1?x=http://localhost/')\n        \
            return service.authenticate('x')\n";
        let report = check(text, Language::Python2);
        assert_eq!(report.uses, [HostUse::CheckPasswords, HostUse::Http]);
        let hosts: Vec<_> = report.hosts.iter().map(String::as_str).collect();
        assert_eq!(hosts, ["api.example.com:8443", "localhost"]);
        assert_eq!(report.api_version, Some(2));
        assert_eq!(report.methods, ["init", "getApiVersion", "authenticate"]);
        assert!(report.missing_methods.contains(&"getNextStep".to_owned()));
        assert!(
            !report
                .missing_methods
                .contains(&"getLogoutExternalUrl".to_owned())
        );
    }

    #[test]
    fn a_syntax_error_of_either_language_names_its_line() {
        let class = "class PersonAuthentication:\n    def init(self):\n";
        let table = [
            (Language::Python2, "        print 'a' 5\n", 3),
            (
                Language::Python2,
                "        if True:\n            pass\n       print 'b'\n",
                5,
            ),
            (
                Language::Python2,
                "    def destroy(self):\n        pass\n",
                3,
            ),
            (Language::Python2, "        if True:\n\tpass\n", 4),
            (Language::Python2, "        exec 'x'\n", 3),
            (Language::Python3, "        print 'a'\n", 3),
            (Language::Python3, "        x = (1\n        y = 2\n", 4),
            (Language::Python3, "        if True:\n\tpass\n", 3),
        ];
        for (language, body, line) in table {
            let report = check(&format!("{class}{body}"), language);
            let found = report.fault.as_ref().map(|fault| fault.line);
            assert_eq!(found, Some(line), "{body} {:?}", report.fault);
            assert!(!report.would_load());
        }
    }

    #[test]
    fn names_of_gluu_3_are_those_of_gluu_4() {
        let report = check("from org.xdi.util import StringHelper\n", Language::Python2);
        assert!(report.classes[0].provided);
    }
}
