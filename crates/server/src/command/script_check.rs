//! What a script needs, read from its file without running it.

use std::{fs, path::Path};

use anyhow::{Context, bail};
use sallyport_script::{Import, Language, Report};

use super::output;

/// Lists what the script imports. The error says why it would not load.
pub(super) fn file(file: &Path, is_python3: bool) -> anyhow::Result<()> {
    let text =
        fs::read_to_string(file).with_context(|| format!("the script file {}", file.display()))?;
    let language = language(&text, is_python3);
    let report = sallyport_script::check(&text, language);
    output::print(&format!(
        "{} is read as {}.\n\n{}",
        file.display(),
        name(language),
        imports(&report)
    ))?;
    if !report.would_load() {
        let faults = faults(&report).join("; ");
        bail!("{} would not load: {faults}", file.display());
    }
    output::print(
        "\nNothing is missing. `sallyport script check NAME --file FILE` starts it as the server would.\n",
    )?;
    Ok(())
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
        Import { provided: true, .. } => "there",
        Import { optional: true, .. } => "missing, and the script can do without",
        _ => "missing",
    };
    [
        import.line.to_string(),
        import.name.clone(),
        state.to_owned(),
    ]
}

fn faults(report: &Report) -> Vec<String> {
    let mut faults = Vec::new();
    if let Some((line, why)) = &report.fault {
        faults.push(format!("line {line}, {why}"));
    }
    let mut missing: Vec<&Import> = report.missing().collect();
    missing.sort_by_key(|import| import.line);
    for Import { line, name, .. } in missing {
        faults.push(format!(
            "line {line}, {name} is not provided by this server"
        ));
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
        file(&path, false).map_err(|error| error.to_string().replace(&place, "script.py"))
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
                format!("import json\nimport nowhere\nfrom com.duosecurity import Client\n{class}"),
                Some(
                    "script.py would not load: line 2, nowhere is not provided by this server; line 3, com.duosecurity.Client is not provided by this server",
                ),
            ),
            (
                "import json\n".to_owned(),
                Some("script.py would not load: there is no class PersonAuthentication"),
            ),
            (
                format!("{class}\n    def init(self:\n        pass\n"),
                Some("script.py would not load: line 4, invalid syntax near"),
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
        let text = "import json\nfrom com.duosecurity import Client\nimport time\n";
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
                ["2", "com.duosecurity.Client", "missing"],
                ["3", "time", "there"],
            ]
        );
    }
}
