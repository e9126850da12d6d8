//! What a script needs, read from its file without running it.

use std::{fs, path::Path};

use anyhow::{Context, bail};
use sallyport_script::{HostUse, Import, Language, Property, Report, SyntaxFault};
use serde::Serialize;

use super::{output, script_pages};

/// How a file is looked at.
pub(super) struct Question<'a> {
    pub file: &'a Path,
    pub is_python3: bool,
    /// Those that the script is to have: they name hosts that it may call.
    pub properties: Vec<Property>,
    /// Whether a program reads the answer.
    pub as_json: bool,
}

/// What a program reads.
#[derive(Serialize)]
struct Answer<'a> {
    would_load: bool,
    /// Hosts that the properties allow, with their ports.
    allowed_hosts: &'a [String],
    #[serde(flatten)]
    report: &'a Report,
}

/// Says what the script is and imports and may ask. The error says why it would not load.
pub(super) fn file(question: &Question<'_>) -> anyhow::Result<()> {
    let shown = question.file.display();
    let text =
        fs::read_to_string(question.file).with_context(|| format!("the script file {shown}"))?;
    let report = sallyport_script::check(&text, language(&text, question.is_python3));
    let hosts = sallyport_flow::named_hosts(&question.properties);
    if question.as_json {
        output::print(&as_json(&report, &hosts)?)?;
    } else {
        output::print(&format!("{shown} {}", in_words(&report, &hosts)))?;
    }
    if !report.would_load() {
        bail!("{shown} would not load: {}", faults(&report).join("; "));
    }
    if !question.as_json {
        output::print(
            "\nNothing is missing. `sallyport script check NAME --file FILE` starts it as the server would.\n",
        )?;
    }
    Ok(())
}

fn as_json(report: &Report, hosts: &[String]) -> anyhow::Result<String> {
    let answer = Answer {
        would_load: report.would_load(),
        allowed_hosts: hosts,
        report,
    };
    Ok(serde_json::to_string_pretty(&answer)? + "\n")
}

fn in_words(report: &Report, hosts: &[String]) -> String {
    let version = report.api_version.map_or_else(
        || "its API version is known only when it runs".to_owned(),
        |version| format!("its API version is {version}"),
    );
    let mut text = format!(
        "is read as {}; {version}.\n\n{}",
        name(report.language),
        imports(report)
    );
    for (head, words) in [
        ("It may ask the host to", asks(&report.uses)),
        ("Its properties let it call", hosts.to_vec()),
        (
            "Its text names these hosts, which a property or `allowed_hosts` must allow",
            report.hosts.iter().cloned().collect(),
        ),
        (
            "Its text names pages that do not ship and must lie under <home>/oxauth/custom/pages",
            pages(report),
        ),
        ("Of the contract it defines", report.methods.clone()),
        ("It does not define", report.missing_methods.clone()),
        ("It calls what is refused to scripts", refused(report)),
    ] {
        if !words.is_empty() {
            text.push_str(&format!("\n{head}: {}.\n", words.join(", ")));
        }
    }
    text
}

fn refused(report: &Report) -> Vec<String> {
    let calls = report.refused.iter();
    calls
        .map(|call| format!("{}() in line {}", call.name, call.line))
        .collect()
}

fn pages(report: &Report) -> Vec<String> {
    let missing = script_pages::missing(report, None);
    missing.into_iter().map(str::to_owned).collect()
}

fn asks(uses: &[HostUse]) -> Vec<String> {
    uses.iter().map(|asked| asked.words().to_owned()).collect()
}

fn language(text: &str, is_python3: bool) -> Language {
    if is_python3 {
        return Language::Python3;
    }
    Language::declared_in(text).unwrap_or(Language::Python2)
}

const fn name(language: Language) -> &'static str {
    match language {
        Language::Python2 => "Python 2",
        Language::Python3 => "Python 3",
    }
}

/// In the order of the file.
fn imports(report: &Report) -> String {
    let mut found: Vec<&Import> = report.classes.iter().chain(&report.modules).collect();
    found.sort_by_key(|import| import.line);
    let rows: Vec<_> = found.into_iter().map(row).collect();
    output::table(["LINE", "IMPORT", "STATE"], &rows)
}

