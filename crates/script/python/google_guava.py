"""com.google.common, as far as scripts use it: BaseEncoding, Strings, Joiner."""

from java_bytes import JavaBytes, bytes_of
from java_throwable import IllegalArgumentException
from java_util import ArrayList
from sp_java import JavaObject, java_class

_ALPHABETS = {
    16: "0123456789ABCDEF",
    32: "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
    "32hex": "0123456789ABCDEFGHIJKLMNOPQRSTUV",
    64: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    "64url": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
}


@java_class("com.google.common.io.BaseEncoding", partial="without separators and streams")
class BaseEncoding(JavaObject):
    def __init__(self, alphabet, bits, padding="=", fold=False):
        self._alphabet = alphabet
        self._bits = bits
        self._padding = padding
        self._fold = fold

    @staticmethod
    def base16():
        return BaseEncoding(_ALPHABETS[16], 4)

    @staticmethod
    def base32():
        return BaseEncoding(_ALPHABETS[32], 5)

    @staticmethod
    def base32Hex():
        return BaseEncoding(_ALPHABETS["32hex"], 5)

    @staticmethod
    def base64():
        return BaseEncoding(_ALPHABETS[64], 6)

    @staticmethod
    def base64Url():
        return BaseEncoding(_ALPHABETS["64url"], 6)

    def omitPadding(self):
        return BaseEncoding(self._alphabet, self._bits, "", self._fold)

    def withPadChar(self, char):
        return BaseEncoding(self._alphabet, self._bits, char, self._fold)

    def lowerCase(self):
        return BaseEncoding(self._alphabet.lower(), self._bits, self._padding, self._fold)

    def upperCase(self):
        return BaseEncoding(self._alphabet.upper(), self._bits, self._padding, self._fold)

    def ignoreCase(self):
        return BaseEncoding(self._alphabet, self._bits, self._padding, True)

    def _group(self):
        """Digits that stand for whole bytes."""
        return {4: 2, 5: 8, 6: 4}[self._bits]

    def encode(self, data, offset=0, count=None):
        data = bytes_of(data)[offset:]
        data = data if count is None else data[:count]
        digits = -(-len(data) * 8 // self._bits)
        number = int.from_bytes(data, "big") << (digits * self._bits - len(data) * 8)
        mask = (1 << self._bits) - 1
        text = "".join(self._alphabet[number >> (self._bits * at) & mask] for at in range(digits - 1, -1, -1))
        return text + self._padding * (-len(text) % self._group())

    def decode(self, text):
        digits = str(text).rstrip(self._padding) if self._padding else str(text)
        if self._fold:
            digits = digits.upper() if self._alphabet.upper() == self._alphabet else digits.lower()
        number = 0
        for char in digits:
            value = self._alphabet.find(char)
            if value < 0:
                raise IllegalArgumentException("Unrecognized character: %s" % char)
            number = number << self._bits | value
        bits = len(digits) * self._bits
        if bits % 8 >= self._bits:
            raise IllegalArgumentException("Invalid input length %d" % len(digits))
        return JavaBytes((number >> bits % 8).to_bytes(bits // 8, "big"))

    def canDecode(self, text):
        try:
            self.decode(text)
        except IllegalArgumentException:
            return False
        return True


@java_class("com.google.common.base.Strings")
class Strings:
    @staticmethod
    def isNullOrEmpty(text):
        return text is None or len(text) == 0

    @staticmethod
    def nullToEmpty(text):
        return "" if text is None else text

    @staticmethod
    def emptyToNull(text):
        return text or None

    @staticmethod
    def padStart(text, size, char):
        return text.rjust(size, char)


@java_class("com.google.common.base.Joiner")
class Joiner(JavaObject):
    def __init__(self, separator, skips=False):
        self._separator = separator
        self._skips = skips

    @staticmethod
    def on(separator):
        return Joiner(str(separator))

    def skipNulls(self):
        return Joiner(self._separator, True)

    def join(self, items, *more):
        items = [items] + list(more) if more else items
        return self._separator.join(str(item) for item in items if not (item is None and self._skips))


@java_class("com.google.common.collect.Lists", "com.google.common.collect.Sets")
class Lists:
    @staticmethod
    def newArrayList(*items):
        if len(items) == 1 and not isinstance(items[0], str):
            items = items[0]
        return ArrayList(items)
