"""What scripts derive from and are configured by, and what they may know of each other."""

from java_lang import Enum
from java_util import ArrayList, HashMap
from sp_host import ask_value
from sp_java import Bean, JavaException, JavaObject, java_class


@java_class("org.gluu.model.custom.script.type.auth.PersonAuthenticationType")
class PersonAuthenticationType:
    """The interface; it has no methods of its own."""


@java_class("org.gluu.model.custom.script.type.authz.ConsentGatheringType", "org.gluu.model.custom.script.type.postauthn.PostAuthnType", "org.gluu.model.custom.script.type.ciba.EndUserNotificationType", "org.gluu.model.custom.script.type.idp.IdpType", partial="to derive from; scripts of this type are not called")
class OtherType:
    """The interface of a type of scripts that this server does not call."""


@java_class("org.gluu.model.SimpleCustomProperty")
class SimpleCustomProperty(JavaObject):
    def __init__(self, value1=None, value2=None, description=None, hide=False):
        self._value1 = value1
        self._value2 = value2
        self._description = description
        self._hide = hide

    def getValue1(self):
        return self._value1

    def getValue2(self):
        return self._value2

    def getDescription(self):
        return self._description

    def setDescription(self, text):
        self._description = text

    def getHide(self):
        return self._hide

    isHide = getHide

    def setValue1(self, value):
        self._value1 = value

    def setValue2(self, value):
        self._value2 = value


@java_class("org.gluu.model.AuthenticationScriptUsageType")
class AuthenticationScriptUsageType(Enum):
    def getValue(self):
        return self.name()

    getDisplayName = getValue


for _at, _member in enumerate(("interactive", "service", "both")):
    setattr(AuthenticationScriptUsageType, _member.upper(), AuthenticationScriptUsageType(_member, _at))


_TYPES = (
    "person_authentication", "consent_gathering", "post_authn", "introspection", "resource_owner_password_credentials",
    "application_session", "cache_refresh", "update_user", "user_registration", "client_registration", "id_generator",
    "uma_rpt_policy", "uma_rpt_claims", "uma_claims_gathering", "dynamic_scope", "spontaneous_scope", "end_session",
    "scim", "ciba_end_user_notification", "revoke_token", "persistence_extension", "idp", "update_token",
    "fido2_extension",
)


@java_class("org.gluu.model.custom.script.CustomScriptType")
class CustomScriptType(Enum):
    def getValue(self):
        return self.name().lower()

    @staticmethod
    def getByValue(value):
        return getattr(CustomScriptType, str(value).upper(), None)


for _at, _member in enumerate(_TYPES):
    setattr(CustomScriptType, _member.upper(), CustomScriptType(_member.upper(), _at))


@java_class("org.gluu.model.custom.script.model.CustomScript", "org.gluu.model.custom.script.model.auth.AuthenticationCustomScript", partial="name, description, type, level, enabled, revision and properties; hidden values of other scripts are None; nothing can be set")
class CustomScript(JavaObject):
    """A script's entry. `init` is given the script's own."""

    def __init__(self, name, properties, facts=None):
        self._name = name
        self._properties = properties
        self._facts = facts or {}

    def getName(self):
        return self._name

    getInternalName = getName

    def getInum(self):
        return self._name

    def getDescription(self):
        return self._facts.get("description")

    def getScriptType(self):
        return CustomScriptType.PERSON_AUTHENTICATION

    def getConfigurationProperties(self):
        return self._properties

    def getModuleProperties(self):
        return ArrayList()

    def getAliases(self):
        return ArrayList(self._facts.get("aliases", ()))

    def getLevel(self):
        return self._facts.get("level", 0)

    def getRevision(self):
        return self._facts.get("revision", 0)

    def isEnabled(self):
        return self._facts.get("enabled", True)

    getEnabled = isEnabled

    def isInternal(self):
        return False

    def __str__(self):
        return "CustomScript [name=%s]" % self._name


def _entry(facts):
    return CustomScript(facts["name"], ArrayList(_property(p) for p in facts["properties"]), facts)


@java_class("org.gluu.oxauth.service.custom.CustomScriptService", "org.gluu.service.custom.script.AbstractCustomScriptService", partial="finding scripts by type or name; scripts do not change each other, nor themselves")
class CustomScriptService(Bean):
    def findCustomScripts(self, types=None, *attributes):
        """Of person authentication alone: other types have no scripts here."""
        if types and not any(kind is CustomScriptType.PERSON_AUTHENTICATION for kind in types):
            return ArrayList()
        return ArrayList(_entry(facts) for facts in ask_value("find_scripts"))

    def findAllCustomScripts(self, *_):
        return self.findCustomScripts()

    def getScriptByDisplayName(self, name):
        """None when there is none."""
        return next((script for script in self.findCustomScripts() if script.getName().lower() == str(name).lower()), None)

    def update(self, script):
        raise JavaException(
            "scripts may not change scripts: set the properties of %s with `sallyport script`" % script.getName()
        )

    add = remove = update


def _property(p):
    return SimpleCustomProperty(p["value1"], p["value2"], p.get("description"), p.get("hide", False))


def configuration(properties):
    """`configurationAttributes`: the last of two properties of one name wins."""
    return HashMap((p["value1"], _property(p)) for p in properties)


def usage_type(name):
    return getattr(AuthenticationScriptUsageType, name.upper(), AuthenticationScriptUsageType.INTERACTIVE)
