"""java.io and java.nio: streams over bytes in memory. Scripts have no file system."""

from java_bytes import JavaBytes, bytes_of, charset_of
from java_lang import Enum
from java_throwable import IOException, SecurityException
from sp_java import JavaObject, java_class


@java_class("java.io.InputStream", "java.io.ByteArrayInputStream", "java.io.BufferedInputStream")
class InputStream(JavaObject):
    def __init__(self, source=b"", *_):
        self._data = source._source() if isinstance(source, InputStream) else bytes_of(source)
        self._at = 0

    def _source(self):
        """What is left to read."""
        left, self._at = self._data[self._at:], len(self._data)
        return left

    def read(self, target=None, offset=0, count=None):
        """One byte, or into an array; -1 at the end."""
        if target is None:
            self._at += 1
            return self._data[self._at - 1] if self._at <= len(self._data) else -1
        count = len(target) - offset if count is None else count
        piece = self._data[self._at:self._at + count]
        if not piece and count:
            return -1
        for index, byte in enumerate(piece):
            target[offset + index] = byte
        self._at += len(piece)
        return len(piece)

    def readAllBytes(self):
        return JavaBytes(self._source())

    def available(self):
        return max(0, len(self._data) - self._at)

    def skip(self, count):
        skipped = min(count, self.available())
        self._at += skipped
        return skipped

    def reset(self):
        self._at = 0

    def close(self):
        pass


@java_class("java.io.ByteArrayOutputStream", "java.io.OutputStream")
class ByteArrayOutputStream(JavaObject):
    def __init__(self, *_):
        self._data = bytearray()

    def write(self, data, offset=0, count=None):
        if isinstance(data, int):
            self._data.append(data & 0xFF)
        else:
            data = bytes_of(data)[offset:]
            self._data += data if count is None else data[:count]

    def writeBytes(self, data):
        self.write(data)

    def writeTo(self, other):
        other.write(bytes(self._data))

    def toByteArray(self):
        return JavaBytes(self._data)

    def size(self):
        return len(self._data)

    def reset(self):
        self._data = bytearray()

    def flush(self):
        pass

    def close(self):
        pass

    def toString(self, charset=None):
        return bytes(self._data).decode(charset_of(charset), "replace")

    def __str__(self):
        return self.toString()


@java_class("java.io.Reader", "java.io.StringReader", "java.io.BufferedReader", "java.io.InputStreamReader", "java.util.Scanner")
class Reader(JavaObject):
    """Text to read, out of a text, another reader, or a stream of bytes in a character set."""

    def __init__(self, source, charset=None):
        if isinstance(source, Reader):
            self._text = source._rest()
        elif isinstance(source, str):
            self._text = str(source)
        else:
            data = source._source() if isinstance(source, InputStream) else bytes_of(source)
            self._text = data.decode(charset_of(None if isinstance(charset, int) else charset), "replace")
        self._at = 0

    def _rest(self):
        left, self._at = self._text[self._at:], len(self._text)
        return left

    def _lines(self):
        while True:
            line = self.readLine()
            if line is None:
                return
            yield line

    __iter__ = _lines

    def lines(self):
        return list(self._lines())

    def readLine(self):
        """The next line without its end; None when there is none."""
        if self._at >= len(self._text):
            return None
        ends = [end for end in (self._text.find("\n", self._at), self._text.find("\r", self._at)) if end >= 0]
        end = min(ends) if ends else len(self._text)
        line = self._text[self._at:end]
        self._at = end + (2 if self._text.startswith("\r\n", end) else 1)
        return line

    nextLine = readLine

    def hasNextLine(self):
        return self._at < len(self._text)

    def read(self, target=None, *_):
        if target is not None:
            raise IOException("read into an array is not provided: use readLine")
        self._at += 1
        return ord(self._text[self._at - 1]) if self._at <= len(self._text) else -1

    def ready(self):
        return self._at < len(self._text)

    def close(self):
        pass


