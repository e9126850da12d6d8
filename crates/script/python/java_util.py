"""java.util: the collections, and the small classes beside them."""

import functools

import _sallyport

from java_bytes import JavaArray
from java_format import java_text
from java_lang import Enum, hash_of
from java_throwable import (
    IllegalArgumentException, IllegalStateException, IndexOutOfBoundsException, NoSuchElementException, NullPointerException,
    UnsupportedOperationException,
)
from sp_java import JavaObject, JavaType, java_class


def bucket_order(keys):
    """The order in which a HashMap of Java that grew from empty goes through its keys."""
    keys = list(keys)
    table = 16
    while len(keys) > table * 3 // 4:
        table *= 2

    def bucket(key):
        code = hash_of(key) & 0xFFFFFFFF
        return (code ^ (code >> 16)) & (table - 1)

    return sorted(keys, key=bucket)


def natural(one, two):
    """The order of Comparable."""
    if hasattr(one, "compareTo"):
        return one.compareTo(two)
    return (one > two) - (one < two)


def by_comparator(comparator=None):
    if comparator is None:
        return functools.cmp_to_key(natural)
    return functools.cmp_to_key(getattr(comparator, "compare", comparator))


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

    @property
    def empty(self):
        return len(self) == 0

    def keySet(self):
        return LinkedHashSet(self)

    def entrySet(self):
        return LinkedHashSet([Entry(self, key) for key in self])

    def forEach(self, action):
        for key in self:
            getattr(action, "accept", action)(key, self[key])

    def has_key(self, key):
        return key in self

    def equals(self, other):
        return self == other

    def hashCode(self):
        return sum(hash_of(key) ^ hash_of(self[key]) for key in self) & 0x7FFFFFFF

    def getClass(self):
        return type(self)

    def toString(self):
        return "{%s}" % ", ".join("%s=%s" % (java_text(key), java_text(self[key])) for key in self)

    def __str__(self):
        return "{%s}" % ", ".join("%r: %r" % (key, self[key]) for key in self)

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

    def __eq__(self, other):
        return isinstance(other, Entry) and (self.getKey(), self.getValue()) == (other.getKey(), other.getValue())

    def __hash__(self):
        return hash(self._key)

    def __str__(self):
        return "%s=%s" % (java_text(self._key), java_text(self.getValue()))


class JavaMap(MapMethods, dict, metaclass=JavaType):
    """A map that keeps its keys in some order."""

    def __init__(self, source=None, *_):
        # A number is a capacity.
        dict.__init__(self)
        if source is not None and not isinstance(source, (int, float)):
            self.update(source)

    def _ordered(self, keys):
        return list(keys)

    def __iter__(self):
        return iter(self._ordered(dict.keys(self)))

    def keys(self):
        return list(self)

    def values(self):
        return [dict.__getitem__(self, key) for key in self]

    def items(self):
        return [(key, dict.__getitem__(self, key)) for key in self]

    iterkeys = __iter__

    def itervalues(self):
        return iter(self.values())

    def iteritems(self):
        return iter(self.items())

    def update(self, source=(), **more):
        pairs = ((key, source[key]) for key in source) if hasattr(source, "keys") else iter(source)
        for key, value in pairs:
            self[key] = value
        for key, value in more.items():
            self[key] = value

    def copy(self):
        return type(self)(self)

    clone = copy


@java_class("java.util.Map", partial="HashMap stands for it")
class Map(JavaMap):
    Entry = Entry

    @staticmethod
    def of(*pairs):
        return unmodifiable(HashMap(zip(pairs[::2], pairs[1::2])))


@java_class("java.util.LinkedHashMap")
class LinkedHashMap(Map):
    pass


@java_class("java.util.HashMap", "java.util.AbstractMap")
class HashMap(Map):
    def _ordered(self, keys):
        return bucket_order(keys) if len(self) > 1 else list(keys)


