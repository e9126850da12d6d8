"""com.lochbridge.oath.otp: HOTP (RFC 4226) and TOTP (RFC 6238)."""

import hmac
from urllib.parse import quote

from java_bytes import bytes_of
from java_lang import Enum
from java_throwable import IllegalArgumentException, NullPointerException
from sp_host import current
from sp_java import JavaObject, java_class


@java_class("com.lochbridge.oath.otp.HmacShaAlgorithm")
class HmacShaAlgorithm(Enum):
    def _hash(self):
        return {"HMAC_SHA_1": "sha1", "HMAC_SHA_256": "sha256", "HMAC_SHA_512": "sha512"}[self.name()]

    def __str__(self):
        return {"HMAC_SHA_1": "HmacSHA1", "HMAC_SHA_256": "HmacSHA256", "HMAC_SHA_512": "HmacSHA512"}[self.name()]


HmacShaAlgorithm.of("HMAC_SHA_1", "HMAC_SHA_256", "HMAC_SHA_512")


def passcode(key, factor, digits, algorithm):
    """The digits for a moving factor (RFC 4226 §5.3)."""
    digest = hmac.new(key, factor.to_bytes(8, "big"), algorithm._hash()).digest()
    at = digest[-1] & 0xF
    number = int.from_bytes(digest[at:at + 4], "big") & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def _checked_digits(digits):
    if not 6 <= digits <= 8:
        raise IllegalArgumentException("digits: %s" % digits)
    return digits


def _key(key):
    if key is None:
        raise NullPointerException()
    key = bytes_of(key)
    if not key:
        raise IllegalArgumentException("the key is empty")
    return key


@java_class("com.lochbridge.oath.otp.HOTP")
class HOTP(JavaObject):
    def __init__(self, value, digits, factor):
        self._value = value
        self._digits = digits
        self._factor = factor

    @staticmethod
    def key(key):
        return HOTPBuilder(_key(key))

    def value(self):
        return self._value

    def digits(self):
        return self._digits

    def movingFactor(self):
        return self._factor

    def __eq__(self, other):
        return isinstance(other, HOTP) and (self._value, self._digits, self._factor) == (other._value, other._digits, other._factor)

    def __hash__(self):
        return hash(self._value)


@java_class("com.lochbridge.oath.otp.HOTPBuilder")
class HOTPBuilder(JavaObject):
    def __init__(self, key):
        self._key = key
        self._digits = 6
        self._factor = 0

    def digits(self, digits):
        self._digits = _checked_digits(digits)
        return self

    def movingFactor(self, factor):
        if factor < 0:
            raise IllegalArgumentException("movingFactor: %s" % factor)
        self._factor = factor
        return self

    def build(self):
        return HOTP(passcode(self._key, self._factor, self._digits, HmacShaAlgorithm.HMAC_SHA_1), self._digits, self._factor)


@java_class("com.lochbridge.oath.otp.HOTPValidationResult")
class HOTPValidationResult(JavaObject):
    def __init__(self, valid, factor):
        self._valid = valid
        self._factor = factor

    def isValid(self):
        return self._valid

    def getNewMovingFactor(self):
        return self._factor


@java_class("com.lochbridge.oath.otp.HOTPValidator")
class HOTPValidator(JavaObject):
    def __init__(self, window):
        self._window = window

    @staticmethod
    def lookAheadWindow(window):
        if window < 1:
            raise IllegalArgumentException("lookAheadWindow: %s" % window)
        return HOTPValidator(window)

    @staticmethod
    def defaultLookAheadWindow():
        return HOTPValidator(2)

    def validate(self, key, factor, digits, value):
        """Valid with a factor from the expected one to so many behind it; the new factor is the next one."""
        key = _key(key)
        for candidate in range(factor, factor + self._window + 1):
            expected = passcode(key, candidate, _checked_digits(digits), HmacShaAlgorithm.HMAC_SHA_1)
            if hmac.compare_digest(expected.encode(), str(value).encode("utf-8")):
                return HOTPValidationResult(True, candidate + 1)
        return HOTPValidationResult(False, factor)


@java_class("com.lochbridge.oath.otp.TOTP")
class TOTP(JavaObject):
    def __init__(self, value, builder):
        self._value = value
        self._builder = builder

    @staticmethod
    def key(key):
        return TOTPBuilder(_key(key))

    def value(self):
        return self._value

    def time(self):
        return self._builder._time

    def timeStep(self):
        return self._builder._step

    def digits(self):
        return self._builder._digits

    def hmacShaAlgorithm(self):
        return self._builder._algorithm

    def __eq__(self, other):
        return isinstance(other, TOTP) and self._value == other._value

    def __hash__(self):
        return hash(self._value)


