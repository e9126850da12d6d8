"""Tokens and their signatures: org.gluu.oxauth.model.jwt, .crypto and .util, and org.gluu.util.security."""

import hashlib
import hmac

import _sallyport
import _sallyport_crypto

from apache_commons import Base64, StringUtils as CommonsStringUtils
from java_base64 import Encoder
from java_bytes import JavaBytes, bytes_of
from java_calendar import Date
from java_lang import Enum
from java_throwable import IllegalArgumentException, RuntimeException, UnsupportedOperationException
from java_util import ArrayList, HashMap, LinkedHashMap
from org_json import JSONArray, JSONException, JSONObject
from sp_java import JavaException, JavaObject, java_class


@java_class("org.gluu.oxauth.model.util.Base64Util")
class Base64Util:
    @staticmethod
    def base64urlencode(data):
        return Encoder(True, False).encodeToString(data)

    @staticmethod
    def base64urldecode(text):
        return Base64.decodeBase64(Base64Util.removePadding(text))

    @staticmethod
    def base64urldecodeToString(text):
        return bytes(Base64Util.base64urldecode(text)).decode("utf-8", "replace")

    @staticmethod
    def removePadding(text):
        """In the common alphabet, padded."""
        text = str(text).replace("-", "+").replace("_", "/")
        if len(text) % 4 == 1:
            raise IllegalArgumentException("Illegal base64url string.")
        return text + "=" * (-len(text) % 4)

    @staticmethod
    def bytesToHex(data):
        return bytes_of(data).hex()


@java_class("org.gluu.oxauth.model.util.StringUtils", partial="lists in one text, and the methods of Commons' StringUtils")
class StringUtils(CommonsStringUtils):
    @staticmethod
    def isNullOrEmpty(text):
        return text is None or len(text) == 0

    @staticmethod
    def implode(items, glue):
        return None if items is None else glue.join(str(item) for item in items)

    @staticmethod
    def spaceSeparatedToList(text):
        return ArrayList(str(text).split()) if text else ArrayList()


@java_class("org.gluu.util.Util", partial="array2ArrayList and listAsString")
class Util:
    @staticmethod
    def array2ArrayList(items):
        return ArrayList(items)

    @staticmethod
    def listAsString(items):
        return ", ".join(str(item) for item in items)


@java_class("org.gluu.oxauth.model.util.CertUtils", partial="confirmationMethodHashS256; certificates are not read: the other methods raise an exception")
class CertUtils:
    @staticmethod
    def confirmationMethodHashS256(pem):
        """The digest of a certificate (RFC 8705 §3.1)."""
        if CommonsStringUtils.isBlank(pem):
            return ""
        text = str(pem).replace("-----BEGIN CERTIFICATE-----", "").replace("-----END CERTIFICATE-----", "").replace("\n", "")
        return Base64Util.base64urlencode(hashlib.sha256(bytes(Base64.decodeBase64(text))).digest())

    @staticmethod
    def _refuse(*_):
        raise UnsupportedOperationException("this server does not read certificates")

    x509CertificateFromBytes = x509CertificateFromPem = getCN = equalsRdn = _refuse


@java_class("org.gluu.oxauth.model.exception.InvalidJwtException")
class InvalidJwtException(JavaException):
    pass


@java_class("org.gluu.oxauth.model.jwt.JwtClaimName")
class JwtClaimName:
    ISSUER = "iss"
    SUBJECT_IDENTIFIER = "sub"
    AUDIENCE = "aud"
    EXPIRATION_TIME = "exp"
    NOT_BEFORE = "nbf"
    ISSUED_AT = "iat"
    JWT_ID = "jti"
    TYPE = "typ"
    NONCE = "nonce"
    AUTHENTICATION_TIME = "auth_time"
    AUTHENTICATION_CONTEXT_CLASS_REFERENCE = "acr"
    AUTHENTICATION_METHOD_REFERENCES = "amr"
    AUTHORIZED_PARTY = "azp"
    ACCESS_TOKEN_HASH = "at_hash"
    CODE_HASH = "c_hash"
    STATE_HASH = "s_hash"
    NAME = "name"
    GIVEN_NAME = "given_name"
    FAMILY_NAME = "family_name"
    MIDDLE_NAME = "middle_name"
    NICKNAME = "nickname"
    PREFERRED_USERNAME = "preferred_username"
    PROFILE = "profile"
    PICTURE = "picture"
    WEBSITE = "website"
    EMAIL = "email"
    EMAIL_VERIFIED = "email_verified"
    GENDER = "gender"
    BIRTHDATE = "birthdate"
    ZONEINFO = "zoneinfo"
    LOCALE = "locale"
    PHONE_NUMBER = "phone_number"
    PHONE_NUMBER_VERIFIED = "phone_number_verified"
    ADDRESS = "address"
    UPDATED_AT = "updated_at"


