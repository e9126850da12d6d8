"""java.util."""


from sp_host import current
from sp_java import JavaObject, java_class
from java_lang import java_text


class MapMethods:
    """Java's methods of a map, over those of a dict."""

    def put(self, key, value):
        old = self.get(key)
        self[key] = value
        return old

    def putAll(self, other):
        for key in other:
            self[key] = other[key]

    def putIfAbsent(self, key, value):
        old = self.get(key)
        if old is None:
            self[key] = value
        return old

    def getOrDefault(self, key, default):
        return self[key] if key in self else default

    def containsKey(self, key):
        return key in self

    def containsValue(self, value):
        return any(self[key] == value for key in self)

    def remove(self, key):
        return self.pop(key, None)

    def size(self):
        return len(self)

    def isEmpty(self):
        return len(self) == 0

    def keySet(self):
        return HashSet(self)

    def entrySet(self):
        return ArrayList([Entry(self, key) for key in self])

    def has_key(self, key):
        return key in self

    def toString(self):
        return "{%s}" % ", ".join("%s=%s" % (java_text(key), java_text(self[key])) for key in self)

    def __str__(self):
        return self.toString()

    __repr__ = __str__


class Entry(JavaObject):
    def __init__(self, owner, key):
        self._owner = owner
        self._key = key

    def getKey(self):
        return self._key

    def getValue(self):
        return self._owner.get(self._key)

    def setValue(self, value):
        return self._owner.put(self._key, value)

    def __str__(self):
        return "%s=%s" % (java_text(self._key), java_text(self.getValue()))


@java_class("java.util.HashMap", "java.util.LinkedHashMap", "java.util.Map", "java.util.TreeMap", "java.util.Hashtable", "java.util.concurrent.ConcurrentHashMap")
class HashMap(MapMethods, dict):
    def __init__(self, source=None, *rest):
        # A number is a capacity.
        dict.__init__(self, {} if source is None or isinstance(source, int) else source)

    def clone(self):
        return HashMap(self)


@java_class("java.util.IdentityHashMap")
class IdentityHashMap(HashMap):
    pass


@java_class("java.util.Properties")
class Properties(HashMap):
    def setProperty(self, key, value):
        return self.put(key, value)

    def getProperty(self, key, default=None):
        return self.get(key, default)


class LiveMap(MapMethods):
    """A map over a dict that is looked up at each use."""

    def __init__(self, source, to_stored=lambda value: value):
        self._source = source
        self._to_stored = to_stored

    def __getitem__(self, key):
        return self._source()[key]

    def __setitem__(self, key, value):
        if value is None:
            self._source().pop(key, None)
        else:
            self._source()[key] = self._to_stored(value)

    def __delitem__(self, key):
        del self._source()[key]

    def __iter__(self):
        return iter(list(self._source()))

    def __len__(self):
        return len(self._source())

    def __contains__(self, key):
        return key in self._source()

    def __eq__(self, other):
        return dict(self._source()) == other

    __hash__ = None

    def get(self, key, default=None):
        return self._source().get(key, default)

    def pop(self, key, *default):
        return self._source().pop(key, *default)

    def setdefault(self, key, value=None):
        return self.putIfAbsent(key, value) or self.get(key)

    def update(self, *args, **kwargs):
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def keys(self):
        return list(self._source())

    def values(self):
        return list(self._source().values())

    def items(self):
        return list(self._source().items())

    def clear(self):
        self._source().clear()

    def copy(self):
        return HashMap(self._source())


class CollectionMethods:
    """Java's methods that lists and sets share."""

    def addAll(self, items):
        before = len(self)
        for item in list(items):
            self.add(item)
        return len(self) > before

    def contains(self, item):
        return item in self

    def containsAll(self, items):
        return all(item in self for item in items)

    def size(self):
        return len(self)

    def isEmpty(self):
        return len(self) == 0

    def iterator(self):
        return Iterator(self)

    def toArray(self, *_):
        return list(self)

    def toString(self):
        return "[%s]" % ", ".join(java_text(item) for item in self)

    def __str__(self):
        return self.toString()

    __repr__ = __str__


