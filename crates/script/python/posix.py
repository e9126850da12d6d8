"""Nothing: the frozen library looks for the module, and uses nothing of it."""

from os import environ, fspath, getcwd, listdir, stat, urandom
