"""time, with a sleep that ends with the script's time, and the moment of the request as the time of day."""

from time import *
from time import strptime

from _sallyport import sleep
from sp_host import current


def time():
    return current.now()
