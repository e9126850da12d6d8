"""Order in Python 2: anything compares with anything."""

import builtins
import functools


def _rank(value):
    """By type first: None, numbers, then the name of the type."""
    if value is None:
        return (0, "")
    if isinstance(value, (int, float)):
        return (1, "")
    return (2, "str" if isinstance(value, str) else type(value).__name__)


def _is_moment(value):
    """Moments and spans compare with their like only, in Python 2 too."""
    return type(value).__module__ == "datetime" and value is not None


def cmp(one, other):
    try:
        if one == other:
            return 0
        return -1 if one < other else 1
    except TypeError:
        if _is_moment(one) or _is_moment(other):
            raise
    if isinstance(one, (list, tuple)) and type(one) is type(other):
        return _cmp_sequences(one, other)
    if isinstance(one, dict) and isinstance(other, dict):
        return cmp(len(one), len(other)) or cmp(sorted(one.items()), sorted(other.items()))
    left, right = _rank(one), _rank(other)
    if left == right:
        left, right = id(one), id(other)
    return (left > right) - (left < right)


def _cmp_sequences(one, other):
    for left, right in builtins.zip(one, other):
        order = cmp(left, right)
        if order:
            return order
    return (len(one) > len(other)) - (len(one) < len(other))


_OPERATORS = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "in": lambda a, b: a in b,
    "not in": lambda a, b: a not in b,
    "is": lambda a, b: a is b,
    "is not": lambda a, b: a is not b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}

_BY_ORDER = {
    "<": lambda order: order < 0,
    ">": lambda order: order > 0,
    "<=": lambda order: order <= 0,
    ">=": lambda order: order >= 0,
}

_function = type(lambda: None)


def _py2_compare(left, *rest):
    """A comparison, chained or not: (a, "<", b, "<=", c). A third operand may be a function that gives it."""
    for at in builtins.range(0, len(rest), 2):
        operator, right = rest[at], rest[at + 1]
        if at and type(right) is _function and right.__name__ == "<lambda>":
            right = right()
        try:
            result = _OPERATORS[operator](left, right)
        except TypeError:
            if operator not in _BY_ORDER:
                raise
            result = _BY_ORDER[operator](cmp(left, right))
        if not result or at + 2 == len(rest):
            return result
        left = right


def _sort_key(compare=None, key=None):
    by_order = functools.cmp_to_key(cmp if compare is None else compare)
    return by_order if key is None else lambda item: by_order(key(item))


def _py2_sort(items, *arguments, **keywords):
    if not isinstance(items, list):
        return items.sort(*arguments, **keywords)
    _sort(items, *arguments, **keywords)


def _sort(items, cmp=None, key=None, reverse=False):
    list.sort(items, key=_sort_key(cmp, key), reverse=bool(reverse))


def sorted(items, cmp=None, key=None, reverse=False):
    return builtins.sorted(items, key=_sort_key(cmp, key), reverse=bool(reverse))


def min(*items, key=None):
    return builtins.min(items[0] if len(items) == 1 else items, key=_sort_key(None, key))


def max(*items, key=None):
    return builtins.max(items[0] if len(items) == 1 else items, key=_sort_key(None, key))
