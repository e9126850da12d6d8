"""time as in Python 2."""

from time import process_time as clock

from sp_time import *
from sp_time import sleep, strptime, time
