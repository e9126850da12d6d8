"""The part of sys that says nothing of the interpreter."""

import sys

from sys import byteorder, exc_info, getrecursionlimit, intern, maxsize, maxunicode

argv = [""]
path = []
modules = {}
platform = "linux"
stdout = sys.stdout
stderr = sys.stderr
version_info = sys.version_info
version = sys.version


def exit(status=None):
    raise SystemExit(status)


def getdefaultencoding():
    return "utf-8"


def getsizeof(value, default=0):
    return default
