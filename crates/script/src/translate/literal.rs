//! Numbers and strings of Python 2, spelled as Python 3 wants them.

/// `10L` is `10`, `0777` is `0o777`.
pub(super) fn integer(text: &str) -> String {
    let digits = text.trim_end_matches(['l', 'L']);
    let octal = digits.len() > 1
        && digits.starts_with('0')
        && digits.bytes().all(|b| b.is_ascii_digit())
        && digits.bytes().any(|b| b != b'0');
    if octal {
        format!("0o{}", &digits[1..])
    } else {
        digits.to_owned()
    }
}

/// What the letters of a source file are in its byte strings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Coding {
    /// No coding line, or one of a coding that is one byte for each letter: what you see.
    #[default]
    Letters,
    /// The bytes of UTF-8, each as one character.
    Utf8,
}

impl Coding {
    /// What a line such as `# -*- coding: utf-8 -*-` declares, which is one of the first two (PEP 263).
    pub(super) fn of(text: &str) -> Self {
        let declared = text
            .lines()
            .take(2)
            .filter(|line| line.trim_start().starts_with('#'))
            .find_map(|line| {
                let (_, rest) = line.split_once("coding")?;
                let rest = rest.strip_prefix([':', '='])?.trim_start();
                rest.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.'))
                    .next()
            });
        match declared.map(|name| name.to_ascii_lowercase().replace('_', "-")) {
            Some(name) if matches!(name.as_str(), "utf-8" | "utf8") => Self::Utf8,
            _ => Self::Letters,
        }
    }
}

/// How the start of a string literal (prefix and quotes) reads in Python 3.
pub(super) struct Prefix {
    raw: bool,
    unicode: bool,
    quotes: String,
}

impl Prefix {
    pub(super) fn of(start: &str, unicode_literals: bool) -> Self {
        let quotes = start.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let letters = start[..start.len() - quotes.len()].to_ascii_lowercase();
        Self {
            raw: letters.contains('r'),
            unicode: letters.contains('u') || unicode_literals && !letters.contains('b'),
            quotes: quotes.to_owned(),
        }
    }

    /// Byte strings are text of U+0000 to U+00FF, so that the letters `b` and `u` go.
    pub(super) fn start(&self) -> String {
        format!("{}{}", if self.raw { "r" } else { "" }, self.quotes)
    }

    pub(super) fn content(&self, text: &str, coding: Coding) -> String {
        match (self.unicode, self.raw) {
            (true, false) => text.to_owned(),
            (true, true) => read_unicode_escapes(text),
            (false, true) => as_bytes(text, coding),
            (false, false) => as_bytes(&keep_unicode_escapes(text), coding),
        }
    }
}

/// `\u`, `\U` and `\N` are escapes in unicode literals only: `"C:\users"` is a path.
fn keep_unicode_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.push(c);
        if c == '\\'
            && let Some(next) = chars.next()
        {
            if matches!(next, 'u' | 'U' | 'N') {
                out.push('\\');
            }
            out.push(next);
        }
    }
    out
}

/// `ur'\u0041'` is `A`: the one escape of a raw unicode literal.
fn read_unicode_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let escaped = rest
            .strip_prefix("\\u")
            .and_then(|digits| digits.get(..4))
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .and_then(char::from_u32);
        let width = match escaped {
            Some(c) => {
                out.push(c);
                6
            }
            None => {
                let width = 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
                out.push_str(&rest[..width]);
                width
            }
        };
        rest = &rest[width..];
    }
    out + rest
}

fn as_bytes(text: &str, coding: Coding) -> String {
    match coding {
        Coding::Letters => text.to_owned(),
        Coding::Utf8 => text.bytes().map(char::from).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coding_line_makes_byte_strings_bytes() {
        let table = [
            ("# -*- coding: utf-8 -*-\n", Coding::Utf8),
            (
                "#!/usr/bin/jython\n# vim: set fileencoding=UTF8 :\n",
                Coding::Utf8,
            ),
            ("# coding: latin-1\n", Coding::Letters),
            ("x = 'coding: utf-8'\n", Coding::Letters),
            ("\n\n# coding: utf-8\n", Coding::Letters),
            ("# encoding of names\n", Coding::Letters),
        ];
        for (text, coding) in table {
            assert_eq!(Coding::of(text), coding, "{text}");
        }
    }

    #[test]
    fn a_raw_unicode_literal_has_one_escape() {
        assert_eq!(read_unicode_escapes(r"\d\u0041\\u0042"), r"\dA\\u0042");
    }
}
