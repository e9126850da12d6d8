"""json as in Python 2, where text may be the bytes of UTF-8."""

import json
from json import JSONDecoder, JSONEncoder

from sp_text import is_utf8_as_latin1, to_bytes


def loads(s, encoding=None, **keywords):
    if isinstance(s, (bytes, bytearray)):
        s = bytes(s).decode("utf-8")
    elif is_utf8_as_latin1(s):
        s = to_bytes(s).decode("utf-8")
    return json.loads(s, **keywords)


def load(stream, **keywords):
    return loads(stream.read(), **keywords)


def dumps(value, encoding=None, **keywords):
    return json.dumps(value, **keywords)


def dump(value, stream, **keywords):
    stream.write(dumps(value, **keywords))
