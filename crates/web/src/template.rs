//! What page templates can call, the same for embedded and operators' pages.

use std::{path::PathBuf, sync::Arc};

use minijinja::{AutoEscape, Environment, Value, context, escape_formatter};

use crate::{assets::asset_url, path, phone::masked_number, qr_code::qr_code};

/// Steps a template may take: a page takes some hundred.
const FUEL: u64 = 500_000;

/// An environment without templates, which escapes whatever a page prints and prints nothing for
/// what is not there. `static_files` is the operator's directory of static files.
pub(crate) fn environment(static_files: Option<PathBuf>) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_formatter(|out, state, value| {
        if value.is_none() {
            return Ok(());
        }
        escape_formatter(out, state, value)
    });
    environment.set_fuel(Some(FUEL));
    environment.add_function("asset", asset_url);
    environment.add_function("resource", |name: &str| {
        format!("/oxauth/ext/resources/{name}")
    });
    let static_files: Option<Arc<PathBuf>> = static_files.map(Arc::new);
    environment.add_function("has_resource", move |name: &str| {
        static_files
            .as_deref()
            .and_then(|root| path::below(root, name))
            .is_some_and(|file| file.is_file())
    });
    environment.add_function("qr_code", qr_code);
    environment.add_filter("masked_number", |number: &str| masked_number(number));
    environment.add_filter("about", |seconds: i64| about(seconds));
    environment.add_filter("clock", |seconds: i64| clock(seconds));
    environment.add_filter("sms_parts", |body: &str| sms_parts(body));
    environment
}

/// A length of time in words, rounded: `5 minutes`, `40 seconds`.
fn about(seconds: i64) -> String {
    match seconds {
        ..=0 => "no time".to_owned(),
        1 => "1 second".to_owned(),
        2..=59 => format!("{seconds} seconds"),
        60..=89 => "1 minute".to_owned(),
        _ => format!("{} minutes", (seconds + 30) / 60),
    }
}

/// A length of time as a clock shows it: `4:05`.
fn clock(seconds: i64) -> String {
    let seconds = seconds.max(0);
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// A text message cut where codes stand, so that a page can emphasise them: a list of
/// `{text, code}`, `code` true for a run of four to eight digits, but not in the last line
/// `@host #code`, which is for browsers.
fn sms_parts(body: &str) -> Vec<Value> {
    let mut parts = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let digits = rest.starts_with(|c: char| c.is_ascii_digit());
        let end = rest
            .find(|c: char| c.is_ascii_digit() != digits)
            .unwrap_or(rest.len());
        let (text, after) = rest.split_at(end);
        let for_browsers = body[..body.len() - rest.len()].ends_with('#');
        let code = digits && !for_browsers && (4..=8).contains(&text.len());
        parts.push(context! { text, code });
        rest = after;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_read_well() {
        for (seconds, words, clocked) in [
            (-3, "no time", "0:00"),
            (0, "no time", "0:00"),
            (1, "1 second", "0:01"),
            (59, "59 seconds", "0:59"),
            (60, "1 minute", "1:00"),
            (89, "1 minute", "1:29"),
            (90, "2 minutes", "1:30"),
            (300, "5 minutes", "5:00"),
        ] {
            assert_eq!(about(seconds), words);
            assert_eq!(clock(seconds), clocked);
        }
    }

    #[test]
    fn codes_in_a_message_stand_out() {
        let codes = |body: &str| -> Vec<String> {
            sms_parts(body)
                .into_iter()
                .filter(|part| part.get_attr("code").unwrap().is_true())
                .map(|part| part.get_attr("text").unwrap().to_string())
                .collect()
        };
        assert_eq!(
            codes("123456 is your code.\n\n@localhost #123456"),
            ["123456"]
        );
        assert!(codes("Call 112 or 0123456789").is_empty());
        assert!(codes("").is_empty());
    }
}
