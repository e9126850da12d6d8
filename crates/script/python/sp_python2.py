"""What Python 2 means by its builtins, and the helpers that translated scripts call."""

import builtins
import codecs
import functools
import math
import sys

import sp2_classes
import sp2_order
import sp2_show
from sp2_show import _py2_str, unicode_text
from sp_text import from_bytes, is_utf8_as_latin1, to_bytes


class _AnyText(type):
    def __instancecheck__(cls, value):
        return isinstance(value, str)

    def __subclasscheck__(cls, other):
        return issubclass(other, str)

    def __getattr__(cls, name):
        return getattr(str, name)


class unicode(metaclass=_AnyText):
    """unicode(x) and unicode(bytes, encoding)."""

    def __new__(cls, value="", encoding=None, errors="strict"):
        if encoding is None:
            return unicode_text(value)
        return _py2_decode(value, encoding, errors)


class basestring(metaclass=_AnyText):
    pass


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


def _py2_caught():
    return sys.exc_info()[1]


def _py2_catches(kinds):
    return isinstance(sys.exc_info()[1], kinds)


def _py2_kinds(kinds):
    """A tuple of exception classes that holds no tuples."""
    flat = []
    for kind in kinds:
        flat.extend(_py2_kinds(kind) if isinstance(kind, tuple) else [kind])
    return tuple(flat)


_py2_kept = type


def _py2_message(value):
    """`value.message`, which Python 2's exceptions have."""
    if isinstance(value, BaseException) and not hasattr(value, "message"):
        return value.args[0] if len(value.args) == 1 else ""
    return value.message


def _py2_method(value, name):
    """A method that Python 3 took away, not called yet."""
    try:
        return getattr(value, name)
    except AttributeError:
        if isinstance(value, dict) or name == "next" and hasattr(value, "__next__"):
            return functools.partial(BUILTINS["_py2_" + name], value)
        raise


def _py2_div(one, other):
    if isinstance(one, int) and isinstance(other, int):
        return one // other
    return one / other


def _py2_idiv(one, other):
    if isinstance(one, int) and isinstance(other, int):
        return one // other
    one /= other
    return one


def _py2_imod(one, other):
    if isinstance(one, str):
        return sp2_show._py2_mod(one, other)
    one %= other
    return one


def _on_attribute(change):
    def change_attribute(owner, name, other):
        setattr(owner, name, change(getattr(owner, name), other))

    return change_attribute


def _on_item(change):
    def change_item(owner, key, other):
        owner[key] = change(owner[key], other)

    return change_item


_py2_idiv_attribute = _on_attribute(_py2_idiv)
_py2_imod_attribute = _on_attribute(_py2_imod)
_py2_idiv_item = _on_item(_py2_idiv)
_py2_imod_item = _on_item(_py2_imod)


_VIEWS = (type({}.keys()), type({}.values()), type({}.items()))


def _listing(name):
    """keys, values and items of a dict give lists; what other objects give stays as it is."""

    def method(owner, *arguments, **keywords):
        result = getattr(owner, name)(*arguments, **keywords)
        is_view = type(result) in _VIEWS or type(result).__name__.startswith("odict_")
        return list(result) if is_view else result

    return method


_py2_keys = _listing("keys")
_py2_values = _listing("values")
_py2_items = _listing("items")


def _iterating(name):
    listing = name.removeprefix("iter")

    def method(owner, *arguments, **keywords):
        if hasattr(owner, name):
            return getattr(owner, name)(*arguments, **keywords)
        return iter(list(getattr(owner, listing)()))

    return method


_py2_iterkeys = _iterating("iterkeys")
_py2_itervalues = _iterating("itervalues")
_py2_iteritems = _iterating("iteritems")


def _viewing(name):
    def method(owner, *arguments):
        return getattr(owner, name if hasattr(owner, name) else name.removeprefix("view"))(*arguments)

    return method


_py2_viewkeys = _viewing("viewkeys")
_py2_viewvalues = _viewing("viewvalues")
_py2_viewitems = _viewing("viewitems")


