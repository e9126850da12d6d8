"""java.security and javax.crypto."""

import hashlib
import hmac

import _sallyport
import _sallyport_crypto

from java_bytes import JavaBytes, bytes_of
from java_throwable import (
    AEADBadTagException, BadPaddingException, IllegalArgumentException, IllegalBlockSizeException, IllegalStateException,
    InvalidAlgorithmParameterException, InvalidKeyException, NoSuchAlgorithmException, NoSuchPaddingException,
    UnsupportedOperationException,
)
from java_util import Random
from sp_java import JavaObject, java_class

_DIGESTS = {"MD5": "md5", "SHA": "sha1", "SHA1": "sha1", "SHA224": "sha224", "SHA256": "sha256", "SHA384": "sha384", "SHA512": "sha512"}


def _digest_name(algorithm):
    return _DIGESTS.get(str(algorithm).upper().replace("-", ""))


@java_class("java.security.MessageDigest", partial="MD5, SHA-1 and SHA-2")
class MessageDigest(JavaObject):
    def __init__(self, algorithm):
        self._algorithm = str(algorithm)
        self.reset()

    @classmethod
    def getInstance(cls, algorithm, *_):
        if _digest_name(algorithm) is None:
            raise NoSuchAlgorithmException("%s MessageDigest not available" % algorithm)
        return cls(algorithm)

    @staticmethod
    def isEqual(one, other):
        return hmac.compare_digest(bytes_of(one), bytes_of(other))

    def reset(self):
        self._state = hashlib.new(_digest_name(self._algorithm))

    def update(self, data, offset=0, count=None):
        data = bytes([data & 0xFF]) if isinstance(data, int) else bytes_of(data)
        self._state.update(data[offset:] if count is None else data[offset:offset + count])

    def digest(self, data=None):
        if data is not None:
            self.update(data)
        done = self._state.digest()
        self.reset()
        return JavaBytes(done)

    def getAlgorithm(self):
        return self._algorithm

    def getDigestLength(self):
        return self._state.digest_size


@java_class("java.security.SecureRandom")
class SecureRandom(Random):
    """Numbers of the operating system's generator; a seed changes nothing."""

    def __init__(self, *_):
        pass

    @classmethod
    def getInstance(cls, *_):
        return cls()

    @classmethod
    def getInstanceStrong(cls):
        return cls()

    def setSeed(self, _):
        pass

    _spare = None

    def _next(self, bits):
        number = int.from_bytes(_sallyport.urandom(8), "big") & ((1 << bits) - 1)
        return number - (1 << bits) if number >= 1 << (bits - 1) else number

    def nextBytes(self, target):
        for index, byte in enumerate(_sallyport.urandom(len(target))):
            target[index] = byte

    def generateSeed(self, count):
        return JavaBytes(_sallyport.urandom(count))


@java_class("java.security.Security", partial="providers are accepted and not used")
class Security:
    @staticmethod
    def addProvider(provider):
        return -1

    @staticmethod
    def getProvider(name):
        return None

    @staticmethod
    def setProperty(name, value):
        pass

    @staticmethod
    def getProperty(name):
        return None


@java_class("java.security.KeyStore", partial="scripts have no file system: every use raises an exception")
class KeyStore(JavaObject):
    @classmethod
    def getInstance(cls, *_):
        raise UnsupportedOperationException("key stores are files, and scripts have no file system")

    @staticmethod
    def getDefaultType():
        return "pkcs12"


@java_class("javax.crypto.spec.SecretKeySpec", "javax.crypto.SecretKey", "java.security.Key")
class SecretKeySpec(JavaObject):
    def __init__(self, key, *rest):
        """(bytes, algorithm) or (bytes, offset, length, algorithm)."""
        data = bytes_of(key)
        if len(rest) == 3:
            data = data[rest[0]:rest[0] + rest[1]]
        if not data:
            raise IllegalArgumentException("Empty key")
        self._key = data
        self._algorithm = str(rest[-1])

    def getEncoded(self):
        return JavaBytes(self._key)

    def getAlgorithm(self):
        return self._algorithm

    def getFormat(self):
        return "RAW"

    def __eq__(self, other):
        return isinstance(other, SecretKeySpec) and hmac.compare_digest(self._key, other._key)

    def __hash__(self):
        return hash(self._algorithm)

    def __str__(self):
        # The key itself is nobody's business in a log.
        return "SecretKeySpec(%s)" % self._algorithm


