"""Apache Commons: codec, io and lang, as far as scripts use them."""

import binascii
import hashlib

import java_base64
from java_bytes import JavaBytes, bytes_of, charset_of
from java_throwable import IllegalArgumentException
from java_util import ArrayList
from sp_java import JavaException, JavaObject, java_class


@java_class("org.apache.commons.codec.DecoderException")
class DecoderException(JavaException):
    pass


@java_class("org.apache.commons.codec.binary.Base64")
class Base64(JavaObject):
    """Reads both alphabets and skips what is in neither."""

    def __init__(self, url=False, *_):
        self._url = url is True

    @staticmethod
    def _text(data, url=False):
        return java_base64.Encoder(url, not url).encodeToString(data)

    @staticmethod
    def encodeBase64String(data):
        return None if data is None else Base64._text(data)

    @staticmethod
    def encodeBase64URLSafeString(data):
        return None if data is None else Base64._text(data, True)

    @staticmethod
    def encodeBase64(data, *_):
        return None if data is None else JavaBytes(Base64._text(data).encode("ascii"))

    @staticmethod
    def encodeBase64URLSafe(data):
        return None if data is None else JavaBytes(Base64._text(data, True).encode("ascii"))

    @staticmethod
    def decodeBase64(text):
        if text is None:
            return None
        text = str(text) if isinstance(text, str) else bytes_of(text).decode("latin-1")
        text = text.replace("-", "+").replace("_", "/")
        digits = "".join(char for char in text.partition("=")[0] if char in java_base64._STANDARD)
        # A single digit at the end says nothing.
        digits = digits[:-1] if len(digits) % 4 == 1 else digits
        return JavaBytes(java_base64.decode(digits, lenient=True))

    @staticmethod
    def isBase64(text):
        text = str(text) if isinstance(text, str) else bytes_of(text).decode("latin-1")
        return all(char in java_base64._STANDARD + "-_=" or char.isspace() for char in text)

    def encodeToString(self, data):
        return Base64._text(data, self._url)

    encodeAsString = encodeToString

    def encode(self, data):
        return JavaBytes(self.encodeToString(data).encode("ascii"))

    def decode(self, text):
        return Base64.decodeBase64(text)


@java_class("org.apache.commons.codec.binary.Hex")
class Hex(JavaObject):
    @staticmethod
    def encodeHexString(data, lower=True):
        text = bytes_of(data).hex()
        return text if lower else text.upper()

    @staticmethod
    def encodeHex(data, lower=True):
        from java_bytes import JavaArray

        return JavaArray(list(Hex.encodeHexString(data, lower)), "char")

    @staticmethod
    def decodeHex(text):
        text = text if isinstance(text, str) else "".join(text)
        if len(text) % 2:
            raise DecoderException("Odd number of characters.")
        try:
            return JavaBytes(binascii.unhexlify(text))
        except ValueError:
            raise DecoderException("Illegal hexadecimal character") from None


@java_class("org.apache.commons.codec.digest.DigestUtils")
class DigestUtils:
    """md5, sha1, sha256, sha384 and sha512, and each with Hex behind its name. A text is taken as UTF-8."""


def _digest(name, data):
    return hashlib.new(name, data.encode("utf-8") if isinstance(data, str) else bytes_of(data))


for _name in ("md5", "sha1", "sha256", "sha384", "sha512"):
    setattr(DigestUtils, _name, staticmethod(lambda data, _name=_name: JavaBytes(_digest(_name, data).digest())))
    setattr(DigestUtils, _name + "Hex", staticmethod(lambda data, _name=_name: _digest(_name, data).hexdigest()))
DigestUtils.sha, DigestUtils.shaHex = DigestUtils.sha1, DigestUtils.sha1Hex


