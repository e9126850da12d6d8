"""java.util.regex, over Python's expressions."""

import re

from java_bytes import JavaArray
from java_throwable import IllegalArgumentException, IllegalStateException, IndexOutOfBoundsException
from sp_java import JavaObject, java_class


@java_class("java.util.regex.PatternSyntaxException")
class PatternSyntaxException(IllegalArgumentException):
    pass


# Java's names of characters, inside a class of characters.
_PROPERTIES = {
    "Lower": "a-z", "Upper": "A-Z", "Alpha": "a-zA-Z", "Digit": "0-9", "Alnum": "a-zA-Z0-9", "XDigit": "0-9a-fA-F",
    "Space": r" \t\n\x0B\f\r", "Blank": r" \t", "ASCII": r"\x00-\x7F", "Cntrl": r"\x00-\x1F\x7F",
    "Punct": r"!-/:-@\[-`{-~", "Graph": "!-~", "Print": " -~",
}
_COMPILED = {}


def _python(pattern):
    """The expression in Python's spelling."""
    out, at, depth = [], 0, 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\" and at + 1 < len(pattern):
            piece, at = _escape(pattern, at, depth > 0)
            out.append(piece)
            continue
        if depth and pattern.startswith("&&", at):
            raise PatternSyntaxException("intersections of classes are not provided: " + pattern)
        if char == "[":
            out.append("[" if not depth else r"\[")
            if depth:
                raise PatternSyntaxException("classes inside classes are not provided: " + pattern)
            depth += 1
            at += 1
            for lead in ("^", "]"):
                if pattern.startswith(lead, at):
                    out.append("\\]" if lead == "]" else lead)
                    at += 1
            continue
        if char == "]" and depth:
            depth -= 1
        if not depth and pattern.startswith("(?<", at) and pattern[at + 3:at + 4] not in ("=", "!"):
            out.append("(?P<")
            at += 3
            continue
        out.append(char)
        at += 1
    return "".join(out)


def _escape(pattern, at, inside):
    letter = pattern[at + 1]
    if letter == "Q":
        end = pattern.find("\\E", at)
        end = len(pattern) if end < 0 else end
        return re.escape(pattern[at + 2:end]), end + 2
    if letter in "pP":
        end = pattern.find("}", at)
        name = pattern[at + 3:end] if pattern.startswith("{", at + 2) and end > 0 else pattern[at + 2:at + 3]
        end = end if pattern.startswith("{", at + 2) else at + 2
        known = _PROPERTIES.get(name[2:] if name.startswith("Is") else name)
        if known is None or (inside and letter == "P"):
            raise PatternSyntaxException("\\%s{%s} is not provided" % (letter, name))
        return (known if inside else "[%s%s]" % ("^" if letter == "P" else "", known)), end + 1
    if letter == "z":
        return r"\Z", at + 2
    if letter == "Z":
        return r"(?=\n?\Z)", at + 2
    if letter == "h":
        return (r" \t" if inside else r"[ \t]"), at + 2
    if letter == "R":
        return r"(?:\r\n|[\n\r])", at + 2
    if letter == "k":
        end = pattern.find(">", at)
        return "(?P=%s)" % pattern[at + 3:end], end + 1
    if letter == "e":
        return r"\x1b", at + 2
    return pattern[at:at + 2], at + 2


def compiled(pattern, flags=0):
    pattern = str(pattern)
    known = _COMPILED.get((pattern, flags))
    if known is None:
        if len(_COMPILED) > 200:
            _COMPILED.clear()
        unicode = flags & (Pattern.UNICODE_CASE | Pattern.UNICODE_CHARACTER_CLASS)
        bits = 0 if unicode else re.ASCII
        for java, python in ((2, re.IGNORECASE), (8, re.MULTILINE), (32, re.DOTALL), (4, re.VERBOSE)):
            bits |= python if flags & java else 0
        try:
            known = re.compile(re.escape(pattern) if flags & Pattern.LITERAL else _python(pattern), bits)
        except re.error as error:
            raise PatternSyntaxException("%s near index %s: %s" % (error.msg, error.pos, pattern)) from None
        _COMPILED[(pattern, flags)] = known
    return known


