"""org.gluu.util and org.gluu.oxauth.util."""

import json
import re
import secrets

from java_lang import java_text
from java_util import ArrayList, HashMap, LiveMap
from sp_host import current
from sp_java import JavaException, JavaObject, java_class

# What Java's String.trim takes away.
_BLANKS = "".join(chr(code) for code in range(33))

_NUMBER = re.compile(r"[+-]?[0-9]+")


def _text(value):
    return None if value is None else java_text(value)


def _array(items):
    return [] if items is None else list(items)


@java_class("org.gluu.util.StringHelper")
class StringHelper:
    """Texts, with None allowed nearly everywhere. Java's arrays are lists."""

    EMPTY = ""

    @staticmethod
    def isEmpty(value):
        """Whether there is nothing in it but space."""
        return value is None or java_text(value).strip() == ""

    @staticmethod
    def isNotEmpty(value):
        return not StringHelper.isEmpty(value)

    @staticmethod
    def isEmptyString(value):
        """False for None; true for whatever is no text."""
        if value is None:
            return False
        return not isinstance(value, str) or StringHelper.isEmpty(value)

    @staticmethod
    def isNotEmptyString(value):
        """False for None; true for whatever is no text."""
        if value is None:
            return False
        return not isinstance(value, str) or StringHelper.isNotEmpty(value)

    @staticmethod
    def equals(one, other):
        return _text(one) == _text(other)

    compare = equals

    @staticmethod
    def equalsIgnoreCase(one, other):
        if one is None or other is None:
            return one is other
        return java_text(one).lower() == java_text(other).lower()

    @staticmethod
    def toLowerCase(value):
        return None if value is None else java_text(value).lower()

    @staticmethod
    def toUpperCase(value):
        return None if value is None else java_text(value).upper()

    @staticmethod
    def trimAll(value):
        return value if StringHelper.isEmpty(value) else java_text(value).strip(_BLANKS)

    @staticmethod
    def toString(value):
        """An array is its items with commas between."""
        if type(value) in (list, tuple):
            return ", ".join(java_text(item) for item in value)
        return _text(value)

    @staticmethod
    def toStringArray(items):
        return None if items is None else [_text(item) for item in items]

    @staticmethod
    def toBoolean(value, default=False):
        if value is True or value is False:
            return value
        return default if StringHelper.isEmpty(value) else java_text(value).lower() == "true"

    @staticmethod
    def booleanValue(value):
        return java_text(value).strip(_BLANKS).lower() in ("true", "t")

    @staticmethod
    def toInteger(value, default=0):
        """The number, or the default for what is none: blanks around it count."""
        text = _text(value)
        return int(text) if text is not None and _NUMBER.fullmatch(text) else default

    toInt = toLong = toInteger

    @staticmethod
    def toFloat(value):
        try:
            return float(java_text(value))
        except ValueError:
            return 0.0

    @staticmethod
    def split(value, delimiters, trim=True, include=False):
        """The parts between any of the delimiters; nothing between two of them is no part."""
        if value is None:
            raise JavaException("there is no text to split")
        pieces = re.split("([%s])" % re.escape(delimiters), java_text(value)) if delimiters else [java_text(value)]
        parts = [part for at, part in enumerate(pieces) if part != "" and (include or at % 2 == 0)]
        return [part.strip(_BLANKS) for part in parts] if trim else parts

    @staticmethod
    def join(items, separator=","):
        return separator.join(java_text(item) for item in items)

    @staticmethod
    def removePunctuation(value):
        return None if value is None else re.sub(r"[.@!,:/]", "", java_text(value))

    @staticmethod
    def removeMultipleSpaces(value):
        return value if StringHelper.isEmpty(value) else re.sub(r"\s+", " ", java_text(value))

    @staticmethod
    def repeat(text, times):
        return text * times

    @staticmethod
    def truncate(text, length):
        return text[:length]

    @staticmethod
    def suffix(name, suffix):
        return name if suffix is None else name + suffix

    @staticmethod
    def qualify(prefix, name):
        return "%s.%s" % (prefix, name)

    @staticmethod
    def qualifier(name):
        return name.rpartition(".")[0]

    @staticmethod
    def unqualify(name):
        return name.rpartition(".")[2]

    @staticmethod
    def replaceLast(text, old, new):
        before, found, after = text.rpartition(old)
        return before + new + after if found else text

    @staticmethod
    def addQuote(value):
        return "" if StringHelper.isEmpty(value) else '"%s"' % value

    @staticmethod
    def doubleQuotes(value):
        return value if StringHelper.isEmpty(value) else java_text(value).replace('"', '""')

    @staticmethod
    def getFirstPositiveNumber(value):
        if StringHelper.isEmpty(value):
            return ""
        return re.split(r"[^0-9]+", java_text(value))[0]

    @staticmethod
    def getEmtpyStringIfNull(value):
        return "" if value is None else value

    @staticmethod
    def getNullIfEmtpyString(value):
        return None if StringHelper.isEmpty(value) else value

    @staticmethod
    def buildDelimitedString(delimiter, *values):
        if len(values) == 1 and isinstance(values[0], (list, tuple)):
            values = values[0]
        return delimiter.join("" if value is None else java_text(value) for value in values)

    @staticmethod
    def buildColonDelimitedString(*values):
        return StringHelper.buildDelimitedString(" : ", *values)

    @staticmethod
    def formatZeroLeadingLong(number, digits):
        return "%0*d" % (digits, number)

    @staticmethod
    def getRandomString(length):
        return "".join(secrets.choice("!0123456789abcdefghijklmnopqrstuvwxyz") for _ in range(length))

    @staticmethod
    def utf8ToString(data):
        return bytes(data).decode("utf-8", "replace")


