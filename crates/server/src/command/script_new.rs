use std::{
    fs::OpenOptions,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::Args;
use sallyport_flow::ScriptName;

use super::output;

const TEMPLATE: &str = include_str!("script_template.py");

/// Writes a script to begin with: two steps in Python 3, with comments.
///
/// The file is NAME.py in the present folder. A file that is there is never overwritten.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport script new mymethod")]
pub(super) struct New {
    /// The name that the method is to have.
    name: String,
}

impl New {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let file = self.write(Path::new("."))?;
        output::print(&format!(
            "{} is a script with two steps. Next:

    sallyport script check {0}
    sallyport script try {0} --step 1 --param username=alice --param password=…
    sallyport script add {} --file {0} --enable\n",
            file.display(),
            self.name
        ))?;
        Ok(())
    }

    /// The file that was written.
    fn write(&self, folder: &Path) -> anyhow::Result<PathBuf> {
        let name = ScriptName::check(&self.name).map_err(anyhow::Error::msg)?;
        let stem = name.as_str().replace(['/', ':'], "_");
        let file = PathBuf::from(format!("{stem}.py"));
        let path = folder.join(&file);
        let text = TEMPLATE.replace("NAME", name.as_str());
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut open) => open
                .write_all(text.as_bytes())
                .with_context(|| path.display().to_string())?,
            Err(cause) if cause.kind() == ErrorKind::AlreadyExists => {
                bail!("{} is there already and stays as it is", file.display())
            }
            Err(cause) => return Err(cause).with_context(|| path.display().to_string()),
        }
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use sallyport_script::{Language, check};

    use super::*;

    #[test]
    fn a_template_would_load_and_is_never_written_over_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let new = New {
            name: "urn:my/method".to_owned(),
        };
        let file = folder.path().join(new.write(folder.path()).unwrap());
        assert_eq!(file.file_name().unwrap(), "urn_my_method.py");
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(Language::declared_in(&text), Some(Language::Python3));
        assert!(check(&text, Language::Python3).would_load());
        fs::write(&file, "mine").unwrap();
        let refused = new.write(folder.path()).unwrap_err();
        assert!(
            refused.to_string().contains("is there already"),
            "{refused}"
        );
        assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
        let outside = New {
            name: "../escape".to_owned(),
        };
        let inside = outside.write(folder.path()).unwrap();
        assert_eq!(inside.display().to_string(), ".._escape.py");
    }
}
