"""java.util.Base64."""

import binascii

from java_bytes import JavaBytes, bytes_of
from java_throwable import IllegalArgumentException
from sp_java import JavaObject, java_class

_STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


class Encoder(JavaObject):
    def __init__(self, url=False, padding=True, line=None, separator="\r\n"):
        self._url = url
        self._padding = padding
        self._line = line
        self._separator = separator

    def withoutPadding(self):
        return Encoder(self._url, False, self._line, self._separator)

    def encodeToString(self, data):
        text = binascii.b2a_base64(bytes_of(data), newline=False).decode("ascii")
        if self._url:
            text = text.replace("+", "-").replace("/", "_")
        if not self._padding:
            text = text.rstrip("=")
        if self._line:
            text = self._separator.join(text[at:at + self._line] for at in range(0, len(text), self._line))
        return text

    def encode(self, data):
        return JavaBytes(self.encodeToString(data).encode("ascii"))


class Decoder(JavaObject):
    def __init__(self, url=False, lenient=False):
        self._url = url
        self._lenient = lenient

    def decode(self, text):
        return JavaBytes(decode(text, self._url, self._lenient))


def decode(text, url=False, lenient=False):
    """The bytes of a text (or of its bytes) in base 64. Padding may be left out. `lenient` skips what is no digit."""
    text = str(text) if isinstance(text, str) else bytes_of(text).decode("latin-1")
    digits = text.rstrip("=") if not lenient else text
    if url:
        if "+" in digits or "/" in digits:
            _illegal("+" if "+" in digits else "/")
        digits = digits.replace("-", "+").replace("_", "/")
    if lenient:
        digits = "".join(char for char in digits.partition("=")[0] if char in _STANDARD)
    else:
        for char in digits:
            if char not in _STANDARD:
                _illegal(char)
        given = len(text) - len(digits)
        if given and len(text) % 4 or given > 2:
            raise IllegalArgumentException("Input byte array has wrong 4-byte ending unit")
    if len(digits) % 4 == 1:
        raise IllegalArgumentException("Last unit does not have enough valid bits")
    return binascii.a2b_base64(digits + "=" * (-len(digits) % 4))


def _illegal(char):
    raise IllegalArgumentException("Illegal base64 character %x" % ord(char))


@java_class("java.util.Base64")
class Base64:
    Encoder = Encoder
    Decoder = Decoder

    @staticmethod
    def getEncoder():
        return Encoder()

    @staticmethod
    def getDecoder():
        return Decoder()

    @staticmethod
    def getUrlEncoder():
        return Encoder(url=True)

    @staticmethod
    def getUrlDecoder():
        return Decoder(url=True)

    @staticmethod
    def getMimeEncoder(line=76, separator=b"\r\n"):
        return Encoder(line=line // 4 * 4, separator=bytes_of(separator).decode("latin-1"))

    @staticmethod
    def getMimeDecoder():
        return Decoder(lenient=True)
