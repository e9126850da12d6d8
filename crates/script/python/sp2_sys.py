"""sys as in Jython 2.7."""

from sp_sys import argv, byteorder, exc_info, exit, getrecursionlimit, maxunicode, modules, path, stderr, stdout

maxint = 2147483647
maxsize = maxint
platform = "java11"
version_info = (2, 7, 3, "final", 0)
version = "2.7.3"


def getdefaultencoding():
    return "ascii"


def setdefaultencoding(name):
    pass


def exc_clear():
    pass