@java_class("org.apache.commons.io.IOUtils")
class IOUtils:
    @staticmethod
    def toString(source, charset=None):
        if hasattr(source, "_rest"):
            return source._rest()
        data = source._source() if hasattr(source, "_source") else bytes_of(source)
        return data.decode(charset_of(charset), "replace")

    @staticmethod
    def toByteArray(source):
        return JavaBytes(source._source() if hasattr(source, "_source") else bytes_of(source))

    @staticmethod
    def toInputStream(text, charset=None):
        from java_io import InputStream

        return InputStream(JavaBytes(str(text).encode(charset_of(charset))))

    @staticmethod
    def readLines(source, charset=None):
        return ArrayList(IOUtils.toString(source, charset).splitlines())

    @staticmethod
    def closeQuietly(*_):
        pass


def _blank(text):
    return text is None or str(text).strip() == ""


@java_class("org.apache.commons.lang.StringUtils", "org.apache.commons.lang3.StringUtils", partial="the methods for empty and blank texts, parts, joins and defaults")
class StringUtils:
    EMPTY = ""

    isBlank = staticmethod(_blank)

    @staticmethod
    def isNotBlank(text):
        return not _blank(text)

    @staticmethod
    def isEmpty(text):
        return text is None or len(str(text)) == 0

    @staticmethod
    def isNotEmpty(text):
        return not StringUtils.isEmpty(text)

    @staticmethod
    def equals(one, other):
        return one == other

    @staticmethod
    def equalsIgnoreCase(one, other):
        return one is other if one is None or other is None else str(one).lower() == str(other).lower()

    @staticmethod
    def trim(text):
        return None if text is None else str(text).strip()

    strip = trim

    @staticmethod
    def trimToNull(text):
        return None if _blank(text) else str(text).strip()

    @staticmethod
    def trimToEmpty(text):
        return "" if text is None else str(text).strip()

    @staticmethod
    def defaultString(text, default=""):
        return default if text is None else text

    @staticmethod
    def contains(text, part):
        return text is not None and part is not None and str(part) in str(text)

    @staticmethod
    def startsWith(text, part):
        return text is part if text is None or part is None else str(text).startswith(part)

    @staticmethod
    def endsWith(text, part):
        return text is part if text is None or part is None else str(text).endswith(part)

    @staticmethod
    def remove(text, part):
        return None if text is None else str(text).replace(part, "")

    @staticmethod
    def replace(text, old, new):
        return None if text is None else str(text).replace(old, new)

    @staticmethod
    def substringAfter(text, mark):
        return None if text is None else str(text).partition(mark)[2]

    @staticmethod
    def substringBefore(text, mark):
        return None if text is None else str(text).partition(mark)[0]

    @staticmethod
    def split(text, marks=None):
        """Pieces between any of the characters; none of them is empty."""
        if text is None:
            return None
        from java_bytes import JavaArray

        for mark in marks or "":
            text = text.replace(mark, "\0")
        pieces = text.split("\0") if marks else text.split()
        return JavaArray([piece for piece in pieces if piece], "java.lang.String")

    @staticmethod
    def join(items, separator=""):
        return None if items is None else str(separator or "").join("" if item is None else str(item) for item in items)

    @staticmethod
    def isNumeric(text):
        return text is not None and str(text).isdigit()

    @staticmethod
    def lowerCase(text):
        return None if text is None else str(text).lower()

    @staticmethod
    def upperCase(text):
        return None if text is None else str(text).upper()

    @staticmethod
    def leftPad(text, size, pad=" "):
        return None if text is None else str(text).rjust(size, pad)


@java_class("org.apache.commons.lang3.RandomStringUtils", "org.apache.commons.lang.RandomStringUtils")
class RandomStringUtils:
    @staticmethod
    def _pick(count, characters):
        from java_security import SecureRandom

        if count < 0:
            raise IllegalArgumentException("Requested random string length %d is less than 0." % count)
        random = SecureRandom()
        return "".join(characters[random.nextInt(len(characters))] for _ in range(count))

    @staticmethod
    def randomNumeric(count):
        return RandomStringUtils._pick(count, "0123456789")

    @staticmethod
    def randomAlphabetic(count):
        return RandomStringUtils._pick(count, java_base64._STANDARD[:52])

    @staticmethod
    def randomAlphanumeric(count):
        return RandomStringUtils._pick(count, java_base64._STANDARD[:62])
