"""java.lang: text, numbers, the system."""

import math
import time

import _sallyport

import java_regex
from java_bytes import JavaArray, JavaBytes, bytes_of, charset_of
from java_format import double_text, java_format, java_text
from java_throwable import (
    ArithmeticException, ClassNotFoundException, IllegalArgumentException, IndexOutOfBoundsException, NullPointerException,
    NumberFormatException, SecurityException, UnsupportedOperationException,
)
from sp_host import current
from sp_java import REGISTRY, JavaObject, JavaType, canonical, java_class, name_of


@java_class("java.lang.Object")
class Object(JavaObject):
    pass


@java_class("java.lang.Comparable", "java.lang.CharSequence", "java.lang.Iterable", "java.lang.Cloneable", "java.io.Serializable")
class Comparable(JavaObject):
    pass


@java_class("java.lang.Runnable", "java.util.concurrent.Callable", "java.util.Comparator", "java.util.function.Function")
class Runnable(JavaObject):
    """An interface that a script may implement."""


@java_class("java.lang.Class", partial="forName, of the classes that are here")
class Class:
    @staticmethod
    def forName(name, *_):
        found = REGISTRY.get(canonical(str(name)))
        if found is None:
            raise ClassNotFoundException(str(name))
        return found


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

    def compareTo(self, other):
        return self._ordinal - other._ordinal

    @classmethod
    def of(cls, *names):
        """Makes the members of an enumeration of Java."""
        cls._members = []
        for ordinal, name in enumerate(names):
            member = cls(name, ordinal)
            cls._members.append(member)
            setattr(cls, name, member)

    @classmethod
    def values(cls):
        return JavaArray(cls._members, name_of(cls))

    @classmethod
    def valueOf(cls, name):
        for member in cls._members:
            if member._name == name:
                return member
        raise IllegalArgumentException("No enum constant %s.%s" % (name_of(cls), name))

    def __str__(self):
        return self._name


def hash_of(value):
    """hashCode of a value of Java, -2^31 to 2^31 - 1."""
    if isinstance(value, str):
        code = 0
        for char in value:
            code = (31 * code + ord(char)) & 0xFFFFFFFF
    elif value is None:
        code = 0
    elif isinstance(value, bool):
        code = 1231 if value else 1237
    elif isinstance(value, int):
        code = value & 0xFFFFFFFF if -(1 << 31) <= value < 1 << 31 else (value ^ (value >> 32)) & 0xFFFFFFFF
    else:
        code = value.hashCode() if hasattr(value, "hashCode") else hash(value)
    code &= 0xFFFFFFFF
    return code - (1 << 32) if code >= 1 << 31 else code


def _text_of(value):
    """What `new String(value)` reads."""
    if isinstance(value, str):
        return value
    if isinstance(value, (list, tuple)):
        return "".join(item if isinstance(item, str) else chr(item & 0xFF) for item in value)
    return java_text(value)


