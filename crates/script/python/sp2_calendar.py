"""calendar as in Python 2, where days are numbers."""

import calendar as _calendar
from calendar import *
from calendar import timegm

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(7)


def weekday(year, month, day):
    return int(_calendar.weekday(year, month, day))


def monthrange(year, month):
    first, days = _calendar.monthrange(year, month)
    return int(first), days
