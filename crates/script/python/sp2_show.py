"""How Python 2 writes values: str, repr, % and format."""

import sys

from sp_text import from_bytes, is_utf8_as_latin1, to_bytes

# Beyond this a number of Jython is a long, whose repr ends with L.
MAX_INT = 2147483647

_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def escaped(text, quote):
    """What stands between the quotes of a literal."""
    parts = []
    for char in text:
        number = ord(char)
        if char in _ESCAPES:
            parts.append(_ESCAPES[char])
        elif char == quote:
            parts.append("\\" + quote)
        elif 32 <= number < 127:
            parts.append(char)
        elif number < 256:
            parts.append("\\x%02x" % number)
        else:
            parts.append("\\u%04x" % number if number < 65536 else "\\U%08x" % number)
    return "".join(parts)


def _quoted(text):
    """Text as a literal. What has letters beyond U+00FF was unicode for sure."""
    quote = '"' if "'" in text and '"' not in text else "'"
    prefix = "u" if any(char > "\xff" for char in text) else ""
    return prefix + quote + escaped(text, quote) + quote


def _float_text(number):
    """Twelve digits; from 1e11 on with an exponent."""
    text = "%.12g" % number
    digits = text.lstrip("-")
    if not digits.isdigit():
        return text
    if len(digits) < 12:
        return text + ".0"
    mantissa, exponent = ("%.11e" % number).split("e")
    return "%se%s" % (mantissa.rstrip("0").rstrip("."), exponent)


def _type_text(kind):
    name = kind.__name__
    if kind.__module__ != "builtins":
        return "<class '%s.%s'>" % (kind.__module__, name)
    if issubclass(kind, BaseException):
        name = "exceptions." + name
    return "<type '%s'>" % ("xrange" if kind is range else name)


class _Seen(set):
    """What is being written right now, for lists that hold themselves."""


def _items(values, seen):
    return ", ".join(_repr(value, seen) for value in values)


def _container(value, seen, loop):
    if id(value) in seen:
        return loop
    seen.add(id(value))
    try:
        kind = type(value)
        if kind is list:
            return "[%s]" % _items(value, seen)
        if kind is tuple:
            return "(%s%s)" % (_items(value, seen), "," if len(value) == 1 else "")
        if kind is dict:
            return "{%s}" % ", ".join("%s: %s" % (_repr(k, seen), _repr(v, seen)) for k, v in value.items())
        return "%s([%s])" % (kind.__name__, _items(value.items() if isinstance(value, dict) else value, seen))
    finally:
        seen.discard(id(value))


_LOOPS = {list: "[...]", tuple: "(...)", dict: "{...}", set: "set(...)", frozenset: "frozenset(...)"}


def _repr(value, seen):
    kind = type(value)
    if isinstance(value, str) and kind.__repr__ is str.__repr__:
        return _quoted(str.__str__(value))
    if kind is int:
        return "%d" % value if -MAX_INT - 1 <= value <= MAX_INT else "%dL" % value
    if kind in _LOOPS:
        return _container(value, seen, _LOOPS[kind])
    if kind.__name__ == "OrderedDict":
        return _container(value, seen, "...")
    if kind.__name__ == "timedelta":
        return _timedelta_text(value)
    if kind is range:
        return _range_text(value)
    if isinstance(value, type) and type(value).__repr__ is type.__repr__:
        return _type_text(value)
    if isinstance(value, BaseException) and kind.__repr__ is BaseException.__repr__:
        return kind.__name__ + _container(value.args, seen, "(...)")
    return repr(value)


def _range_text(numbers):
    bounds = [numbers.stop] if numbers.start == 0 and numbers.step == 1 else [numbers.start, numbers.stop]
    if numbers.step != 1:
        bounds.append(numbers.step)
    return "xrange(%s)" % ", ".join("%d" % bound for bound in bounds)


def _timedelta_text(span):
    parts = [span.days, span.seconds, span.microseconds]
    while len(parts) > 1 and parts[-1] == 0:
        parts.pop()
    return "datetime.timedelta(%s)" % ", ".join("%d" % part for part in parts)


def _py2_repr(value):
    return _repr(value, _Seen())


