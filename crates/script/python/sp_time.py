"""time, with a sleep that ends with the script's time."""

from time import *
from time import strptime

from _sallyport import sleep
