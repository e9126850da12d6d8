"""zlib as in Python 2: text in, text out."""

import zlib
from zlib import DEFLATED, MAX_WBITS, Z_BEST_COMPRESSION, Z_BEST_SPEED, Z_DEFAULT_COMPRESSION, error

from sp_text import from_bytes, to_bytes


def compress(text, *level):
    return from_bytes(zlib.compress(to_bytes(text), *level))


def decompress(text, *rest):
    return from_bytes(zlib.decompress(to_bytes(text), *rest))


def _signed(value):
    return value - (1 << 32) if value >= 1 << 31 else value


def crc32(text, *rest):
    return _signed(zlib.crc32(to_bytes(text), *rest))


def adler32(text, *rest):
    return _signed(zlib.adler32(to_bytes(text), *rest))
