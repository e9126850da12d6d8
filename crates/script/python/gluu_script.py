"""What a person authentication script derives from and is configured by."""

from java_lang import Enum
from java_util import HashMap
from sp_java import JavaObject, java_class


@java_class("org.gluu.model.custom.script.type.auth.PersonAuthenticationType")
class PersonAuthenticationType:
    """The interface; it has no methods of its own."""


@java_class("org.gluu.model.SimpleCustomProperty")
class SimpleCustomProperty(JavaObject):
    def __init__(self, value1=None, value2=None, description=None):
        self._value1 = value1
        self._value2 = value2
        self._description = description

    def getValue1(self):
        return self._value1

    def getValue2(self):
        return self._value2

    def getDescription(self):
        return self._description

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


@java_class("org.gluu.model.custom.script.CustomScriptType")
class CustomScriptType(Enum):
    pass


CustomScriptType.PERSON_AUTHENTICATION = CustomScriptType("person_authentication")


@java_class("org.gluu.model.custom.script.model.CustomScript")
class CustomScript(JavaObject):
    """The script's own entry, as `init` is given it."""

    def __init__(self, name, properties):
        self._name = name
        self._properties = properties

    def getName(self):
        return self._name

    def getInternalName(self):
        return self._name

    def getScriptType(self):
        return CustomScriptType.PERSON_AUTHENTICATION

    def getConfigurationProperties(self):
        return self._properties


def configuration(properties):
    """`configurationAttributes`: the last of two properties of one name wins."""
    return HashMap(
        (p["value1"], SimpleCustomProperty(p["value1"], p["value2"], p.get("description"))) for p in properties
    )


def usage_type(name):
    return getattr(AuthenticationScriptUsageType, name.upper(), AuthenticationScriptUsageType.INTERACTIVE)