@java_class("java.util.Hashtable", "java.util.concurrent.ConcurrentHashMap", "java.util.concurrent.ConcurrentMap", partial="goes through its keys in the order of HashMap")
class ConcurrentHashMap(HashMap):
    def __setitem__(self, key, value):
        if key is None or value is None:
            raise NullPointerException()
        dict.__setitem__(self, key, value)


@java_class("java.util.TreeMap", "java.util.SortedMap", partial="no views of a part")
class TreeMap(Map):
    def __init__(self, source=None):
        self._key = by_comparator(source if callable(source) or hasattr(source, "compare") else None)
        Map.__init__(self, None if callable(source) or hasattr(source, "compare") else source)

    def _ordered(self, keys):
        return sorted(keys, key=self._key)

    def firstKey(self):
        return _first(self)

    def lastKey(self):
        return _last(self)


def _first(items):
    for item in items:
        return item
    raise NoSuchElementException()


def _last(items):
    items = list(items)
    if not items:
        raise NoSuchElementException()
    return items[-1]


@java_class("java.util.IdentityHashMap", partial="keeps the order of its entries")
class IdentityHashMap(Map):
    pass


@java_class("java.util.Properties", partial="no files")
class Properties(ConcurrentHashMap):
    def setProperty(self, key, value):
        return self.put(key, value)

    def getProperty(self, key, default=None):
        return self.get(key, default)

    def stringPropertyNames(self):
        return self.keySet()

    propertyNames = stringPropertyNames

    def load(self, source):
        text = "\n".join(source._lines()) if hasattr(source, "_lines") else source._source().decode("latin-1")
        for line in text.splitlines():
            line = line.strip()
            if line and line[0] not in "#!":
                at = min([line.find(mark) for mark in "=:" if mark in line] or [len(line)])
                self[line[:at].strip()] = line[at + 1:].strip()


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
        return LinkedHashMap(self._source())


class CollectionMethods:
    """Java's methods that lists and sets share."""

    def addAll(self, items):
        changed = False
        for item in list(items):
            changed = self.add(item) or changed
        return changed

    def contains(self, item):
        return item in self

    def containsAll(self, items):
        return all(item in self for item in items)

    def removeAll(self, items):
        return self._keep(lambda item: item not in items)

    def retainAll(self, items):
        return self._keep(lambda item: item in items)

    def removeIf(self, test):
        return self._keep(lambda item: not getattr(test, "test", test)(item))

    def _keep(self, wanted):
        before = list(self)
        kept = [item for item in before if wanted(item)]
        self.clear()
        self.addAll(kept)
        return len(kept) != len(before)

    def size(self):
        return len(self)

    def isEmpty(self):
        return len(self) == 0

    @property
    def empty(self):
        return len(self) == 0

    def iterator(self):
        return Iterator(self)

    def forEach(self, action):
        for item in self:
            getattr(action, "accept", action)(item)

    def toArray(self, *_):
        return JavaArray(self)

    def equals(self, other):
        return self == other

    def hashCode(self):
        return functools.reduce(lambda code, item: (31 * code + hash_of(item)) & 0xFFFFFFFF, self, 1) & 0x7FFFFFFF

    def getClass(self):
        return type(self)

    def clone(self):
        return type(self)(self)

    def toString(self):
        return "[%s]" % ", ".join(java_text(item) for item in self)

    def __str__(self):
        return self.toString()

    __repr__ = __str__


@java_class("java.util.Iterator", "java.util.Enumeration", "java.util.ListIterator", partial="goes one way")
class Iterator(JavaObject):
    def __init__(self, items=()):
        self._owner = items
        self._items = list(items)
        self._at = 0

    def hasNext(self):
        return self._at < len(self._items)

    hasMoreElements = hasNext

    def next(self):
        if not self.hasNext():
            raise NoSuchElementException()
        self._at += 1
        return self._items[self._at - 1]

    nextElement = next

    def remove(self):
        self._owner.remove(self._items[self._at - 1])

    def __next__(self):
        if not self.hasNext():
            raise StopIteration
        return self.next()

    def __iter__(self):
        return self