@java_class("javax.crypto.spec.IvParameterSpec")
class IvParameterSpec(JavaObject):
    def __init__(self, iv, *part):
        data = bytes_of(iv)
        self._iv = data[part[0]:part[0] + part[1]] if part else data

    def getIV(self):
        return JavaBytes(self._iv)


@java_class("javax.crypto.spec.GCMParameterSpec")
class GCMParameterSpec(JavaObject):
    def __init__(self, bits, iv, *_):
        self._bits = bits
        self._iv = bytes_of(iv)

    def getIV(self):
        return JavaBytes(self._iv)

    def getTLen(self):
        return self._bits


@java_class("javax.crypto.KeyGenerator", partial="AES and Hmac keys")
class KeyGenerator(JavaObject):
    def __init__(self, algorithm):
        self._algorithm = str(algorithm)
        self._bits = 256

    @classmethod
    def getInstance(cls, algorithm, *_):
        if str(algorithm) != "AES" and _mac_name(algorithm) is None:
            raise NoSuchAlgorithmException("%s KeyGenerator not available" % algorithm)
        return cls(algorithm)

    def init(self, bits, *_):
        if isinstance(bits, int):
            self._bits = bits

    def generateKey(self):
        return SecretKeySpec(_sallyport.urandom(self._bits // 8), self._algorithm)


def _mac_name(algorithm):
    name = str(algorithm).upper()
    return _digest_name(name[4:]) if name.startswith("HMAC") else None


@java_class("javax.crypto.Mac", partial="HmacMD5, HmacSHA1 and HmacSHA2")
class Mac(JavaObject):
    def __init__(self, algorithm):
        self._algorithm = str(algorithm)
        self._key = None

    @classmethod
    def getInstance(cls, algorithm, *_):
        if _mac_name(algorithm) is None:
            raise NoSuchAlgorithmException("Algorithm %s not available" % algorithm)
        return cls(algorithm)

    def init(self, key, *_):
        self._key = key._key
        self.reset()

    def reset(self):
        self._state = hmac.new(self._started(), None, _mac_name(self._algorithm))

    def _started(self):
        if self._key is None:
            raise IllegalStateException("MAC not initialized")
        return self._key

    def update(self, data, offset=0, count=None):
        self._started()
        data = bytes([data & 0xFF]) if isinstance(data, int) else bytes_of(data)
        self._state.update(data[offset:] if count is None else data[offset:offset + count])

    def doFinal(self, data=None):
        self._started()
        if data is not None:
            self.update(data)
        done = self._state.digest()
        self.reset()
        return JavaBytes(done)

    def getAlgorithm(self):
        return self._algorithm

    def getMacLength(self):
        return self._state.digest_size


BLOCK = 16


@java_class("javax.crypto.Cipher", partial="AES in ECB, CBC, CTR and GCM, with PKCS5Padding or NoPadding")
class Cipher(JavaObject):
    ENCRYPT_MODE = 1
    DECRYPT_MODE = 2

    def __init__(self, name, mode, padded):
        self._name = name
        self._mode = mode
        self._padded = padded
        self._key = None

    @classmethod
    def getInstance(cls, name, *_):
        algorithm, mode, padding = (str(name).split("/") + ["ECB", "PKCS5Padding"])[:3] if "/" not in str(name) else (str(name).split("/") + [""])[:3]
        if algorithm.upper() != "AES" or mode.upper() not in ("ECB", "CBC", "CTR", "GCM"):
            raise NoSuchAlgorithmException("Cannot find any provider supporting %s" % name)
        if padding.upper() not in ("PKCS5PADDING", "PKCS7PADDING", "NOPADDING"):
            raise NoSuchPaddingException("%s is not provided" % padding)
        return cls(str(name), mode.upper(), padding.upper() != "NOPADDING" and mode.upper() in ("ECB", "CBC"))

    def init(self, operation, key, parameters=None, *_):
        if operation not in (self.ENCRYPT_MODE, self.DECRYPT_MODE):
            raise UnsupportedOperationException("keys are not wrapped here")
        if len(key._key) not in (16, 24, 32):
            raise InvalidKeyException("Invalid AES key length: %d bytes" % len(key._key))
        self._encrypts = operation == self.ENCRYPT_MODE
        self._key = key._key
        self._iv = self._vector(parameters if hasattr(parameters, "_iv") else None)
        self._held, self._aad, self._began = b"", b"", False

    def _vector(self, parameters):
        size = {"ECB": 0, "CBC": BLOCK, "CTR": BLOCK, "GCM": 12}[self._mode]
        if parameters is not None:
            if size == 0:
                raise InvalidAlgorithmParameterException("ECB mode cannot use IV")
            if len(parameters._iv) != size:
                raise InvalidAlgorithmParameterException("Wrong IV length: must be %d bytes long" % size)
            if getattr(parameters, "_bits", 128) != 128:
                raise InvalidAlgorithmParameterException("a tag of 128 bits is provided")
            return parameters._iv
        if size and not self._encrypts:
            raise InvalidKeyException("Parameters missing")
        return _sallyport.urandom(size)

    def getIV(self):
        return JavaBytes(self._iv) if self._mode != "ECB" else None

    def getAlgorithm(self):
        return self._name

    def getBlockSize(self):
        return BLOCK

    def updateAAD(self, data):
        self._aad += bytes_of(data)

    def _started(self):
        if self._key is None:
            raise IllegalStateException("Cipher not initialized")

    def update(self, data, offset=0, count=None):
        """What can be told already; the rest comes with doFinal."""
        self._started()
        data = bytes_of(data)
        self._held += data[offset:] if count is None else data[offset:offset + count]
        if self._mode in ("CTR", "GCM"):
            return JavaBytes()
        ready = len(self._held) // BLOCK * BLOCK
        if self._padded and not self._encrypts and ready == len(self._held):
            ready = max(0, ready - BLOCK)
        return JavaBytes(self._blocks(ready))

    def _blocks(self, count):
        """Works through so many of the bytes that wait."""
        data, self._held = self._held[:count], self._held[count:]
        if not data:
            return b""
        chained = self._next if self._began else self._iv
        done = _sallyport_crypto.aes(self._encrypts, self._mode, self._key, chained, data)
        if self._mode == "CBC":
            self._next, self._began = (done if self._encrypts else data)[-BLOCK:], True
        return done

    def doFinal(self, data=None, offset=0, count=None):
        self._started()
        if data is not None:
            data = bytes_of(data)
            self._held += data[offset:] if count is None else data[offset:offset + count]
        try:
            return JavaBytes(self._sealed() if self._mode == "GCM" else self._finished())
        finally:
            self._held, self._aad, self._began = b"", b"", False

    def _sealed(self):
        try:
            return _sallyport_crypto.aes_gcm(self._encrypts, self._key, self._iv, self._aad, self._held)
        except ValueError:
            raise AEADBadTagException("Tag mismatch") from None

    def _finished(self):
        if self._encrypts and self._padded:
            short = BLOCK - len(self._held) % BLOCK
            self._held += bytes([short]) * short
        if self._mode != "CTR" and len(self._held) % BLOCK:
            multiple = "Input length must be multiple of 16 when decrypting with padded cipher" if self._padded else "Input length not multiple of 16 bytes"
            raise IllegalBlockSizeException(multiple)
        done = self._blocks(len(self._held))
        return done if self._encrypts or not self._padded else _unpadded(done)


def _unpadded(data):
    if not data:
        return data
    count = data[-1]
    if not 1 <= count <= BLOCK or data[-count:] != bytes([count]) * count:
        raise BadPaddingException("Given final block not properly padded. Such issues can arise if a bad key is used during decryption.")
    return data[:-count]


@java_class("javax.crypto.spec.PBEKeySpec")
class PBEKeySpec(JavaObject):
    def __init__(self, password, salt=b"", iterations=1, bits=256):
        self._password = "".join(password).encode("utf-8")
        self._salt = bytes_of(salt)
        self._iterations = iterations
        self._bits = bits


@java_class("javax.crypto.SecretKeyFactory", partial="PBKDF2WithHmacSHA1, SHA256, SHA384 and SHA512")
class SecretKeyFactory(JavaObject):
    def __init__(self, digest):
        self._digest = digest

    @classmethod
    def getInstance(cls, algorithm, *_):
        name = str(algorithm)
        digest = _mac_name(name[10:]) if name.startswith("PBKDF2With") else None
        if digest is None:
            raise NoSuchAlgorithmException("%s SecretKeyFactory not available" % algorithm)
        return cls(digest)

    def generateSecret(self, spec):
        made = hashlib.pbkdf2_hmac(self._digest, spec._password, spec._salt, spec._iterations, spec._bits // 8)
        return SecretKeySpec(made, "PBKDF2")
