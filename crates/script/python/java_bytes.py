"""byte[] and the other arrays of Java, as Jython shows them, and what stands for bytes in a call."""

from java_throwable import IllegalArgumentException, NullPointerException
from sp_host import current
from sp_java import java_class
from sp_text import to_bytes


def signed(byte):
    return byte - 256 if byte > 127 else byte


class JavaBytes(bytearray):
    """A byte[]: its items are -128 to 127."""

    def __getitem__(self, index):
        item = bytearray.__getitem__(self, index)
        return JavaBytes(item) if isinstance(index, slice) else signed(item)

    def __setitem__(self, index, value):
        if isinstance(index, slice):
            bytearray.__setitem__(self, index, bytes_of(value))
        else:
            bytearray.__setitem__(self, index, value & 0xFF)

    def __iter__(self):
        return (signed(byte) for byte in bytes(memoryview(self)))

    def __bytes__(self):
        return bytes(memoryview(self))

    def __contains__(self, value):
        return bytearray.__contains__(self, value & 0xFF)

    def __add__(self, other):
        return JavaBytes(bytes(self) + bytes_of(other))

    @property
    def length(self):
        return len(self)

    @property
    def typecode(self):
        return "b"

    def tolist(self):
        return list(self)

    def tostring(self):
        """The bytes as Python's own string."""
        return bytes(self).decode("latin-1") if current.python2 else bytes(self)

    def clone(self):
        return JavaBytes(self)

    def __repr__(self):
        return "array('b', %s)" % list(self)

    __str__ = __repr__


def bytes_of(value):
    """What a Java method that wants a byte[] gets; Jython takes a byte string for one."""
    if value is None:
        raise NullPointerException()
    if isinstance(value, str):
        return to_bytes(value) if current.python2 else value.encode("utf-8")
    if isinstance(value, JavaArray):
        return bytes(item if isinstance(item, int) and 0 <= item <= 255 else ord(item) if isinstance(item, str) else item & 0xFF for item in value)
    if isinstance(value, (list, tuple)):
        return bytes(item & 0xFF for item in value)
    return bytes(value)


class JavaArray(list):
    """Any other array: of a fixed length."""

    def __init__(self, items, kind="java.lang.Object"):
        list.__init__(self, items)
        self.typecode = kind

    @property
    def length(self):
        return len(self)

    def tolist(self):
        return list(self)

    def tostring(self):
        return "".join(self)

    def clone(self):
        return JavaArray(self, self.typecode)

    def __repr__(self):
        kind = self.typecode if self.typecode not in _KINDS else "'%s'" % self.typecode
        return "array(%s, %s)" % (kind, list.__repr__(self))

    __str__ = __repr__


# What an array made by `jarray.zeros` is filled with, by type code.
_KINDS = {"z": False, "c": "\0", "b": 0, "h": 0, "i": 0, "l": 0, "f": 0.0, "d": 0.0}


def _kind(kind):
    return kind if isinstance(kind, str) else getattr(kind, "java_name", kind.__name__)


def array(items, kind):
    """`jarray.array`."""
    kind = _kind(kind)
    if kind == "b":
        return JavaBytes(bytes_of(items))
    return JavaArray(items, kind)


def zeros(count, kind):
    """`jarray.zeros`."""
    kind = _kind(kind)
    if count < 0:
        raise IllegalArgumentException("negative length")
    return JavaBytes(count) if kind == "b" else JavaArray([_KINDS.get(kind)] * count, kind)


def charset_of(value):
    """The name of a character set, as Python knows it."""
    import codecs

    name = "utf-8" if value is None else str(value)
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise UnsupportedCharsetException(name) from None


@java_class("java.nio.charset.UnsupportedCharsetException", "java.io.UnsupportedEncodingException")
class UnsupportedCharsetException(IllegalArgumentException):
    pass


@java_class("org.python.core.util.StringUtil")
class StringUtil:
    """Jython's own bridge between its byte strings and byte[]."""

    @staticmethod
    def toBytes(text):
        return JavaBytes(bytes_of(text))

    @staticmethod
    def fromBytes(data, *part):
        data = bytes_of(data)
        data = data[part[0]:part[0] + part[1]] if part else data
        return data.decode("latin-1")