@java_class("org.gluu.util.ArrayHelper")
class ArrayHelper:
    @staticmethod
    def isEmpty(items):
        return items is None or len(items) == 0

    @staticmethod
    def isNotEmpty(items):
        return not ArrayHelper.isEmpty(items)

    @staticmethod
    def arrayMerge(*arrays):
        return [item for array in arrays for item in _array(array)]

    @staticmethod
    def addItemToArray(array, item):
        return _array(array) + [item]

    @staticmethod
    def arrayClone(array):
        return None if array is None else list(array)

    @staticmethod
    def sortAndClone(array):
        return None if array is None else sorted(array)

    @staticmethod
    def equalsIgnoreOrder(one, other):
        return one is other or (one is not None and other is not None and sorted(one) == sorted(other))

    @staticmethod
    def toString(array):
        return "null" if array is None else "[%s]" % ", ".join(java_text(item) for item in array)


@java_class("org.gluu.util.Pair")
class Pair(JavaObject):
    def __init__(self, first=None, second=None):
        self._first = first
        self._second = second

    def getFirst(self):
        return self._first

    def setFirst(self, value):
        self._first = value

    def getSecond(self):
        return self._second

    def setSecond(self, value):
        self._second = value

    def __str__(self):
        return "Pair [first=%s, second=%s]" % (java_text(self._first), java_text(self._second))


def plain(value):
    """Java's and Python's collections as those of JSON."""
    if isinstance(value, (dict, LiveMap)):
        return {java_text(key): plain(value[key]) for key in value}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return java_text(value)


@java_class("org.gluu.oxauth.util.ServerUtil")
class ServerUtil:
    @staticmethod
    def getFirstValue(parameters, name):
        """The first value of a request parameter, or None."""
        values = parameters.get(name) if parameters is not None else None
        return values[0] if values else None

    @staticmethod
    def asJson(value):
        return json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"))

    @staticmethod
    def asPrettyJson(value):
        return json.dumps(plain(value), ensure_ascii=False, indent=2)

    @staticmethod
    def toMap(parameters):
        """The first value of each."""
        return HashMap((name, ServerUtil.getFirstValue(parameters, name)) for name in parameters)

    @staticmethod
    def getIpAddress(request=None):
        return current.scene.get("request", {}).get("remote_ip") or None

    @staticmethod
    def getRequestOrNull():
        from javax_faces import HttpServletRequest

        return HttpServletRequest.bean() if current.scene.get("request") else None

    @staticmethod
    def urlDecode(text):
        from urllib.parse import unquote_plus

        return None if text is None else unquote_plus(text)

    @staticmethod
    def now():
        from java_calendar import Date

        return Date()
