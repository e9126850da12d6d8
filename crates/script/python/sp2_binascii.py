"""binascii as in Python 2: text in, text out."""

import binascii

from sp_text import from_bytes, to_bytes

Error = binascii.Error


def _wrap(function):
    def wrapped(s, *rest):
        try:
            return from_bytes(function(to_bytes(s), *rest))
        except binascii.Error as error:
            raise TypeError(str(error)) from None

    return wrapped


hexlify = b2a_hex = _wrap(binascii.hexlify)
unhexlify = a2b_hex = _wrap(binascii.unhexlify)
b2a_base64 = _wrap(binascii.b2a_base64)
a2b_base64 = _wrap(binascii.a2b_base64)


def crc32(s, *rest):
    value = binascii.crc32(to_bytes(s), *rest)
    return value - (1 << 32) if value >= 1 << 31 else value
