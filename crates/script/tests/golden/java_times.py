# Dates, calendars and java.time.

from java.lang import Throwable
from java.text import SimpleDateFormat
from java.time import Duration, Instant, LocalDate, LocalDateTime, OffsetDateTime, Period, ZonedDateTime, ZoneId, ZoneOffset
from java.time.format import DateTimeFormatter
from java.time.temporal import ChronoUnit
from java.util import Calendar, Date, GregorianCalendar
from java.util import TimeZone
from java.util.concurrent import TimeUnit


count = [0]


def text(value):
    """A value without what tells unicode from str and long from int."""
    if isinstance(value, (str, unicode)):
        return repr(value).lstrip('u')
    if isinstance(value, bool) or isinstance(value, float):
        return repr(value)
    if isinstance(value, (int, long)):
        return '%d' % value
    if type(value) in (tuple, list):
        return '(%s)' % ', '.join([text(item) for item in value])
    if hasattr(value, 'tolist'):
        return 'array' + text(value.tolist())
    return value.toString() if hasattr(value, 'entrySet') else str(value)


def show(function):
    count[0] += 1
    try:
        result = text(function())
    except Throwable, e:
        result = 'raised %s' % e
    except Exception, e:
        result = 'raised ' + e.__class__.__name__
    print count[0], result