@java_class("org.gluu.oxauth.model.jwt.JwtHeaderName")
class JwtHeaderName:
    TYPE = "typ"
    ALGORITHM = "alg"
    JWK_SET_URL = "jku"
    JSON_WEB_KEY = "jwk"
    X_509_URL = "x5u"
    X_509_CERTIFICATE_CHAIN = "x5c"
    KEY_ID = "kid"
    CONTENT_TYPE = "cty"
    ENCRYPTION_METHOD = "enc"


@java_class("org.gluu.oxauth.model.jwt.JwtType")
class JwtType(Enum):
    pass


JwtType.of("JWT")


@java_class("org.gluu.oxauth.model.crypto.signature.AlgorithmFamily")
class AlgorithmFamily(Enum):
    pass


AlgorithmFamily.of("HMAC", "RSA", "EC", "AES")


@java_class("org.gluu.oxauth.model.crypto.signature.SignatureAlgorithm")
class SignatureAlgorithm(Enum):
    def getName(self):
        return "none" if self.name() == "NONE" else self.name()

    getParamName = getName

    def getFamily(self):
        return {"HS": AlgorithmFamily.HMAC, "RS": AlgorithmFamily.RSA, "PS": AlgorithmFamily.RSA, "ES": AlgorithmFamily.EC}.get(self.name()[:2])

    @classmethod
    def fromString(cls, name):
        for algorithm in cls.values():
            if algorithm.getName() == str(name):
                return algorithm
        return None

    def __str__(self):
        return self.getName()


SignatureAlgorithm.of("NONE", "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512")