@java_class("java.lang.String", partial="also has the methods of Python's own text")
class String(str):
    """Text with Java's methods. They give Python's own text, as in Jython."""

    def __new__(cls, value="", charset=None, *rest):
        if rest:
            # (bytes, offset, length, charset)
            value, charset = value[charset:charset + rest[0]], rest[1] if len(rest) > 1 else None
        if isinstance(value, (bytes, bytearray)):
            return str.__new__(cls, bytes(value).decode(charset_of(charset), "replace"))
        if charset is not None and isinstance(value, str):
            return str.__new__(cls, bytes_of(value).decode(charset_of(charset), "replace"))
        return str.__new__(cls, _text_of(value))

    def __bool__(self):
        return True

    def __hash__(self):
        return str.__hash__(self)

    def __eq__(self, other):
        return str.__eq__(self, other)

    def getClass(self):
        return _StringClass

    def equals(self, other):
        return isinstance(other, str) and str.__eq__(self, other)

    contentEquals = equals

    def equalsIgnoreCase(self, other):
        return other is not None and self.lower() == str(other).lower()

    def compareTo(self, other):
        for one, two in zip(self, other):
            if one != two:
                return ord(one) - ord(two)
        return len(self) - len(other)

    def compareToIgnoreCase(self, other):
        return String(self.lower()).compareTo(str(other).lower())

    def length(self):
        return len(self)

    def isEmpty(self):
        return len(self) == 0

    def isBlank(self):
        return str(self).strip() == ""

    def charAt(self, index):
        if not 0 <= index < len(self):
            raise IndexOutOfBoundsException("String index out of range: %d" % index)
        return str.__getitem__(self, index)

    def codePointAt(self, index):
        return ord(self.charAt(index))

    def substring(self, begin, end=None):
        end = len(self) if end is None else end
        if not 0 <= begin <= end <= len(self):
            raise IndexOutOfBoundsException("begin %d, end %d, length %d" % (begin, end, len(self)))
        return str.__getitem__(self, slice(begin, end))

    subSequence = substring

    def indexOf(self, text, start=0):
        return self.find(text if isinstance(text, str) else chr(text), start)

    def lastIndexOf(self, text, last=None):
        text = text if isinstance(text, str) else chr(text)
        return self.rfind(text) if last is None else self.rfind(text, 0, last + len(text))

    def contains(self, text):
        return str(text) in str(self)

    def startsWith(self, text, offset=0):
        return str(self).startswith(text, offset)

    def endsWith(self, text):
        return str(self).endswith(text)

    def toLowerCase(self, *_):
        return str(self).lower()

    def toUpperCase(self, *_):
        return str(self).upper()

    def trim(self):
        return str(self).strip("".join(map(chr, range(33))))

    def strip(self, *chars):
        return str(self).strip(*chars)

    def concat(self, text):
        return str(self) + text

    def repeat(self, count):
        return str(self) * count

    def replaceAll(self, pattern, replacement):
        return java_regex.replace_all(str(self), pattern, replacement)

    def replaceFirst(self, pattern, replacement):
        return java_regex.replace_all(str(self), pattern, replacement, 1)

    def matches(self, pattern):
        return java_regex.compiled(pattern).fullmatch(str(self)) is not None

    def split(self, pattern=None, limit=0):
        """By a regular expression, as in Java."""
        return str.split(self) if pattern is None else java_regex.split(str(self), pattern, limit)

    def getBytes(self, charset=None):
        return JavaBytes(str(self).encode(charset_of(charset), "replace"))

    @property
    def bytes(self):
        return self.getBytes()

    @property
    def empty(self):
        return self.isEmpty()

    def toCharArray(self):
        return JavaArray(list(str(self)), "char")

    def intern(self):
        return str(self)

    def hashCode(self):
        return hash_of(str(self))

    def toString(self):
        return str(self)

    def __str__(self):
        return str.__str__(self)

    @staticmethod
    def valueOf(value):
        if value is None:
            raise NullPointerException()
        return _text_of(value) if isinstance(value, JavaArray) else java_text(value)

    @staticmethod
    def copyValueOf(characters):
        return _text_of(characters)

    @staticmethod
    def format(pattern, *values):
        if not isinstance(pattern, str):
            # A locale is before the pattern.
            pattern, values = values[0], values[1:]
        return java_format(pattern, values)

    @staticmethod
    def join(separator, *parts):
        if len(parts) == 1 and not isinstance(parts[0], str):
            parts = parts[0]
        return str(separator).join(java_text(part) for part in parts)


class _StringClass(JavaObject):
    java_name = "java.lang.String"


class _Boxed(JavaType):
    """Java's boxes are Python's own values."""

    def __instancecheck__(cls, value):
        kind = cls._python
        return isinstance(value, kind) and not (kind is int and isinstance(value, bool))

    def __call__(cls, value):
        return cls.valueOf(value)


def _parse_whole(text, radix, smallest, largest):
    digits = str(text)
    try:
        if digits != digits.strip() or "_" in digits:
            raise ValueError
        number = int(digits, radix)
    except ValueError:
        raise NumberFormatException('For input string: "%s"' % text) from None
    if not smallest <= number <= largest:
        raise NumberFormatException('For input string: "%s"' % text)
    return number


class _Whole(metaclass=_Boxed):
    """What Integer, Long and their kin share."""

    _python = int

    @classmethod
    def _parse(cls, text, radix=10):
        if text is None:
            raise NumberFormatException("null")
        return _parse_whole(text, radix, cls.MIN_VALUE, cls.MAX_VALUE)

    parseInt = parseLong = parseShort = parseByte = decode = _parse

    @classmethod
    def valueOf(cls, value, radix=10):
        return cls._parse(value, radix) if isinstance(value, str) else int(value)

    @classmethod
    def _bits(cls, value):
        return value & (2 * cls.MAX_VALUE + 1)

    @staticmethod
    def toString(value, radix=10):
        if radix == 10:
            return str(value)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"
        text, left = "", abs(value)
        while left or not text:
            text, left = digits[left % radix] + text, left // radix
        return "-" + text if value < 0 else text

    @classmethod
    def toHexString(cls, value):
        return "%x" % cls._bits(value)

    @classmethod
    def toBinaryString(cls, value):
        return bin(cls._bits(value))[2:]

    @classmethod
    def toOctalString(cls, value):
        return "%o" % cls._bits(value)

    @staticmethod
    def compare(one, two):
        return (one > two) - (one < two)

    @staticmethod
    def hashCode(value):
        return hash_of(value)

    @staticmethod
    def max(one, two):
        return max(one, two)

    @staticmethod
    def min(one, two):
        return min(one, two)

    @staticmethod
    def signum(value):
        return (value > 0) - (value < 0)


