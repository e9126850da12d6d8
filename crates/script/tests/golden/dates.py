# datetime, calendar and time in UTC.
import calendar
import datetime
import time

count = [0]


def show(function):
    count[0] += 1
    try:
        result = repr(function())
    except Exception, e:
        result = e.__class__.__name__
    print count[0], result


d = datetime.datetime(2024, 2, 29, 13, 5, 9)
show(lambda: d)
show(lambda: str(d))
show(lambda: d.isoformat())
show(lambda: d.isoformat(' '))
show(lambda: datetime.datetime(2024, 1, 2, 3, 4, 5, 678).isoformat())
show(lambda: str(datetime.datetime(2024, 1, 2, 3, 4, 5, 678000)))
show(lambda: d.year)
show(lambda: (d.month, d.day, d.hour, d.minute, d.second, d.microsecond))
show(lambda: d.date())
show(lambda: d.time())
show(lambda: d.weekday())
show(lambda: d.isoweekday())
show(lambda: d.isocalendar()[:2])
show(lambda: d.timetuple()[:6])
show(lambda: d.toordinal())
show(lambda: d.ctime())
show(lambda: d.strftime('%Y-%m-%d %H:%M:%S'))
show(lambda: d.strftime('%Y%m%d%H%M%S.000Z'))
show(lambda: d.strftime('%d/%m/%y'))
show(lambda: d.strftime('%j %a %A %b %B'))
show(lambda: d.strftime('%I:%M %p'))
show(lambda: d.strftime('%%'))
show(lambda: d + datetime.timedelta(days=1))
show(lambda: d - datetime.timedelta(hours=14))
show(lambda: d + datetime.timedelta(minutes=-5, seconds=1))
show(lambda: d - datetime.datetime(2024, 1, 1))
show(lambda: (d - datetime.datetime(2024, 1, 1)).days)
show(lambda: (d - datetime.datetime(2024, 1, 1)).seconds)
show(lambda: (d - datetime.datetime(2024, 1, 1)).total_seconds())
show(lambda: d > datetime.datetime(2024, 1, 1))
show(lambda: d == datetime.datetime(2024, 2, 29, 13, 5, 9))
show(lambda: d < 5)
show(lambda: d == 5)
show(lambda: d == None)
show(lambda: d.replace(year=2020))
show(lambda: d.replace(year=2023))
show(lambda: d.replace(microsecond=5).microsecond)
show(lambda: datetime.datetime.strptime('2024-02-29', '%Y-%m-%d'))
show(lambda: datetime.datetime.strptime('29/02/2024 13:05', '%d/%m/%Y %H:%M'))
show(lambda: datetime.datetime.strptime('20240229130509.000Z', '%Y%m%d%H%M%S.%fZ'))
show(lambda: datetime.datetime.strptime('2024-02-29T13:05:09Z', '%Y-%m-%dT%H:%M:%SZ'))
show(lambda: datetime.datetime.strptime('Feb 29 2024', '%b %d %Y'))
show(lambda: datetime.datetime.strptime('nope', '%Y'))
show(lambda: datetime.datetime.strptime('2023-02-29', '%Y-%m-%d'))
show(lambda: datetime.datetime(2023, 2, 29))
show(lambda: datetime.datetime.utcfromtimestamp(0))
show(lambda: datetime.datetime.utcfromtimestamp(1709211909))
show(lambda: datetime.datetime.utcfromtimestamp(1709211909.5))
show(lambda: datetime.datetime.min)
show(lambda: datetime.datetime.max.year)
show(lambda: datetime.datetime.combine(datetime.date(2024, 1, 2), datetime.time(3, 4)))
show(lambda: datetime.date(2024, 2, 29))
show(lambda: str(datetime.date(2024, 2, 29)))
show(lambda: datetime.date(2024, 2, 29) - datetime.date(2024, 1, 1))
show(lambda: (datetime.date(2024, 2, 29) + datetime.timedelta(1)).isoformat())
show(lambda: datetime.date(2024, 2, 29).strftime('%Y/%m/%d'))
show(lambda: datetime.date(2024, 2, 29) < datetime.date(2024, 3, 1))
show(lambda: datetime.date.fromordinal(738945))
show(lambda: datetime.time(1, 2, 3))
show(lambda: str(datetime.time(1, 2, 3, 4)))
show(lambda: datetime.time(1, 2) < datetime.time(1, 3))
show(lambda: datetime.timedelta(1))
show(lambda: datetime.timedelta(1, 2, 3))
show(lambda: str(datetime.timedelta(1, 2)))
show(lambda: str(datetime.timedelta(hours=30, minutes=1)))
show(lambda: str(datetime.timedelta(seconds=-1)))
show(lambda: datetime.timedelta(hours=1) * 2)
show(lambda: datetime.timedelta(hours=1) / 2)
show(lambda: datetime.timedelta(hours=1) // 7)
show(lambda: -datetime.timedelta(1))
show(lambda: abs(datetime.timedelta(-1)))
show(lambda: datetime.timedelta(days=1) > datetime.timedelta(hours=23))
show(lambda: datetime.timedelta(weeks=1).days)
show(lambda: datetime.timedelta(milliseconds=1500).total_seconds())
show(lambda: bool(datetime.timedelta(0)))
show(lambda: isinstance(d, datetime.date))
show(lambda: datetime.datetime.now() > d)
show(lambda: datetime.datetime.utcnow() > d)
show(lambda: datetime.date.today() > datetime.date(2024, 1, 1))
show(lambda: datetime.datetime.now().tzinfo)
show(lambda: calendar.timegm((2024, 2, 29, 13, 5, 9)))
show(lambda: calendar.timegm(d.timetuple()))
show(lambda: calendar.timegm(d.utctimetuple()))
show(lambda: calendar.isleap(2024))
show(lambda: calendar.monthrange(2024, 2))
show(lambda: time.gmtime(0)[:6])
show(lambda: time.gmtime(1709211909).tm_hour)
show(lambda: time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(0)))
show(lambda: time.strptime('2024-02-29', '%Y-%m-%d')[:3])
show(lambda: time.strptime('x', '%Y'))
show(lambda: type(time.time()).__name__)
show(lambda: time.time() > 1600000000)
show(lambda: len(str(int(time.time()))))
show(lambda: len(str(int(round(time.time() * 1000)))))
show(lambda: time.mktime(time.localtime(86400)))
show(lambda: time.asctime(time.gmtime(0)))
show(lambda: time.sleep(0))
show(lambda: time.clock() >= 0)
show(lambda: str(1709211909.12))
show(lambda: '%s' % 1709211909.123456)
show(lambda: int(1709211909.99))
show(lambda: repr(1709211909.123456))


class Utc(datetime.tzinfo):
    def utcoffset(self, moment):
        return datetime.timedelta(0)

    def tzname(self, moment):
        return 'UTC'

    def dst(self, moment):
        return datetime.timedelta(0)


aware = d.replace(tzinfo=Utc())
print aware.isoformat(), aware.tzname()
try:
    print aware > d
except TypeError, e:
    print 'TypeError'
print (aware - aware.replace(hour=12)), aware.utctimetuple()[:5]
for days in range(-1, 2):
    print (d + datetime.timedelta(days=days)).strftime('%a %d.%m.'),
print
