use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use sallyport_base::{Clock, Timestamp};
use sallyport_script::{LogLevel, LogLine, ScriptError, ScriptLog};

use crate::flow::script_log_path;

const LARGEST: u64 = 250 * 1024 * 1024;
const KEPT: usize = 30;

/// What scripts print, in Gluu's file and line layout, without codes, secrets and numbers. A new
/// file each day and after 250 MB; thirty are kept.
pub struct ScriptLogFile {
    path: PathBuf,
    clock: Clock,
    open: Mutex<Open>,
}

struct Open {
    file: File,
    day: String,
    size: u64,
}

impl ScriptLogFile {
    /// Opens `oxauth/logs/oxauth_script.log` under the home directory.
    pub fn open(home: &Path, clock: Clock) -> io::Result<Self> {
        let path = script_log_path(home);
        let open = Open::at(&path, clock.now())?;
        Ok(Self {
            path,
            clock,
            open: Mutex::new(open),
        })
    }

    fn write(&self, line: &LogLine<'_>) -> io::Result<()> {
        let now = self.clock.now();
        let text = layout(line, now);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.day != day(now) || open.size > LARGEST {
            set_aside(&self.path, &open.day)?;
            *open = Open::at(&self.path, now)?;
        }
        open.size += text.len() as u64;
        open.file.write_all(text.as_bytes())
    }
}

impl ScriptLog for ScriptLogFile {
    fn line(&self, line: LogLine<'_>) {
        if line.text.trim().is_empty() {
            return;
        }
        if let Err(cause) = self.write(&line) {
            tracing::error!(error = %cause, "the script log cannot be written");
        }
    }
}

impl Open {
    fn at(path: &Path, now: Timestamp) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut options = OpenOptions::new();
        let file = options.create(true).append(true).mode(0o600).open(path)?;
        let size = file.metadata()?.len();
        Ok(Self {
            file,
            day: day(now),
            size,
        })
    }
}

/// `2026-11-24`, in UTC.
fn day(now: Timestamp) -> String {
    now.rfc3339().chars().take(10).collect()
}

/// Renames the file to `oxauth_script-<day>-<n>.log` and removes the oldest of more than thirty.
fn set_aside(path: &Path, day: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let free = (1..)
        .map(|n| folder.join(format!("oxauth_script-{day}-{n}.log")))
        .find(|name| !name.exists());
    if let Some(name) = free {
        std::fs::rename(path, name)?;
    }
    let mut old: Vec<PathBuf> = std::fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("oxauth_script-"))
        })
        .collect();
    old.sort();
    let superfluous = old.len().saturating_sub(KEPT);
    old.iter()
        .take(superfluous)
        .try_for_each(std::fs::remove_file)
}

/// Gluu's layout: date, level, thread, logger, source, text. A text of several lines stays one
/// event; line breaks in it cannot forge another.
fn layout(line: &LogLine<'_>, now: Timestamp) -> String {
    let stamp = now.rfc3339();
    let millis = now.as_micros().rem_euclid(1_000_000) / 1000;
    let (level, logger, source) = match line.level {
        LogLevel::Info => ("INFO ", "PythonLoggerOutputStream", 243),
        LogLevel::Error => ("ERROR", "PythonLoggerOutputStream", 241),
    };
    let text = masked(line.text, line.masks).replace(['\n', '\r'], " ");
    format!(
        "{} {},{millis:03} {level} [{}] [org.gluu.service.PythonService${logger}] (PythonService.java:{source}) - {text}\n",
        &stamp[..10],
        &stamp[11..19],
        line.thread,
    )
}

/// The text without the exact secrets of the request, without anything that looks like a passcode,
/// and with only the last two digits of what looks like a phone number.
fn masked(text: &str, secrets: &[String]) -> String {
    let mut clean = text.to_owned();
    for secret in secrets.iter().filter(|secret| secret.len() >= 4) {
        clean = clean.replace(secret.as_str(), "••••••");
    }
    mask_numbers(&clean)
}

/// Masks every run of digits that stands alone and has 4 to 15 digits, with the separators that
/// people write between them. Digits inside a word, such as those of a UUID, stay.
pub(crate) fn mask_numbers(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut clean = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        match number_at(&chars, at) {
            Some((end, number)) => {
                clean.push_str(&mask_of(&number));
                at = end;
            }
            None => {
                let end = end_of_token(&chars, at);
                clean.extend(&chars[at..end]);
                at = end;
            }
        }
    }
    clean
}

/// What stands before a line number in a traceback.
const LINE: [char; 5] = ['l', 'i', 'n', 'e', ' '];

