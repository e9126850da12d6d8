"""People: users, their attributes, and whether a password is theirs."""

from java_util import ArrayList
from sp_host import ask_value, current, plain_text
from sp_java import Bean, JavaException, JavaObject, java_class


def dn_of(inum):
    return "inum=%s,ou=people,o=gluu" % inum


def _values(value):
    """One value or many, as the host stores them."""
    if value is None:
        return []
    if isinstance(value, (list, tuple, set)):
        return [plain_text(item) for item in value if item is not None]
    return [plain_text(value)]


@java_class("org.gluu.persist.exception.EntryPersistenceException")
class EntryPersistenceException(JavaException):
    pass


@java_class("org.gluu.persist.exception.AuthenticationException", "org.gluu.site.ldap.persistence.exception.AuthenticationException")
class AuthenticationException(JavaException):
    pass


@java_class("org.gluu.persist.model.base.CustomAttribute", "org.gluu.persist.model.base.CustomObjectAttribute")
class CustomAttribute(JavaObject):
    def __init__(self, name=None, value=None):
        self._name = name
        self._stored = _values(value)

    def getName(self):
        return self._name

    def getValue(self):
        return self._stored[0] if self._stored else None

    def setValue(self, value):
        self._stored = _values(value)

    def getValues(self):
        return ArrayList(self._stored)

    def setValues(self, values):
        self._stored = _values(values)

    def getDisplayValue(self):
        return ", ".join(self._stored)

    def __str__(self):
        return "Attribute [name=%s, values=%s]" % (self._name, ArrayList(self._stored))


@java_class("org.gluu.oxauth.model.common.User", "org.gluu.oxauth.model.common.SimpleUser")
class User(JavaObject):
    def __init__(self, person=None):
        person = person or {"inum": "", "uid": "", "attributes": {}}
        self._inum = person["inum"]
        self._uid = person["uid"]
        self._attributes = {name: list(values) for name, values in person["attributes"].items()}
        self._known = {name: list(values) for name, values in self._attributes.items()}

    def getUserId(self):
        return self._uid or None

    def setUserId(self, uid):
        self._uid = plain_text(uid)
        self._attributes["uid"] = [self._uid]

    def getDn(self):
        return dn_of(self._inum)

    def setDn(self, dn):
        self._inum = str(dn).partition(",")[0].partition("=")[2]

    def getBaseDn(self):
        return self.getDn()

    def getStatus(self):
        return self.getAttribute("gluuStatus")

    def getAttribute(self, name, optional=None, multivalued=False):
        """The first value, None when there is none; with `multivalued` all of them."""
        values = self.getAttributeValues(name)
        if multivalued:
            return values
        return values[0] if values else None

    def getAttributeObject(self, name):
        return self.getAttribute(name)

    def getAttributeValues(self, name):
        if name == "inum" and "inum" not in self._attributes and self._inum:
            return ArrayList([self._inum])
        if name == "uid" and "uid" not in self._attributes and self._uid:
            return ArrayList([self._uid])
        values = self._attributes.get(name)
        return ArrayList(values) if values else None

    getAttributeObjectValues = getAttributeValues

    def setAttribute(self, name, value, multivalued=None):
        self._attributes[name] = _values(value)

    def setAttributeValues(self, name, values):
        self._attributes[name] = _values(values)

    def removeAttribute(self, name):
        self._attributes[name] = []

    def removeAttributeValue(self, name):
        self.removeAttribute(name)

    def getCustomAttributes(self):
        return ArrayList(CustomAttribute(name, values) for name, values in self._attributes.items() if values)

    def setCustomAttributes(self, attributes):
        for attribute in attributes:
            self._attributes[attribute.getName()] = list(attribute.getValues())

    def getCustomObjectClasses(self):
        return ArrayList()

    def setCustomObjectClasses(self, classes):
        pass

    def changes(self):
        """What differs from what the host gave; no values means removal."""
        return {name: values for name, values in self._attributes.items() if values != self._known.get(name, [])}

    def as_person(self):
        return {"inum": self._inum, "uid": self._uid, "attributes": {n: v for n, v in self._attributes.items() if v}}

    def __str__(self):
        return "User [uid=%s]" % self._uid


def _user(person):
    return None if person is None else User(person)