@java_class("com.lochbridge.oath.otp.TOTPBuilder")
class TOTPBuilder(JavaObject):
    """Times in milliseconds."""

    def __init__(self, key):
        self._key = key
        self._digits = 6
        self._step = 30000
        self._time = int(current.now() * 1000)
        self._algorithm = HmacShaAlgorithm.HMAC_SHA_1

    def digits(self, digits):
        self._digits = _checked_digits(digits)
        return self

    def timeStep(self, milliseconds):
        if milliseconds < 1:
            raise IllegalArgumentException("timeStep: %s" % milliseconds)
        self._step = milliseconds
        return self

    def hmacSha(self, algorithm):
        if algorithm is None:
            raise NullPointerException()
        self._algorithm = algorithm
        return self

    def time(self, milliseconds):
        self._time = milliseconds
        return self

    def build(self, time=None):
        if time is not None:
            self._time = time
        return TOTP(passcode(self._key, self._time // self._step, self._digits, self._algorithm), self)


@java_class("com.lochbridge.oath.otp.TOTPValidator")
class TOTPValidator(JavaObject):
    def __init__(self, window):
        self._window = window

    @staticmethod
    def window(window):
        if window < 0:
            raise IllegalArgumentException("window: %s" % window)
        return TOTPValidator(window)

    def validate(self, key, step, digits, algorithm, value, time=None):
        """Valid within so many steps before and behind the moment. Times in milliseconds."""
        key = _key(key)
        here = (int(current.now() * 1000) if time is None else time) // step
        return any(
            hmac.compare_digest(passcode(key, factor, _checked_digits(digits), algorithm).encode(), str(value).encode("utf-8"))
            for factor in range(max(0, here - self._window), here + self._window + 1)
        )


@java_class("com.lochbridge.oath.otp.keyprovisioning.OTPKey.OTPType")
class OTPType(Enum):
    def getName(self):
        return self.name().lower()


OTPType.of("HOTP", "TOTP")


@java_class("com.lochbridge.oath.otp.keyprovisioning.OTPKey")
class OTPKey(JavaObject):
    """A key in base 32 without padding."""

    OTPType = OTPType

    def __init__(self, key, kind):
        if key is None or kind is None:
            raise NullPointerException()
        self._key = str(key)
        self._type = kind

    def getKey(self):
        return self._key

    def getType(self):
        return self._type


@java_class("com.lochbridge.oath.otp.keyprovisioning.OTPAuthURI")
class OTPAuthURI(JavaObject):
    def __init__(self, text):
        self._text = text

    def toUriString(self):
        return self._text

    toPlainTextUriString = toUriString

    def toUri(self):
        from java_net import URI

        return URI(self._text)

    def __str__(self):
        return self._text


@java_class("com.lochbridge.oath.otp.keyprovisioning.OTPAuthURIBuilder")
class OTPAuthURIBuilder(JavaObject):
    """otpauth://type/label?secret=…, which authenticator apps read from a QR code."""

    def __init__(self, key):
        self._key = key
        self._label = ""
        self._issuer = None
        self._digits = 6
        self._step = 30000
        self._counter = 0

    @staticmethod
    def fromKey(key):
        return OTPAuthURIBuilder(key)

    def label(self, label):
        """The account, or issuer:account."""
        account = str(label).partition(":")[2] if str(label).find(":") > 0 else str(label)
        if not account.strip() or ":" in account:
            raise IllegalArgumentException("The label's account name is missing, or has a colon in it")
        self._label = str(label)
        return self

    def issuer(self, issuer):
        if issuer is not None and (":" in issuer or "%3A" in issuer):
            raise IllegalArgumentException("The issuer cannot contain a colon!")
        self._issuer = issuer
        return self

    def digits(self, digits):
        self._digits = _checked_digits(digits)
        return self

    def timeStep(self, milliseconds):
        self._step = milliseconds
        return self

    def counter(self, counter):
        self._counter = counter
        return self

    def build(self):
        parts = ["secret=" + self._key.getKey()]
        if self._issuer:
            parts.append("issuer=" + quote(str(self._issuer), safe=""))
        parts.append("digits=%d" % self._digits)
        if self._key.getType() is OTPType.HOTP:
            parts.append("counter=%d" % self._counter)
        else:
            parts.append("period=%d" % (self._step // 1000))
        label = quote(self._label, safe=":@")
        return OTPAuthURI("otpauth://%s/%s?%s" % (self._key.getType().getName(), label, "&".join(parts)))
