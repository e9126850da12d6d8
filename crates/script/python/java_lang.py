"""java.lang and java.io."""

import time

import _sallyport

from sp_host import current
from sp_java import JavaException, JavaObject, java_class

java_class("java.lang.Exception", "java.lang.Throwable", "java.lang.RuntimeException")(JavaException)


@java_class("java.io.IOException")
class IOException(JavaException):
    pass


@java_class("java.lang.IllegalArgumentException")
class IllegalArgumentException(JavaException):
    pass


@java_class("java.lang.IllegalStateException")
class IllegalStateException(JavaException):
    pass


@java_class("java.lang.NumberFormatException")
class NumberFormatException(IllegalArgumentException):
    pass


@java_class("java.lang.Object")
class Object(JavaObject):
    pass


@java_class("java.lang.Enum")
class Enum(JavaObject):
    """A member of an enumeration: prints as its name."""

    def __init__(self, name="", ordinal=0):
        self._name = name
        self._ordinal = ordinal

    def name(self):
        return self._name

    def ordinal(self):
        return self._ordinal

    def __str__(self):
        return self._name

    __repr__ = __str__


@java_class("java.lang.String")
class String(str):
    """Text with Java's methods."""

    def __new__(cls, value="", charset=None):
        if isinstance(value, (bytes, bytearray)):
            value = bytes(value).decode(charset or "utf-8", "replace")
        elif isinstance(value, (list, tuple)):
            value = "".join(item if isinstance(item, str) else chr(item & 0xFF) for item in value)
        return str.__new__(cls, value)

    def equals(self, other):
        return isinstance(other, str) and str.__eq__(self, other)

    def equalsIgnoreCase(self, other):
        return other is not None and self.lower() == str(other).lower()

    def length(self):
        return len(self)

    def isEmpty(self):
        return len(self) == 0

    def charAt(self, index):
        return self[index]

    def substring(self, begin, end=None):
        return String(self[begin:end])

    def indexOf(self, text, start=0):
        return self.find(text, start)

    def lastIndexOf(self, text):
        return self.rfind(text)

    def contains(self, text):
        return text in self

    def startsWith(self, text):
        return self.startswith(text)

    def endsWith(self, text):
        return self.endswith(text)

    def toLowerCase(self):
        return String(self.lower())

    def toUpperCase(self):
        return String(self.upper())

    def trim(self):
        return String(self.strip())

    def replaceAll(self, pattern, replacement):
        import re

        return String(re.sub(pattern, replacement, self))

    def matches(self, pattern):
        import re

        return re.fullmatch(pattern, self) is not None

    def getBytes(self, charset="utf-8"):
        return JavaBytes(self.encode(charset))

    def toCharArray(self):
        return list(self)

    def hashCode(self):
        value = 0
        for char in self:
            value = (31 * value + ord(char)) & 0xFFFFFFFF
        return value - (1 << 32) if value >= 1 << 31 else value

    def toString(self):
        return str(self)

    @staticmethod
    def valueOf(value):
        return String(java_text(value))

    @staticmethod
    def format(pattern, *values):
        if len(values) == 1 and isinstance(values[0], (list, tuple)):
            values = tuple(values[0])
        return String(pattern.replace("%n", "\n") % tuple(values))

    @staticmethod
    def join(separator, *parts):
        if len(parts) == 1 and isinstance(parts[0], (list, tuple)):
            parts = parts[0]
        return String(str(separator).join(str(part) for part in parts))


class JavaBytes(bytes):
    """A byte[]."""

    @property
    def length(self):
        return len(self)


def java_text(value):
    """How Java prints a value."""
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    return str(value)


class _Number(type):
    def __instancecheck__(cls, value):
        return isinstance(value, cls._python) and not (cls._python is int and isinstance(value, bool))


@java_class("java.lang.Integer", "java.lang.Long")
class Integer(metaclass=_Number):
    """Java's numbers are Python's."""

    _python = int
    MAX_VALUE = 2147483647
    MIN_VALUE = -2147483648

    def __new__(cls, value):
        return cls.parseInt(value)

    @staticmethod
    def parseInt(text, radix=None):
        try:
            return int(text) if radix is None else int(text, radix)
        except (TypeError, ValueError):
            raise NumberFormatException('For input string: "%s"' % text) from None

    valueOf = parseLong = parseInt

    @staticmethod
    def toString(value):
        return str(value)

    @staticmethod
    def toHexString(value):
        return "%x" % (value & 0xFFFFFFFF)


@java_class("java.lang.Boolean")
class Boolean:
    TRUE = True
    FALSE = False

    def __new__(cls, value):
        return cls.parseBoolean(value)

    @staticmethod
    def parseBoolean(value):
        return value is True or str(value).lower() == "true"

    valueOf = parseBoolean


@java_class("java.lang.System")
class System:
    @staticmethod
    def currentTimeMillis():
        return int(current.now() * 1000)

    @staticmethod
    def nanoTime():
        return time.perf_counter_ns()

    @staticmethod
    def getProperty(name, default=None):
        return default

    @staticmethod
    def getenv(name=None):
        return None


@java_class("java.lang.Thread")
class Thread:
    @staticmethod
    def sleep(milliseconds):
        _sallyport.sleep(milliseconds / 1000)


@java_class("java.lang.StringBuilder", "java.lang.StringBuffer")
class StringBuilder(JavaObject):
    def __init__(self, text=""):
        self._parts = [str(text)]

    def append(self, value):
        self._parts.append(java_text(value))
        return self

    def length(self):
        return len(str(self))

    def __str__(self):
        return "".join(self._parts)
