"""Byte strings of Python 2 scripts are text of U+0000 to U+00FF; here is the way in and out."""


def to_bytes(value):
    """The bytes that a Python 2 string stands for; text beyond U+00FF is UTF-8."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    text = str(value)
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8")


def from_bytes(data):
    return bytes(data).decode("latin-1")


def is_utf8_as_latin1(text):
    """Whether text holds the bytes of UTF-8, one character for each."""
    if text.isascii():
        return False
    try:
        text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return False
    return True