@java_class("java.lang.Integer", partial="numbers are Python's own")
class Integer(_Whole):
    MAX_VALUE = 2147483647
    MIN_VALUE = -2147483648


@java_class("java.lang.Long", partial="numbers are Python's own")
class Long(_Whole):
    MAX_VALUE = 9223372036854775807
    MIN_VALUE = -9223372036854775808


@java_class("java.lang.Short", partial="numbers are Python's own")
class Short(_Whole):
    MAX_VALUE = 32767
    MIN_VALUE = -32768


@java_class("java.lang.Byte", partial="numbers are Python's own")
class Byte(_Whole):
    MAX_VALUE = 127
    MIN_VALUE = -128


@java_class("java.lang.Double", "java.lang.Float", partial="numbers are Python's own")
class Double(metaclass=_Boxed):
    _python = float
    MAX_VALUE = 1.7976931348623157e308
    MIN_VALUE = 5e-324
    NaN = float("nan")
    POSITIVE_INFINITY = float("inf")
    NEGATIVE_INFINITY = float("-inf")

    @staticmethod
    def parseDouble(text):
        try:
            if "_" in str(text):
                raise ValueError
            return float(str(text).strip().rstrip("dDfF"))
        except ValueError:
            raise NumberFormatException('For input string: "%s"' % text) from None

    valueOf = parseFloat = parseDouble

    @staticmethod
    def toString(value):
        return double_text(float(value))

    @staticmethod
    def isNaN(value):
        return value != value

    @staticmethod
    def compare(one, two):
        return (one > two) - (one < two)


@java_class("java.lang.Number")
class Number(metaclass=_Boxed):
    _python = (int, float)


@java_class("java.lang.Boolean", partial="a Boolean is Python's own")
class Boolean(metaclass=_Boxed):
    _python = bool
    TRUE = True
    FALSE = False

    @staticmethod
    def parseBoolean(value):
        return value is True or str(value).lower() == "true"

    valueOf = parseBoolean

    @staticmethod
    def toString(value):
        return java_text(bool(value))


@java_class("java.lang.Character", partial="a character is a text of one")
class Character(metaclass=_Boxed):
    _python = str

    @staticmethod
    def valueOf(value):
        return value

    @staticmethod
    def isDigit(char):
        return char.isdigit()

    @staticmethod
    def isLetter(char):
        return char.isalpha()

    @staticmethod
    def isLetterOrDigit(char):
        return char.isalnum()

    @staticmethod
    def isUpperCase(char):
        return char.isupper()

    @staticmethod
    def isLowerCase(char):
        return char.islower()

    @staticmethod
    def isWhitespace(char):
        return char.isspace()

    @staticmethod
    def toUpperCase(char):
        return char.upper()

    @staticmethod
    def toLowerCase(char):
        return char.lower()

    @staticmethod
    def getNumericValue(char):
        return int(char, 36) if char.isalnum() else -1

    @staticmethod
    def toString(char):
        return char


@java_class("java.lang.Math")
class Math:
    PI = math.pi
    E = math.e
    abs = staticmethod(abs)
    max = staticmethod(max)
    min = staticmethod(min)
    sin = staticmethod(math.sin)
    cos = staticmethod(math.cos)
    tan = staticmethod(math.tan)
    atan2 = staticmethod(math.atan2)
    exp = staticmethod(math.exp)
    toRadians = staticmethod(math.radians)
    toDegrees = staticmethod(math.degrees)
    asin = staticmethod(math.asin)
    acos = staticmethod(math.acos)
    hypot = staticmethod(math.hypot)

    @staticmethod
    def floor(value):
        return float(math.floor(value))

    @staticmethod
    def ceil(value):
        return float(math.ceil(value))

    @staticmethod
    def round(value):
        """To the nearest whole number, halves up."""
        return math.floor(value + 0.5)

    @staticmethod
    def sqrt(value):
        return math.sqrt(value) if value >= 0 else float("nan")

    @staticmethod
    def pow(base, exponent):
        return math.pow(base, exponent)

    @staticmethod
    def log(value):
        return math.log(value) if value > 0 else float("-inf") if value == 0 else float("nan")

    @staticmethod
    def log10(value):
        return math.log10(value)

    @staticmethod
    def random():
        return int.from_bytes(_sallyport.urandom(7), "big") / (1 << 56)

    @staticmethod
    def floorMod(one, two):
        if two == 0:
            raise ArithmeticException("/ by zero")
        return one % two

    @staticmethod
    def floorDiv(one, two):
        if two == 0:
            raise ArithmeticException("/ by zero")
        return one // two