@java_class("java.util.List", "java.util.Collection", "java.util.AbstractList", partial="ArrayList stands for it")
class List(CollectionMethods, list, metaclass=JavaType):
    def __init__(self, source=()):
        list.__init__(self, () if isinstance(source, int) else source)

    @staticmethod
    def of(*items):
        return unmodifiable(ArrayList(items))

    def add(self, first, *rest):
        if rest:
            self.insert(self._checked(first, len(self)), rest[0])
            return None
        self.append(first)
        return True

    def addAll(self, first, *rest):
        items = list(rest[0]) if rest else list(first)
        at = first if rest else len(self)
        self[at:at] = items
        return bool(items)

    def _checked(self, index, last=None):
        if not isinstance(index, int) or not 0 <= index <= (len(self) - 1 if last is None else last):
            raise IndexOutOfBoundsException("Index %s out of bounds for length %d" % (index, len(self)))
        return index

    def get(self, index):
        return list.__getitem__(self, self._checked(index))

    def set(self, index, value):
        old = self.get(index)
        self[index] = value
        return old

    def remove(self, item):
        """By place for a number, else by value; gives nothing, and complains of what is not there, as in Jython."""
        if isinstance(item, int) and not isinstance(item, bool):
            list.pop(self, item)
        elif item in self:
            list.remove(self, item)
        else:
            raise ValueError("%s is not in list" % item)

    def indexOf(self, item):
        return self.index(item) if item in self else -1

    def lastIndexOf(self, item):
        return len(self) - 1 - self[::-1].index(item) if item in self else -1

    def subList(self, begin, end):
        if not 0 <= begin <= end <= len(self):
            raise IndexOutOfBoundsException("fromIndex: %s, toIndex: %s, size: %d" % (begin, end, len(self)))
        return ArrayList(list.__getitem__(self, slice(begin, end)))

    def listIterator(self, *_):
        return Iterator(self)

    def sort(self, comparator=None, **options):
        list.sort(self, key=by_comparator(comparator), **options)

    def __getitem__(self, index):
        item = list.__getitem__(self, index)
        return ArrayList(item) if isinstance(index, slice) else item

    def __mul__(self, count):
        return ArrayList(list.__mul__(self, count))

    def __hash__(self):
        return self.hashCode()


@java_class("java.util.ArrayList")
class ArrayList(List):
    def ensureCapacity(self, _):
        pass

    def trimToSize(self):
        pass


@java_class("java.util.LinkedList", "java.util.Queue", "java.util.Deque", "java.util.ArrayDeque", "java.util.Vector", "java.util.Stack", "java.util.concurrent.CopyOnWriteArrayList", partial="one class has the methods of all of them")
class LinkedList(List):
    def getFirst(self):
        return _first(self)

    element = firstElement = getFirst

    def getLast(self):
        return _last(self)

    lastElement = getLast

    def addFirst(self, item):
        self.insert(0, item)

    def addLast(self, item):
        self.append(item)

    addElement = addLast

    def push(self, item):
        """To the front, as a Deque does; a Stack shows its top as the first."""
        self.insert(0, item)
        return item

    def pop(self, index=0):
        _first(self)
        return list.pop(self, index)

    def offer(self, item):
        return self.add(item)

    def peek(self):
        return list.__getitem__(self, 0) if len(self) else None

    def poll(self):
        return list.pop(self, 0) if len(self) else None

    def removeFirst(self):
        _first(self)
        return list.pop(self, 0)

    def removeLast(self):
        _last(self)
        return list.pop(self)

    def elements(self):
        return Iterator(self)

    def elementAt(self, index):
        return self.get(index)


