"""string as in Python 2."""

from string import (
    Formatter, Template, ascii_letters, ascii_lowercase, ascii_uppercase, capwords, digits, hexdigits, octdigits,
    printable, punctuation, whitespace,
)

letters = ascii_letters
lowercase = ascii_lowercase
uppercase = ascii_uppercase
atoi = int
atof = float


def join(words, sep=" "):
    return sep.join(words)


def maketrans(source, target):
    return str.maketrans(source, target)


def _method(name):
    method = getattr(str, name)
    return lambda s, *rest: method(s, *rest)


split = _method("split")
replace = _method("replace")
upper = _method("upper")
lower = _method("lower")
strip = _method("strip")
lstrip = _method("lstrip")
rstrip = _method("rstrip")
find = _method("find")
rfind = _method("rfind")
count = _method("count")
zfill = _method("zfill")
ljust = _method("ljust")
rjust = _method("rjust")
center = _method("center")
capitalize = _method("capitalize")
