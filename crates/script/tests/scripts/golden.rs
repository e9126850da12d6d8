//! Python 2 as Jython runs it: each program of `tests/golden` prints here what it printed there.

use std::{fs, path::Path};

use crate::desk::Desk;

const CLASS: &str = "
class PersonAuthentication:
    def __init__(self, currentTimeMillis):
        pass
    def init(self, customScript, configurationAttributes):
        return True
    def getApiVersion(self):
        return 11
";

#[tokio::test]
async fn every_program_prints_what_it_printed_under_jython() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut programs: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .collect();
    programs.sort();
    assert!(programs.len() >= 10, "the corpus is gone");
    let only = std::env::var("GOLDEN").ok();
    let mut differences = Vec::new();
    for program in programs {
        let name = program.file_stem().unwrap().to_string_lossy().into_owned();
        if only.as_ref().is_some_and(|only| *only != name) {
            continue;
        }
        let expected = fs::read_to_string(program.with_extension("out")).unwrap();
        let printed = run(&fs::read_to_string(&program).unwrap()).await;
        differences.extend(compare(&name, &expected, &printed));
    }
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
}

/// What a program prints, without empty lines: the script's log has none.
async fn run(program: &str) -> Vec<String> {
    let desk = Desk::new();
    if let Err(error) = desk
        .try_load(
            crate::desk::source(&format!("{program}{CLASS}")),
            crate::desk::nobody,
        )
        .await
    {
        let mut printed = desk.printed();
        printed.push(format!("{}\n{}", error.message, error.traceback));
        return printed;
    }
    desk.printed()
}

fn compare(name: &str, expected: &str, printed: &[String]) -> Vec<String> {
    let expected: Vec<&str> = expected
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let count = expected.len().max(printed.len());
    (0..count)
        .map(|at| {
            (
                expected.get(at).copied().unwrap_or("(nothing)"),
                printed.get(at).map_or("(nothing)", String::as_str),
            )
        })
        .filter(|(expected, printed)| expected != printed)
        .map(|(expected, printed)| {
            format!("{name}: Jython {expected:?}\n{name}: here   {printed:?}")
        })
        .collect()
}