def _py2_str(value="", *rest):
    kind = type(value)
    if kind is str or kind is int or value is None:
        return str(value)
    if kind is float:
        return _float_text(value)
    if isinstance(value, (bytes, bytearray)) and (rest or kind is bytearray):
        return from_bytes(value) if not rest else str(value, *rest)
    if kind in _LOOPS or kind is range or isinstance(value, type):
        return _py2_repr(value)
    if isinstance(value, BaseException) and kind.__str__ is BaseException.__str__:
        return _py2_str(value.args[0]) if len(value.args) == 1 else _py2_repr(value.args) if value.args else ""
    return str(value)


def unicode_text(value):
    method = getattr(type(value), "__unicode__", None)
    return _py2_str(value) if method is None else method(value)


class _Float(float):
    def __str__(self):
        return _float_text(self)

    def __repr__(self):
        return float.__repr__(self)

    def __format__(self, spec):
        return float.__format__(self, spec) if spec else _float_text(self)


class _Int(int):
    def __str__(self):
        return int.__repr__(self)

    def __repr__(self):
        return _repr(int(self), None)


class _Text(str):
    def __repr__(self):
        return _quoted(str.__str__(self))


class _Shown:
    def __init__(self, value):
        self.value = value

    def __str__(self):
        return _py2_str(self.value)

    def __repr__(self):
        return _py2_repr(self.value)

    def __format__(self, spec):
        return format(str(self), spec)


_SHOWN = (list, tuple, dict, set, frozenset, range, bytearray)


def _shown(value):
    """A value that Python 3 writes as Python 2 does."""
    kind = type(value)
    if kind is float:
        return _Float(value)
    if kind is str:
        return _Text(value)
    if kind is int:
        return _Int(value)
    if kind in _SHOWN or isinstance(value, (type, BaseException)):
        return _Shown(value)
    return value


class _Values(dict):
    """The values of `"%(name)s" % values`."""

    def __init__(self, source):
        super().__init__()
        self.source = source

    def __missing__(self, key):
        return _shown(self.source[key])


def _py2_mod(one, other):
    if not isinstance(one, str):
        return one % other
    if isinstance(other, tuple):
        return str.__mod__(one, tuple(_shown(value) for value in other))
    if "%(" in one and not isinstance(other, str) and hasattr(other, "__getitem__"):
        return str.__mod__(one, _Values(other))
    if isinstance(other, dict) and not other:
        return str.__mod__(one, other)
    return str.__mod__(one, (_shown(other),) if "%" in one else other)


def _py2_format(text, *values, **names):
    if not isinstance(text, str) or type(text).format is not str.format:
        return text.format(*values, **names)
    shown = _shown if "[" not in text and "." not in text else lambda value: _Float(value) if type(value) is float else value
    return text.format(*[shown(value) for value in values], **{name: shown(value) for name, value in names.items()})


def hexadecimal(number):
    return hex(number) + ("L" if abs(number) > MAX_INT else "")


def octal(number):
    digits = "%o" % abs(number)
    return ("-" if number < 0 else "") + ("" if digits == "0" else "0") + digits + ("L" if abs(number) > MAX_INT else "")


def _set_softspace(stream, due):
    try:
        stream.softspace = due
    except AttributeError:
        # A stream of slots prints without it.
        return


def _print(stream, values, newline):
    """A stream knows by its `softspace` whether a space is due."""
    stream = sys.stdout if stream is None else stream
    for value in values:
        text = _py2_str(value)
        if is_utf8_as_latin1(text):
            # Bytes go out as they are, and a log is read as UTF-8.
            text = to_bytes(text).decode("utf-8")
        if getattr(stream, "softspace", False):
            stream.write(" ")
        stream.write(text)
        _set_softspace(stream, not text[-1:].isspace() or text[-1:] == " ")
    if newline:
        stream.write("\n")
        _set_softspace(stream, False)


def forget_prints():
    """Forgets where a space is due."""
    for stream in (sys.stdout, sys.stderr):
        _set_softspace(stream, False)


def _py2_print(*values):
    _print(None, values, True)


def _py2_print_more(*values):
    _print(None, values, False)


def _py2_print_to(stream, *values):
    _print(stream, values, True)


def _py2_print_more_to(stream, *values):
    _print(stream, values, False)