def authenticated_user():
    return _user(current.scene.get("authenticated"))


def _authenticated(person):
    """Makes a person the one whom the login is about."""
    if person is None:
        return False
    current.scene["authenticated"] = person
    current.scene.setdefault("session", {})["auth_user"] = person["uid"]
    return True


@java_class("org.gluu.oxauth.service.UserService", "org.gluu.oxauth.service.common.UserService")
class UserService(Bean):
    def _find(self, **key):
        return ask_value("find_person", by=key)

    def getUser(self, uid, *attributes):
        if uid is None or str(uid).strip() == "":
            return None
        return _user(self._find(uid=plain_text(uid)))

    def getUserByInum(self, inum, *attributes):
        if not inum:
            return None
        return _user(self._find(inum=plain_text(inum)))

    def getUserByDn(self, dn, *attributes):
        return self.getUserByInum(str(dn).partition(",")[0].partition("=")[2])

    def getUserByAttribute(self, name, value, *_):
        if not name or value is None or value == "":
            return None
        return _user(self._find(attribute={"name": plain_text(name), "value": plain_text(value)}))

    def getUsersByAttribute(self, name, value, *rest):
        limit = next((item for item in rest if type(item) is int), 100)
        found = ask_value("find_persons", name=plain_text(name), value=plain_text(value), limit=limit)
        return ArrayList(User(person) for person in found)

    def getUserInum(self, user):
        if not isinstance(user, User):
            user = self.getUser(user)
        return user.getAttribute("inum") if user is not None else None

    def getUserNameByInum(self, inum):
        user = self.getUserByInum(inum)
        return user.getUserId() if user is not None else None

    def getDnForUser(self, inum):
        return dn_of(inum)

    def getCustomAttribute(self, user, name):
        values = user.getAttributeValues(name)
        return CustomAttribute(name, values) if values is not None else None

    def setCustomAttribute(self, user, name, value):
        user.setAttribute(name, value)

    def updateUser(self, user):
        """Stores what was changed and gives the user as stored."""
        changes = user.changes()
        if not changes:
            return user
        return _user(ask_value("change_person", inum=user._inum, set=changes))

    def addUser(self, user, active=True):
        person = user.as_person()
        if active:
            person["attributes"].setdefault("gluuStatus", ["active"])
        return _user(ask_value("add_person", person=person))

    def _as_user(self, user):
        return user if isinstance(user, User) else self.getUser(user)

    def addUserAttribute(self, user, name, value, *_):
        user = self._as_user(user)
        if user is None:
            return None
        values = list(user.getAttributeValues(name) or [])
        added = [item for item in _values(value) if item not in values]
        user.setAttribute(name, values + added)
        return self.updateUser(user)

    def replaceUserAttribute(self, user, name, old, new, *_):
        user = self._as_user(user)
        if user is None:
            return None
        kept = [item for item in user.getAttributeValues(name) or [] if item != old]
        user.setAttribute(name, kept + _values(new))
        return self.updateUser(user)

    def removeUserAttribute(self, user, name, value):
        user = self._as_user(user)
        if user is None:
            return None
        user.setAttribute(name, [item for item in user.getAttributeValues(name) or [] if item != value])
        return self.updateUser(user)

    def authenticate(self, uid, password):
        return ask_value("check_password", username=plain_text(uid), password=plain_text(password)) is not None


@java_class("org.gluu.oxauth.service.AuthenticationService")
class AuthenticationService(Bean):
    def authenticate(self, *arguments):
        """With a password: whether it is right. With a name alone: makes that person the one who logs in."""
        if len(arguments) == 1:
            return self._authenticate_without_password(arguments[0])
        if len(arguments) != 2:
            raise JavaException("authenticate(name) and authenticate(name, password) are provided")
        name, password = arguments
        if not name or not password:
            return False
        person = ask_value("check_password", username=plain_text(name), password=plain_text(password))
        return _authenticated(person)

    def _authenticate_without_password(self, name):
        if not name:
            return False
        person = ask_value("vouch", username=plain_text(name))
        if person is not None:
            current.scene["username"] = person["uid"]
        return _authenticated(person)

    def getAuthenticatedUser(self):
        return authenticated_user()

    def getAuthenticatedUserId(self):
        person = current.scene.get("authenticated")
        return person["uid"] if person else None
