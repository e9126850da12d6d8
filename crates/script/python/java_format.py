"""java.util.Formatter, which is String.format, and how Java writes numbers."""

import re

from java_throwable import IllegalArgumentException
from sp_java import java_class


@java_class("java.util.IllegalFormatException")
class IllegalFormatException(IllegalArgumentException):
    pass


@java_class("java.util.MissingFormatArgumentException")
class MissingFormatArgumentException(IllegalFormatException):
    pass


@java_class("java.util.UnknownFormatConversionException")
class UnknownFormatConversionException(IllegalFormatException):
    pass


@java_class("java.util.IllegalFormatConversionException")
class IllegalFormatConversionException(IllegalFormatException):
    pass


def java_text(value):
    """How Java writes a value."""
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if type(value) is float:
        return double_text(value)
    if isinstance(value, (list, tuple)) and not hasattr(value, "toString"):
        return "[%s]" % ", ".join(java_text(item) for item in value)
    to_string = getattr(value, "toString", None)
    return str(to_string()) if to_string is not None and not isinstance(value, (str, type)) else str(value)


def _digits(value):
    """The shortest digits that mean the number, and the power of ten of the last one."""
    mantissa, _, exponent = repr(value).partition("e")
    whole, _, fraction = mantissa.partition(".")
    if fraction == "0":
        fraction = ""
    return int(whole + fraction), int(exponent or 0) - len(fraction)


def _special(value):
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return None


def double_text(value):
    """Double.toString."""
    special = _special(value)
    if special is not None:
        return special
    size = abs(value)
    if value == 0 or 1e-3 <= size < 1e7:
        return fixed(value, max(1, -_digits(size)[1]))
    number, power = _digits(size)
    digits = str(number).rstrip("0")
    power += len(str(number)) - 1
    return "%s%s.%sE%d" % ("-" if value < 0 else "", digits[0], digits[1:] or "0", power)


def _half_up(number, power, places):
    """The number times ten to the power, in units of ten to minus places."""
    shift = power + places
    if shift >= 0:
        return number * 10**shift
    unit = 10**-shift
    return (number + unit // 2) // unit


def fixed(value, places):
    """With so many digits behind the point, halves away from zero."""
    number, power = _digits(abs(float(value)))
    text = str(_half_up(number, power, places)).rjust(places + 1, "0")
    minus = "-" if value < 0 or (value == 0 and str(float(value)).startswith("-")) else ""
    return minus + (text[:-places] + "." + text[-places:] if places else text)


def _scientific(value, places):
    number, power = _digits(abs(float(value)))
    if number == 0:
        return "0" + ("." + "0" * places if places else "") + "e+00"
    exponent = len(str(number)) - 1 + power
    scaled = _half_up(number, power - exponent, places)
    if len(str(scaled)) > places + 1:
        exponent += 1
        scaled = _half_up(number, power - exponent, places)
    text = str(scaled)
    minus = "-" if value < 0 else ""
    return "%s%s%se%s%02d" % (minus, text[0], "." + text[1:] if places else "", "+" if exponent >= 0 else "-", abs(exponent))


def _general(value, places):
    places = places or 1
    if value == 0 or 1e-4 <= abs(value) < 10**places:
        number, power = _digits(abs(float(value)))
        exponent = len(str(number)) - 1 + power if number else 0
        return fixed(value, max(0, places - 1 - exponent))
    return _scientific(value, places - 1)


def _float(value, conversion, places):
    special = _special(value)
    if special is not None:
        return special
    return {"f": fixed, "e": _scientific, "g": _general}[conversion](value, 6 if places is None else places)


_SPECIFIER = re.compile(r"%(?:(\d+)\$|(<))?([-#+ 0,(]*)(\d+)?(?:\.(\d+))?([tT]?[a-zA-Z%])?")


def java_format(pattern, values):
    """Fills the specifiers of `pattern`."""
    if len(values) == 1 and isinstance(values[0], (list, tuple)) and not hasattr(values[0], "toString"):
        values = values[0]
    state = {"next": 0, "last": -1}

    def fill(match):
        index, again, flags, width, places, conversion = match.groups()
        if conversion is None:
            raise UnknownFormatConversionException("Conversion = '%s'" % (pattern[match.end():match.end() + 1] or "%"))
        if conversion == "n":
            return "\n"
        if conversion == "%":
            return _pad("%", flags, width)
        at = _argument(state, index, again)
        if at >= len(values):
            raise MissingFormatArgumentException("Format specifier '%s'" % match.group())
        return _convert(values[at], flags, width, None if places is None else int(places), conversion)

    return _SPECIFIER.sub(fill, str(pattern))


def _argument(state, index, again):
    if again:
        return state["last"]
    if index:
        state["last"] = int(index) - 1
    else:
        state["last"] = state["next"]
        state["next"] += 1
    return state["last"]


def _pad(text, flags, width):
    width = int(width or 0)
    return text.ljust(width) if "-" in flags else text.rjust(width)


def _mismatch(conversion, value):
    kind = {int: "java.lang.Integer", float: "java.lang.Double", bool: "java.lang.Boolean"}.get(type(value))
    kind = kind or ("java.lang.String" if isinstance(value, str) else getattr(type(value), "java_name", type(value).__name__))
    raise IllegalFormatConversionException("%s != %s" % (conversion, kind))


def _convert(value, flags, width, places, conversion):
    if conversion[0] in "tT" and len(conversion) > 1:
        from java_calendar import format_field

        text = format_field(value, conversion[1])
        return _pad(text.upper() if conversion[0] == "T" else text, flags, width)
    lower = conversion.lower()
    if value is None and lower != "b":
        text = "null"
    elif lower in "doxefg":
        text = _number(value, flags, width, places, lower)
    elif lower in "sbhc":
        text = _plain(value, lower)
        text = text if places is None else text[:places]
    else:
        raise UnknownFormatConversionException("Conversion = '%s'" % conversion)
    text = text.upper() if conversion != lower else text
    return _pad(text, flags, width)


def _plain(value, conversion):
    if conversion == "s":
        return java_text(value)
    if conversion == "b":
        return java_text(value if isinstance(value, bool) else value is not None)
    if conversion == "h":
        from java_lang import hash_of

        return "%x" % (hash_of(value) & 0xFFFFFFFF)
    if isinstance(value, str) and len(value) == 1:
        return str(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return chr(value)
    _mismatch(conversion, value)


def _number(value, flags, width, places, conversion):
    whole = isinstance(value, int) and not isinstance(value, bool)
    if conversion in "dox":
        if not whole:
            _mismatch(conversion, value)
        if conversion == "d":
            text = str(value)
        else:
            bits = value if value >= 0 else value & (0xFFFFFFFF if value >= -(1 << 31) else 0xFFFFFFFFFFFFFFFF)
            text = ("%x" if conversion == "x" else "%o") % bits
            text = ("0x" if conversion == "x" else "0") + text if "#" in flags else text
    else:
        if not isinstance(value, float):
            _mismatch(conversion, value)
        text = _float(value, conversion, places)
    return _signed(text, flags, width)


def _signed(text, flags, width):
    minus = text.startswith("-")
    text = text[1:] if minus else text
    if "," in flags:
        whole, point, fraction = text.partition(".")
        text = "{:,}".format(int(whole)) + point + fraction
    before, behind = ("(", ")") if minus and "(" in flags else ("-" if minus else "+" if "+" in flags else " " if " " in flags else "", "")
    if "0" in flags and width:
        text = text.rjust(int(width) - len(before) - len(behind), "0")
    return before + text + behind