class JavaSet(CollectionMethods, set, metaclass=JavaType):
    """A set that goes through its items in some order, the same on every worker."""

    def __init__(self, source=()):
        set.__init__(self)
        # The order in which they came.
        self._came = {}
        for item in () if isinstance(source, (int, float)) else source:
            self.add(item)

    def _ordered(self, items):
        return list(items)

    def __iter__(self):
        return iter(self._ordered(self._came))

    def add(self, item):
        if item in self:
            return False
        set.add(self, item)
        self._came[item] = True
        return True

    def update(self, *sources):
        for source in sources:
            self.addAll(source)

    def remove(self, item):
        """Gives nothing, and complains of what is not there, as in Jython."""
        set.remove(self, item)
        del self._came[item]

    def discard(self, item):
        if item in self:
            self.remove(item)

    def __or__(self, other):
        return type(self)(list(self) + list(other))

    def __and__(self, other):
        return type(self)(item for item in self if item in other)

    def __sub__(self, other):
        return type(self)(item for item in self if item not in other)

    def __xor__(self, other):
        return (self - other) | [item for item in other if item not in self]

    def hashCode(self):
        return sum(hash_of(item) for item in self) & 0x7FFFFFFF

    def pop(self):
        item = _first(self)
        self.remove(item)
        return item

    def clear(self):
        set.clear(self)
        self._came.clear()

    def copy(self):
        return type(self)(self)

    __hash__ = None


@java_class("java.util.Set", partial="HashSet stands for it")
class Set(JavaSet):
    @staticmethod
    def of(*items):
        return unmodifiable(HashSet(items))


@java_class("java.util.LinkedHashSet")
class LinkedHashSet(Set):
    pass


@java_class("java.util.HashSet")
class HashSet(Set):
    def _ordered(self, items):
        return bucket_order(items)


@java_class("java.util.TreeSet", "java.util.SortedSet", partial="no views of a part")
class TreeSet(Set):
    def _ordered(self, items):
        return sorted(items, key=by_comparator())

    def first(self):
        return _first(self)

    def last(self):
        return _last(self)


def _refuse(self, *_, **__):
    raise UnsupportedOperationException()


_CHANGES = (
    "__setitem__ __delitem__ __iadd__ __ior__ add addAll append clear extend insert pop popitem put putAll putIfAbsent"
    " remove removeAll removeIf retainAll set setdefault setProperty sort update"
).split()
_SIZE_CHANGES = "__delitem__ __iadd__ add addAll append clear extend insert pop remove removeAll removeIf retainAll".split()
_FIXED = {}


def _with_refused(kind, changes):
    """The class whose objects look like those of `kind` and refuse these changes."""
    key = (kind, len(changes))
    if key not in _FIXED:
        refused = {name: _refuse for name in changes if hasattr(kind, name)}
        _FIXED[key] = type(kind)(kind.__name__, (kind,), refused)
    return _FIXED[key]


def unmodifiable(items):
    """The collection, for reading only."""
    if isinstance(items, dict):
        fixed = _with_refused(type(items) if isinstance(items, JavaMap) else HashMap, _CHANGES)
        made = fixed()
        for key in items:
            dict.__setitem__(made, key, items[key])
        return made
    if isinstance(items, set):
        fixed = _with_refused(type(items) if isinstance(items, JavaSet) else HashSet, _CHANGES)
        made = fixed()
        for item in items:
            set.add(made, item)
            made._came[item] = True
        return made
    return _with_refused(ArrayList, _CHANGES)(items)


@java_class("java.util.Arrays", partial="the methods for lists, text and equality")
class Arrays:
    @staticmethod
    def asList(*items):
        """A list of a fixed length."""
        if len(items) == 1 and isinstance(items[0], (list, tuple)):
            items = items[0]
        return _with_refused(ArrayList, _SIZE_CHANGES)(items)

    @staticmethod
    def toString(items):
        return "null" if items is None else ArrayList(items).toString()

    @staticmethod
    def equals(one, other):
        return one == other

    @staticmethod
    def fill(items, value):
        for index in range(len(items)):
            items[index] = value

    @staticmethod
    def sort(items, *comparator):
        items.sort(key=by_comparator(*comparator))

    @staticmethod
    def copyOf(items, length):
        return Arrays.copyOfRange(items, 0, length)

    @staticmethod
    def copyOfRange(items, begin, end):
        copied = items[begin:end]
        missing = end - begin - len(copied)
        if isinstance(items, bytearray):
            return type(items)(bytes(copied) + bytes(missing))
        return JavaArray(list(copied) + [None] * missing, getattr(items, "typecode", "java.lang.Object"))

    @staticmethod
    def hashCode(items):
        return ArrayList(items).hashCode()


