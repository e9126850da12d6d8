"""base64 as in Python 2: text in, text out."""

import base64
import binascii

from sp_text import from_bytes, to_bytes


def _alphabet(altchars):
    return None if altchars is None else to_bytes(altchars)


def b64encode(s, altchars=None):
    return from_bytes(base64.b64encode(to_bytes(s), _alphabet(altchars)))


def _wrap(function):
    def wrapped(s, *rest):
        try:
            return from_bytes(function(to_bytes(s), *rest))
        except binascii.Error as error:
            raise TypeError(str(error)) from None

    return wrapped


b64decode = _wrap(lambda s, altchars=None: base64.b64decode(s, _alphabet(altchars)))
standard_b64encode = _wrap(base64.standard_b64encode)
standard_b64decode = _wrap(base64.standard_b64decode)
urlsafe_b64encode = _wrap(base64.urlsafe_b64encode)
urlsafe_b64decode = _wrap(base64.urlsafe_b64decode)
b32encode = _wrap(base64.b32encode)
b32decode = _wrap(base64.b32decode)
b16encode = _wrap(base64.b16encode)
b16decode = _wrap(base64.b16decode)
encodestring = _wrap(base64.encodebytes)
decodestring = _wrap(base64.decodebytes)
