"""Days, clocks and zones in numbers, and the patterns by which Java writes and reads moments."""

from java_throwable import DateTimeException, IllegalArgumentException

SECOND = 10**9
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

MONTHS = "January February March April May June July August September October November December".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()


def is_leap(year):
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def month_length(year, month):
    return 29 if month == 2 and is_leap(year) else (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


def days_of(year, month, day):
    """Days since 1970 in the Gregorian calendar."""
    year -= month <= 2
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


def date_of(days):
    """Year, month and day."""
    days += 719468
    era = days // 146097
    of_era = days - era * 146097
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    month += 3 if month < 10 else -9
    return year + era * 400 + (month <= 2), month, day


def add_months(days, count):
    """The same day so many months later, or the last one of that month."""
    year, month, day = date_of(days)
    year, month = divmod(year * 12 + month - 1 + count, 12)
    return days_of(year, month + 1, min(day, month_length(year, month + 1)))


def checked_date(year, month, day):
    if not 1 <= month <= 12:
        raise DateTimeException("Invalid value for MonthOfYear (valid values 1 - 12): %d" % month)
    if not 1 <= day <= 31:
        raise DateTimeException("Invalid value for DayOfMonth (valid values 1 - 28/31): %d" % day)
    if day > month_length(year, month):
        if day == 29:
            raise DateTimeException("Invalid date 'February 29' as '%d' is not a leap year" % year)
        raise DateTimeException("Invalid date '%s %d'" % (MONTHS[month - 1].upper(), day))
    return days_of(year, month, day)


def checked_clock(hour, minute, second=0, nano=0):
    for name, value, limit in (("HourOfDay", hour, 23), ("MinuteOfHour", minute, 59), ("SecondOfMinute", second, 59)):
        if not 0 <= value <= limit:
            raise DateTimeException("Invalid value for %s (valid values 0 - %d): %d" % (name, limit, value))
    return hour * HOUR + minute * MINUTE + second * SECOND + nano


def offset_text(seconds, colon=":", zero="Z"):
    """+02:00 and the like."""
    if seconds == 0 and zero is not None:
        return zero
    minutes, rest = divmod(abs(seconds), 60)
    text = "%s%02d%s%02d" % ("-" if seconds < 0 else "+", minutes // 60, colon, minutes % 60)
    return text + ("%s%02d" % (colon, rest) if rest else "")


def parse_offset(text):
    """Seconds of `Z`, `+2`, `+02`, `+0200`, `+02:00`, `+02:00:00`; None for other texts."""
    if text in ("Z", "z"):
        return 0
    digits = text[1:].replace(":", "")
    if text[:1] not in ("+", "-") or not digits.isdigit() or len(digits) not in (1, 2, 4, 6):
        return None
    digits = digits.zfill(2).ljust(6, "0")
    seconds = int(digits[:2]) * 3600 + int(digits[2:4]) * 60 + int(digits[4:])
    return -seconds if text[0] == "-" else seconds


def zone_offset(name):
    """Seconds east of a zone that needs no table; None for those that do (`Europe/Paris`)."""
    if name in ("Z", "UTC", "GMT", "UT", "Etc/UTC", "Etc/GMT", "Zulu", "Universal", "Greenwich"):
        return 0
    for prefix in ("UTC", "GMT", "UT"):
        if name.startswith(prefix):
            return parse_offset(name[len(prefix):])
    return parse_offset(name)


class Fields:
    """A moment on the wall: what patterns write."""

    def __init__(self, ns, offset=None, zone=None):
        days, self.of_day = divmod(ns, DAY)
        self.days = days
        self.year, self.month, self.day = date_of(days)
        self.hour, rest = divmod(self.of_day, HOUR)
        self.minute, rest = divmod(rest, MINUTE)
        self.second, self.nano = divmod(rest, SECOND)
        self.offset = offset
        self.zone = zone

    @property
    def weekday(self):
        """Monday is 0."""
        return (self.days + 3) % 7

    @property
    def day_of_year(self):
        return self.days - days_of(self.year, 1, 1) + 1


def tokens(pattern):
    """Letters with their count, and texts that stand for themselves."""
    found, at = [], 0
    while at < len(pattern):
        char = pattern[at]
        if char == "'":
            end = pattern.find("'", at + 1)
            if end < 0:
                raise IllegalArgumentException("Pattern ends with an incomplete string literal: " + pattern)
            found.append(pattern[at + 1:end] or "'")
            at = end + 1
        elif char.isascii() and char.isalpha():
            end = at
            while pattern[end:end + 1] == char:
                end += 1
            if char not in _LETTERS:
                raise IllegalArgumentException("Unknown pattern letter: " + char)
            found.append((char, end - at))
            at = end
        elif char in "[]":
            at += 1
        else:
            found.append(char)
            at += 1
    return found


def _need_offset(fields):
    if fields.offset is None:
        raise DateTimeException("Unsupported field: OffsetSeconds")
    return fields.offset


def _offset(fields, letter, count):
    seconds = _need_offset(fields)
    if letter == "Z":
        return offset_text(seconds, ":" if count > 3 else "", None) if count != 4 else "GMT" + (offset_text(seconds) if seconds else "")
    zero = "Z" if letter == "X" else None
    text = offset_text(seconds, ":" if count in (3, 5) else "", zero)
    return text[:3] if count == 1 and text[3:].strip("0:") == "" else text


def _text(names, index, count):
    return names[index] if count > 3 else names[index][:3]


_LETTERS = "yuMLdDEeaHhkKmsSnXxZzVG"


def write(pattern, fields, fraction):
    """`fraction`: whether S means digits of the second, or milliseconds (SimpleDateFormat)."""
    return "".join(token if isinstance(token, str) else _write(token[0], token[1], fields, fraction) for token in tokens(pattern))


def _write(letter, count, fields, fraction):
    if letter in "yu":
        return "%02d" % (fields.year % 100) if count == 2 else str(fields.year).zfill(count)
    if letter in "ML":
        return _text(MONTHS, fields.month - 1, count) if count > 2 else str(fields.month).zfill(count)
    if letter in "Ee":
        return _text(DAYS, fields.weekday, count)
    if letter == "a":
        return "PM" if fields.hour >= 12 else "AM"
    if letter == "S":
        return ("%09d" % fields.nano)[:count].ljust(count, "0") if fraction else str(fields.nano // 10**6).zfill(count)
    if letter in "XxZ":
        return _offset(fields, letter, count)
    if letter in "zV":
        return fields.zone or offset_text(_need_offset(fields))
    if letter == "G":
        return "AD"
    value = {
        "d": fields.day, "D": fields.day_of_year, "H": fields.hour, "k": fields.hour or 24, "K": fields.hour % 12,
        "h": fields.hour % 12 or 12, "m": fields.minute, "s": fields.second, "n": fields.nano,
    }[letter]
    return str(value).zfill(count)


class Unreadable(Exception):
    """The text does not follow the pattern; at which place."""

    def __init__(self, at):
        super().__init__(at)
        self.at = at


def read(pattern, text, exact):
    """The values by letter, and where the reading ended. `exact`: numbers have the digits of their pattern, as in DateTimeFormatter."""
    values, at = {}, 0
    parts = tokens(pattern)
    for index, token in enumerate(parts):
        if isinstance(token, str):
            if not text.startswith(token, at):
                raise Unreadable(at)
            at += len(token)
        else:
            follows = index + 1 < len(parts) and isinstance(parts[index + 1], tuple) and parts[index + 1][0] in "yuMdDHhkKmsSn"
            at = _read(token[0], token[1], text, at, values, exact, follows)
    return values, at


def _read(letter, count, text, at, values, exact, follows):
    if letter in "ML" and count > 2 or letter in "Ee" or letter in "aG":
        names = {"a": ["AM", "PM"], "G": ["BC", "AD"]}.get(letter) or (MONTHS if letter in "ML" else DAYS)
        for index, name in enumerate(names):
            for form in (name, name[:3]):
                if text[at:at + len(form)].lower() == form.lower():
                    values["M" if letter == "L" else letter] = index + (letter in "ML")
                    return at + len(form)
        raise Unreadable(at)
    if letter in "XxZzV":
        end = at
        while end < len(text) and (text[end].isalnum() or text[end] in "+-:/_"):
            end += 1
        for stop in range(end, at, -1):
            seconds = zone_offset(text[at:stop])
            if seconds is not None:
                values["X"] = seconds
                return stop
        raise Unreadable(at)
    longest = count if follows or (exact and (count > 1 and letter not in "yu" or count == 2)) else 19
    end = at + (text[at:at + 1] in ("-", "+") and letter in "yu")
    start = end
    while end < len(text) and end - start < longest and text[end].isdigit():
        end += 1
    if end == start or (exact and end - start < count):
        raise Unreadable(at)
    number = int(text[at:end])
    if letter in "yu" and count == 2 and end - start == 2:
        number += 2000 if exact or number < 50 else 1900
    if letter == "S":
        number = int(text[start:end].ljust(9, "0")[:9]) if exact else number * 10**6
    values["y" if letter == "u" else letter] = number
    return end


def hour_of(values):
    if "H" in values:
        return values["H"]
    if "k" in values:
        return values["k"] % 24
    if "h" in values or "K" in values:
        return (values.get("h", values.get("K")) % 12) + 12 * values.get("a", 0)
    return 0
