"""The applications that people sign in to, as a script may see them."""

from urllib.parse import urlencode

from java_lang import java_text
from java_util import ArrayList
from sp_host import ask_value, plain_text
from sp_java import Bean, JavaObject, java_class


@java_class("org.gluu.oxauth.model.registration.Client", partial="id, name, addresses, scopes and default acr; no secret and no custom attributes")
class Client(JavaObject):
    def __init__(self, client):
        self._client = client

    def getClientId(self):
        return self._client["id"]

    def getClientName(self):
        return self._client["name"]

    def getDn(self):
        return "inum=%s,ou=clients,o=gluu" % self._client["id"]

    def getRedirectUris(self):
        return list(self._client["redirect_uris"])

    def getPostLogoutRedirectUris(self):
        return list(self._client["post_logout_redirect_uris"])

    def getScopes(self):
        return list(self._client["scopes"])

    def getDefaultAcrValues(self):
        return list(self._client["default_acr_values"])

    def getClientUri(self):
        return None

    getLogoUri = getPolicyUri = getTosUri = getClientUri

    def getCustomAttributes(self):
        return ArrayList()

    def isDisabled(self):
        return False

    def isTrustedClient(self):
        return self._client["trusted"]

    getTrustedClient = isTrustedClient

    def __str__(self):
        return "Client [clientId=%s]" % self._client["id"]


@java_class("org.gluu.oxauth.service.ClientService", partial="getClient, and custom attributes, of which no client has any")
class ClientService(Bean):
    def getClient(self, client_id, *_):
        if not client_id:
            return None
        found = ask_value("find_client", id=plain_text(client_id))
        return None if found is None else Client(found)

    def getCustomAttribute(self, client, name):
        return None

    getAttribute = getCustomAttribute


@java_class("org.gluu.oxauth.util.RedirectUri", partial="the parameters go into the query")
class RedirectUri(JavaObject):
    """An address of an application, with the parameters that it is to be told."""

    def __init__(self, base, *_):
        self._base = java_text(base)
        self._parameters = {}

    def addResponseParameter(self, name, value):
        if name and value:
            self._parameters[java_text(name)] = java_text(value)

    def getBaseRedirectUri(self):
        return self._base

    def getResponseParameterCount(self):
        return len(self._parameters)

    def __str__(self):
        if not self._parameters:
            return self._base
        return self._base + ("&" if "?" in self._base else "?") + urlencode(self._parameters)
