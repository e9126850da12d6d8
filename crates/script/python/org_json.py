"""org.json and org.codehaus.jettison.json."""

import json

from java_format import double_text, java_text
from java_throwable import RuntimeException
from java_util import ArrayList, HashMap, Iterator, LinkedHashSet, bucket_order
from sp_java import JavaException, JavaObject, java_class


@java_class("org.json.JSONException")
class JSONException(RuntimeException):
    pass


@java_class("org.codehaus.jettison.json.JSONException")
class JettisonException(JavaException):
    pass


class _Null(JavaObject):
    """JSONObject.NULL: equals null, and is not null."""

    java_name = "org.json.JSONObject.Null"

    def __eq__(self, other):
        return other is None or isinstance(other, _Null)

    def __hash__(self):
        return 0

    def __str__(self):
        return "null"


NULL = _Null()


def quoted(text):
    """A text of JSON; a slash behind `<` is escaped, as org.json does."""
    return json.dumps(str(text), ensure_ascii=False).replace("</", "<\\/")


def _number_text(value):
    if isinstance(value, int):
        return str(value)
    if value != value or value in (float("inf"), float("-inf")):
        raise JSONException("JSON does not allow non-finite numbers.")
    text = double_text(value)
    return text[:-2] if text.endswith(".0") else text


def written(value, indent=0, level=0):
    if value is None or value is NULL:
        return "null"
    if isinstance(value, bool):
        return java_text(value)
    if isinstance(value, (int, float)):
        return _number_text(value)
    if isinstance(value, (_Json, dict, list, tuple, set)):
        value = value if isinstance(value, _Json) else _plain_kind(value)
        return value._written(indent, level)
    return quoted(java_text(value))


def _plain_kind(value):
    return JSONObject(value) if isinstance(value, dict) else JSONArray(list(value))


class _Json(JavaObject):
    """What objects and arrays share: typed access to their members."""

    _error = JSONException

    def _opt(self, key):
        raise NotImplementedError

    def _place(self, key):
        raise NotImplementedError

    def get(self, key):
        value = self._opt(key)
        if value is None:
            raise self._error("%s not found." % self._place(key))
        return value

    def opt(self, key):
        return self._opt(key)

    def isNull(self, key):
        return self._opt(key) in (None, NULL)

    def _typed(self, key, kind, check):
        value = self.get(key)
        if not check(value):
            raise self._error("%s is not a %s." % (self._place(key), kind))
        return value

    def getString(self, key):
        return self._typed(key, "string", lambda value: isinstance(value, str))

    def getBoolean(self, key):
        value = _boolean(self.get(key))
        return self._typed(key, "Boolean", lambda _: False) if value is None else value

    def getInt(self, key):
        value = _whole(self.get(key))
        return self._typed(key, "int", lambda _: False) if value is None else value

    getLong = getInt

    def getDouble(self, key):
        value = _number(self.get(key))
        return self._typed(key, "double", lambda _: False) if value is None else float(value)

    getNumber = getDouble

    def getJSONObject(self, key):
        return self._typed(key, "JSONObject", lambda value: isinstance(value, JSONObject))

    def getJSONArray(self, key):
        return self._typed(key, "JSONArray", lambda value: isinstance(value, JSONArray))

    def optString(self, key, default=""):
        value = self._opt(key)
        return default if value is None or value is NULL else java_text(value)

    def optBoolean(self, key, default=False):
        value = _boolean(self._opt(key))
        return default if value is None else value

    def optInt(self, key, default=0):
        value = _whole(self._opt(key))
        return default if value is None else value

    optLong = optInt

    def optDouble(self, key, default=float("nan")):
        value = _number(self._opt(key))
        return default if value is None else float(value)

    def optJSONObject(self, key):
        value = self._opt(key)
        return value if isinstance(value, JSONObject) else None

    def optJSONArray(self, key):
        value = self._opt(key)
        return value if isinstance(value, JSONArray) else None

    def length(self):
        return len(self._items)

    def __len__(self):
        return len(self._items)

    def isEmpty(self):
        return not self._items

    def __bool__(self):
        return True

    def similar(self, other):
        return type(self) is type(other) and self._items == other._items

    def __eq__(self, other):
        return self is other

    def __hash__(self):
        return id(self)

    def toString(self, indent=0):
        return self._written(indent, 0)

    def __str__(self):
        return self._written(0, 0)

    def _written(self, indent, level):
        raise NotImplementedError


def _boolean(value):
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return None


