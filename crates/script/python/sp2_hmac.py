"""hmac as in Python 2: text in, text out."""

import hmac

from sp_text import from_bytes, to_bytes


class HMAC:
    def __init__(self, key, msg=None, digestmod=None):
        name = getattr(digestmod, "name", digestmod) or "md5"
        self._inner = hmac.new(to_bytes(key), None if msg is None else to_bytes(msg), name)
        self.digest_size = self._inner.digest_size

    def update(self, text):
        self._inner.update(to_bytes(text))

    def digest(self):
        return from_bytes(self._inner.digest())

    def hexdigest(self):
        return self._inner.hexdigest()


def new(key, msg=None, digestmod=None):
    return HMAC(key, msg, digestmod)


def compare_digest(one, other):
    return hmac.compare_digest(to_bytes(one), to_bytes(other))
