"""os without an operating system: names of paths, and an empty environment."""

import os
import posixpath
from types import SimpleNamespace

from sp_text import from_bytes

name = "java"
sep = "/"
linesep = "\n"
pathsep = ":"
curdir = "."
pardir = ".."
environ = {}
error = OSError


def getenv(key, default=None):
    return default


def urandom(count):
    return from_bytes(os.urandom(count))


def _nothing(_):
    return False


path = SimpleNamespace(
    basename=posixpath.basename, dirname=posixpath.dirname, join=posixpath.join, normpath=posixpath.normpath,
    split=posixpath.split, splitext=posixpath.splitext, isabs=posixpath.isabs, sep=sep, exists=_nothing, isfile=_nothing,
    isdir=_nothing,
)