fn row(import: &Import) -> [String; 3] {
    let state = match import {
        Import {
            partial: Some(how), ..
        } => format!("partly there: {how}"),
        Import { provided: true, .. } => "there".to_owned(),
        Import { optional: true, .. } => "missing, and the script can do without".to_owned(),
        _ => "missing".to_owned(),
    };
    [import.line.to_string(), import.name.clone(), state]
}

fn faults(report: &Report) -> Vec<String> {
    let mut faults = Vec::new();
    if let Some(SyntaxFault { line, what }) = &report.fault {
        faults.push(format!("line {line}, {what}"));
    }
    let mut missing: Vec<&Import> = report.missing().collect();
    missing.sort_by_key(|import| import.line);
    for import in missing {
        faults.push(format!("line {}, {}", import.line, import.refusal()));
    }
    if !report.has_person_authentication {
        faults.push("there is no class PersonAuthentication".to_owned());
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<(), String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("script.py");
        fs::write(&path, text).unwrap();
        let place = path.display().to_string();
        let question = Question {
            file: &path,
            is_python3: false,
            properties: Vec::new(),
            as_json: false,
        };
        file(&question).map_err(|error| error.to_string().replace(&place, "script.py"))
    }

    #[test]
    fn a_file_is_refused_with_the_line_at_fault() {
        let class = "class PersonAuthentication:\n    pass\n";
        for (text, refused) in [
            (format!("import json\n{class}"), None),
            (
                format!("try:\n    import nowhere\nexcept ImportError:\n    pass\n{class}"),
                None,
            ),
            (
                format!("import json\nimport nowhere\nfrom com.nowhere import Nothing\n{class}"),
                Some(
                    "script.py would not load: line 2, Python module 'nowhere' is not available to scripts; line 3, Java class 'com.nowhere.Nothing' is not provided by this server",
                ),
            ),
            (
                "import json\n".to_owned(),
                Some("script.py would not load: there is no class PersonAuthentication"),
            ),
            (
                format!("{class}\n    def init(self:\n        pass\n"),
                Some("script.py would not load: line 4, "),
            ),
        ] {
            match (check(&text), refused) {
                (Ok(()), None) => {}
                (Err(found), Some(expected)) => {
                    assert!(found.starts_with(expected), "{found}");
                }
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
    }

    #[test]
    fn imports_are_listed_in_the_order_of_the_file() {
        let text = "import json\nfrom com.nowhere import Nothing\nimport time\n";
        let listed = imports(&sallyport_script::check(text, Language::Python2));
        let lines: Vec<Vec<&str>> = listed
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(
            lines,
            [
                ["LINE", "IMPORT", "STATE"],
                ["1", "json", "there"],
                ["2", "com.nowhere.Nothing", "missing"],
                ["3", "time", "there"],
            ]
        );
    }

    #[test]
    fn what_a_script_may_do_is_said_and_read_by_programs() {
        let text = "from org.gluu.oxauth.service.net import HttpService\nclass PersonAuthentication:\n    \
            def getApiVersion(self):\n        return 2\n    def authenticate(self, c, p, s):\n        \
            return get('https://fixed.example/x', '/own.xhtml', '/login.xhtml')\n";
        let report = sallyport_script::check(text, Language::Python2);
        let hosts = ["api.example:443".to_owned()];
        let words = in_words(&report, &hosts);
        for said in [
            "is read as Python 2; its API version is 2.",
            "It may ask the host to: call other hosts over HTTP.",
            "Its properties let it call: api.example:443.",
            "must allow: fixed.example.",
            "<home>/oxauth/custom/pages: /own.xhtml.",
            "Of the contract it defines: getApiVersion, authenticate.",
            "It does not define: init, destroy,",
        ] {
            assert!(words.contains(said), "{said}: {words}");
        }
        let read: serde_json::Value =
            serde_json::from_str(&as_json(&report, &hosts).unwrap()).unwrap();
        assert_eq!(read["would_load"], true);
        assert_eq!(read["uses"], serde_json::json!(["http"]));
        assert_eq!(read["language"], "python2");
        assert_eq!(read["allowed_hosts"][0], "api.example:443");
        assert_eq!(read["classes"][0]["line"], 1);
    }
}