@java_class("java.io.StringWriter", "java.io.Writer", "java.io.PrintWriter")
class StringWriter(JavaObject):
    def __init__(self, target=None, *_):
        self._target = target if isinstance(target, StringWriter) else None
        self._parts = []

    def write(self, text):
        if self._target is not None:
            self._target.write(text)
        else:
            self._parts.append(chr(text) if isinstance(text, int) else str(text))

    def append(self, text):
        self.write(text)
        return self

    print_ = write

    def println(self, text=""):
        self.write("%s\n" % text)

    def flush(self):
        pass

    def close(self):
        pass

    def getBuffer(self):
        return str(self)

    def __str__(self):
        return str(self._target) if self._target is not None else "".join(self._parts)


setattr(StringWriter, "print", StringWriter.write)

NO_FILES = "scripts have no file system"


@java_class("java.io.File", partial="a path; nothing of it can be read or written")
class File(JavaObject):
    separator = "/"
    pathSeparator = ":"

    def __init__(self, *parts):
        self._path = "/".join(str(part).rstrip("/") or "/" for part in parts).replace("//", "/")

    def getPath(self):
        return self._path

    getAbsolutePath = getCanonicalPath = getPath

    def getName(self):
        return self._path.rpartition("/")[2]

    def getParent(self):
        return self._path.rpartition("/")[0] or None

    def _refuse(self, *_):
        raise SecurityException("%s: %s" % (NO_FILES, self._path))

    exists = isFile = isDirectory = canRead = canWrite = length = lastModified = _refuse
    delete = mkdir = mkdirs = createNewFile = list = listFiles = renameTo = _refuse

    def __eq__(self, other):
        return isinstance(other, File) and self._path == other._path

    def __hash__(self):
        return hash(self._path)

    def __str__(self):
        return self._path


@java_class("java.io.FileInputStream", "java.io.FileOutputStream", "java.io.FileReader", "java.io.FileWriter", partial="scripts have no file system: making one raises an exception")
class FileInputStream(JavaObject):
    def __init__(self, path, *_):
        raise SecurityException("%s: %s" % (NO_FILES, path))


@java_class("java.nio.file.Files", "java.nio.file.Paths", partial="scripts have no file system: every use raises an exception")
class Files:
    @staticmethod
    def _refuse(path="", *_):
        raise SecurityException("%s: %s" % (NO_FILES, path))

    get = exists = readAllBytes = readAllLines = readString = write = _refuse


@java_class("java.nio.charset.Charset")
class Charset(Enum):
    @classmethod
    def forName(cls, name):
        charset_of(name)
        return cls(_CHARSETS.get(str(name).lower().replace("_", "-"), str(name)))

    @classmethod
    def defaultCharset(cls):
        return cls("UTF-8")

    @staticmethod
    def isSupported(name):
        from java_bytes import UnsupportedCharsetException

        try:
            charset_of(name)
        except UnsupportedCharsetException:
            return False
        return True

    def displayName(self):
        return self.name()

    toString = displayName

    def __eq__(self, other):
        return isinstance(other, Charset) and self.name() == other.name()

    def __hash__(self):
        return hash(self.name())


_CHARSETS = {"utf-8": "UTF-8", "utf8": "UTF-8", "us-ascii": "US-ASCII", "ascii": "US-ASCII", "iso-8859-1": "ISO-8859-1", "latin1": "ISO-8859-1", "utf-16": "UTF-16"}


@java_class("java.nio.charset.StandardCharsets")
class StandardCharsets:
    UTF_8 = Charset("UTF-8")
    US_ASCII = Charset("US-ASCII")
    ISO_8859_1 = Charset("ISO-8859-1")
    UTF_16 = Charset("UTF-16")
    UTF_16BE = Charset("UTF-16BE")
    UTF_16LE = Charset("UTF-16LE")
