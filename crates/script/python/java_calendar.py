"""Moments before java.time: Date, Calendar, TimeZone, and SimpleDateFormat."""

import java_civil
from java_civil import DAY, Fields, add_months, days_of, month_length
from java_throwable import IllegalArgumentException, ParseException
from sp_host import current
from sp_java import JavaObject, java_class


@java_class("java.util.Date", "java.sql.Timestamp", "java.sql.Date")
class Date(JavaObject):
    """A moment, in milliseconds since 1970."""

    def __init__(self, *when):
        if not when:
            self._ms = int(current.now() * 1000)
        elif len(when) == 1:
            self._ms = int(when[0])
        else:
            year, month, day, *clock = when
            hour, minute, second = (list(clock) + [0, 0, 0])[:3]
            self._ms = _milliseconds(year + 1900, month, day, hour, minute, second)

    def getTime(self):
        return self._ms

    def setTime(self, milliseconds):
        self._ms = int(milliseconds)

    def _fields(self):
        return Fields(self._ms * 10**6, 0, "UTC")

    def getYear(self):
        return self._fields().year - 1900

    def getMonth(self):
        return self._fields().month - 1

    def getDate(self):
        return self._fields().day

    def getDay(self):
        return (self._fields().weekday + 1) % 7

    def getHours(self):
        return self._fields().hour

    def getMinutes(self):
        return self._fields().minute

    def getSeconds(self):
        return self._fields().second

    def toInstant(self):
        from java_time import Instant

        return Instant(self._ms * 10**6)

    @classmethod
    def from_(cls, instant):
        return cls(instant.toEpochMilli())

    def before(self, other):
        return self._ms < other.getTime()

    def after(self, other):
        return self._ms > other.getTime()

    def compareTo(self, other):
        return (self._ms > other.getTime()) - (self._ms < other.getTime())

    def clone(self):
        return type(self)(self._ms)

    def __lt__(self, other):
        return self._ms < other.getTime()

    def __le__(self, other):
        return self._ms <= other.getTime()

    def __gt__(self, other):
        return self._ms > other.getTime()

    def __ge__(self, other):
        return self._ms >= other.getTime()

    def __eq__(self, other):
        return isinstance(other, Date) and self._ms == other.getTime()

    def __hash__(self):
        return hash(self._ms)

    def hashCode(self):
        return (self._ms ^ (self._ms >> 32)) & 0xFFFFFFFF

    def __str__(self):
        return java_civil.write("EEE MMM dd HH:mm:ss zzz yyyy", self._fields(), False)


setattr(Date, "from", Date.from_)


def _milliseconds(year, month, day, hour=0, minute=0, second=0, milli=0, offset=0):
    """Of a wall clock; every number may be too small or too large. Months count from 0."""
    year, month = divmod(year * 12 + month, 12)
    days = days_of(year, month + 1, 1) + day - 1
    return (((days * 24 + hour) * 60 + minute) * 60 + second - offset) * 1000 + milli


@java_class("java.util.TimeZone", "java.util.SimpleTimeZone", partial="UTC, GMT and fixed offsets (GMT+02:00); this server has no table of zones")
class TimeZone(JavaObject):
    SHORT = 0
    LONG = 1

    def __init__(self, name, offset):
        self._name = name
        self._offset = offset

    @staticmethod
    def getTimeZone(name):
        name = str(name)
        offset = java_civil.zone_offset(name)
        if offset is None:
            raise IllegalArgumentException("the zone '%s' is not provided: use UTC or GMT+hh:mm" % name)
        if offset and name.startswith("GMT"):
            name = "GMT" + java_civil.offset_text(offset)
        return TimeZone(name, offset)

    @staticmethod
    def getDefault():
        return TimeZone("UTC", 0)

    def getID(self):
        return self._name

    getDisplayName = getID

    def getRawOffset(self):
        return self._offset * 1000

    def getOffset(self, *_):
        return self._offset * 1000

    def useDaylightTime(self):
        return False

    def inDaylightTime(self, _):
        return False

    def toZoneId(self):
        from java_time import ZoneId

        return ZoneId.of(self._name)

    def __eq__(self, other):
        return isinstance(other, TimeZone) and (self._name, self._offset) == (other._name, other._offset)

    def __hash__(self):
        return hash(self._name)

    def __str__(self):
        return self._name