@java_class("org.gluu.oxauth.model.jwt.JwtClaimSet")
class JwtClaimSet(JavaObject):
    def __init__(self, source=None):
        """Of a JSONObject, or of one in base 64."""
        self._claims = LinkedHashMap()
        if source is not None:
            self.load(source)

    def load(self, source):
        self._claims.clear()
        try:
            read = source if isinstance(source, JSONObject) else JSONObject(Base64Util.base64urldecodeToString(source))
        except (JSONException, IllegalArgumentException) as error:
            raise InvalidJwtException(error.getMessage(), error) from None
        for name in read:
            self._claims[name] = read.opt(name)

    def keys(self):
        return self._claims.keySet()

    def getClaim(self, name):
        return self._claims.get(name)

    def hasClaim(self, name):
        return self._claims.get(name) is not None

    def getClaimAsString(self, name):
        from java_format import java_text

        claim = self._claims.get(name)
        return None if claim is None else java_text(claim)

    def getClaimAsStringList(self, name):
        claim = self._claims.get(name)
        if isinstance(claim, JSONArray):
            return ArrayList(item for item in claim if isinstance(item, str))
        return ArrayList() if claim is None else ArrayList([self.getClaimAsString(name)])

    def getClaimAsDate(self, name):
        """A claim in seconds since 1970."""
        claim = self._claims.get(name)
        if isinstance(claim, Date):
            return claim
        return Date(int(claim) * 1000) if _is_number(claim) else None

    def getClaimAsInteger(self, name):
        claim = self._claims.get(name)
        return claim if _is_number(claim) and isinstance(claim, int) else None

    getClaimAsLong = getClaimAsInteger

    def getClaimAsJSON(self, name):
        text = self.getClaimAsString(name)
        try:
            return None if text is None else JSONObject(text)
        except JSONException:
            return None

    def setClaim(self, name, value):
        self._claims[name] = value

    def setNullClaim(self, name):
        self._claims[name] = None

    def removeClaim(self, name):
        self._claims.remove(name)

    def toJsonObject(self):
        made = JSONObject()
        for name in self._claims:
            value = self._claims[name]
            made.put(name, value.getTime() // 1000 if isinstance(value, Date) else str(value) if isinstance(value, Enum) else value)
        return made

    def toJsonString(self):
        return self.toJsonObject().toString().replace("\\/", "/")

    def toBase64JsonObject(self):
        return Base64Util.base64urlencode(JavaBytes(self.toJsonString().encode("utf-8")))

    def toMap(self):
        return HashMap({name: self.getClaimAsStringList(name) for name in self._claims})

    def __str__(self):
        return self.toJsonString()


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


@java_class("org.gluu.oxauth.model.jwt.JwtHeader")
class JwtHeader(JwtClaimSet):
    def getType(self):
        return self.getClaimAsString(JwtHeaderName.TYPE)

    def setType(self, kind):
        self.setClaim(JwtHeaderName.TYPE, str(kind))
        return self

    def getSignatureAlgorithm(self):
        return SignatureAlgorithm.fromString(self.getClaimAsString(JwtHeaderName.ALGORITHM))

    getAlgorithm = getSignatureAlgorithm

    def setAlgorithm(self, algorithm):
        self.setClaim(JwtHeaderName.ALGORITHM, str(algorithm))
        return self

    def getKeyId(self):
        return self.getClaimAsString(JwtHeaderName.KEY_ID)

    def setKeyId(self, key_id):
        self.setClaim(JwtHeaderName.KEY_ID, key_id)
        return self


def _claim(name, as_date=False):
    """The getter and the setter of a claim."""

    def getter(self):
        return self.getClaimAsDate(name) if as_date else self.getClaimAsString(name)

    def setter(self, value):
        self.setClaim(name, value)

    return getter, setter


@java_class("org.gluu.oxauth.model.jwt.JwtClaims")
class JwtClaims(JwtClaimSet):
    def addAudience(self, audience):
        self.setClaim(JwtClaimName.AUDIENCE, str(audience))

    setAudience = addAudience


for _name, _short, _dated in (
    ("Issuer", "iss", False), ("SubjectIdentifier", "sub", False), ("ExpirationTime", "exp", True), ("NotBefore", "nbf", True),
    ("IssuedAt", "iat", True), ("JwtId", "jti", False),
):
    _getter, _setter = _claim(_short, _dated)
    setattr(JwtClaims, "get" + _name, _getter)
    setattr(JwtClaims, "set" + _name, _setter)


@java_class("org.gluu.oxauth.model.jwt.Jwt")
class Jwt(JavaObject):
    def __init__(self):
        self._header = JwtHeader()
        self._claims = JwtClaims()
        self._signature = None
        self._input = None

    @staticmethod
    def parse(text):
        """None for a blank text. Nothing is verified: a CryptoProvider does that."""
        if CommonsStringUtils.isBlank(text):
            return None
        parts = str(text).split(".")
        while parts and parts[-1] == "":
            parts.pop()
        if len(parts) not in (2, 3):
            raise InvalidJwtException("Invalid JWT format.")
        jwt = Jwt()
        jwt._header = JwtHeader(parts[0])
        jwt._claims = JwtClaims(parts[1])
        jwt._signature = parts[2] if len(parts) == 3 else ""
        jwt._input = parts[0] + "." + parts[1]
        return jwt

    @staticmethod
    def parseSilently(text):
        try:
            return Jwt.parse(text)
        except JavaException:
            return None

    def getHeader(self):
        return self._header

    def getClaims(self):
        return self._claims

    def setHeader(self, header):
        self._header = header

    def setClaims(self, claims):
        self._claims = claims

    def getEncodedSignature(self):
        return self._signature

    def setEncodedSignature(self, signature):
        self._signature = signature

    def getSigningInput(self):
        return self._input or self._header.toBase64JsonObject() + "." + self._claims.toBase64JsonObject()

    def __str__(self):
        return self.getSigningInput() + "." + (self._signature or "")


_EC_SIZES = {"P-256": 32, "P-384": 48, "P-521": 66}


def _number_of(key, name):
    return bytes(Base64Util.base64urldecode(key.getString(name)))


def _point_of(key):
    """The public key, uncompressed."""
    size = _EC_SIZES.get(key.optString("crv"), 0)
    return b"\x04" + _number_of(key, "x").lstrip(b"\0").rjust(size, b"\0") + _number_of(key, "y").lstrip(b"\0").rjust(size, b"\0")


@java_class("org.gluu.oxauth.model.crypto.AbstractCryptoProvider", "org.gluu.oxauth.model.crypto.OxAuthCryptoProvider", partial="keys come as a JSON Web Key Set: in the call, or in place of the name of the key store; key stores are files, and scripts have no file system")
class OxAuthCryptoProvider(JavaObject):
    def __init__(self, key_store=None, secret=None, dn=None, *_):
        self._store = key_store
        self._keys = JSONObject(str(key_store)) if key_store is not None and str(key_store).lstrip().startswith("{") else None

    def getKeyStoreFile(self):
        return self._store

    def _key(self, key_id, keys):
        """The key of that id. A set of one needs none."""
        if keys is None:
            if self._keys is None:
                raise UnsupportedOperationException("the key '%s' is in a key store, which is a file, and scripts have no file system: put a JSON Web Key Set into the property" % key_id)
            keys = self._keys
        found = list(keys.getJSONArray("keys")) if keys.has("keys") else [keys]
        if CommonsStringUtils.isBlank(key_id):
            return found[0] if len(found) == 1 else None
        return next((key for key in found if key.optString("kid") == str(key_id)), None)

    def containsKey(self, key_id):
        return self._keys is not None and not CommonsStringUtils.isBlank(key_id) and self._key(key_id, None) is not None

    def sign(self, text, key_id, secret, algorithm):
        data = str(text).encode("utf-8")
        if algorithm is SignatureAlgorithm.NONE:
            return ""
        if algorithm.getFamily() is AlgorithmFamily.HMAC:
            signed = hmac.new(str(secret).encode("utf-8"), data, "sha" + algorithm.name()[2:]).digest()
        else:
            key = self._key(key_id, None)
            signed = None if key is None else _signed(key, algorithm, data)
            if signed is None:
                raise RuntimeException("Failed to find private key by kid: %s, signatureAlgorithm: %s" % (key_id, algorithm))
        return Base64Util.base64urlencode(JavaBytes(signed))

    def verifySignature(self, text, signature, key_id, keys, secret, algorithm):
        if algorithm is None or algorithm is SignatureAlgorithm.NONE:
            # What nobody signed proves nothing: scripts pass on the algorithm that the token itself names.
            return False
        if algorithm.getFamily() is AlgorithmFamily.HMAC:
            if not secret:
                return False
            expected = self.sign(text, None, secret, algorithm)
            return hmac.compare_digest(expected.encode("ascii"), str(signature).encode("utf-8"))
        key = self._key(key_id, keys)
        return key is not None and _verified(key, algorithm, str(text).encode("utf-8"), str(signature))


def _signed(key, algorithm, data):
    try:
        if algorithm.getFamily() is AlgorithmFamily.RSA:
            numbers = [_number_of(key, name) for name in ("n", "e", "d", "p", "q", "dp", "dq", "qi")]
            return _sallyport_crypto.sign_rsa(algorithm.name(), numbers, data)
        return _sallyport_crypto.sign_ec(algorithm.name(), _number_of(key, "d"), _point_of(key), data)
    except JSONException:
        return None


def _verified(key, algorithm, data, signature):
    try:
        signature = bytes(Base64Util.base64urldecode(signature))
        if algorithm.getFamily() is AlgorithmFamily.RSA:
            return _sallyport_crypto.verify_rsa(algorithm.name(), _number_of(key, "n"), _number_of(key, "e"), data, signature)
        return _sallyport_crypto.verify_ec(algorithm.name(), _point_of(key), data, signature)
    except (JSONException, IllegalArgumentException):
        return False


@java_class("org.gluu.oxauth.model.crypto.CryptoProviderFactory")
class CryptoProviderFactory:
    @staticmethod
    def getCryptoProvider(configuration):
        return OxAuthCryptoProvider(_setting(configuration, "getKeyStoreFile"), _setting(configuration, "getKeyStoreSecret"))


def _setting(configuration, getter):
    return getattr(configuration, getter)() if hasattr(configuration, getter) else None


# The alphabet of bcrypt's own base 64.
_BCRYPT = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_COMMON = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


@java_class("org.gluu.util.security.BCrypt")
class BCrypt:
    @staticmethod
    def gensalt(rounds=10, *_):
        if not 4 <= rounds <= 14:
            raise IllegalArgumentException("4 to 14 rounds are provided")
        text = Encoder(False, False).encodeToString(JavaBytes(_sallyport.urandom(16)))
        return "$2a$%02d$%s" % (rounds, text.translate(str.maketrans(_COMMON, _BCRYPT)))

    @staticmethod
    def hashpw(password, salt):
        """`salt` is what gensalt gave, or a whole hash."""
        parts = str(salt).split("$")
        if len(parts) != 4 or parts[1] not in ("2", "2a", "2b", "2y") or not parts[2].isdigit() or len(parts[3]) < 22:
            raise IllegalArgumentException("Invalid salt version")
        if int(parts[2]) > 14:
            raise IllegalArgumentException("Bad number of rounds")
        data = bytes(Base64.decodeBase64(parts[3][:22].translate(str.maketrans(_BCRYPT, _COMMON))))
        return _sallyport_crypto.bcrypt_hash(str(password).encode("utf-8"), int(parts[2]), data)

    @staticmethod
    def checkpw(password, hashed):
        right = _sallyport_crypto.bcrypt_verify(str(password).encode("utf-8"), str(hashed))
        if right is None:
            raise IllegalArgumentException("Invalid salt version")
        return right
