"""java.time: dates, clocks, moments and what lies between them. The time of day is that of the request."""

import java_civil
from java_civil import DAY, HOUR, MINUTE, SECOND, Fields, add_months, checked_clock, checked_date, date_of, offset_text
from java_lang import Enum
from java_throwable import DateTimeException, DateTimeParseException, UnsupportedOperationException
from sp_host import current
from sp_java import JavaObject, java_class


def now_ns():
    return int(current.now() * 10**6) * 1000


def toward_zero(number, divisor):
    return number // divisor if number >= 0 else -(-number // divisor)


@java_class("java.time.temporal.ChronoUnit", "java.time.temporal.TemporalUnit")
class ChronoUnit(Enum):
    def between(self, start, end):
        return start.until(end, self)

    def getDuration(self):
        return Duration(self._ns)

    def __str__(self):
        return self._name.title().replace("_D", "D").replace("Halfdays", "HalfDays")


ChronoUnit.of("NANOS", "MICROS", "MILLIS", "SECONDS", "MINUTES", "HOURS", "HALF_DAYS", "DAYS", "WEEKS", "MONTHS", "YEARS", "DECADES", "CENTURIES")
for _unit, _ns in zip(ChronoUnit.values(), (1, 1000, 10**6, SECOND, MINUTE, HOUR, 12 * HOUR, DAY, 7 * DAY, 31556952 * SECOND // 12, 31556952 * SECOND)):
    _unit._ns = _ns
_MONTHS = {"MONTHS": 1, "YEARS": 12, "DECADES": 120, "CENTURIES": 1200}


@java_class("java.time.Month")
class Month(Enum):
    def getValue(self):
        return self.ordinal() + 1


@java_class("java.time.DayOfWeek")
class DayOfWeek(Enum):
    def getValue(self):
        return self.ordinal() + 1


Month.of(*[name.upper() for name in java_civil.MONTHS])
DayOfWeek.of(*[name.upper() for name in java_civil.DAYS])


@java_class("java.time.ZoneId", "java.time.ZoneOffset", partial="UTC, GMT and fixed offsets; this server has no table of zones")
class ZoneId(JavaObject):
    def __init__(self, name, offset):
        self._name = name
        self._offset = offset

    @classmethod
    def of(cls, name):
        offset = java_civil.zone_offset(str(name))
        if offset is None:
            raise DateTimeException("the zone '%s' is not provided: use UTC or an offset such as +02:00" % name)
        plain = java_civil.parse_offset(str(name)) is not None
        return cls(offset_text(offset) if plain else str(name), offset)

    @classmethod
    def ofHours(cls, hours):
        return cls(offset_text(hours * 3600), hours * 3600)

    @classmethod
    def ofHoursMinutes(cls, hours, minutes):
        seconds = hours * 3600 + minutes * 60
        return cls(offset_text(seconds), seconds)

    @classmethod
    def ofTotalSeconds(cls, seconds):
        return cls(offset_text(seconds), seconds)

    @classmethod
    def systemDefault(cls):
        return cls("UTC", 0)

    def getId(self):
        return self._name

    def getTotalSeconds(self):
        return self._offset

    def normalized(self):
        return ZoneId(offset_text(self._offset), self._offset)

    def _is_offset(self):
        return java_civil.parse_offset(self._name) is not None

    def __eq__(self, other):
        return isinstance(other, ZoneId) and self._name == other._name

    def __hash__(self):
        return hash(self._name)

    def __str__(self):
        return self._name


ZoneId.UTC = ZoneId("Z", 0)


class _Ordered(JavaObject):
    """Compared and counted on by nanoseconds."""

    def __init__(self, ns):
        self._ns = ns

    def _instant_ns(self):
        return self._ns

    def _made(self, ns):
        return type(self)(ns)

    def isBefore(self, other):
        return self._instant_ns() < other._instant_ns()

    def isAfter(self, other):
        return self._instant_ns() > other._instant_ns()

    def isEqual(self, other):
        return self._instant_ns() == other._instant_ns()

    def compareTo(self, other):
        return (self._instant_ns() > other._instant_ns()) - (self._instant_ns() < other._instant_ns())

    def __lt__(self, other):
        return self.isBefore(other)

    def __le__(self, other):
        return not self.isAfter(other)

    def __gt__(self, other):
        return self.isAfter(other)

    def __ge__(self, other):
        return not self.isBefore(other)

    def __eq__(self, other):
        return type(other) is type(self) and self._ns == other._ns and str(self) == str(other)

    def __hash__(self):
        return hash(self._ns)

    def plus(self, amount, unit=None):
        if unit is None:
            return amount._added_to(self)
        if unit.name() in _MONTHS:
            return self._plus_months(amount * _MONTHS[unit.name()])
        return self._made(self._ns + amount * unit._ns)

    def minus(self, amount, unit=None):
        if unit is None:
            return amount.negated()._added_to(self)
        return self.plus(-amount, unit)

    def _plus_months(self, count):
        days, of_day = divmod(self._ns, DAY)
        return self._made(add_months(days, count) * DAY + of_day)

    def until(self, end, unit):
        if unit.name() in _MONTHS:
            return toward_zero(self._months_until(end), _MONTHS[unit.name()])
        return toward_zero(end._instant_ns() - self._instant_ns(), unit._ns)

    def _months_until(self, end):
        (days, of_day), (end_days, end_of_day) = divmod(self._ns, DAY), divmod(end._ns, DAY)
        (year, month, day), (end_year, end_month, end_day) = date_of(days), date_of(end_days)
        months = (end_year - year) * 12 + end_month - month
        behind = (end_day, end_of_day) < (day, of_day)
        ahead = (end_day, end_of_day) > (day, of_day)
        return months - 1 if months > 0 and behind else months + 1 if months < 0 and ahead else months

    def truncatedTo(self, unit):
        return self._made(self._ns - self._ns % unit._ns)

    def format(self, formatter):
        return formatter.format(self)


def _add_steps(cls, *units):
    """plusDays, minusDays and their kin."""
    for unit in units:
        member = getattr(ChronoUnit, unit)
        name = unit.capitalize()
        setattr(cls, "plus" + name, lambda self, count, member=member: self.plus(int(count), member))
        setattr(cls, "minus" + name, lambda self, count, member=member: self.plus(-int(count), member))


class _Dated(_Ordered):
    """What has a date."""

    def _fields(self):
        return Fields(self._ns)

    def getYear(self):
        return self._fields().year

    def getMonthValue(self):
        return self._fields().month

    def getMonth(self):
        return Month.values()[self._fields().month - 1]

    def getDayOfMonth(self):
        return self._fields().day

    def getDayOfYear(self):
        return self._fields().day_of_year

    def getDayOfWeek(self):
        return DayOfWeek.values()[self._fields().weekday]

    def toLocalDate(self):
        return LocalDate(self._ns - self._ns % DAY)

    def _with_date(self, year, month, day):
        return self._made(checked_date(year, month, day) * DAY + self._ns % DAY)

    def withYear(self, year):
        fields = self._fields()
        return self._with_date(year, fields.month, min(fields.day, java_civil.month_length(year, fields.month)))

    def withMonth(self, month):
        fields = self._fields()
        return self._with_date(fields.year, month, min(fields.day, java_civil.month_length(fields.year, month)))

    def withDayOfMonth(self, day):
        fields = self._fields()
        return self._with_date(fields.year, fields.month, day)


_add_steps(_Dated, "DAYS", "WEEKS", "MONTHS", "YEARS")


class _Clocked(_Ordered):
    """What has a time of day."""

    def getHour(self):
        return Fields(self._ns).hour

    def getMinute(self):
        return Fields(self._ns).minute

    def getSecond(self):
        return Fields(self._ns).second

    def getNano(self):
        return self._ns % SECOND

    def toLocalTime(self):
        return LocalTime(self._ns % DAY)

    def _with_clock(self, hour=None, minute=None, second=None, nano=None):
        fields = Fields(self._ns)
        clock = [old if new is None else new for old, new in zip((fields.hour, fields.minute, fields.second, fields.nano), (hour, minute, second, nano))]
        return self._made(self._ns - self._ns % DAY + checked_clock(*clock))

    def withHour(self, hour):
        return self._with_clock(hour=hour)

    def withMinute(self, minute):
        return self._with_clock(minute=minute)

    def withSecond(self, second):
        return self._with_clock(second=second)

    def withNano(self, nano):
        return self._with_clock(nano=nano)


_add_steps(_Clocked, "HOURS", "MINUTES", "SECONDS", "NANOS")


def _date_text(fields):
    return "%04d-%02d-%02d" % (fields.year, fields.month, fields.day)


def _fraction(nano):
    """Three, six or nine digits, as Java prints them."""
    if nano == 0:
        return ""
    digits = 3 if nano % 10**6 == 0 else 6 if nano % 1000 == 0 else 9
    return "." + ("%09d" % nano)[:digits]


def _clock_text(fields, always_seconds=False):
    text = "%02d:%02d" % (fields.hour, fields.minute)
    if fields.second or fields.nano or always_seconds:
        text += ":%02d%s" % (fields.second, _fraction(fields.nano))
    return text


@java_class("java.time.LocalDate")
class LocalDate(_Dated):
    @classmethod
    def now(cls, zone=None):
        return LocalDateTime.now(zone).toLocalDate()

    @classmethod
    def of(cls, year, month, day):
        return cls(checked_date(year, getattr(month, "getValue", lambda: month)(), day) * DAY)

    @classmethod
    def ofEpochDay(cls, days):
        return cls(days * DAY)

    @classmethod
    def parse(cls, text, formatter=None):
        return (formatter or DateTimeFormatter.ISO_LOCAL_DATE)._parse(text, cls)

    def toEpochDay(self):
        return self._ns // DAY

    def isLeapYear(self):
        return java_civil.is_leap(self.getYear())

    def lengthOfMonth(self):
        fields = self._fields()
        return java_civil.month_length(fields.year, fields.month)

    def atStartOfDay(self, zone=None):
        start = LocalDateTime(self._ns)
        return start if zone is None else start.atZone(zone)

    def atTime(self, *clock):
        of_day = clock[0]._ns if len(clock) == 1 else checked_clock(*clock)
        return LocalDateTime(self._ns + of_day)

    def compareTo(self, other):
        one, two = self._fields(), other._fields()
        return one.year - two.year or one.month - two.month or one.day - two.day

    def until(self, end, unit=None):
        return Period.between(self, end) if unit is None else _Dated.until(self, end, unit)

    def __str__(self):
        return _date_text(self._fields())


@java_class("java.time.LocalTime")
class LocalTime(_Clocked):
    @classmethod
    def now(cls, zone=None):
        return LocalDateTime.now(zone).toLocalTime()

    @classmethod
    def of(cls, *clock):
        return cls(checked_clock(*clock))

    @classmethod
    def parse(cls, text, formatter=None):
        return (formatter or DateTimeFormatter.ISO_LOCAL_TIME)._parse(text, cls)

    def _made(self, ns):
        return LocalTime(ns % DAY)

    def _fields(self):
        return Fields(self._ns)

    def toSecondOfDay(self):
        return self._ns // SECOND

    def __str__(self):
        return _clock_text(self._fields())


@java_class("java.time.LocalDateTime")
class LocalDateTime(_Dated, _Clocked):
    @classmethod
    def now(cls, zone=None):
        return cls(now_ns() + (zone._offset * SECOND if zone is not None else 0))

    @classmethod
    def of(cls, *when):
        if len(when) == 2:
            return cls(when[0]._ns + when[1]._ns)
        year, month, day, *clock = when
        return LocalDate.of(year, month, day).atTime(*clock)

    @classmethod
    def ofInstant(cls, instant, zone):
        return cls(instant._ns + zone._offset * SECOND)

    @classmethod
    def ofEpochSecond(cls, seconds, nano, zone):
        return cls((seconds + zone._offset) * SECOND + nano)

    @classmethod
    def parse(cls, text, formatter=None):
        return (formatter or DateTimeFormatter.ISO_LOCAL_DATE_TIME)._parse(text, cls)

    def atZone(self, zone):
        return ZonedDateTime(self._ns, zone)

    def atOffset(self, zone):
        return OffsetDateTime(self._ns, zone)

    def toEpochSecond(self, zone):
        return self._ns // SECOND - zone._offset

    def toInstant(self, zone):
        return self.atZone(zone).toInstant()

    def compareTo(self, other):
        dates = self.toLocalDate().compareTo(other.toLocalDate())
        return dates or _Ordered.compareTo(self, other)

    def __str__(self):
        fields = self._fields()
        return _date_text(fields) + "T" + _clock_text(fields)


@java_class("java.time.Instant")
class Instant(_Ordered):
    @classmethod
    def now(cls, *_):
        return cls(now_ns())

    @classmethod
    def ofEpochSecond(cls, seconds, nano=0):
        return cls(seconds * SECOND + nano)

    @classmethod
    def ofEpochMilli(cls, milliseconds):
        return cls(milliseconds * 10**6)

    @classmethod
    def parse(cls, text):
        return DateTimeFormatter.ISO_INSTANT._parse(text, cls)

    def getEpochSecond(self):
        return self._ns // SECOND

    def toEpochMilli(self):
        return self._ns // 10**6

    def getNano(self):
        return self._ns % SECOND

    def plusMillis(self, count):
        return Instant(self._ns + count * 10**6)

    def minusMillis(self, count):
        return Instant(self._ns - count * 10**6)

    def atZone(self, zone):
        return ZonedDateTime(self._ns + zone._offset * SECOND, zone)

    def atOffset(self, zone):
        return OffsetDateTime(self._ns + zone._offset * SECOND, zone)

    def _plus_months(self, count):
        raise UnsupportedOperationException("Unsupported unit: Months")

    def _fields(self):
        return Fields(self._ns, 0, "Z")

    def __str__(self):
        fields = self._fields()
        return _date_text(fields) + "T" + _clock_text(fields, True) + "Z"


_add_steps(Instant, "SECONDS", "NANOS")


class _Zoned(_Dated, _Clocked):
    """A wall clock somewhere."""

    def __init__(self, ns, zone):
        self._ns = ns
        self._zone = zone

    @classmethod
    def now(cls, zone=None):
        zone = zone or ZoneId.systemDefault()
        return cls(now_ns() + zone._offset * SECOND, zone)

    @classmethod
    def ofInstant(cls, instant, zone):
        return cls(instant._ns + zone._offset * SECOND, zone)

    @classmethod
    def of(cls, *when):
        *wall, zone = when
        if len(wall) == 7:
            # year, month, day, hour, minute, second, nano
            return cls(LocalDateTime.of(*wall)._ns, zone)
        return cls(wall[0]._ns if len(wall) == 1 else wall[0]._ns + wall[1]._ns, zone)

    @classmethod
    def parse(cls, text, formatter=None):
        return (formatter or DateTimeFormatter.ISO_ZONED_DATE_TIME)._parse(text, cls)

    def _made(self, ns):
        return type(self)(ns, self._zone)

    def _instant_ns(self):
        return self._ns - self._zone._offset * SECOND

    def _fields(self):
        return Fields(self._ns, self._zone._offset, self._zone._name)

    def getZone(self):
        return self._zone

    def getOffset(self):
        return self._zone.normalized()

    def toInstant(self):
        return Instant(self._instant_ns())

    def toEpochSecond(self):
        return self._instant_ns() // SECOND

    def toLocalDateTime(self):
        return LocalDateTime(self._ns)

    def toOffsetDateTime(self):
        return OffsetDateTime(self._ns, self._zone.normalized())

    def toZonedDateTime(self):
        return ZonedDateTime(self._ns, self._zone)

    def _same_instant(self, zone):
        return type(self)(self._instant_ns() + zone._offset * SECOND, zone)

    withZoneSameInstant = withOffsetSameInstant = _same_instant

    def _same_local(self, zone):
        return type(self)(self._ns, zone)

    withZoneSameLocal = withOffsetSameLocal = _same_local

    def __str__(self):
        fields = self._fields()
        text = _date_text(fields) + "T" + _clock_text(fields) + offset_text(self._zone._offset)
        return text if self._zone._is_offset() else "%s[%s]" % (text, self._zone)


@java_class("java.time.ZonedDateTime", partial="UTC and fixed offsets")
class ZonedDateTime(_Zoned):
    pass


@java_class("java.time.OffsetDateTime")
class OffsetDateTime(_Zoned):
    def __init__(self, ns, zone):
        _Zoned.__init__(self, ns, zone.normalized())


@java_class("java.time.Duration")
class Duration(JavaObject):
    def __init__(self, ns):
        self._ns = ns

    @staticmethod
    def between(start, end):
        return Duration(end._instant_ns() - start._instant_ns())

    @staticmethod
    def of(amount, unit):
        return Duration(amount * unit._ns)

    @staticmethod
    def parse(text):
        import re

        found = re.fullmatch(r"([-+]?)P(?:([-+]?\d+)D)?(?:T(?:([-+]?\d+)H)?(?:([-+]?\d+)M)?(?:([-+]?\d+(?:\.\d{1,9})?)S)?)?", str(text).upper())
        if found is None or not any(found.groups()[1:]):
            raise DateTimeParseException("Text cannot be parsed to a Duration")
        sign, days, hours, minutes, seconds = found.groups()
        whole, _, fraction = (seconds or "0").partition(".")
        ns = (int(days or 0) * 24 + int(hours or 0)) * HOUR + int(minutes or 0) * MINUTE + int(whole) * SECOND
        part = int(fraction.ljust(9, "0") or 0)
        ns += -part if whole.startswith("-") else part
        return Duration(-ns if sign == "-" else ns)

    def _added_to(self, moment):
        return moment._made(moment._ns + self._ns)

    def plus(self, other, unit=None):
        return Duration(self._ns + (other._ns if unit is None else other * unit._ns))

    def minus(self, other, unit=None):
        return Duration(self._ns - (other._ns if unit is None else other * unit._ns))

    def multipliedBy(self, count):
        return Duration(self._ns * count)

    def negated(self):
        return Duration(-self._ns)

    def abs(self):
        return Duration(abs(self._ns))

    def getSeconds(self):
        return self._ns // SECOND

    toSeconds = getSeconds

    def getNano(self):
        return self._ns % SECOND

    def toNanos(self):
        return self._ns

    def toMillis(self):
        return self._ns // 10**6

    def toMinutes(self):
        return toward_zero(self.getSeconds(), 60)

    def toHours(self):
        return toward_zero(self.getSeconds(), 3600)

    def toDays(self):
        return toward_zero(self.getSeconds(), 86400)

    def isNegative(self):
        return self._ns < 0

    def isZero(self):
        return self._ns == 0

    def compareTo(self, other):
        return (self._ns > other._ns) - (self._ns < other._ns)

    def __eq__(self, other):
        return isinstance(other, Duration) and self._ns == other._ns

    def __lt__(self, other):
        return self._ns < other._ns

    def __hash__(self):
        return hash(self._ns)

    def __str__(self):
        if self._ns == 0:
            return "PT0S"
        whole = toward_zero(self._ns, SECOND)
        hours, minutes = toward_zero(whole, 3600), toward_zero(whole - toward_zero(whole, 3600) * 3600, 60)
        rest = self._ns - (hours * 60 + minutes) * MINUTE
        seconds = ("-" if rest < 0 else "") + str(abs(rest) // SECOND)
        if rest % SECOND:
            seconds += ("." + "%09d" % (abs(rest) % SECOND)).rstrip("0")
        text = "".join("%d%s" % (value, letter) for value, letter in ((hours, "H"), (minutes, "M")) if value)
        return "PT" + text + (seconds + "S" if rest else "")


for _name, _size in (("Days", DAY), ("Hours", HOUR), ("Minutes", MINUTE), ("Seconds", SECOND), ("Millis", 10**6), ("Nanos", 1)):
    setattr(Duration, "of" + _name, staticmethod(lambda count, _size=_size: Duration(count * _size)))
    setattr(Duration, "plus" + _name, lambda self, count, _size=_size: Duration(self._ns + count * _size))
    setattr(Duration, "minus" + _name, lambda self, count, _size=_size: Duration(self._ns - count * _size))
Duration.ZERO = Duration(0)


@java_class("java.time.Period")
class Period(JavaObject):
    def __init__(self, years, months, days):
        self._years, self._months, self._days = years, months, days

    @staticmethod
    def of(years, months, days):
        return Period(years, months, days)

    @staticmethod
    def ofDays(days):
        return Period(0, 0, days)

    @staticmethod
    def ofWeeks(weeks):
        return Period(0, 0, weeks * 7)

    @staticmethod
    def ofMonths(months):
        return Period(0, months, 0)

    @staticmethod
    def ofYears(years):
        return Period(years, 0, 0)

    @staticmethod
    def between(start, end):
        months = start._months_until(end)
        days = (end._ns - start._plus_months(months)._ns) // DAY
        return Period(toward_zero(months, 12), months - toward_zero(months, 12) * 12, days)

    def _added_to(self, moment):
        return moment._plus_months(self._years * 12 + self._months).plus(self._days, ChronoUnit.DAYS)

    def negated(self):
        return Period(-self._years, -self._months, -self._days)

    def getYears(self):
        return self._years

    def getMonths(self):
        return self._months

    def getDays(self):
        return self._days

    def toTotalMonths(self):
        return self._years * 12 + self._months

    def isNegative(self):
        return self._years < 0 or self._months < 0 or self._days < 0

    def __eq__(self, other):
        return isinstance(other, Period) and str(self) == str(other)

    def __hash__(self):
        return hash(str(self))

    def __str__(self):
        text = "".join("%d%s" % part for part in ((self._years, "Y"), (self._months, "M"), (self._days, "D")) if part[0])
        return "P" + (text or "0D")


def _iso_time(fields):
    digits = ("%09d" % fields.nano).rstrip("0")
    return "%02d:%02d:%02d%s" % (fields.hour, fields.minute, fields.second, "." + digits if digits else "")


def _needs(fields, what):
    value = getattr(fields, what)
    if value is None:
        raise DateTimeException("Unsupported field: OffsetSeconds")
    return value


def _iso_zoned(fields):
    text = _date_text(fields) + "T" + _iso_time(fields) + offset_text(_needs(fields, "offset"))
    named = fields.zone is not None and java_civil.parse_offset(fields.zone) is None
    return text + ("[%s]" % fields.zone if named else "")


# How the formatters of the class write.
_ISO = {
    "ISO_LOCAL_DATE": _date_text,
    "ISO_LOCAL_TIME": _iso_time,
    "ISO_LOCAL_DATE_TIME": lambda fields: _date_text(fields) + "T" + _iso_time(fields),
    "ISO_OFFSET_DATE_TIME": lambda fields: _date_text(fields) + "T" + _iso_time(fields) + offset_text(_needs(fields, "offset")),
    "ISO_ZONED_DATE_TIME": _iso_zoned,
    "ISO_DATE_TIME": lambda fields: _iso_zoned(fields) if fields.offset is not None else _date_text(fields) + "T" + _iso_time(fields),
    "ISO_DATE": lambda fields: _date_text(fields) + (offset_text(fields.offset) if fields.offset is not None else ""),
    "BASIC_ISO_DATE": lambda fields: _date_text(fields).replace("-", ""),
    "RFC_1123_DATE_TIME": lambda fields: java_civil.write("EEE, d MMM yyyy HH:mm:ss ", fields, True) + (offset_text(_needs(fields, "offset"), "", "GMT")),
}


@java_class("java.time.format.DateTimeFormatter", partial="the ISO formats and patterns of yuMLdDEaHhkKmsSnXxZzV, in English")
class DateTimeFormatter(JavaObject):
    def __init__(self, name, pattern=None, zone=None):
        self._name = name
        self._pattern = pattern
        self._zone = zone

    @classmethod
    def ofPattern(cls, pattern, *_):
        java_civil.tokens(str(pattern))
        return cls(str(pattern), str(pattern))

    def withZone(self, zone):
        return DateTimeFormatter(self._name, self._pattern, zone)

    def withLocale(self, _):
        return self

    def format(self, moment):
        if self._name == "ISO_INSTANT":
            return str(Instant(moment._instant_ns()))
        if self._zone is not None and isinstance(moment, (Instant, ZonedDateTime)):
            moment = Instant(moment._instant_ns()).atZone(self._zone)
        fields = moment._fields()
        return java_civil.write(self._pattern, fields, True) if self._pattern is not None else _ISO[self._name](fields)

    def parse(self, text):
        return self._parse(text, ZonedDateTime)

    def _parse(self, text, kind):
        text = str(text)
        try:
            return self._moment(text, kind)
        except java_civil.Unreadable as error:
            raise DateTimeParseException("Text '%s' could not be parsed at index %d" % (text, error.at)) from None
        except DateTimeException as error:
            if isinstance(error, DateTimeParseException):
                raise
            raise DateTimeParseException("Text '%s' could not be parsed: %s" % (text, error.getMessage())) from None

    def _moment(self, text, kind):
        values = self._values(text)
        if "y" not in values and kind is not LocalTime:
            raise java_civil.Unreadable(0)
        days = checked_date(values.get("y", 1970), values.get("M", 1), values.get("d", values.get("D", 1)))
        ns = days * DAY + checked_clock(java_civil.hour_of(values), values.get("m", 0), values.get("s", 0), values.get("S", 0))
        if kind is LocalDate:
            return LocalDate(days * DAY)
        if kind is LocalTime:
            return LocalTime(ns % DAY)
        if kind is LocalDateTime:
            if not {"H", "h", "k", "K"} & set(values):
                raise DateTimeException("Unable to obtain LocalDateTime from TemporalAccessor")
            return LocalDateTime(ns)
        offset = values.get("X", self._zone._offset if self._zone is not None else None)
        if offset is None:
            raise java_civil.Unreadable(len(text))
        if kind is Instant:
            return Instant(ns - offset * SECOND)
        return kind(ns, ZoneId.of(values["zone"]) if "zone" in values else self._zone or ZoneId.ofTotalSeconds(offset))

    def _values(self, text):
        """What the text says, by letter of a pattern."""
        if self._pattern is None:
            return _read_iso(text, self._name)
        values, end = java_civil.read(self._pattern, text, True)
        if end != len(text):
            raise java_civil.Unreadable(end)
        return values

    def __str__(self):
        return self._name


def _read_iso(text, name):
    if name == "BASIC_ISO_DATE":
        return java_civil.read("yyyyMMdd", text, True)[0]
    if name == "RFC_1123_DATE_TIME":
        return java_civil.read("EEE, d MMM yyyy HH:mm:ss zzz", text, True)[0]
    values, at = ({}, 0) if name == "ISO_LOCAL_TIME" else java_civil.read("yyyy-MM-dd", text, True)
    if name in ("ISO_LOCAL_DATE", "ISO_DATE"):
        if at != len(text):
            raise java_civil.Unreadable(at)
        return values
    if name != "ISO_LOCAL_TIME":
        if text[at:at + 1] not in ("T", "t"):
            raise java_civil.Unreadable(at)
        at += 1
    at = _read_clock(text, at, values)
    return _read_zone(text, at, values, local=name in ("ISO_LOCAL_DATE_TIME", "ISO_LOCAL_TIME"))


def _read_clock(text, at, values):
    clock, end = java_civil.read("HH:mm", text[at:at + 5], True)
    values.update(clock)
    at += end
    if text[at:at + 1] == ":":
        seconds, end = java_civil.read("ss", text[at + 1:at + 3], True)
        values.update(seconds)
        at += 1 + end
        if text[at:at + 1] == ".":
            end = at + 1
            while text[end:end + 1].isdigit():
                end += 1
            values["S"] = int(text[at + 1:end].ljust(9, "0")[:9] or 0)
            at = end
    return at


def _read_zone(text, at, values, local):
    if at == len(text):
        return values
    offset, bracket, zone = text[at:].partition("[")
    seconds = java_civil.parse_offset(offset)
    if local or seconds is None:
        raise java_civil.Unreadable(at)
    values["X"] = seconds
    if bracket:
        values["zone"] = zone.rstrip("]")
    return values


for _name in list(_ISO) + ["ISO_INSTANT"]:
    setattr(DateTimeFormatter, _name, DateTimeFormatter(_name))
