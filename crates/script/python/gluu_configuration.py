"""What scripts may read of the server's configuration."""

import json

from gluu_mail import smtp_configuration
from java_util import ArrayList
from sp_host import ask_value, current
from sp_java import Bean, JavaException, JavaObject, java_class


def _issuer():
    return current.scene.get("issuer") or ask_value("issuer")


def record(*fields):
    """A class with a getter, a setter and an `is` for each field; None until it is set."""

    class Record(JavaObject):
        def __init__(self, *values):
            for name, value in zip(fields, values):
                object.__setattr__(self, "_" + name, value)

    for name in fields:
        _add_field(Record, "_" + name, name[:1].upper() + name[1:])
    return Record


def _add_field(kind, at, spelled):
    setattr(kind, "get" + spelled, lambda self: self.__dict__.get(at))
    setattr(kind, "is" + spelled, lambda self: bool(self.__dict__.get(at)))
    setattr(kind, "set" + spelled, lambda self, value: object.__setattr__(self, at, value))


@java_class("org.gluu.oxauth.model.configuration.AppConfiguration", partial="issuer, endpoints and lifetimes; what a script sets stays in the object; every other value is None")
class AppConfiguration(Bean):
    """`CdiUtil.bean` gives the server's, which no script changes; a constructor one that takes what it is given."""

    _VALUES = {
        "SessionIdUnusedLifetime": 86400,
        "SessionIdLifetime": 86400,
        "SessionIdUnauthenticatedUnusedLifetime": 1800,
        "ServerSessionIdLifetime": 86400,
        "UpdateUserLastLogonTime": False,
        "CookieDomain": None,
    }

    @classmethod
    def bean(cls):
        found = super().bean()
        found.__dict__["_of_server"] = True
        return found

    def _set(self, what, value):
        if "_of_server" in self.__dict__:
            raise JavaException("scripts may not change the configuration of the server")
        self.__dict__["_set" + what] = value

    def _get(self, what):
        return self.__dict__.get("_set" + what, self._VALUES.get(what))

    def getIssuer(self):
        return _issuer()

    def getBaseEndpoint(self):
        return _issuer() + "/oxauth/restv1"

    def getLoginPage(self):
        return _issuer() + "/oxauth/login.htm"

    def __getattr__(self, name):
        if name[:3] == "set" and name[3:4].isupper():
            return lambda value: self._set(name[3:], value)
        if name[:3] == "get" and name[3:4].isupper():
            return lambda: self._get(name[3:])
        if name[:2] == "is" and name[2:3].isupper():
            return lambda: bool(self._get(name[2:]))
        return super().__getattr__(name)


class BaseDnConfiguration(record("configuration", "people", "groups", "clients", "scopes", "attributes", "scripts", "sessions", "tokens")):
    """Where Gluu keeps its entries; scripts use them to search."""


@java_class("org.gluu.oxauth.model.config.StaticConfiguration", partial="the names of branches")
class StaticConfiguration(Bean):
    def getBaseDn(self):
        names = ("configuration", "people", "groups", "clients", "scopes", "attributes", "scripts", "sessions", "tokens")
        return BaseDnConfiguration(*("ou=%s,o=gluu" % name for name in names))


@java_class("org.gluu.oxauth.model.config.ConfigurationFactory", partial="getAppConfiguration, getConfiguration, getStaticConfiguration, getContextPath")
class ConfigurationFactory(Bean):
    def getAppConfiguration(self):
        return AppConfiguration.bean()

    getConfiguration = getAppConfiguration

    def getStaticConfiguration(self):
        return StaticConfiguration.bean()

    def getContextPath(self):
        return "/oxauth"


class _IdpConfiguration(record("primaryKey", "localPrimaryKey", "configId")):
    pass


class _IdpEntry(record("config", "type", "name")):
    """How names and passwords are checked: in this server, by the login name."""


@java_class("org.oxauth.persistence.model.configuration.GluuConfiguration", "org.gluu.persistence.model.configuration.GluuConfiguration", partial="the mail server, and that the login name is uid")
class GluuConfiguration(JavaObject):
    def getOxIDPAuthentication(self):
        return ArrayList([_IdpEntry(_IdpConfiguration("uid", "uid", "auth_ldap_server"), "auth", "auth_ldap_server")])

    def getSmtpConfiguration(self):
        return smtp_configuration()

    def getOxAuthenticationMode(self):
        return None

    def getDn(self):
        return "ou=configuration,o=gluu"


@java_class("org.gluu.oxauth.service.common.ConfigurationService", "org.gluu.service.ConfigurationService", partial="the mail server, and that the login name is uid")
class ConfigurationService(Bean):
    def getConfiguration(self, *_):
        return GluuConfiguration()


@java_class("org.gluu.model.casa.ApplicationConfiguration", partial="no branding, and every enabled script is a method")
class ApplicationConfiguration(JavaObject):
    def getSettings(self):
        """What Casa keeps of itself, as JSON."""
        methods = {script["name"]: None for script in ask_value("find_scripts") if script["enabled"]}
        return json.dumps({"acr_plugin_mapping": methods, "use_branding": False, "extra_css": None})


@java_class("org.gluu.config.oxtrust.LdapOxPassportConfiguration", partial="there is no Passport: no provider is configured")
class LdapOxPassportConfiguration(JavaObject):
    def getPassportConfiguration(self):
        return self

    def getProviders(self):
        return ArrayList()


class _LdapFields(record("configId", "bindDN", "bindPassword", "servers", "maxConnections", "useSSL", "baseDNs", "primaryKey", "localPrimaryKey", "useAnonymousBind", "enabled", "level", "version")):
    pass


@java_class("org.gluu.model.ldap.GluuLdapConfiguration", partial="keeps what it is given; scripts do not reach other directories")
class GluuLdapConfiguration(_LdapFields):
    pass


_ENTRIES = {
    "ou=configuration,o=gluu": GluuConfiguration,
    "ou=casa,ou=configuration,o=gluu": ApplicationConfiguration,
    "ou=oxpassport,ou=configuration,o=gluu": LdapOxPassportConfiguration,
}


def entry_at(kind, dn):
    """The entry of a class at a DN, None when there is none."""
    found = _ENTRIES.get(str(dn).replace(" ", "").lower())
    return found() if found is kind else None
