"""struct as in Python 2: text in, text out."""

import struct
from struct import calcsize, error

from sp_text import from_bytes, to_bytes


def pack(layout, *values):
    values = [to_bytes(value) if isinstance(value, str) else value for value in values]
    return from_bytes(struct.pack(layout, *values))


def unpack(layout, text):
    return tuple(from_bytes(v) if isinstance(v, bytes) else v for v in struct.unpack(layout, to_bytes(text)))