/// A word is copied whole, so that digits inside it are not taken for a number.
fn end_of_token(chars: &[char], at: usize) -> usize {
    if !is_word(chars[at]) {
        return at + 1;
    }
    at + chars[at..].iter().take_while(|c| is_word(**c)).count()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

/// The end and the digits of a number that begins here and is no part of a word.
fn number_at(chars: &[char], at: usize) -> Option<(usize, String)> {
    let starts = chars[at].is_ascii_digit()
        || (chars[at] == '+' && chars.get(at + 1).is_some_and(char::is_ascii_digit));
    let inside_word = at > 0 && is_word(chars[at - 1]);
    if !starts || inside_word || chars[..at].ends_with(&LINE) {
        return None;
    }
    let end = at
        + 1
        + chars[at + 1..]
            .windows(2)
            .take_while(|pair| goes_on(pair))
            .count();
    let end = end + usize::from(chars.get(end).is_some_and(char::is_ascii_digit));
    let ends_in_word = chars
        .get(end)
        .is_some_and(|c| c.is_alphabetic() || *c == '_');
    let number: String = chars[at..end].iter().collect();
    (!ends_in_word && is_secret(&number)).then_some((end, number))
}

/// Whether a number goes on with this character: a digit, or a separator before a digit.
fn goes_on(pair: &[char]) -> bool {
    pair[0].is_ascii_digit() || (" -.()".contains(pair[0]) && pair[1].is_ascii_digit())
}

/// Whether a number is as long as a passcode or a phone number, and no date, version or status.
fn is_secret(number: &str) -> bool {
    let groups: Vec<&str> = number
        .split(|c: char| !c.is_ascii_digit())
        .filter(|g| !g.is_empty())
        .collect();
    let digits: usize = groups.iter().map(|group| group.len()).sum();
    match digits {
        4..=7 => groups.iter().all(|group| group.len() >= 3),
        8..=15 => !is_date(number),
        _ => false,
    }
}

fn is_date(number: &str) -> bool {
    let groups: Vec<usize> = number.split('-').map(str::len).collect();
    groups == [4, 2, 2]
}

/// A phone number keeps its last two digits, a shorter one nothing.
fn mask_of(number: &str) -> String {
    let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
    match digits.as_slice() {
        [_, .., a, b] if digits.len() >= 8 => format!("•••{a}{b}"),
        _ => "••••••".to_owned(),
    }
}

/// The error without what looks like a passcode or a phone number: scripts put them in exceptions.
pub(crate) fn without_numbers(error: ScriptError) -> ScriptError {
    ScriptError {
        message: mask_numbers(&error.message),
        traceback: mask_numbers(&error.traceback),
        ..error
    }
}

/// One text for the administrator: what happened, and where in the author's file.
pub(crate) fn with_traceback(message: &str, traceback: &str) -> String {
    if traceback.is_empty() {
        return message.to_owned();
    }
    format!("{message}\n{traceback}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_secrets_and_numbers_are_masked_and_the_rest_stays() {
        for (text, expected) in [
            (
                "form_response_passcode: 123456",
                "form_response_passcode: ••••••",
            ),
            ("code 123 456 typed", "code •••••• typed"),
            ("number +15551234567", "number •••67"),
            ("number : +1 555-123-4567 ", "number : •••67 "),
            ("{\"number\": \"15551234567\"}", "{\"number\": \"•••67\"}"),
            ("secret is s3cr3t-x!", "secret is ••••••!"),
            (
                "id phone-number-test-4f2c1234-0000-4000-8000-123456789012",
                "id phone-number-test-4f2c1234-0000-4000-8000-123456789012",
            ),
            ("status 429 in step 2", "status 429 in step 2"),
            (
                "File \"x.py\", line 1024, in f",
                "File \"x.py\", line 1024, in f",
            ),
            ("HTTP/1.1 401 Unauthorized", "HTTP/1.1 401 Unauthorized"),
            ("on 2026-11-24 it", "on 2026-11-24 it"),
            ("at 0x7f001234", "at 0x7f001234"),
        ] {
            assert_eq!(masked(text, &["s3cr3t-x".to_owned()]), expected);
        }
    }

    #[test]
    fn a_line_has_gluus_layout_and_cannot_forge_another() {
        let line = LogLine {
            script: "stytch",
            thread: "script-1",
            level: LogLevel::Info,
            text: "Stytch Initialization\n2026-01-01 forged",
            masks: &[],
        };
        assert_eq!(
            layout(&line, Timestamp::from_micros(1_649_670_577_699_000)),
            "2022-04-11 09:49:37,699 INFO  [script-1] [org.gluu.service.PythonService$PythonLoggerOutputStream] (PythonService.java:243) - Stytch Initialization 2026-01-01 forged\n"
        );
    }

    #[test]
    fn a_new_day_begins_a_new_file() {
        let home =
            std::env::temp_dir().join(format!("log-{}", sallyport_base::Random::system().uuid()));
        let clock = Clock::manual(Timestamp::from_seconds(1_795_512_600));
        let log = ScriptLogFile::open(&home, clock.clone()).unwrap();
        let print = |text: &'static str| {
            log.line(LogLine {
                script: "x",
                thread: "t",
                level: LogLevel::Info,
                text,
                masks: &[],
            });
        };
        print("before");
        clock.advance(std::time::Duration::from_secs(86_400));
        print("after");
        let logs = home.join("oxauth/logs");
        let old = std::fs::read_to_string(logs.join("oxauth_script-2026-11-24-1.log")).unwrap();
        let new = std::fs::read_to_string(logs.join("oxauth_script.log")).unwrap();
        std::fs::remove_dir_all(home).unwrap();
        assert!(old.ends_with(" - before\n") && new.ends_with(" - after\n"));
    }
}
