use std::{
    fs,
    io::{self, BufRead, IsTerminal, Write},
    os::fd::AsFd,
    path::PathBuf,
};

use anyhow::{Context, bail};
use clap::Args;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use sallyport_base::Secret;

/// Where a password comes from. Never from the command line, which every user of the machine sees.
#[derive(Debug, Args)]
pub(super) struct PasswordSource {
    /// A file whose first line is the password; `-` is standard input. Without it you are asked.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl PasswordSource {
    pub(super) fn read(&self) -> anyhow::Result<Secret> {
        let line = match &self.password_file {
            Some(file) if file.as_os_str() != "-" => fs::read_to_string(file)
                .with_context(|| format!("the password file {}", file.display()))?,
            None if io::stdin().is_terminal() => return ask_twice(),
            _ => read_line()?,
        };
        match line.lines().next() {
            Some(password) if !password.is_empty() => Ok(Secret::from(password)),
            _ => bail!("the password is empty; its first line is the password"),
        }
    }
}

fn ask_twice() -> anyhow::Result<Secret> {
    let first = ask("Password: ")?;
    let second = ask("The same again: ")?;
    if first != second {
        bail!("the two passwords are not the same; nothing was changed");
    }
    if first.is_empty() {
        bail!("the password is empty; nothing was changed");
    }
    Ok(Secret::from(first))
}

fn ask(prompt: &str) -> anyhow::Result<String> {
    eprint!("{prompt}");
    io::stderr().flush()?;
    let line = without_echo(read_line)??;
    eprintln!();
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

fn read_line() -> io::Result<String> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line)
}

/// Keeps the terminal from showing what is typed.
fn without_echo<T>(read: impl FnOnce() -> T) -> io::Result<T> {
    let terminal = io::stdin();
    let usual = tcgetattr(terminal.as_fd())?;
    let mut silent = usual.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    tcsetattr(terminal.as_fd(), OptionalActions::Flush, &silent)?;
    let value = read();
    tcsetattr(terminal.as_fd(), OptionalActions::Flush, &usual)?;
    Ok(value)
}
