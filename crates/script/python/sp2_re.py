"""re as in Python 2: letters, digits and spaces are those of ASCII without the flag UNICODE, and an escape of no
meaning is the letter."""

import re
from re import error, escape, purge

I = IGNORECASE = int(re.I)
L = LOCALE = 4
M = MULTILINE = int(re.M)
S = DOTALL = int(re.S)
U = UNICODE = int(re.U)
X = VERBOSE = int(re.X)

_OF_PATTERNS = "AbBdDsSwWZafnrtvxuUN"
_OF_REPLACEMENTS = "abfnrtvg"
_escaped = re.compile(r"\\(.)", re.S)
_unicode_inside = re.compile(r"\(\?[a-zA-Z]*[uaL]")

Pattern = type(_escaped)


def _pattern(text):
    def plain(found):
        letter = found.group(1)
        return letter if letter.isascii() and letter.isalpha() and letter not in _OF_PATTERNS else found.group()

    return _escaped.sub(plain, text)


def _replacement(text):
    if not isinstance(text, str) or "\\" not in text:
        return text

    def kept(found):
        letter = found.group(1)
        unknown = letter.isascii() and letter.isalpha() and letter not in _OF_REPLACEMENTS
        return "\\" + found.group() if unknown else found.group()

    return _escaped.sub(kept, text)


def compile(pattern, flags=0):
    if isinstance(pattern, Pattern):
        return pattern
    flags = int(flags) & ~LOCALE
    if not flags & UNICODE and isinstance(pattern, str) and not _unicode_inside.search(pattern):
        flags |= re.ASCII
    return re.compile(_pattern(pattern) if isinstance(pattern, str) else pattern, flags)


def match(pattern, string, flags=0):
    return compile(pattern, flags).match(string)


def search(pattern, string, flags=0):
    return compile(pattern, flags).search(string)


def split(pattern, string, maxsplit=0, flags=0):
    return compile(pattern, flags).split(string, maxsplit)


def findall(pattern, string, flags=0):
    return compile(pattern, flags).findall(string)


def finditer(pattern, string, flags=0):
    return compile(pattern, flags).finditer(string)


def sub(pattern, repl, string, count=0, flags=0):
    return compile(pattern, flags).sub(_replacement(repl), string, count)


def subn(pattern, repl, string, count=0, flags=0):
    return compile(pattern, flags).subn(_replacement(repl), string, count)
