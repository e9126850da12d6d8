"""string as in Python 2."""

from string import (
    Formatter, Template, ascii_letters, ascii_lowercase, ascii_uppercase, capwords, digits, hexdigits, octdigits,
    printable, punctuation, whitespace,
)

from sp_python2 import _py2_translate

letters = ascii_letters
lowercase = ascii_lowercase
uppercase = ascii_uppercase
atoi = int
atof = float
atol = int


def join(words, sep=" "):
    return sep.join(words)


def maketrans(source, target):
    """A table of 256 characters, as Python 2 has it."""
    if len(source) != len(target):
        raise ValueError("maketrans arguments must have same length")
    table = [chr(number) for number in range(256)]
    for char, other in zip(source, target):
        table[ord(char)] = other
    return "".join(table)


def zfill(number, width):
    text = number if isinstance(number, str) else repr(number)
    return text.zfill(width)


def translate(text, table, deletions=""):
    return _py2_translate(text, table, deletions)


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
index = _method("index")
rindex = _method("rindex")
swapcase = _method("swapcase")
expandtabs = _method("expandtabs")
ljust = _method("ljust")
rjust = _method("rjust")
center = _method("center")
capitalize = _method("capitalize")