@java_class("java.util.Iterator")
class Iterator(JavaObject):
    def __init__(self, items):
        self._items = list(items)
        self._at = 0

    def hasNext(self):
        return self._at < len(self._items)

    def next(self):
        if not self.hasNext():
            raise StopIteration
        self._at += 1
        return self._items[self._at - 1]

    __next__ = next

    def __iter__(self):
        return self


@java_class("java.util.ArrayList", "java.util.LinkedList", "java.util.List", "java.util.Vector", "java.util.Collection")
class ArrayList(CollectionMethods, list):
    def __init__(self, source=()):
        list.__init__(self, () if isinstance(source, int) else source)

    def add(self, first, *rest):
        if rest:
            self.insert(first, rest[0])
        else:
            self.append(first)
        return True

    def addAll(self, first, *rest):
        items = list(rest[0]) if rest else list(first)
        at = first if rest else len(self)
        self[at:at] = items
        return bool(items)

    def get(self, index):
        return self[index]

    def set(self, index, value):
        old = self[index]
        self[index] = value
        return old

    def remove(self, item):
        if isinstance(item, int) and not isinstance(item, bool):
            return self.pop(item)
        if item in self:
            list.remove(self, item)
            return True
        return False

    def indexOf(self, item):
        return self.index(item) if item in self else -1

    def subList(self, begin, end):
        return ArrayList(self[begin:end])


@java_class("java.util.HashSet", "java.util.LinkedHashSet", "java.util.Set", "java.util.TreeSet")
class HashSet(CollectionMethods, set):
    def __init__(self, source=()):
        set.__init__(self, () if isinstance(source, int) else source)

    def add(self, item):
        new = item not in self
        set.add(self, item)
        return new

    def remove(self, item):
        found = item in self
        self.discard(item)
        return found


@java_class("java.util.Arrays")
class Arrays:
    @staticmethod
    def asList(*items):
        if len(items) == 1 and isinstance(items[0], (list, tuple)):
            items = items[0]
        return ArrayList(items)

    @staticmethod
    def toString(items):
        return ArrayList(items).toString()


@java_class("java.util.Collections")
class Collections:
    EMPTY_LIST = ArrayList()

    @staticmethod
    def singletonList(item):
        return ArrayList([item])

    @staticmethod
    def singletonMap(key, value):
        return HashMap({key: value})

    @staticmethod
    def singleton(item):
        return HashSet([item])

    @staticmethod
    def emptyList():
        return ArrayList()

    @staticmethod
    def emptyMap():
        return HashMap()

    @staticmethod
    def sort(items, *_):
        items.sort()

    @staticmethod
    def unmodifiableList(items):
        return ArrayList(items)


@java_class("java.util.Date")
class Date(JavaObject):
    """A moment, in milliseconds since 1970."""

    def __init__(self, milliseconds=None):
        self._ms = int(current.now() * 1000) if milliseconds is None else int(milliseconds)

    def getTime(self):
        return self._ms

    def setTime(self, milliseconds):
        self._ms = int(milliseconds)

    def before(self, other):
        return self._ms < other.getTime()

    def after(self, other):
        return self._ms > other.getTime()

    def compareTo(self, other):
        return (self._ms > other.getTime()) - (self._ms < other.getTime())

    def __lt__(self, other):
        return self.before(other)

    def __eq__(self, other):
        return isinstance(other, Date) and self._ms == other.getTime()

    def __hash__(self):
        return self._ms

    def __str__(self):
        return time.strftime("%a %b %d %H:%M:%S UTC %Y", time.gmtime(self._ms // 1000))


@java_class("java.util.UUID")
class UUID(JavaObject):
    def __init__(self, value):
        self._value = value

    @staticmethod
    def randomUUID():
        import uuid

        return UUID(str(uuid.uuid4()))

    @staticmethod
    def fromString(text):
        import uuid

        return UUID(str(uuid.UUID(text)))

    def __str__(self):
        return self._value


@java_class("java.util.Objects")
class Objects:
    @staticmethod
    def equals(one, other):
        return one == other

    @staticmethod
    def isNull(value):
        return value is None

    @staticmethod
    def nonNull(value):
        return value is not None