@java_class("java.util.Collections")
class Collections:
    @staticmethod
    def singletonList(item):
        return unmodifiable([item])

    @staticmethod
    def singletonMap(key, value):
        return unmodifiable(HashMap({key: value}))

    @staticmethod
    def singleton(item):
        return unmodifiable(HashSet([item]))

    @staticmethod
    def emptyList():
        return unmodifiable([])

    @staticmethod
    def emptyMap():
        return unmodifiable(HashMap())

    @staticmethod
    def emptySet():
        return unmodifiable(HashSet())

    @staticmethod
    def sort(items, *comparator):
        list.sort(items, key=by_comparator(*comparator))

    @staticmethod
    def reverse(items):
        items[:] = items[::-1]

    @staticmethod
    def shuffle(items, random=None):
        random = random or Random()
        for at in range(len(items) - 1, 0, -1):
            other = random.nextInt(at + 1)
            items[at], items[other] = items[other], items[at]

    @staticmethod
    def max(items, *comparator):
        return max(items, key=by_comparator(*comparator))

    @staticmethod
    def min(items, *comparator):
        return min(items, key=by_comparator(*comparator))

    @staticmethod
    def frequency(items, wanted):
        return sum(1 for item in items if item == wanted)

    @staticmethod
    def nCopies(count, item):
        return unmodifiable([item] * count)

    @staticmethod
    def addAll(target, *items):
        return target.addAll(items)

    @staticmethod
    def enumeration(items):
        return Iterator(items)

    @staticmethod
    def list(enumeration):
        return ArrayList(enumeration)

    @staticmethod
    def synchronizedMap(items):
        return items

    synchronizedList = synchronizedSet = synchronizedMap

    @staticmethod
    def unmodifiableList(items):
        return unmodifiable(items)

    unmodifiableMap = unmodifiableSet = unmodifiableCollection = unmodifiableList


Collections.EMPTY_LIST = Collections.emptyList()
Collections.EMPTY_MAP = Collections.emptyMap()
Collections.EMPTY_SET = Collections.emptySet()


@java_class("java.util.Optional")
class Optional(JavaObject):
    def __init__(self, value=None):
        self._value = value

    @staticmethod
    def of(value):
        if value is None:
            raise NullPointerException()
        return Optional(value)

    @staticmethod
    def ofNullable(value):
        return Optional(value)

    @staticmethod
    def empty():
        return Optional()

    def isPresent(self):
        return self._value is not None

    def isEmpty(self):
        return self._value is None

    def get(self):
        if self._value is None:
            raise NoSuchElementException("No value present")
        return self._value

    orElseThrow = get

    def orElse(self, other):
        return other if self._value is None else self._value

    def orElseGet(self, supplier):
        return getattr(supplier, "get", supplier)() if self._value is None else self._value

    def map(self, function):
        return self if self._value is None else Optional(getattr(function, "apply", function)(self._value))

    def ifPresent(self, action):
        if self._value is not None:
            getattr(action, "accept", action)(self._value)

    def __eq__(self, other):
        return isinstance(other, Optional) and self._value == other._value

    def __hash__(self):
        return hash(self._value)

    def __str__(self):
        return "Optional.empty" if self._value is None else "Optional[%s]" % java_text(self._value)


