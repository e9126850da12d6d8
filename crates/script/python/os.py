"""What the frozen library asks of the operating system: nothing but random bytes."""

import _sallyport

name = "posix"
sep = "/"
altsep = None
extsep = "."
pathsep = ":"
linesep = "\n"
curdir = "."
pardir = ".."
devnull = "/dev/null"
defpath = "/bin:/usr/bin"
environ = {}
error = OSError
supports_follow_symlinks = set()


def getenv(key, default=None):
    return default


def urandom(count):
    return _sallyport.urandom(count)


def getpid():
    return 1


def fspath(path):
    if isinstance(path, (str, bytes)):
        return path
    raise TypeError("a path is a str or bytes")


def fsencode(path):
    return path.encode("utf-8", "surrogateescape") if isinstance(path, str) else path


def fsdecode(path):
    return path.decode("utf-8", "surrogateescape") if isinstance(path, bytes) else path


class PathLike:
    pass


def _refuse(*args, **kwargs):
    raise PermissionError("scripts have no file system")


stat = lstat = listdir = scandir = open = getcwd = mkdir = remove = rename = readlink = _refuse

import posixpath as path