def _py2_has_key(owner, *arguments):
    if hasattr(owner, "has_key") or not isinstance(owner, dict):
        return owner.has_key(*arguments)
    return owner.__contains__(*arguments)


def _py2_next(iterator, *arguments):
    if arguments or hasattr(iterator, "next"):
        return iterator.next(*arguments)
    return next(iterator)


# Codecs that turn text into text in Python 2.
_TEXT_CODECS = {"hex": "hex", "base64": "base64", "zlib": "zlib", "zip": "zlib", "rot13": "rot13", "rot_13": "rot13"}


def _recode(function, text, codec):
    if codec.startswith("rot"):
        return function(text, "rot13")
    try:
        return from_bytes(function(to_bytes(text), _TEXT_CODECS[codec]))
    except ValueError as error:
        raise TypeError(str(error)) from None


def _codec(encoding):
    return encoding.lower().replace("_codec", "").replace("-", "_")


def _py2_encode(text, *arguments, **keywords):
    if not isinstance(text, str):
        return text.encode(*arguments, **keywords)
    return _encode(text, *arguments, **keywords)


def _encode(text, encoding="ascii", errors="strict"):
    codec = _codec(encoding)
    if codec in _TEXT_CODECS:
        return _recode(codecs.encode, text, codec)
    if codec == "string_escape":
        return sp2_show.escaped(text, None)
    return from_bytes(text.encode(encoding, errors))


def _py2_decode(text, *arguments, **keywords):
    if not isinstance(text, str):
        return text.decode(*arguments, **keywords)
    return _decode(text, *arguments, **keywords)


def _decode(text, encoding="ascii", errors="strict"):
    codec = _codec(encoding)
    if codec in _TEXT_CODECS:
        return _recode(codecs.decode, text, codec)
    if codec == "string_escape":
        return from_bytes(codecs.escape_decode(to_bytes(text))[0])
    try:
        data = text.encode("latin-1")
    except UnicodeEncodeError:
        # It is decoded already.
        return text
    return data.decode(encoding, errors)


def _bytes_of(text):
    """The bytes of text that can only be those of a byte string, or None."""
    return to_bytes(text) if text.isascii() or is_utf8_as_latin1(text) else None


def _on_bytes(name):
    """A method of str that cuts at white space: a byte string has none beyond ASCII."""
    of_text = getattr(str, name)
    of_bytes = getattr(bytes, name)

    def method(text, *arguments, **keywords):
        if type(text) is not str or arguments and arguments[0] is not None and name != "splitlines":
            return getattr(text, name)(*arguments, **keywords)
        data = _bytes_of(text)
        if data is None:
            return of_text(text, *arguments, **keywords)
        parts = of_bytes(data, *arguments, **keywords)
        return [from_bytes(part) for part in parts] if isinstance(parts, list) else from_bytes(parts)

    return method


_py2_split = _on_bytes("split")
_py2_splitlines = _on_bytes("splitlines")
_py2_strip = _on_bytes("strip")
_py2_lstrip = _on_bytes("lstrip")
_py2_rstrip = _on_bytes("rstrip")


def _py2_translate(text, *arguments):
    if isinstance(text, str) and (arguments[0] is None or isinstance(arguments[0], str)):
        return _translate(text, *arguments)
    return text.translate(*arguments)


def _translate(text, table, delete=""):
    kept = "".join(char for char in text if char not in delete) if delete else text
    return kept if table is None else "".join(table[ord(char)] for char in kept)


# Longer ranges stay lazy: nobody could tell but by the memory they take.
_LONG = 1000000


def range(*bounds):
    numbers = builtins.range(*bounds)
    return list(numbers) if len(numbers) <= _LONG else numbers


def _padded(lists):
    """Tuples of the items at each place, with None where a list is over."""
    lists = [list(items) for items in lists]
    longest = builtins.max(len(items) for items in lists)
    return [tuple(items[at] if at < len(items) else None for items in lists) for at in builtins.range(longest)]