@java_class("java.util.UUID")
class UUID(JavaObject):
    def __init__(self, most, least):
        self._number = (most & 0xFFFFFFFFFFFFFFFF) << 64 | least & 0xFFFFFFFFFFFFFFFF

    @classmethod
    def _of(cls, number):
        return cls(number >> 64, number)

    @classmethod
    def randomUUID(cls):
        return cls._versioned(_sallyport.urandom(16), 4)

    @classmethod
    def nameUUIDFromBytes(cls, name):
        import hashlib

        from java_bytes import bytes_of

        return cls._versioned(hashlib.md5(bytes_of(name)).digest(), 3)

    @classmethod
    def _versioned(cls, data, version):
        number = int.from_bytes(data, "big") & ~(0xF << 76) & ~(3 << 62)
        return cls._of(number | version << 76 | 2 << 62)

    @classmethod
    def fromString(cls, text):
        parts = str(text).split("-")
        try:
            if len(parts) != 5:
                raise ValueError
            number = 0
            for part, bits in zip(parts, (32, 16, 16, 16, 48)):
                number = number << bits | int(part, 16) & ((1 << bits) - 1)
        except ValueError:
            raise IllegalArgumentException("Invalid UUID string: %s" % text) from None
        return cls._of(number)

    def version(self):
        return self._number >> 76 & 0xF

    def __eq__(self, other):
        return isinstance(other, UUID) and self._number == other._number

    def __hash__(self):
        return hash(self._number)

    def __str__(self):
        text = "%032x" % self._number
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


@java_class("java.util.Random")
class Random(JavaObject):
    """Java's generator: the same numbers from the same seed."""

    def __init__(self, seed=None):
        self._spare = None
        self.setSeed(int.from_bytes(_sallyport.urandom(8), "big") if seed is None else seed)

    def setSeed(self, seed):
        self._seed = (seed ^ 0x5DEECE66D) & ((1 << 48) - 1)
        self._spare = None

    def _next(self, bits):
        self._seed = (self._seed * 0x5DEECE66D + 0xB) & ((1 << 48) - 1)
        number = self._seed >> (48 - bits)
        return number - (1 << bits) if number >= 1 << (bits - 1) else number

    def _positive(self, bits):
        return self._next(bits) & ((1 << bits) - 1)

    def nextInt(self, *bounds):
        if not bounds:
            return self._next(32)
        if len(bounds) == 2:
            return bounds[0] + self.nextInt(bounds[1] - bounds[0])
        bound = bounds[0]
        if bound <= 0:
            raise IllegalArgumentException("bound must be positive")
        if bound & (bound - 1) == 0:
            return bound * self._positive(31) >> 31
        while True:
            bits = self._positive(31)
            value = bits % bound
            if bits - value + bound - 1 < 1 << 31:
                return value

    def nextLong(self):
        number = ((self._next(32) << 32) + self._next(32)) & 0xFFFFFFFFFFFFFFFF
        return number - (1 << 64) if number >= 1 << 63 else number

    def nextBoolean(self):
        return self._positive(1) != 0

    def nextDouble(self):
        return ((self._positive(26) << 27) + self._positive(27)) / (1 << 53)

    def nextFloat(self):
        return self._positive(24) / (1 << 24)

    def nextGaussian(self):
        import math

        if self._spare is not None:
            spare, self._spare = self._spare, None
            return spare
        while True:
            one, two = 2 * self.nextDouble() - 1, 2 * self.nextDouble() - 1
            size = one * one + two * two
            if 0 < size < 1:
                scale = math.sqrt(-2 * math.log(size) / size)
                self._spare = two * scale
                return one * scale

    def nextBytes(self, target):
        """Fills an array."""
        for at in range(0, len(target), 4):
            number = self._next(32)
            for offset in range(at, min(at + 4, len(target))):
                target[offset] = number & 0xFF
                number >>= 8


@java_class("java.util.Locale", partial="has no effect on how things are written")
class Locale(JavaObject):
    def __init__(self, language, country=""):
        self._language = language
        self._country = country

    def getLanguage(self):
        return self._language

    def getCountry(self):
        return self._country

    def toLanguageTag(self):
        return "-".join(part for part in (self._language, self._country) if part) or "und"

    @staticmethod
    def forLanguageTag(tag):
        return Locale(*str(tag).split("-")[:2])

    @staticmethod
    def getDefault():
        return Locale.US

    def __eq__(self, other):
        return isinstance(other, Locale) and str(self) == str(other)

    def __hash__(self):
        return hash(str(self))

    def __str__(self):
        return self._language + ("_" + self._country if self._country else "")


