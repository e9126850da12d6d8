"""org.gluu.util and org.gluu.oxauth.util."""

import json

from java_util import ArrayList
from sp_host import current
from sp_java import java_class


def _text(value):
    return None if value is None else str(value)


@java_class("org.gluu.util.StringHelper")
class StringHelper:
    EMPTY = ""

    @staticmethod
    def isEmpty(value):
        return value is None or len(str(value)) == 0

    @staticmethod
    def isNotEmpty(value):
        return not StringHelper.isEmpty(value)

    @staticmethod
    def isEmptyString(value):
        return not isinstance(value, str) or value.strip() == ""

    @staticmethod
    def isNotEmptyString(value):
        return isinstance(value, str) and value.strip() != ""

    @staticmethod
    def equals(one, other):
        return _text(one) == _text(other)

    @staticmethod
    def equalsIgnoreCase(one, other):
        if one is None or other is None:
            return one is other
        return str(one).lower() == str(other).lower()

    @staticmethod
    def toLowerCase(value):
        return None if value is None else str(value).lower()

    @staticmethod
    def toUpperCase(value):
        return None if value is None else str(value).upper()

    @staticmethod
    def trimAll(value):
        return None if value is None else str(value).strip()

    @staticmethod
    def toString(value):
        return _text(value)

    @staticmethod
    def toBoolean(value, default=False):
        if StringHelper.isEmpty(value):
            return default
        return str(value).lower() in ("true", "yes", "on", "1")

    @staticmethod
    def toInteger(value, default=None):
        try:
            return int(str(value).strip())
        except ValueError:
            return default

    toInt = toLong = toInteger

    @staticmethod
    def split(value, separator, *_):
        if StringHelper.isEmpty(value):
            return ArrayList()
        return ArrayList(part.strip() for part in str(value).split(separator) if part.strip() != "")

    @staticmethod
    def join(items, separator=","):
        return separator.join(str(item) for item in items)

    @staticmethod
    def removePunctuation(value):
        return "".join(char for char in str(value) if char.isalnum())


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
        return ArrayList(item for array in arrays if array is not None for item in array)

    @staticmethod
    def addItemToArray(array, item):
        return ArrayList(list(array or []) + [item])


@java_class("org.gluu.oxauth.util.ServerUtil")
class ServerUtil:
    @staticmethod
    def getFirstValue(parameters, name):
        """The first value of a request parameter, or None."""
        values = parameters.get(name) if parameters is not None else None
        return values[0] if values else None

    @staticmethod
    def asJson(value):
        return json.dumps(value)

    asPrettyJson = asJson

    @staticmethod
    def getIpAddress(request=None):
        return current.scene.get("request", {}).get("remote_ip") or None

    @staticmethod
    def getRequestOrNull():
        from javax_faces import HttpServletRequest

        return HttpServletRequest.bean()