# The numbers by which Calendar knows its fields.
_NAMES = (
    "ERA YEAR MONTH WEEK_OF_YEAR WEEK_OF_MONTH DATE DAY_OF_YEAR DAY_OF_WEEK DAY_OF_WEEK_IN_MONTH AM_PM HOUR HOUR_OF_DAY"
    " MINUTE SECOND MILLISECOND ZONE_OFFSET DST_OFFSET"
).split()
_MILLIS = {"HOUR": 3600000, "HOUR_OF_DAY": 3600000, "MINUTE": 60000, "SECOND": 1000, "MILLISECOND": 1, "AM_PM": 43200000}
_DAY_FIELDS = {"DATE": 1, "DAY_OF_YEAR": 1, "DAY_OF_WEEK": 1, "WEEK_OF_YEAR": 7, "WEEK_OF_MONTH": 7, "DAY_OF_WEEK_IN_MONTH": 7}


@java_class("java.util.GregorianCalendar", "java.util.Calendar", partial="no weeks of the year, no roll, UTC and fixed offsets")
class GregorianCalendar(JavaObject):
    def __init__(self, *when):
        self._zone = TimeZone.getDefault()
        self._ms = int(current.now() * 1000)
        if when and isinstance(when[0], int):
            self.set(*when)
            self.set(self.MILLISECOND, 0)
        else:
            for part in when:
                if isinstance(part, TimeZone):
                    self._zone = part

    @classmethod
    def getInstance(cls, *when):
        return cls(*when)

    def _fields(self):
        return Fields((self._ms + self._zone.getRawOffset()) * 10**6, self._zone.getRawOffset() // 1000, self._zone.getID())

    def getTime(self):
        return Date(self._ms)

    def setTime(self, date):
        self._ms = date.getTime()

    def getTimeInMillis(self):
        return self._ms

    def setTimeInMillis(self, milliseconds):
        self._ms = int(milliseconds)

    def getTimeZone(self):
        return self._zone

    def setTimeZone(self, zone):
        self._zone = zone

    def get(self, field):
        name, fields = _NAMES[field], self._fields()
        if name in ("WEEK_OF_YEAR", "WEEK_OF_MONTH"):
            raise IllegalArgumentException("Calendar.%s is not provided" % name)
        return {
            "ERA": 1, "YEAR": fields.year, "MONTH": fields.month - 1, "DATE": fields.day, "DAY_OF_YEAR": fields.day_of_year,
            "DAY_OF_WEEK": (fields.weekday + 1) % 7 + 1, "DAY_OF_WEEK_IN_MONTH": (fields.day - 1) // 7 + 1,
            "AM_PM": fields.hour // 12, "HOUR": fields.hour % 12, "HOUR_OF_DAY": fields.hour, "MINUTE": fields.minute,
            "SECOND": fields.second, "MILLISECOND": fields.nano // 10**6, "ZONE_OFFSET": self._zone.getRawOffset(), "DST_OFFSET": 0,
        }[name]

    def set(self, *values):
        """set(field, value), or set(year, month, day, hour, minute, second)."""
        fields = self._fields()
        wall = [fields.year, fields.month - 1, fields.day, fields.hour, fields.minute, fields.second, fields.nano // 10**6]
        if len(values) == 2:
            return self._set_one(_NAMES[values[0]], values[1], wall)
        wall[:len(values)] = values
        self._ms = _milliseconds(*wall, offset=self._zone.getRawOffset() // 1000)

    def _set_one(self, name, value, wall):
        places = {"YEAR": 0, "MONTH": 1, "DATE": 2, "HOUR_OF_DAY": 3, "MINUTE": 4, "SECOND": 5, "MILLISECOND": 6}
        if name in places:
            wall[places[name]] = value
        elif name == "HOUR":
            wall[3] = wall[3] // 12 * 12 + value
        elif name == "AM_PM":
            wall[3] = wall[3] % 12 + 12 * value
        elif name == "DAY_OF_YEAR":
            wall[1], wall[2] = 0, value
        elif name == "DAY_OF_WEEK":
            wall[2] += value - self.get(self.DAY_OF_WEEK)
        else:
            raise IllegalArgumentException("Calendar.%s cannot be set" % name)
        self._ms = _milliseconds(*wall, offset=self._zone.getRawOffset() // 1000)

    def clear(self, *_):
        self._ms = -self._zone.getRawOffset()

    def add(self, field, amount):
        name = _NAMES[field]
        if name in ("YEAR", "MONTH"):
            offset = self._zone.getRawOffset()
            days, of_day = divmod(self._ms + offset, DAY // 10**6)
            days = add_months(days, amount * 12 if name == "YEAR" else amount)
            self._ms = days * (DAY // 10**6) + of_day - offset
        elif name in _DAY_FIELDS:
            self._ms += amount * _DAY_FIELDS[name] * 86400000
        elif name in _MILLIS:
            self._ms += amount * _MILLIS[name]
        else:
            raise IllegalArgumentException("Calendar.%s cannot be added to" % name)

    def getActualMaximum(self, field):
        fields = self._fields()
        if _NAMES[field] == "DATE":
            return month_length(fields.year, fields.month)
        if _NAMES[field] == "DAY_OF_YEAR":
            return 365 + java_civil.is_leap(fields.year)
        return {"MONTH": 11, "HOUR": 11, "HOUR_OF_DAY": 23, "MINUTE": 59, "SECOND": 59, "MILLISECOND": 999, "DAY_OF_WEEK": 7}[_NAMES[field]]

    def isLeapYear(self, year):
        return java_civil.is_leap(year)

    def toInstant(self):
        return self.getTime().toInstant()

    def before(self, other):
        return self._ms < other.getTimeInMillis()

    def after(self, other):
        return self._ms > other.getTimeInMillis()

    def compareTo(self, other):
        return (self._ms > other.getTimeInMillis()) - (self._ms < other.getTimeInMillis())

    def clone(self):
        copy = GregorianCalendar(self._zone)
        copy._ms = self._ms
        return copy

    def __eq__(self, other):
        return isinstance(other, GregorianCalendar) and self._ms == other._ms

    def __lt__(self, other):
        return self.before(other)

    def __hash__(self):
        return hash(self._ms)

    def __str__(self):
        return str(self.getTime())


for _number, _name in enumerate(_NAMES):
    setattr(GregorianCalendar, _name, _number)
GregorianCalendar.DAY_OF_MONTH = GregorianCalendar.DATE
for _number, _name in enumerate(java_civil.MONTHS):
    setattr(GregorianCalendar, _name.upper(), _number)
for _number, _name in enumerate(java_civil.DAYS):
    setattr(GregorianCalendar, _name.upper(), (_number + 1) % 7 + 1)
GregorianCalendar.AM, GregorianCalendar.PM, GregorianCalendar.AD = 0, 1, 1


@java_class("java.text.SimpleDateFormat", "java.text.DateFormat", partial="English, UTC and fixed offsets; the letters GyMdDEaHhkKmsSzZX")
class SimpleDateFormat(JavaObject):
    def __init__(self, pattern="M/d/yy h:mm a", *_):
        self._pattern = str(pattern)
        self._zone = TimeZone.getDefault()
        java_civil.tokens(self._pattern)

    def setTimeZone(self, zone):
        self._zone = zone

    def getTimeZone(self):
        return self._zone

    def setLenient(self, _):
        pass

    def toPattern(self):
        return self._pattern

    def format(self, date):
        ms = date if isinstance(date, int) else date.getTime()
        offset = self._zone.getRawOffset()
        return java_civil.write(self._pattern, Fields((ms + offset) * 10**6, offset // 1000, self._zone.getID()), False)

    def parse(self, text):
        try:
            values, _ = java_civil.read(self._pattern, str(text), False)
        except java_civil.Unreadable:
            raise ParseException('Unparseable date: "%s"' % text) from None
        offset = values.get("X", self._zone.getRawOffset() // 1000)
        return Date(_milliseconds(
            values.get("y", 1970), values.get("M", 1) - 1, values.get("d", values.get("D", 1)), java_civil.hour_of(values),
            values.get("m", 0), values.get("s", 0), values.get("S", 0) // 10**6, offset,
        ))


def fields_of(value):
    """The wall clock of a moment of any class."""
    if isinstance(value, int):
        return Date(value)._fields()
    return value._fields()


_WRITTEN = {
    "Y": "yyyy", "y": "yy", "m": "MM", "d": "dd", "e": "d", "B": "MMMM", "b": "MMM", "h": "MMM", "A": "EEEE", "a": "EEE",
    "H": "HH", "k": "H", "I": "hh", "l": "h", "M": "mm", "S": "ss", "L": "SSS", "N": "SSSSSSSSS", "j": "DDD", "z": "Z",
    "Z": "zzz", "F": "yyyy-MM-dd", "T": "HH:mm:ss", "R": "HH:mm", "D": "MM/dd/yy", "r": "hh:mm:ss a", "c": "EEE MMM dd HH:mm:ss zzz yyyy",
}


def format_field(value, letter):
    """%tY and its kin of String.format."""
    fields = fields_of(value)
    if letter in "sQ":
        seconds = fields.days * 86400 + fields.of_day // 10**9 - (fields.offset or 0)
        return str(seconds if letter == "s" else seconds * 1000 + fields.nano // 10**6)
    if letter == "p":
        return "pm" if fields.hour >= 12 else "am"
    if letter not in _WRITTEN:
        raise IllegalArgumentException("Conversion = 't%s'" % letter)
    return java_civil.write(_WRITTEN[letter], fields, True)