for _name, _parts in {
    "ENGLISH": ("en",), "US": ("en", "US"), "UK": ("en", "GB"), "GERMAN": ("de",), "GERMANY": ("de", "DE"),
    "FRENCH": ("fr",), "FRANCE": ("fr", "FR"), "ROOT": ("",),
}.items():
    setattr(Locale, _name, Locale(*_parts))


@java_class("java.util.StringTokenizer")
class StringTokenizer(JavaObject):
    def __init__(self, text, marks=" \t\n\r\f"):
        tokens = [""]
        for char in str(text):
            if char in marks:
                tokens.append("")
            else:
                tokens[-1] += char
        self._tokens = [token for token in tokens if token]

    def hasMoreTokens(self):
        return bool(self._tokens)

    hasMoreElements = hasMoreTokens

    def countTokens(self):
        return len(self._tokens)

    def nextToken(self):
        if not self._tokens:
            raise NoSuchElementException()
        return self._tokens.pop(0)

    nextElement = nextToken


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

    @staticmethod
    def requireNonNull(value, message=None):
        if value is None:
            raise NullPointerException(message) if message is not None else NullPointerException()
        return value

    @staticmethod
    def toString(value, default="null"):
        return default if value is None else java_text(value)

    @staticmethod
    def hash(*values):
        return ArrayList(values).hashCode()


@java_class("java.util.concurrent.TimeUnit")
class TimeUnit(Enum):
    def convert(self, count, unit):
        return _toward_zero(count * unit._nanos, self._nanos)

    def sleep(self, count):
        _sallyport.sleep(count * self._nanos / 1e9)


def _toward_zero(number, divisor):
    return number // divisor if number >= 0 else -(-number // divisor)


TimeUnit.of("NANOSECONDS", "MICROSECONDS", "MILLISECONDS", "SECONDS", "MINUTES", "HOURS", "DAYS")
for _unit, _nanos, _method in zip(
    TimeUnit.values(),
    (1, 1000, 1000000, 1000000000, 60 * 10**9, 3600 * 10**9, 86400 * 10**9),
    ("toNanos", "toMicros", "toMillis", "toSeconds", "toMinutes", "toHours", "toDays"),
):
    _unit._nanos = _nanos
    setattr(TimeUnit, _method, lambda self, count, _nanos=_nanos: _toward_zero(count * self._nanos, _nanos))


@java_class("java.util.concurrent.locks.ReentrantLock", "java.util.concurrent.locks.Lock", "java.util.concurrent.Semaphore", partial="guards nothing: a worker has one request at a time")
class ReentrantLock(JavaObject):
    def __init__(self, *_):
        self._held = 0

    def lock(self):
        self._held += 1

    acquire = lockInterruptibly = lock

    def tryLock(self, *_):
        self._held += 1
        return True

    tryAcquire = tryLock

    def unlock(self):
        if self._held == 0:
            raise IllegalStateException("the lock is not held")
        self._held -= 1

    release = unlock

    def isLocked(self):
        return self._held > 0

    isHeldByCurrentThread = isLocked

    def getHoldCount(self):
        return self._held


@java_class("java.util.concurrent.atomic.AtomicInteger", "java.util.concurrent.atomic.AtomicLong", "java.util.concurrent.atomic.AtomicBoolean", "java.util.concurrent.atomic.AtomicReference", partial="one class has the methods of all of them; one for each worker")
class AtomicInteger(JavaObject):
    def __init__(self, value=0):
        self._value = value

    def get(self):
        return self._value

    intValue = longValue = get

    def set(self, value):
        self._value = value

    def getAndSet(self, value):
        old, self._value = self._value, value
        return old

    def addAndGet(self, delta):
        self._value += delta
        return self._value

    def incrementAndGet(self):
        return self.addAndGet(1)

    def decrementAndGet(self):
        return self.addAndGet(-1)

    def getAndIncrement(self):
        return self.addAndGet(1) - 1

    def compareAndSet(self, expected, value):
        same = self._value == expected
        if same:
            self._value = value
        return same

    def __str__(self):
        return java_text(self._value)