def map(function, *lists):
    if function is str:
        function = _py2_str
    if len(lists) == 1:
        return list(lists[0]) if function is None else [function(item) for item in lists[0]]
    return [items if function is None else function(*items) for items in _padded(lists)]


def filter(function, items):
    kept = builtins.filter(function, items)
    if isinstance(items, str):
        return "".join(kept)
    return tuple(kept) if isinstance(items, tuple) else list(kept)


def zip(*lists):
    return list(builtins.zip(*lists))


def round(number, digits=0):
    """Half away from zero, always a float."""
    number = float(number)
    if not math.isfinite(number):
        return number
    over, under = number.as_integer_ratio()
    over, under = over * 2 * 10 ** builtins.max(digits, 0), under * 10 ** builtins.max(-digits, 0)
    if over % under == 0 and over // under % 2:
        # A tie, which Python 3 rounds to even.
        half = over // under
        rounded = (half + (1 if half > 0 else -1)) // 2
        return rounded / 10**digits if digits > 0 else float(rounded * 10**-digits)
    return float(builtins.round(number, digits))


class ByteArray(bytearray):
    """bytearray of a byte string."""

    def __init__(self, source=b"", *rest):
        super().__init__(to_bytes(source) if isinstance(source, str) and not rest else source, *rest)

    def __repr__(self):
        return "bytearray(%r)" % bytes(self)

    def __str__(self):
        return from_bytes(self)


ByteArray.__name__ = "bytearray"


def unichr(number):
    return chr(number)


def chr_of_byte(number):
    if not 0 <= number < 256:
        raise ValueError("chr() arg not in range(256)")
    return chr(number)


def reload(module):
    return module


def apply(function, arguments=(), keywords={}):
    return function(*arguments, **keywords)


def coerce(one, other):
    if isinstance(one, float) or isinstance(other, float):
        return float(one), float(other)
    return one, other


BUILTINS = {
    "__build_class__": sp2_classes.__build_class__,
    "unicode": unicode,
    "basestring": basestring,
    "bytes": str,
    "bytearray": ByteArray,
    "long": int,
    "xrange": builtins.range,
    "range": range,
    "unichr": unichr,
    "chr": chr_of_byte,
    "hex": sp2_show.hexadecimal,
    "oct": sp2_show.octal,
    "repr": sp2_show._py2_repr,
    "map": map,
    "filter": filter,
    "zip": zip,
    "round": round,
    "sorted": sp2_order.sorted,
    "min": sp2_order.min,
    "max": sp2_order.max,
    "cmp": sp2_order.cmp,
    "reduce": functools.reduce,
    "reload": reload,
    "apply": apply,
    "coerce": coerce,
    "intern": sys.intern,
    "buffer": lambda value, *_: value,
    "StandardError": Exception,
}
for _names in (globals(), vars(sp2_show), vars(sp2_order)):
    BUILTINS.update({name: value for name, value in list(_names.items()) if name.startswith("_py2_")})

# The library's modules in the form of Python 2, each imported where a script first wants it.
MODULES = {
    "StringIO": "sp2_stringio",
    "cStringIO": "sp2_stringio",
    "email.header": "sp2_email",
    "email.mime": "sp2_email",
    "email.mime.multipart": "sp2_email",
    "email.mime.text": "sp2_email",
    "email.utils": "sp2_email",
    "simplejson": "sp2_json",
    "urllib.error": "sp2_urllib_request",
    "urllib.parse": "sp2_urllib_request",
    "urllib.request": "sp2_urllib_request",
}
MODULES.update(
    (name, "sp2_" + name)
    for name in (
        "ast", "base64", "binascii", "calendar", "codecs", "email", "hashlib", "hmac", "httplib", "itertools", "json",
        "logging", "math", "os", "re", "smtplib", "ssl", "string", "struct", "sys", "time", "traceback", "urllib", "urllib2",
        "urlparse", "zlib",
    )
)


def reset():
    """Forgets what a call left behind."""
    sp2_show.forget_prints()
