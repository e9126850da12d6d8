//! The Python modules that scripts may import.

/// For scripts in Python 3.
const PYTHON3: &[&str] = &[
    "__future__", "abc", "array", "base64", "binascii", "bisect", "calendar", "collections", "collections.abc",
    "contextlib", "copy", "dataclasses", "datetime", "decimal", "enum", "fractions", "functools", "hashlib", "heapq",
    "hmac", "html", "itertools", "json", "math", "numbers", "operator", "random", "re", "secrets", "statistics",
    "string", "struct", "sys", "textwrap", "threading", "time", "typing", "unicodedata", "urllib", "urllib.parse",
    "uuid", "zlib",
];

/// For scripts in Python 2. Text in, text out: several of them are our own.
const PYTHON2: &[&str] = &[
    "__future__", "base64", "binascii", "bisect", "calendar", "collections", "copy", "datetime", "decimal",
    "functools", "hashlib", "heapq", "hmac", "itertools", "json", "math", "operator", "random", "re", "simplejson",
    "string", "struct", "sys", "threading", "time", "unicodedata", "urllib", "urllib2", "urlparse", "uuid",
];

pub(crate) fn allowed(python2: bool) -> &'static [&'static str] {
    if python2 { PYTHON2 } else { PYTHON3 }
}