c = GregorianCalendar(TimeZone.getTimeZone('UTC'))
c.setTime(Date(1700000000123L))
ld = LocalDateTime.parse('2022-04-11T09:49:37')
ld2 = LocalDateTime.of(2024, 1, 31, 23, 5)
z = ZonedDateTime.parse('2022-04-11T09:49:37.5+02:00')
show(lambda: Date(0))
show(lambda: Date(0).toString())
show(lambda: str(Date(0)))
show(lambda: Date(0).time)
show(lambda: Date(0).getYear())
show(lambda: bool(Date(0)))
show(lambda: Date(0)<Date(1))
show(lambda: Date(5).compareTo(Date(0)))
show(lambda: Date(0)==Date(0))
show(lambda: c.getTime())
show(lambda: (c.get(Calendar.YEAR), c.get(Calendar.MONTH), c.get(Calendar.DATE), c.get(Calendar.HOUR_OF_DAY), c.get(Calendar.HOUR), c.get(Calendar.AM_PM), c.get(Calendar.MINUTE), c.get(Calendar.SECOND), c.get(Calendar.MILLISECOND), c.get(Calendar.DAY_OF_WEEK), c.get(Calendar.DAY_OF_YEAR)))
show(lambda: (c.add(Calendar.MONTH, 3), c.getTime()))
show(lambda: (c.add(c.DATE, 90), c.getTime()))
show(lambda: (c.add(Calendar.YEAR,-1), c.getTimeInMillis()))
show(lambda: (c.set(2024, 0, 31, 1, 2, 3), c.time))
show(lambda: (c.add(Calendar.MONTH,1), c.time))
show(lambda: c.getActualMaximum(Calendar.DAY_OF_MONTH))
show(lambda: TimeUnit.SECONDS.toMillis(30))
show(lambda: TimeUnit.MINUTES.toSeconds(2))
show(lambda: TimeUnit.MILLISECONDS.toSeconds(1999))
show(lambda: TimeUnit.SECONDS)
show(lambda: TimeUnit.valueOf('DAYS').toHours(1))
show(lambda: ld)
show(lambda: ld2)
show(lambda: ld.plusDays(30))
show(lambda: ld2.plusMonths(1))
show(lambda: ld.format(DateTimeFormatter.ISO_LOCAL_DATE_TIME))
show(lambda: ld2.format(DateTimeFormatter.ISO_LOCAL_DATE_TIME))
show(lambda: ld.format(DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss")))
show(lambda: ld.format(DateTimeFormatter.ofPattern("EEE, d MMM yyyy hh:mm a")))
show(lambda: ld.format(DateTimeFormatter.ofPattern("EEEE dd/MM/yy 'at' H:m:s.SSS")))
show(lambda: ld.format(DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'")))
show(lambda: LocalDateTime.parse('2022-04-11 09:49', DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm")))
show(lambda: LocalDateTime.parse('x'))
show(lambda: LocalDateTime.parse('2022-13-11T00:00:00'))
show(lambda: z)
show(lambda: z.toInstant())
show(lambda: z.toLocalDateTime())
show(lambda: z.format(DateTimeFormatter.ISO_OFFSET_DATE_TIME))
show(lambda: z.format(DateTimeFormatter.ISO_INSTANT))
show(lambda: z.format(DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ssXXX")))
show(lambda: z.format(DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ssZ")))
show(lambda: z.withZoneSameInstant(ZoneOffset.UTC))
show(lambda: ZonedDateTime.of(ld, ZoneId.of('UTC')))
show(lambda: ZonedDateTime.of(ld, ZoneId.of('UTC')).format(DateTimeFormatter.ISO_OFFSET_DATE_TIME))
show(lambda: ZonedDateTime.of(ld, ZoneOffset.UTC))
show(lambda: z.toEpochSecond())
show(lambda: (ld.getYear(), ld.getMonthValue(), ld.getMonth(), ld.getDayOfMonth(), ld.getDayOfWeek(), ld.getHour(), ld.getDayOfYear()))
show(lambda: Duration.between(ld, ld.plusMinutes(90)))
show(lambda: Duration.between(ld, ld.plusMinutes(90)).toMinutes())
show(lambda: Duration.ofSeconds(3661).toString())
show(lambda: Duration.ofMillis(1500))
show(lambda: Duration.ZERO)
show(lambda: Duration.ofSeconds(-90))
show(lambda: Duration.parse('PT1H30M').getSeconds())
show(lambda: ChronoUnit.DAYS.between(ld, ld2))
show(lambda: ChronoUnit.MINUTES.between(ld, ld.plusHours(2)))
show(lambda: ld.until(ld2, ChronoUnit.HOURS))
show(lambda: ld.minus(5, ChronoUnit.MINUTES))
show(lambda: ld.truncatedTo(ChronoUnit.HOURS))
show(lambda: ld.withHour(3))
show(lambda: ld.toLocalDate())
show(lambda: LocalDate.of(2024,2,29).plusYears(1))
show(lambda: LocalDate.parse('2024-02-29').isLeapYear())
show(lambda: LocalDate.of(2024,2,29).atStartOfDay())
show(lambda: Instant.ofEpochSecond(0))
show(lambda: Instant.ofEpochMilli(1500))
show(lambda: Instant.parse('2022-01-01T00:00:00Z').toEpochMilli())
show(lambda: Instant.ofEpochSecond(5).plusSeconds(5))
show(lambda: (ld.isBefore(ld2), ld.compareTo(ld2), ld.equals(LocalDateTime.parse('2022-04-11T09:49:37')), ld == LocalDateTime.parse('2022-04-11T09:49:37')))
show(lambda: ld.atZone(ZoneId.of('UTC')).toInstant().toEpochMilli())
show(lambda: OffsetDateTime.parse('2022-01-01T00:00:00+01:00').toInstant())
show(lambda: Period.between(LocalDate.of(2024,1,1), LocalDate.of(2024,3,5)))
show(lambda: LocalDate.of(2023,2,30))
show(lambda: SimpleDateFormat("yyyy-MM-dd'T'HH:mm:ss.SSSZ").format(Date(1700000000123L)))
show(lambda: SimpleDateFormat("yyyyMMddHHmmss").parse('20240131000000'))
show(lambda: SimpleDateFormat("yyyyMMdd").parse('x'))
show(lambda: Date(time=5).time)
show(lambda: GregorianCalendar(timeZone=TimeZone.getTimeZone('UTC'), timeInMillis=0).time)
