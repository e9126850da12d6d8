//! The page of the manual that lists what scripts find, made from the code.

use std::{collections::BTreeMap, fmt::Write};

use crate::{
    classes::{self, Class},
    modules,
    source::Language,
};

/// The Java classes that Gluu's public scripts name, one a line.
const ASKED_FOR: &str = include_str!("asked_for.txt");

const HEAD: &str = "\
# Host API

This page is made from the code: a test compares them. What scripts may import is here; how a script is written, and
what it may do, is in [scripts.md](scripts.md). Names of Gluu 3 (`org.xdi.…`) mean those of Gluu 4. `x.getName()` may be
written `x.name`, and `x.setName(v)` may be written `x.name = v`, as in Jython.

`sallyport script check FILE` compares a script with these lists without running it.
";

/// docs/host-api.md.
fn host_api_page() -> String {
    let mut page = HEAD.to_owned();
    write_page(&mut page).expect("writing to a string does not fail");
    page
}

fn write_page(page: &mut String) -> std::fmt::Result {
    let whole = classes::provided_classes().filter(|class| class.partial.is_none());
    writeln!(page, "\n## Provided\n")?;
    write_packages(page, whole.map(|class| class.name))?;

    writeln!(
        page,
        "\n## Partly provided\n\nThese can be imported. What is not there raises an exception that says so.\n"
    )?;
    write_partial(page)?;

    writeln!(
        page,
        "\n## Not provided\n\nGluu's public scripts, some of them for Gluu 2, name these classes, and they are not here. A script that imports one does \
         not load,\nand the error names the class and the line.\n"
    )?;
    let missing = ASKED_FOR
        .lines()
        .filter(|name| classes::find(name).is_none());
    write_packages(page, missing)?;

    writeln!(page, "\n## Python modules\n")?;
    for (head, language) in [
        ("Python 2", Language::Python2),
        ("Python 3", Language::Python3),
    ] {
        let names = modules::allowed(language == Language::Python2);
        writeln!(page, "{head}: {}.\n", quoted(names.iter().copied()))?;
    }
    writeln!(page, "Never there, and why:\n")?;
    for (name, why) in modules::REFUSED {
        writeln!(page, "- `{name}`: {why}")?;
    }
    Ok(())
}

/// A row for each package.
fn write_packages<'a>(page: &mut String, names: impl Iterator<Item = &'a str>) -> std::fmt::Result {
    let mut packages: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in names {
        let (package, class) = split(name);
        packages.entry(package).or_default().push(class);
    }
    writeln!(page, "| Package | Classes |\n|---|---|")?;
    for (package, classes) in packages {
        writeln!(page, "| `{package}` | {} |", quoted(classes.into_iter()))?;
    }
    Ok(())
}

/// A row for all classes of which the same is missing.
fn write_partial(page: &mut String) -> std::fmt::Result {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for Class { name, partial } in classes::provided_classes() {
        if let Some(how) = partial {
            reasons.entry(how).or_default().push(name);
        }
    }
    let mut rows: Vec<_> = reasons
        .into_iter()
        .map(|(how, names)| (names, how))
        .collect();
    rows.sort();
    writeln!(page, "| Class | How |\n|---|---|")?;
    for (names, how) in rows {
        writeln!(
            page,
            "| {} | {} |",
            quoted(names.into_iter()),
            how.replace('|', "\\|")
        )?;
    }
    Ok(())
}

/// The package, and the class with those around it: a package begins with a small letter.
fn split(name: &str) -> (&str, &str) {
    let class = name
        .match_indices('.')
        .find(|(at, _)| name[at + 1..].starts_with(|c: char| c.is_ascii_uppercase()));
    match class {
        Some((at, _)) => (&name[..at], &name[at + 1..]),
        None => name.rsplit_once('.').unwrap_or(("", name)),
    }
}

fn quoted<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use std::{env, fs, path::Path};

    use super::*;

    #[test]
    fn the_page_of_the_host_api_is_current() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/host-api.md");
        if env::var_os("WRITE").is_some() {
            fs::write(&path, host_api_page()).unwrap();
        }
        assert_eq!(
            fs::read_to_string(path).unwrap(),
            host_api_page(),
            "run: WRITE=1 cargo test --ignore-rust-version -p sallyport-script host_api"
        );
    }

    #[test]
    fn a_nested_class_stays_with_its_class() {
        assert_eq!(split("a.b.C"), ("a.b", "C"));
        assert_eq!(split("a.b.C.D"), ("a.b", "C.D"));
        assert_eq!(split("javax.crypto.*"), ("javax.crypto", "*"));
    }
}
