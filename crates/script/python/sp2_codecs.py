"""codecs as in Python 2: text in, text out."""

import codecs

from sp_python2 import _py2_decode, _py2_encode
from sp_text import from_bytes

BOM_UTF8 = from_bytes(codecs.BOM_UTF8)
BOM_UTF16_LE = BOM_LE = from_bytes(codecs.BOM_UTF16_LE)
BOM_UTF16_BE = BOM_BE = from_bytes(codecs.BOM_UTF16_BE)
encode = _py2_encode
decode = _py2_decode


def getencoder(encoding):
    return lambda text, errors="strict": (encode(text, encoding, errors), len(text))


def getdecoder(encoding):
    return lambda text, errors="strict": (decode(text, encoding, errors), len(text))
