/// Brings line ends, byte order mark and indentation into one form. Text inside string literals stays as it is.
///
/// A tab in the indentation goes to the next multiple of eight columns, as in Python 2; Python 3 refuses the mix.
pub(crate) fn normalise(source: &str) -> String {
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    let source = source.replace("\r\n", "\n").replace('\r', "\n");
    let mut out = String::with_capacity(source.len() + 64);
    let mut scanner = Scanner::default();
    for line in source.split_inclusive('\n') {
        let body = if scanner.in_string() {
            line
        } else {
            expand_indent(line, &mut out)
        };
        out.push_str(body);
        scanner.read(body);
    }
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out
}

/// Writes the indentation in spaces and gives what follows it.
fn expand_indent<'a>(line: &'a str, out: &mut String) -> &'a str {
    let body = line.trim_start_matches([' ', '\t', '\x0c']);
    let mut column = 0;
    for c in line[..line.len() - body.len()].chars() {
        column = match c {
            '\t' => (column / 8 + 1) * 8,
            '\x0c' => 0,
            _ => column + 1,
        };
    }
    out.extend(std::iter::repeat_n(' ', column));
    body
}

/// Knows whether the next line starts inside a string literal.
#[derive(Default)]
struct Scanner {
    open: Option<Quote>,
}

#[derive(Clone, Copy)]
struct Quote {
    mark: u8,
    triple: bool,
}

impl Scanner {
    fn in_string(&self) -> bool {
        self.open.is_some()
    }

    fn read(&mut self, line: &str) {
        let bytes = line.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            at += match self.open {
                Some(quote) => self.inside(quote, &bytes[at..]),
                None if bytes[at] == b'#' => return,
                None => self.outside(&bytes[at..]),
            };
        }
    }

    fn inside(&mut self, quote: Quote, rest: &[u8]) -> usize {
        match rest {
            [b'\\', _, ..] => 2,
            // A newline ends a string with single quotes, closed or not.
            [b'\n', ..] if !quote.triple => self.close(1),
            [a, b, c, ..] if quote.triple && [*a, *b, *c] == [quote.mark; 3] => self.close(3),
            [a, ..] if !quote.triple && *a == quote.mark => self.close(1),
            _ => 1,
        }
    }

    fn outside(&mut self, rest: &[u8]) -> usize {
        let mark = rest[0];
        if mark != b'"' && mark != b'\'' {
            return 1;
        }
        let triple = rest.starts_with(&[mark; 3]);
        self.open = Some(Quote { mark, triple });
        if triple { 3 } else { 1 }
    }

    fn close(&mut self, width: usize) -> usize {
        self.open = None;
        width
    }
}
