use std::{
    fs,
    io::{ErrorKind, Read, Seek, SeekFrom},
    path::Path,
    time::Duration,
};

use anyhow::Context;
use clap::Args;
use sallyport_flow::ScriptEntry;

use super::{Premises, output, script::load};

/// Prints what scripts printed: the end of oxauth/logs/oxauth_script.log.
///
/// With a name: the error that is kept with this script, with the lines of its author. It is the
/// load error, or the first error since the script was loaded.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sallyport script log
  sallyport script log stytch
  sallyport script log --lines 200 --follow")]
pub(super) struct Log {
    /// The name of a script.
    #[arg(conflicts_with_all = ["lines", "follow"])]
    name: Option<String>,
    /// How many lines.
    #[arg(long, default_value_t = 40)]
    lines: usize,
    /// Goes on with new lines as they are printed, until it is interrupted.
    #[arg(long)]
    follow: bool,
}

impl Log {
    pub(super) async fn run(self, premises: &Premises) -> anyhow::Result<()> {
        if let Some(name) = &self.name {
            let entry = load(premises, name).await?;
            output::print(&errors_of(&entry))?;
            return Ok(());
        }
        let path = premises.home.path().join("oxauth/logs/oxauth_script.log");
        let text = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(cause) if cause.kind() == ErrorKind::NotFound => Vec::new(),
            Err(cause) => return Err(cause).with_context(|| path.display().to_string()),
        };
        output::print(&last_lines(&shown(&text), self.lines))?;
        if self.follow {
            follow(&path, text.len() as u64).await?;
        }
        Ok(())
    }
}

fn errors_of(entry: &ScriptEntry) -> String {
    let errors: Vec<&str> = [&entry.error, &entry.file_error]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    if errors.is_empty() {
        return format!("{} has no error.\n", entry.version.name);
    }
    format!("{}\n", shown(errors.join("\n").as_bytes()))
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(count);
    lines[from..]
        .iter()
        .map(|line| format!("{line}\n"))
        .collect()
}

/// Without what could move the cursor of a terminal: scripts print what strangers typed.
fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes)
        .chars()
        .map(|c| {
            if c.is_control() && c != '\n' && c != '\t' {
                '\u{FFFD}'
            } else {
                c
            }
        })
        .collect()
}

/// Prints what is added to the file. A file that became shorter is a new one.
async fn follow(path: &Path, mut seen: u64) -> anyhow::Result<()> {
    loop {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let Ok(mut file) = fs::File::open(path) else {
            continue;
        };
        if file.metadata()?.len() < seen {
            seen = 0;
        }
        file.seek(SeekFrom::Start(seen))?;
        let mut added = Vec::new();
        seen += file.read_to_end(&mut added)? as u64;
        output::print(&shown(&added))?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_log_is_shown_without_control_characters() {
        assert_eq!(last_lines("a\nb\nc\n", 2), "b\nc\n");
        assert_eq!(last_lines("", 2), "");
        assert_eq!(shown(b"a\x1b[2Jb\xff\n"), "a\u{FFFD}[2Jb\u{FFFD}\n");
    }
}
