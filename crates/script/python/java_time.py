"""java.time: as much as scripts use to stamp an event and to measure since."""

import time

from sp_java import JavaException, JavaObject, java_class


@java_class("java.time.format.DateTimeParseException")
class DateTimeParseException(JavaException):
    pass


@java_class("java.time.format.DateTimeFormatter")
class DateTimeFormatter(JavaObject):
    """The ISO formats."""

    def __init__(self, name):
        self._name = name

    def format(self, moment):
        return moment.toString()

    def __str__(self):
        return self._name


for _name in ("ISO_LOCAL_DATE_TIME", "ISO_OFFSET_DATE_TIME", "ISO_DATE_TIME", "ISO_INSTANT"):
    setattr(DateTimeFormatter, _name, DateTimeFormatter(_name))


@java_class("java.time.LocalDateTime")
class LocalDateTime(JavaObject):
    """A moment, in microseconds since 1970. The zone of the server is UTC."""

    _suffix = ""

    def __init__(self, micros):
        self._micros = micros

    @classmethod
    def now(cls, *_):
        return cls(time.time_ns() // 1000)

    @classmethod
    def parse(cls, text, *_):
        import datetime

        try:
            moment = datetime.datetime.fromisoformat(str(text).partition("[")[0].replace("Z", "+00:00"))
        except ValueError:
            raise DateTimeParseException("Text '%s' could not be parsed" % text) from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=datetime.timezone.utc)
        since = moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
        return cls(since // datetime.timedelta(microseconds=1))

    def _plus(self, seconds):
        return type(self)(self._micros + int(seconds) * 1000000)

    def plusSeconds(self, count):
        return self._plus(count)

    def plusMinutes(self, count):
        return self._plus(count * 60)

    def plusHours(self, count):
        return self._plus(count * 3600)

    def plusDays(self, count):
        return self._plus(count * 86400)

    def minusSeconds(self, count):
        return self._plus(-count)

    def minusMinutes(self, count):
        return self._plus(-count * 60)

    def minusDays(self, count):
        return self._plus(-count * 86400)

    def isBefore(self, other):
        return self._micros < other._micros

    def isAfter(self, other):
        return self._micros > other._micros

    def compareTo(self, other):
        return (self._micros > other._micros) - (self._micros < other._micros)

    def toEpochSecond(self, *_):
        return self._micros // 1000000

    def format(self, formatter):
        return formatter.format(self)

    def __eq__(self, other):
        return type(other) is type(self) and self._micros == other._micros

    def __hash__(self):
        return hash(self._micros)

    def __str__(self):
        seconds, micros = divmod(self._micros, 1000000)
        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
        return text + (".%06d" % micros if micros else "") + self._suffix


@java_class("java.time.ZonedDateTime", "java.time.OffsetDateTime", "java.time.Instant")
class ZonedDateTime(LocalDateTime):
    _suffix = "Z"


@java_class("java.time.Duration")
class Duration(JavaObject):
    def __init__(self, micros):
        self._micros = micros

    @staticmethod
    def between(start, end):
        return Duration(end._micros - start._micros)

    @staticmethod
    def ofSeconds(count):
        return Duration(count * 1000000)

    @staticmethod
    def ofMinutes(count):
        return Duration(count * 60000000)

    def toMillis(self):
        return self._micros // 1000

    def getSeconds(self):
        return self._micros // 1000000

    toSeconds = getSeconds

    def toMinutes(self):
        return self.getSeconds() // 60

    def toHours(self):
        return self.getSeconds() // 3600

    def toDays(self):
        return self.getSeconds() // 86400

    def isNegative(self):
        return self._micros < 0