def expand(match, replacement):
    """A replacement of Java: `$1`, `${name}`, and a backslash before what stands for itself."""
    out, at = [], 0
    while at < len(replacement):
        char = replacement[at]
        if char == "\\":
            out.append(replacement[at + 1:at + 2])
            at += 2
        elif char == "$":
            if replacement.startswith("{", at + 1):
                end = replacement.find("}", at)
                group, at = replacement[at + 2:end], end + 1
            elif replacement[at + 1:at + 2].isdigit():
                end = at + 2
                while replacement[end:end + 1].isdigit() and int(replacement[at + 1:end + 1]) <= match.re.groups:
                    end += 1
                group, at = int(replacement[at + 1:end]), end
            else:
                raise IllegalArgumentException("Illegal group reference")
            try:
                out.append(match.group(group) or "")
            except IndexError:
                raise IndexOutOfBoundsException("No group %s" % group) from None
        else:
            out.append(char)
            at += 1
    return "".join(out)


def replace_all(text, pattern, replacement, count=0):
    return compiled(pattern).sub(lambda match: expand(match, str(replacement)), text, count=count)


def split(text, pattern, limit=0, flags=0):
    """String.split: with limit 0, empty pieces at the end are dropped; no empty piece comes of an empty match at the start."""
    pieces, last = [], 0
    for match in compiled(pattern, flags).finditer(text):
        if limit > 0 and len(pieces) == limit - 1:
            break
        if match.end() == 0 or (match.start() == match.end() == len(text)):
            continue
        pieces.append(text[last:match.start()])
        last = match.end()
    if not pieces and last == 0:
        return JavaArray([text], "java.lang.String")
    pieces.append(text[last:])
    while limit == 0 and pieces and pieces[-1] == "":
        pieces.pop()
    return JavaArray(pieces, "java.lang.String")


@java_class("java.util.regex.Pattern", partial="no classes inside classes, no intersections; of the named classes those of ASCII")
class Pattern(JavaObject):
    COMMENTS = 4
    CASE_INSENSITIVE = 2
    MULTILINE = 8
    LITERAL = 16
    DOTALL = 32
    UNICODE_CASE = 64
    UNICODE_CHARACTER_CLASS = 256

    def __init__(self, text, flags=0):
        self._text = str(text)
        self._flags = flags
        compiled(self._text, flags)

    @classmethod
    def compile(cls, text, flags=0):
        return cls(text, flags)

    @staticmethod
    def matches(pattern, text):
        return compiled(pattern).fullmatch(str(text)) is not None

    @staticmethod
    def quote(text):
        return "\\Q%s\\E" % text

    def pattern(self):
        return self._text

    def flags(self):
        return self._flags

    def matcher(self, text):
        return Matcher(compiled(self._text, self._flags), str(text))

    def split(self, text, limit=0):
        return split(str(text), self._text, limit, self._flags)

    def __str__(self):
        return self._text


@java_class("java.util.regex.Matcher")
class Matcher(JavaObject):
    def __init__(self, expression, text):
        self._expression = expression
        self._text = text
        self.reset()

    def reset(self):
        self._match = None
        self._at = 0
        return self

    def find(self, start=None):
        if start is not None:
            self._at = start
        self._match = self._expression.search(self._text, self._at) if self._at <= len(self._text) else None
        if self._match is not None:
            self._at = self._match.end() + (self._match.end() == self._match.start())
        return self._match is not None

    def matches(self):
        self._match = self._expression.fullmatch(self._text)
        return self._match is not None

    def lookingAt(self):
        self._match = self._expression.match(self._text)
        return self._match is not None

    def _found(self):
        if self._match is None:
            raise IllegalStateException("No match found")
        return self._match

    def group(self, which=0):
        try:
            return self._found().group(which)
        except IndexError:
            raise IndexOutOfBoundsException("No group %s" % which) from None

    def groupCount(self):
        return self._expression.groups

    def start(self, which=0):
        return self._found().start(which)

    def end(self, which=0):
        return self._found().end(which)

    def replaceAll(self, replacement):
        return self._expression.sub(lambda match: expand(match, str(replacement)), self._text)

    def replaceFirst(self, replacement):
        return self._expression.sub(lambda match: expand(match, str(replacement)), self._text, count=1)
