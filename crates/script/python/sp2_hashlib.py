"""hashlib as in Python 2: text in, text out."""

import hashlib

from sp_text import from_bytes, to_bytes


class _Hash:
    def __init__(self, inner):
        self._inner = inner
        self.name = inner.name
        self.digest_size = self.digestsize = inner.digest_size
        self.block_size = inner.block_size

    def update(self, text):
        self._inner.update(to_bytes(text))

    def digest(self):
        return from_bytes(self._inner.digest())

    def hexdigest(self):
        return self._inner.hexdigest()

    def copy(self):
        return _Hash(self._inner.copy())


class _Algorithm:
    def __init__(self, name):
        self.name = name

    def __call__(self, text=""):
        return _Hash(hashlib.new(self.name, to_bytes(text)))


md5 = _Algorithm("md5")
sha1 = _Algorithm("sha1")
sha224 = _Algorithm("sha224")
sha256 = _Algorithm("sha256")
sha384 = _Algorithm("sha384")
sha512 = _Algorithm("sha512")
algorithms = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")


def new(name, text=""):
    return _Hash(hashlib.new(name, to_bytes(text)))


def pbkdf2_hmac(name, password, salt, iterations, dklen=None):
    return from_bytes(hashlib.pbkdf2_hmac(name, to_bytes(password), to_bytes(salt), iterations, dklen))
