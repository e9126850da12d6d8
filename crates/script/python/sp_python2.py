"""What Python 2 means by its builtins, and the helpers that translated scripts call."""

import builtins
import codecs
import functools
import math
import sys

from sp_text import from_bytes, to_bytes


class _AnyText(type):
    def __instancecheck__(cls, value):
        return isinstance(value, str)

    def __subclasscheck__(cls, other):
        return issubclass(other, str)


class unicode(metaclass=_AnyText):
    """unicode(x) and unicode(bytes, encoding)."""

    def __new__(cls, value="", encoding=None, errors="strict"):
        if encoding is None:
            return str(value)
        return _py2_decode(value, encoding, errors)


class basestring(metaclass=_AnyText):
    pass


class _Streams:
    """The print statement's memory of whether a space is due."""

    def __init__(self):
        self.due = set()


_streams = _Streams()


def _print(stream, values, newline):
    stream = sys.stdout if stream is None else stream
    key = id(stream)
    for value in values:
        text = value if isinstance(value, str) else str(value)
        if key in _streams.due:
            stream.write(" ")
        stream.write(text)
        if text and text[-1].isspace() and text[-1] != " ":
            _streams.due.discard(key)
        else:
            _streams.due.add(key)
    if newline:
        stream.write("\n")
        _streams.due.discard(key)


def _py2_print(*values):
    _print(None, values, True)


def _py2_print_more(*values):
    _print(None, values, False)


def _py2_print_to(stream, *values):
    _print(stream, values, True)


def _py2_print_more_to(stream, *values):
    _print(stream, values, False)


def _py2_exec(*_):
    raise NotImplementedError("exec is not provided to scripts")


def _py2_raise(kind, value=None, traceback=None):
    """What `raise kind, value, traceback` raises."""
    if isinstance(kind, type) and not isinstance(value, kind):
        if value is None:
            kind = kind()
        else:
            kind = kind(*value) if isinstance(value, tuple) else kind(value)
    elif isinstance(kind, type):
        kind = value
    return kind.with_traceback(traceback) if traceback is not None else kind


def _rank(value):
    """Python 2 orders by type first: None, numbers, then by the name of the type."""
    if value is None:
        return (0, "")
    if isinstance(value, (int, float)):
        return (1, "")
    return (2, "str" if isinstance(value, str) else type(value).__name__)


def cmp(one, other):
    try:
        if one == other:
            return 0
        return -1 if one < other else 1
    except TypeError:
        pass
    if isinstance(one, (list, tuple)) and type(one) is type(other):
        for left, right in builtins.zip(one, other):
            order = cmp(left, right)
            if order:
                return order
        return (len(one) > len(other)) - (len(one) < len(other))
    left, right = _rank(one), _rank(other)
    if left == right:
        left, right = id(one), id(other)
    return (left > right) - (left < right)


_OPERATORS = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "in": lambda a, b: a in b,
    "not in": lambda a, b: a not in b,
    "is": lambda a, b: a is b,
    "is not": lambda a, b: a is not b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}

_BY_ORDER = {
    "<": lambda order: order < 0,
    ">": lambda order: order > 0,
    "<=": lambda order: order <= 0,
    ">=": lambda order: order >= 0,
}


def _py2_compare(left, *rest):
    """A comparison, chained or not: (a, "<", b, "<=", c)."""
    for at in builtins.range(0, len(rest), 2):
        operator, right = rest[at], rest[at + 1]
        try:
            result = _OPERATORS[operator](left, right)
        except TypeError:
            if operator not in _BY_ORDER:
                raise
            result = _BY_ORDER[operator](cmp(left, right))
        if not result or at + 2 == len(rest):
            return result
        left = right


def _py2_div(one, other):
    if isinstance(one, int) and isinstance(other, int):
        return one // other
    return one / other


def _py2_has_key(mapping, key):
    return key in mapping if isinstance(mapping, dict) else mapping.has_key(key)


def _py2_keys(mapping):
    return list(dict.keys(mapping)) if isinstance(mapping, dict) else mapping.keys()


def _py2_values(mapping):
    return list(dict.values(mapping)) if isinstance(mapping, dict) else mapping.values()


def _py2_items(mapping):
    return list(dict.items(mapping)) if isinstance(mapping, dict) else mapping.items()


def _py2_iterkeys(mapping):
    return iter(_py2_keys(mapping)) if isinstance(mapping, dict) else mapping.iterkeys()


def _py2_itervalues(mapping):
    return iter(_py2_values(mapping)) if isinstance(mapping, dict) else mapping.itervalues()


