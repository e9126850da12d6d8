"""json as in Python 2, where text may be the bytes of UTF-8."""

import json

from sp_text import is_utf8_as_latin1, to_bytes


def _text(value):
    return to_bytes(value).decode("utf-8") if is_utf8_as_latin1(value) else value


def _texts(value):
    """The value with byte strings as the text that they are."""
    if type(value) is str:
        return _text(value)
    if isinstance(value, dict):
        return {_text(key) if type(key) is str else key: _texts(value[key]) for key in value}
    if isinstance(value, (list, tuple)):
        return [_texts(item) for item in value]
    return value


class JSONEncoder(json.JSONEncoder):
    item_separator = ", "

    def __init__(self, *arguments, encoding="utf-8", indent=None, separators=None, **keywords):
        if separators is None:
            separators = (self.item_separator, self.key_separator)
        super().__init__(*arguments, indent=indent, separators=separators, **keywords)

    def encode(self, o):
        return super().encode(_texts(o))

    def iterencode(self, o, _one_shot=False):
        return super().iterencode(_texts(o), _one_shot)


class JSONDecoder(json.JSONDecoder):
    def __init__(self, encoding=None, **keywords):
        super().__init__(**keywords)

    def decode(self, s, *rest):
        if isinstance(s, (bytes, bytearray)):
            s = bytes(s).decode("utf-8")
        elif not isinstance(s, str):
            raise TypeError("expected string or buffer")
        try:
            return super().decode(_text(s), *rest)
        except json.JSONDecodeError as error:
            raise ValueError(str(error)) from None


def loads(s, encoding=None, cls=None, **keywords):
    return (cls or JSONDecoder)(**keywords).decode(s)


def load(stream, **keywords):
    return loads(stream.read(), **keywords)


def dumps(obj, cls=None, **keywords):
    return (cls or JSONEncoder)(**keywords).encode(obj)


def dump(obj, fp, **keywords):
    fp.write(dumps(obj, **keywords))