def _number(value):
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    try:
        return float(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _whole(value):
    number = _number(value)
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            pass
    return None if number is None or number != number else int(number)


def wrapped(value, kinds):
    """What a member becomes: objects and arrays of the library."""
    if isinstance(value, dict):
        return kinds[0](value)
    if isinstance(value, (list, tuple, set)) and not isinstance(value, str):
        return kinds[1](list(value))
    return value


def _read(text, first, error):
    text = str(text)
    kind = "JSONObject" if first == "{" else "JSONArray"
    if not text.lstrip().startswith(first):
        raise error("A %s text must %s with '%s' at 1 [character 2 line 1]" % (kind, "begin" if first == "{" else "start", first))
    try:
        return json.loads(text)
    except ValueError as problem:
        raise error("The %s text cannot be read: %s" % (kind, problem)) from None


def _lines(parts, indent, level, marks):
    if not parts:
        return marks
    if not indent:
        return marks[0] + ",".join(parts) + marks[1]
    if len(parts) == 1:
        return marks[0] + parts[0] + marks[1]
    inner = " " * (level + indent)
    return marks[0] + "\n" + ",\n".join(inner + part for part in parts) + "\n" + " " * level + marks[1]


@java_class("org.json.JSONObject")
class JSONObject(_Json):
    NULL = NULL

    def __init__(self, source=None, names=None):
        """Of a text, a map, another object (the members named), or empty."""
        self._items = {}
        if names is not None:
            source = {name: source._opt(name) for name in names if source.has(name)}
        if isinstance(source, str):
            source = {name: NULL if value is None else value for name, value in _read(source, "{", self._error).items()}
        elif isinstance(source, JSONObject):
            source = source._items
        for name in () if source is None else source:
            self.put(name, source[name])

    def _kinds(self):
        return JSONObject, JSONArray

    def _order(self, names):
        return bucket_order(names)

    def _opt(self, key):
        return self._items.get(str(key))

    def _place(self, key):
        return "JSONObject[%s]" % quoted(key)

    def has(self, key):
        return str(key) in self._items

    def put(self, key, value):
        """None takes the member away."""
        if key is None:
            raise self._error("Null key.")
        if value is None:
            self._items.pop(str(key), None)
        else:
            self._items[str(key)] = wrapped(_nulled(value), self._kinds())
        return self

    def putOpt(self, key, value):
        return self if key is None or value is None else self.put(key, value)

    def accumulate(self, key, value):
        old = self._opt(key)
        if old is None:
            return self.put(key, value)
        if isinstance(old, JSONArray):
            old.put(value)
            return self
        return self.put(key, [old, value])

    append = accumulate

    def remove(self, key):
        return self._items.pop(str(key), None)

    def keySet(self):
        return LinkedHashSet(self._order(self._items))

    def keys(self):
        return Iterator(self._order(self._items))

    def names(self):
        return self._kinds()[1](self._order(self._items)) if self._items else None

    def toMap(self):
        return HashMap({name: _unwrapped(value) for name, value in self._items.items()})

    @staticmethod
    def quote(text):
        return quoted("" if text is None else text)

    def __iter__(self):
        return iter(self._order(self._items))

    def __contains__(self, key):
        return self.has(key)

    def _written(self, indent, level):
        between = ": " if indent else ":"
        parts = [quoted(name) + between + written(self._items[name], indent, level + indent) for name in self._order(self._items)]
        return _lines(parts, indent, level, "{}")


@java_class("org.json.JSONArray")
class JSONArray(_Json):
    def __init__(self, source=None):
        self._items = []
        if isinstance(source, str):
            source = [NULL if value is None else value for value in _read(source, "[", self._error)]
        elif isinstance(source, JSONArray):
            source = source._items
        for value in () if source is None else source:
            self.put(value)

    def _kinds(self):
        return JSONObject, JSONArray

    def _opt(self, index):
        return self._items[index] if 0 <= index < len(self._items) else None

    def _place(self, index):
        return "JSONArray[%s]" % index

    def put(self, *value):
        """put(value), or put(index, value)."""
        kept = wrapped(_nulled(value[-1]), self._kinds())
        kept = NULL if kept is None else kept
        if len(value) == 1:
            self._items.append(kept)
            return self
        if value[0] < 0:
            raise self._error("JSONArray[%d] not found." % value[0])
        while len(self._items) <= value[0]:
            self._items.append(NULL)
        self._items[value[0]] = kept
        return self

    def remove(self, index):
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def join(self, separator):
        return separator.join(written(value) for value in self._items)

    def toList(self):
        return ArrayList(_unwrapped(value) for value in self._items)

    def __iter__(self):
        return iter(list(self._items))

    def __getitem__(self, index):
        return self._items[index]

    def _written(self, indent, level):
        return _lines([written(value, indent, level + indent) for value in self._items], indent, level, "[]")


def _nulled(value):
    """The nulls inside plain values are members of their own."""
    if isinstance(value, dict):
        return {name: NULL if value[name] is None else value[name] for name in value}
    return value


def _unwrapped(value):
    if isinstance(value, JSONObject):
        return value.toMap()
    if isinstance(value, JSONArray):
        return value.toList()
    return None if value is NULL else value


@java_class("org.codehaus.jettison.json.JSONObject")
class JettisonObject(JSONObject):
    """Keeps the order of its members."""

    _error = JettisonException

    def _kinds(self):
        return JettisonObject, JettisonArray

    def _order(self, names):
        return list(names)


@java_class("org.codehaus.jettison.json.JSONArray")
class JettisonArray(JSONArray):
    _error = JettisonException

    def _kinds(self):
        return JettisonObject, JettisonArray
