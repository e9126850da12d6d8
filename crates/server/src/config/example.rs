//! `config.example.toml`, made from the declarations.

use std::fmt::Write;

use super::{
    LifetimesSection, Mail, PasscodeService, Passwords, ProofOfWorkSection, Scripts, Server,
    StoreSection, section::Reference,
};

const HEAD: &str = "\
# The configuration of Sallyport: sallyport.toml in the home directory.
# Everything here is an example and commented out; a key that is left out has the default that its
# text says or the value shown. `sallyport config check` says whether the file is right.
";

const SECTIONS: &[(&str, Reference)] = &[
    ("server", Server::REFERENCE),
    ("store", StoreSection::REFERENCE),
    ("lifetimes", LifetimesSection::REFERENCE),
    ("proof_of_work", ProofOfWorkSection::REFERENCE),
    ("passwords", Passwords::REFERENCE),
    ("scripts", Scripts::REFERENCE),
    ("mail", Mail::REFERENCE),
    ("passcode_service", PasscodeService::REFERENCE),
];

/// Every section and key with what it means.
pub fn example() -> String {
    let mut text = HEAD.to_owned();
    for (name, section) in SECTIONS {
        write_section(&mut text, name, section).expect("writing to a string does not fail");
    }
    text
}

fn write_section(text: &mut String, name: &str, section: &Reference) -> std::fmt::Result {
    writeln!(text)?;
    write_comment(text, section.about)?;
    writeln!(text, "[{name}]")?;
    for key in section.keys {
        writeln!(text)?;
        write_comment(text, key.doc)?;
        writeln!(text, "#{} = {}", key.name, key.example)?;
    }
    Ok(())
}

fn write_comment(text: &mut String, lines: &[&str]) -> std::fmt::Result {
    for line in lines {
        writeln!(text, "#{line}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    fn committed(name: &str) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        std::fs::read_to_string(root.join(name)).unwrap()
    }

    #[test]
    fn the_committed_example_is_current() {
        assert_eq!(
            committed("config.example.toml"),
            example(),
            "run: cargo sallyport config example > config.example.toml"
        );
    }

    #[test]
    fn the_manual_shows_the_example() {
        let manual = committed("docs/operations.md");
        let shown = format!("```toml\n{}```\n", example());
        assert!(
            manual.contains(&shown),
            "put config.example.toml into docs/operations.md"
        );
    }

    #[test]
    fn the_example_is_a_configuration_with_and_without_its_comments() {
        toml::from_str::<Config>(&example()).unwrap();
        let keys = |line: &str| {
            let key = line.strip_prefix('#').filter(|rest| !rest.starts_with(' '));
            key.unwrap_or(line).to_owned()
        };
        let uncommented: Vec<String> = example().lines().map(keys).collect();
        toml::from_str::<Config>(&uncommented.join("\n")).unwrap();
    }
}
