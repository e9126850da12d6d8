"""math as in Python 2: floor and ceil give floats."""

import math

from math import *


def floor(number):
    return float(math.floor(number)) if math.isfinite(number) else number


def ceil(number):
    return float(math.ceil(number)) if math.isfinite(number) else number
