//! The Python modules that scripts may import.

use crate::source::Language;

/// For scripts in Python 3.
const PYTHON3: &[&str] = &[
    "__future__",
    "abc",
    "array",
    "base64",
    "binascii",
    "bisect",
    "calendar",
    "collections",
    "collections.abc",
    "contextlib",
    "copy",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "fractions",
    "functools",
    "hashlib",
    "heapq",
    "hmac",
    "html",
    "ipaddress",
    "itertools",
    "json",
    "math",
    "numbers",
    "operator",
    "random",
    "re",
    "sallyport",
    "sallyport.passcode",
    "sallyport.phone",
    "sallyport.smpp",
    "secrets",
    "statistics",
    "string",
    "struct",
    "sys",
    "textwrap",
    "threading",
    "time",
    "typing",
    "unicodedata",
    "urllib",
    "urllib.parse",
    "uuid",
    "zlib",
];

/// For scripts in Python 2. Text in, text out: several of them are our own.
const PYTHON2: &[&str] = &[
    "StringIO",
    "__future__",
    "ast",
    "base64",
    "binascii",
    "bisect",
    "cStringIO",
    "calendar",
    "codecs",
    "collections",
    "copy",
    "datetime",
    "decimal",
    "email",
    "email.header",
    "email.mime",
    "email.mime.multipart",
    "email.mime.text",
    "email.utils",
    "functools",
    "hashlib",
    "heapq",
    "hmac",
    "httplib",
    "itertools",
    "jarray",
    "json",
    "logging",
    "math",
    "operator",
    "os",
    "random",
    "re",
    "simplejson",
    "smtplib",
    "ssl",
    "string",
    "struct",
    "sys",
    "threading",
    "time",
    "token",
    "traceback",
    "unicodedata",
    "urllib",
    "urllib.error",
    "urllib.parse",
    "urllib.request",
    "urllib2",
    "urlparse",
    "uuid",
    "zlib",
];

/// Modules that scripts ask for and never get, with the reason.
pub(crate) const REFUSED: &[(&str, &str)] = &[
    ("cPickle", "it runs what it reads"),
    ("ctypes", "scripts have no native code"),
    ("importlib", "the server imports"),
    ("multiprocessing", "scripts start no processes"),
    ("pickle", "it runs what it reads"),
    ("requests", "use HttpService or urllib2"),
    ("shelve", "it runs what it reads"),
    ("socket", "scripts have no sockets"),
    ("subprocess", "scripts start no processes"),
    ("thread", "scripts start no threads"),
];

/// Why a module is not there, where there is more to say than that.
pub(crate) fn refusal(name: &str) -> Option<&'static str> {
    let found = REFUSED.iter().find(|(known, _)| *known == name);
    found.map(|(_, why)| *why)
}

pub(crate) fn is_allowed(name: &str, language: Language) -> bool {
    allowed(language == Language::Python2).contains(&name)
}

pub(crate) fn allowed(python2: bool) -> &'static [&'static str] {
    if python2 { PYTHON2 } else { PYTHON3 }
}
