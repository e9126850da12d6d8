"""time, with a sleep that ends with the script's time, and the moment of the request as the time of day."""

import types

import _strptime
from time import *

from _sallyport import sleep
from sp_host import current


def time():
    return current.now()


def strptime(string, format="%a %b %d %H:%M:%S %Y"):
    return _strptime._strptime_time(string, format)


# The functions that native code looks up, and no more of their module.
parsing = types.SimpleNamespace(
    **{name: value for name, value in vars(_strptime).items() if name.startswith("_strptime_")}
)