class _Printer(JavaObject):
    """System.out and System.err: the script's log."""

    def __init__(self, stream):
        self._stream = stream

    def println(self, value=""):
        _sallyport.write(self._stream, java_text(value) + "\n")

    def print_(self, value):
        _sallyport.write(self._stream, java_text(value))

    def printf(self, pattern, *values):
        _sallyport.write(self._stream, java_format(pattern, values))
        return self

    format = printf

    def flush(self):
        pass


setattr(_Printer, "print", _Printer.print_)


@java_class("java.lang.System", partial="no properties and no environment")
class System:
    out = _Printer(0)
    err = _Printer(1)

    @staticmethod
    def currentTimeMillis():
        return int(current.now() * 1000)

    @staticmethod
    def nanoTime():
        return time.perf_counter_ns()

    @staticmethod
    def getProperty(name, default=None):
        return {"line.separator": "\n", "file.separator": "/", "path.separator": ":", "user.timezone": "UTC"}.get(name, default)

    @staticmethod
    def setProperty(name, value):
        raise SecurityException("scripts may not change the properties of the system")

    @staticmethod
    def getenv(name=None):
        return None

    @staticmethod
    def lineSeparator():
        return "\n"

    @staticmethod
    def identityHashCode(value):
        return id(value) & 0x7FFFFFFF

    @staticmethod
    def arraycopy(source, start, target, at, count):
        for offset, item in enumerate(list(source)[start:start + count]):
            target[at + offset] = item

    @staticmethod
    def exit(status):
        raise SecurityException("scripts may not end the server")

    @staticmethod
    def gc():
        pass


@java_class("java.lang.Thread", partial="sleep and the current thread's name; no threads")
class Thread(JavaObject):
    def __init__(self, *_):
        raise UnsupportedOperationException("scripts may not start threads")

    @staticmethod
    def sleep(milliseconds, *_):
        _sallyport.sleep(milliseconds / 1000)

    @staticmethod
    def currentThread():
        return object.__new__(Thread)

    def getName(self):
        return "script"

    def getId(self):
        return 1

    def isInterrupted(self):
        return False

    def interrupt(self):
        pass


@java_class("java.lang.StringBuilder", "java.lang.StringBuffer")
class StringBuilder(JavaObject):
    def __init__(self, text=""):
        # A number is a capacity.
        self._text = "" if isinstance(text, int) else str(text)
        self._more = []

    def _whole(self):
        if self._more:
            self._text += "".join(self._more)
            self._more = []
        return self._text

    def append(self, value, *part):
        text = _text_of(value) if isinstance(value, JavaArray) else java_text(value)
        self._more.append(text[part[0]:part[1]] if part else text)
        return self

    def _splice(self, begin, end, text):
        whole = self._whole()
        if not 0 <= begin <= len(whole):
            raise IndexOutOfBoundsException("index %d, length %d" % (begin, len(whole)))
        self._text = whole[:begin] + text + whole[max(begin, end):]
        return self

    def insert(self, at, value):
        return self._splice(at, at, java_text(value))

    def delete(self, begin, end):
        return self._splice(begin, end, "")

    def deleteCharAt(self, at):
        return self._splice(at, at + 1, "")

    def replace(self, begin, end, text):
        return self._splice(begin, end, str(text))

    def setCharAt(self, at, char):
        self._splice(at, at + 1, char)

    def setLength(self, length):
        self._text = self._whole()[:length].ljust(length, "\0")

    def reverse(self):
        self._text = self._whole()[::-1]
        return self

    def length(self):
        return len(self._whole())

    def charAt(self, index):
        return String(self._whole()).charAt(index)

    def indexOf(self, text, start=0):
        return self._whole().find(text, start)

    def lastIndexOf(self, text):
        return self._whole().rfind(text)

    def substring(self, begin, end=None):
        return String(self._whole()).substring(begin, end)

    def isEmpty(self):
        return self._whole() == ""

    def toString(self):
        return self._whole()

    def __str__(self):
        return self._whole()
