"""Classes with the special methods of Python 2."""

import builtins
import operator


_ORDER = {
    "__lt__": operator.lt,
    "__le__": operator.le,
    "__gt__": operator.gt,
    "__ge__": operator.ge,
    "__eq__": operator.eq,
    "__ne__": operator.ne,
}

# What Python 3 calls by another name.
_RENAMED = {
    "__nonzero__": "__bool__",
    "next": "__next__",
    "__div__": "__truediv__",
    "__rdiv__": "__rtruediv__",
    "__idiv__": "__itruediv__",
}

_MAX_INDEX = 2147483647


def __build_class__(function, name, *bases, **keywords):
    """What the class statement of a script calls."""
    made = builtins.__build_class__(function, name, *bases, **keywords)
    if not isinstance(made, type):
        return made
    metaclass = vars(made).get("__metaclass__")
    if metaclass is not None and metaclass is not type:
        names = {key: value for key, value in vars(made).items() if key not in ("__dict__", "__weakref__")}
        made = metaclass(name, made.__bases__, names)
    if isinstance(made, type):
        _complete(made)
    return made


def _complete(made):
    own = dict(vars(made))
    for old, new in _RENAMED.items():
        if callable(own.get(old)) and new not in own:
            setattr(made, new, _calling(old))
    if "__cmp__" in own:
        for name, compare in _ORDER.items():
            if name not in own:
                setattr(made, name, _by_cmp(compare))
    elif "__eq__" in own and "__ne__" not in own:
        made.__ne__ = lambda self, other: self is not other
    if ("__eq__" in own or "__cmp__" in own) and own.get("__hash__") is None:
        _inherit_hash(made)
    if "__getslice__" in own:
        made.__getitem__ = _with_slices(own.get("__getitem__"))


def _calling(name):
    if name == "__nonzero__":
        return lambda self: bool(getattr(self, name)())
    return lambda self, *rest: getattr(self, name)(*rest)


def _by_cmp(compare):
    return lambda self, other: compare(self.__cmp__(other), 0)


def _inherit_hash(made):
    for base in made.__mro__[1:]:
        if "__hash__" in vars(base):
            made.__hash__ = vars(base)["__hash__"]
            return


def _with_slices(get_item):
    def __getitem__(self, key):
        if isinstance(key, slice) and key.step is None:
            return self.__getslice__(key.start or 0, _MAX_INDEX if key.stop is None else key.stop)
        if get_item is None:
            raise TypeError("unindexable object")
        return get_item(self, key)

    return __getitem__