def _py2_iteritems(mapping):
    return iter(_py2_items(mapping)) if isinstance(mapping, dict) else mapping.iteritems()


def _py2_next(iterator):
    return iterator.next() if hasattr(iterator, "next") else next(iterator)


def _sort_key(compare=None, key=None):
    compare = cmp if compare is None else compare
    by_order = functools.cmp_to_key(compare)
    return by_order if key is None else lambda item: by_order(key(item))


def _py2_sort(items, cmp=None, key=None, reverse=False):
    if not isinstance(items, list):
        return items.sort(*[part for part in (cmp, key) if part is not None])
    list.sort(items, key=_sort_key(cmp, key), reverse=bool(reverse))


def sorted(items, cmp=None, key=None, reverse=False):
    return builtins.sorted(items, key=_sort_key(cmp, key), reverse=bool(reverse))



def min(*items, key=None):
    if len(items) == 1:
        items = items[0]
    return builtins.min(items, key=_sort_key(None, key))


def max(*items, key=None):
    if len(items) == 1:
        items = items[0]
    return builtins.max(items, key=_sort_key(None, key))


# Codecs that turn text into text in Python 2.
_TEXT_CODECS = {"hex": "hex", "base64": "base64", "zlib": "zlib", "zip": "zlib", "rot13": "rot13", "rot_13": "rot13"}


def _py2_encode(text, *arguments, **keywords):
    if not isinstance(text, str):
        return text.encode(*arguments, **keywords)
    return _encode(text, *arguments, **keywords)


def _encode(text, encoding="ascii", errors="strict"):
    name = encoding.lower().replace("_codec", "")
    if name in ("rot13", "rot_13"):
        return codecs.encode(text, "rot13")
    if name in _TEXT_CODECS:
        return from_bytes(codecs.encode(to_bytes(text), _TEXT_CODECS[name]))
    if name in ("string_escape", "string-escape"):
        return repr(text)[1:-1]
    return from_bytes(text.encode(encoding, errors))


def _py2_decode(text, *arguments, **keywords):
    if not isinstance(text, str):
        return text.decode(*arguments, **keywords)
    return _decode(text, *arguments, **keywords)


def _decode(text, encoding="ascii", errors="strict"):
    name = encoding.lower().replace("_codec", "")
    if name in ("rot13", "rot_13"):
        return codecs.decode(text, "rot13")
    if name in _TEXT_CODECS:
        return from_bytes(codecs.decode(to_bytes(text), _TEXT_CODECS[name]))
    if name in ("string_escape", "string-escape"):
        return from_bytes(codecs.escape_decode(to_bytes(text))[0])
    try:
        data = text.encode("latin-1")
    except UnicodeEncodeError:
        # It is decoded already.
        return text
    return data.decode(encoding, errors)


# Longer ranges stay lazy: nobody could tell but by the memory they take.
_LONG = 1000000


def range(*bounds):
    numbers = builtins.range(*bounds)
    return list(numbers) if len(numbers) <= _LONG else numbers


def map(function, *lists):
    if function is None:
        return list(builtins.zip(*lists)) if len(lists) > 1 else list(lists[0])
    return list(builtins.map(function, *lists))


def filter(function, items):
    kept = builtins.filter(function, items)
    return "".join(kept) if isinstance(items, str) else list(kept)


def zip(*lists):
    return list(builtins.zip(*lists))


def round(number, digits=0):
    """Half away from zero, always a float."""
    scale = 10.0**digits
    scaled = builtins.abs(number) * scale
    return math.copysign(math.floor(scaled + 0.5) / scale, number)


def reload(module):
    return module


def apply(function, arguments=(), keywords={}):
    return function(*arguments, **keywords)


def coerce(one, other):
    return one, other


BUILTINS = {
    "unicode": unicode,
    "basestring": basestring,
    "bytes": str,
    "long": int,
    "xrange": builtins.range,
    "range": range,
    "unichr": chr,
    "map": map,
    "filter": filter,
    "zip": zip,
    "round": round,
    "sorted": sorted,
    "min": min,
    "max": max,
    "cmp": cmp,
    "reduce": functools.reduce,
    "reload": reload,
    "apply": apply,
    "coerce": coerce,
    "intern": sys.intern,
    "buffer": lambda value, *_: value,
    "StandardError": Exception,
}
BUILTINS.update({name: value for name, value in list(globals().items()) if name.startswith("_py2_")})


def reset():
    """Forgets what a call left behind."""
    _streams.due.clear()
