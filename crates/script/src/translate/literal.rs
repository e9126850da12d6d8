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

/// How the start of a string literal (prefix and quotes) reads in Python 3.
pub(super) struct Prefix {
    raw: bool,
    unicode: bool,
    quotes: String,
}

impl Prefix {
    pub(super) fn of(start: &str) -> Self {
        let quotes = start.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let letters = start[..start.len() - quotes.len()].to_ascii_lowercase();
        Self {
            raw: letters.contains('r'),
            unicode: letters.contains('u'),
            quotes: quotes.to_owned(),
        }
    }

    /// Byte strings are text of U+0000 to U+00FF, so that the letters `b` and `u` go.
    pub(super) fn start(&self) -> String {
        format!("{}{}", if self.raw { "r" } else { "" }, self.quotes)
    }

    /// `\u`, `\U` and `\N` are escapes in unicode literals only: `"C:\users"` is a path.
    pub(super) fn content(&self, text: &str, unicode_literals: bool) -> String {
        if self.raw || self.unicode || unicode_literals {
            return text.to_owned();
        }
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
}
