"""Services of the host: cipher, cache, counters, parameters of requests."""

import json
from urllib.parse import quote_plus

from java_lang import java_text
from java_util import ArrayList, HashMap, LiveMap
from sp_host import ask_value, current, plain_text
from sp_java import Bean, JavaException, JavaObject, java_class


@java_class("org.gluu.util.security.StringEncrypter.EncryptionException")
class EncryptionException(JavaException):
    pass


@java_class("org.gluu.oxauth.service.common.EncryptionService", "org.gluu.service.EncryptionService", "org.gluu.oxauth.service.EncryptionService", partial="with this server's key: what Gluu's salt encrypted does not open")
class EncryptionService(Bean):
    def encrypt(self, text):
        return None if text is None else ask_value("encrypt", text=plain_text(text))

    def decrypt(self, text, silent=False):
        if text is None:
            return None
        plain = ask_value("decrypt", text=plain_text(text))
        if plain is None and not silent:
            raise EncryptionException("this text was not encrypted by this server, or was changed since")
        return plain


def _storable(value):
    """A value as JSON has it."""
    if isinstance(value, (dict, LiveMap)):
        return {plain_text(key): _storable(value[key]) for key in value}
    if isinstance(value, (list, tuple, set)):
        return [_storable(item) for item in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return plain_text(value)
    raise JavaException("CacheService keeps texts, numbers, lists and maps; this is a %s" % type(value).__name__)


def _restored(value):
    if isinstance(value, dict):
        return HashMap((key, _restored(item)) for key, item in value.items())
    if isinstance(value, list):
        return ArrayList(_restored(item) for item in value)
    return value


@java_class("org.gluu.service.CacheService", "org.gluu.oxauth.service.CacheService", partial="values are texts, numbers, booleans, lists and maps of them; at most a day")
class CacheService(Bean):
    DEFAULT_EXPIRATION = 60

    def get(self, *key):
        """get(key) and get(region, key)."""
        stored = ask_value("cache_get", key=plain_text(key[-1]))
        return None if stored is None else _restored(json.loads(stored))

    def getWithPut(self, key, make, seconds):
        found = self.get(key)
        if found is None:
            found = make.get() if hasattr(make, "get") else make()
            self.put(seconds, key, found)
        return found

    def put(self, *arguments):
        """put(seconds, key, value), the seconds as a number or a text, and put(key, value)."""
        *seconds, key, value = arguments
        seconds = int(seconds[0]) if seconds else self.DEFAULT_EXPIRATION
        if value is None or seconds <= 0:
            return self.remove(key)
        ask_value("cache_put", key=plain_text(key), value=json.dumps(_storable(value)), seconds=seconds)

    def remove(self, *key):
        ask_value("cache_remove", key=plain_text(key[-1]))


@java_class("org.gluu.model.metric.MetricType")
class MetricType(JavaObject):
    def __init__(self, value):
        self._value = value

    def getValue(self):
        return self._value

    getMetricName = getValue

    def __str__(self):
        return self._value


for _name in ("SUCCESS", "FAILURES", "RATE"):
    setattr(MetricType, "OXAUTH_USER_AUTHENTICATION_" + _name, MetricType("user_authentication_" + _name.lower()))


class _Timer:
    """What `getTimer` gives, and what `time()` of it gives: the server measures its requests itself."""

    def time(self):
        return self

    def stop(self):
        return 0


@java_class("org.gluu.oxauth.service.MetricService", partial="counters become events in the server's log; timers measure nothing")
class MetricService(Bean):
    def incCounter(self, metric):
        ask_value("count", what=plain_text(java_text(metric)))

    def getTimer(self, metric):
        return _Timer()


# What of a request to the authorization endpoint a script may hand on.
ALLOWED = (
    "scope", "response_type", "client_id", "redirect_uri", "state", "response_mode", "nonce", "display", "prompt",
    "max_age", "ui_locales", "id_token_hint", "login_hint", "acr_values", "amr_values", "request", "request_uri",
    "registration", "claims", "origin_headers", "code_challenge", "code_challenge_method", "custom_response_headers",
    "session_id", "sid",
)


@java_class("org.gluu.oxauth.service.RequestParameterService")
class RequestParameterService(Bean):
    def getAllowedParameters(self, parameters):
        return HashMap((name, parameters[name]) for name in parameters if name in ALLOWED)

    def getParametersMap(self, extra=None, parameters=None):
        """Those of the authorization endpoint and the extra ones, as they are in the request or the session."""
        if parameters is None:
            fields = current.scene.get("request", {}).get("parameters", {})
            parameters = {name: values[0] for name, values in fields.items() if values}
        kept = self.getAllowedParameters(parameters)
        for name in extra or ():
            value = current.scene.get("working", {}).get(name)
            if value is not None:
                kept[name] = java_text(value)
        return kept

    def parametersAsString(self, parameters=None):
        parameters = self.getParametersMap() if parameters is None else parameters
        pairs = ((name, parameters[name]) for name in parameters)
        return "&".join("%s=%s" % (name, quote_plus(java_text(value))) for name, value in pairs if value not in (None, ""))


@java_class("org.gluu.oxauth.service.AttributeService", partial="getDefaultSaml2Uri; the list of attributes is not shown to scripts")
class AttributeService(Bean):
    def getDefaultSaml2Uri(self, name):
        return "urn:gluu:dir:attribute-def:%s" % name

    def getAllAttributes(self, *_):
        raise JavaException("AttributeService.getAllAttributes is not provided: the attributes of people are not listed")


@java_class("org.gluu.oxauth.service.fido.u2f.DeviceRegistrationService", partial="no device is registered here, so none is found, and none can be attached")
class DeviceRegistrationService(Bean):
    def findUserDeviceRegistrations(self, *_):
        return ArrayList()

    def findUserDeviceRegistration(self, *_):
        return None

    findOneStepUserDeviceRegistration = findUserDeviceRegistration

    def attachUserDeviceRegistration(self, *_):
        raise JavaException("DeviceRegistrationService.attachUserDeviceRegistration is not provided: this server keeps no FIDO devices")
