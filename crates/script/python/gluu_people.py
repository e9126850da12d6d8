"""People: users, their attributes, and whether a password is theirs."""

from java_lang import java_text
from java_util import ArrayList
from sp_host import ask_value, current, plain_text
from sp_java import Bean, JavaException, JavaObject, java_class

PEOPLE = "ou=people,o=gluu"


def dn_of(inum):
    return "inum=%s,%s" % (inum, PEOPLE) if inum else PEOPLE


def inum_of(dn):
    """The inum in a person's DN; None in any other."""
    entry, _, branch = str(dn).replace(" ", "").partition(",")
    name, _, value = entry.partition("=")
    return value if name.lower() == "inum" and branch.lower() == PEOPLE and value else None


def _values(value):
    """One value or many, as the host stores them."""
    if value is None:
        return []
    if isinstance(value, (list, tuple, set)):
        return [plain_text(item) for item in value if item is not None]
    if isinstance(value, (str, bool, int, float)):
        return [plain_text(value)]
    return [plain_text(java_text(value))]


@java_class("org.gluu.persist.exception.EntryPersistenceException", "org.gluu.persist.exception.BasePersistenceException")
class EntryPersistenceException(JavaException):
    pass


@java_class("org.gluu.persist.exception.AuthenticationException", "org.gluu.site.ldap.persistence.exception.AuthenticationException")
class AuthenticationException(JavaException):
    pass


@java_class("org.gluu.oxauth.model.exception.InvalidClaimException")
class InvalidClaimException(JavaException):
    pass


@java_class("org.gluu.persist.model.base.CustomAttribute", "org.gluu.persist.model.base.CustomObjectAttribute", "org.gluu.ldap.model.CustomAttribute")
class CustomAttribute(JavaObject):
    """A name and its values, as texts."""

    def __init__(self, name=None, value=None):
        self._name = name
        self._many = False
        self._stored = ArrayList()
        self._keep(value)

    def _keep(self, value):
        self._stored = ArrayList(_values(value))
        self._many = len(self._stored) > 1

    def getName(self):
        return self._name

    def setName(self, name):
        self._name = name

    def getValue(self):
        return self._stored[0] if self._stored else None

    def setValue(self, value):
        self._keep(value)

    def getValues(self):
        return self._stored

    def setValues(self, values):
        self._keep(values)

    def isMultiValued(self):
        return self._many

    def setMultiValued(self, many):
        self._many = bool(many)

    def getDisplayValue(self):
        return ", ".join(self._stored)

    def __str__(self):
        value = self._stored.toString() if self._many or len(self._stored) > 1 else self.getDisplayValue()
        return "Attribute [name=%s, multiValued=%s, value=%s]" % (self._name, java_text(self._many), value)


@java_class("org.gluu.oxauth.model.common.User", "org.gluu.oxauth.model.common.SimpleUser", "org.gluu.persist.model.base.SimpleUser")
class User(JavaObject):
    """A person. What a script changes is stored by UserService and PersistenceEntryManager alone."""

    def __init__(self, person=None):
        person = person or {"inum": "", "uid": "", "attributes": {}}
        self._inum = person["inum"]
        self._uid = person["uid"] or None
        self._classes = ["gluuPerson"]
        self._custom = ArrayList(CustomAttribute(name, values) for name, values in person["attributes"].items())
        self._known = {name: list(values) for name, values in person["attributes"].items()}
        if self._uid:
            self._known.setdefault("uid", [self._uid])

    def getUserId(self):
        return self._uid

    def setUserId(self, uid):
        self._uid = None if uid is None else plain_text(uid)

    def getDn(self):
        return dn_of(self._inum)

    def setDn(self, dn):
        self._inum = inum_of(dn) or ""

    getBaseDn = getDn

    def getStatus(self):
        return self.getAttribute("gluuStatus")

    def _attribute(self, name):
        wanted = java_text(name).lower()
        return next((item for item in self._custom if java_text(item.getName()).lower() == wanted), None)

    def getAttribute(self, name, *form):
        """The first value, None without any. With (optional, multivalued): one or all of them, and an exception
        for one that is not there and not optional."""
        if not form:
            return self.getAttributeObject(name)
        optional, many = (*form, False)[:2]
        values = self.getAttributeValues(name)
        if values:
            return values if many else values[0]
        if optional:
            return None
        raise InvalidClaimException("The claim %s was not found." % name)

    def getAttributeObject(self, name):
        values = self.getAttributeValues(name)
        return values[0] if values else None

    def getAttributeValues(self, name):
        found = self._attribute(name) if name else None
        if found is not None and found.getValues():
            return ArrayList(found.getValues())
        of_entry = {"inum": self._inum, "uid": self._uid}.get(java_text(name).lower())
        return ArrayList([of_entry]) if of_entry else None

    getAttributeObjectValues = getAttributeValues

    def setAttribute(self, name, value, many=None):
        """In the place of what was there; a list gives as many values."""
        attribute = CustomAttribute(name, value)
        if many is not None:
            attribute.setMultiValued(many)
        self.removeAttribute(name)
        self._custom.add(attribute)

    def setAttributeValues(self, name, values):
        self.setAttribute(name, values)

    def removeAttribute(self, name):
        found = self._attribute(name)
        if found is not None:
            self._custom[:] = [item for item in self._custom if item is not found]

    removeAttributeValue = removeAttribute

    def getCustomAttributes(self):
        """The attributes themselves: what is done to the list is done to the user."""
        return self._custom

    def setCustomAttributes(self, attributes):
        self._custom = ArrayList(attributes)

    def getCustomObjectClasses(self):
        return self._classes

    def setCustomObjectClasses(self, classes):
        self._classes = list(classes or [])

    def getUpdatedAt(self):
        return None

    getCreatedAt = getUpdatedAt

    def attributes(self):
        """Name to values, those without any left out. The login name is among them."""
        kept = {java_text(item.getName()): list(item.getValues()) for item in self._custom if item.getValues()}
        if self._uid:
            kept = {name: values for name, values in kept.items() if name.lower() != "uid"}
            kept["uid"] = [self._uid]
        kept.pop("inum", None)
        return kept

    def changes(self):
        """What differs from what the host gave; no values means removal."""
        now = self.attributes()
        spelled = {name.lower(): name for name in self._known}
        now = {spelled.get(name.lower(), name): values for name, values in now.items()}
        gone = {name: [] for name in self._known if name not in now and name != "inum"}
        return {**gone, **{name: values for name, values in now.items() if values != self._known.get(name, [])}}

    def as_person(self):
        attributes = self.attributes()
        uid = self._uid or next((v[0] for n, v in attributes.items() if n.lower() == "uid"), "")
        return {"inum": "", "uid": uid, "attributes": attributes}

    def __str__(self):
        return "User [uid=%s]" % self._uid


def user_of(person):
    return None if person is None else User(person)


def authenticated_user():
    return user_of(current.scene.get("authenticated"))


def _authenticated(person):
    """Makes a person the one whom the login is about."""
    if person is None:
        return False
    current.scene["authenticated"] = person
    current.scene.setdefault("session", {})["auth_user"] = person["uid"]
    return True


@java_class("org.gluu.oxauth.service.UserService", "org.gluu.oxauth.service.common.UserService")
class UserService(Bean):
    USER_OBJECT_CLASSES = ["gluuPerson"]

    def _find(self, **key):
        return user_of(ask_value("find_person", by=key))

    def getUser(self, uid, *attributes):
        """By the login name, whatever its case."""
        if uid is None or plain_text(uid).strip() == "":
            return None
        return self._find(uid=plain_text(uid))

    def getUserByInum(self, inum, *attributes):
        return self._find(inum=plain_text(inum)) if inum else None

    def getUserByDn(self, dn, *attributes):
        return self.getUserByInum(inum_of(dn)) if dn else None

    def getUserByAttribute(self, name, value, *_):
        if not name or value is None or value == "":
            return None
        return self._find(attribute={"name": plain_text(name), "value": _values(value)[0]})

    def getUsersByAttribute(self, name, value, *rest):
        if not name or value is None:
            return None
        limit = next((item for item in rest if type(item) is int), 100)
        found = ask_value("find_persons", name=plain_text(name), value=_values(value)[0], limit=max(limit, 0))
        return ArrayList(User(person) for person in found)

    def getUserByAttributes(self, value, names, *_):
        """The first that has the value under any of the names."""
        found = (self.getUserByAttribute(name, value) for name in names or ())
        return next((user for user in found if user is not None), None)

    def getUniqueUserByAttributes(self, names, value):
        """Nobody when two have it."""
        for name in names or ():
            found = self.getUsersByAttribute(name, value, 2)
            if found:
                return found[0] if len(found) == 1 else None
        return None

    def getUsersBySample(self, sample, limit=100):
        """Those who have every attribute of the sample."""
        wanted = [(name, value) for name, values in sample.attributes().items() for value in values]
        if not wanted:
            raise EntryPersistenceException("a sample without attributes would find everybody")
        found = self.getUsersByAttribute(*wanted[0], 1000)
        kept = (user for user in found if all(value in (user.getAttributeValues(name) or ()) for name, value in wanted))
        return ArrayList(list(kept)[: limit or None])

    def getUserInum(self, user):
        if user is not None and not isinstance(user, User):
            user = self.getUser(user)
        return user.getAttribute("inum") if user is not None else None

    def getUserNameByInum(self, inum):
        user = self.getUserByInum(inum)
        return user.getUserId() if user is not None else None

    def getDnForUser(self, inum):
        return dn_of(inum)

    def getPeopleBaseDn(self):
        return PEOPLE

    def getCustomAttribute(self, user, name):
        found = user._attribute(name)
        if found is not None:
            return found
        values = user.getAttributeValues(name)
        return CustomAttribute(name, values) if values is not None else None

    def setCustomAttribute(self, user, name, value):
        user.setAttribute(name, value)

    def updateUser(self, user):
        """Stores what was changed and gives the user as stored."""
        changes = user.changes()
        if not changes:
            return user
        stored = user_of(ask_value("change_person", inum=user._inum, set=changes))
        if stored is None:
            raise EntryPersistenceException("there is no entry %s" % user.getDn())
        return stored

    def addUser(self, user, active=True):
        person = user.as_person()
        kept = {name: values for name, values in person["attributes"].items() if name.lower() != "gluustatus"}
        person["attributes"] = {**kept, "gluuStatus": ["active" if active else "register"]}
        return user_of(ask_value("add_person", person=person))

    def addDefaultUser(self, uid):
        user = User()
        user.setUserId(uid)
        user.setAttribute("displayName", "User %s" % uid)
        return self.addUser(user, True)

    def addUserAttribute(self, user, name, value, *_):
        """Of a login name: stores it, None when there is no such person or the value is there already.
        Of a user: adds the value, and says whether it was new; nothing is stored."""
        if isinstance(user, User):
            return self._add_value(user, name, value)
        found = self.getUser(user)
        if found is None or not self._add_value(found, name, value):
            return None
        return self.updateUser(found)

    def addUserAttributeByUserInum(self, inum, name, value):
        user = self.getUserByInum(inum)
        if user is None:
            return None
        self._add_value(user, name, value)
        return self.updateUser(user)

    def _add_value(self, user, name, value):
        values = list(user.getAttributeValues(name) or [])
        added = [item for item in _values(value) if item not in values]
        if added:
            user.setAttribute(name, values + added)
        return bool(added)

    def replaceUserAttribute(self, user, name, old, new, *_):
        return self._with_values(user, name, lambda values: [item for item in values if item != old], _values(new))

    def removeUserAttribute(self, user, name, value):
        return self._with_values(user, name, lambda values: [item for item in values if item != value], [])

    def removeUserAttributeValue(self, user, name, value):
        return self.removeUserAttribute(user, name, value)

    def _with_values(self, user, name, kept, added):
        user = user if isinstance(user, User) else self.getUser(user)
        if user is None:
            return None
        values = user.getAttributeValues(name)
        if values is not None:
            left = kept(values)
            user.setAttribute(name, left + [item for item in added if item not in left])
        return self.updateUser(user)

    def authenticate(self, uid, password):
        return ask_value("check_password", username=plain_text(uid), password=plain_text(password)) is not None

    def countFido2RegisteredDevices(self, *_):
        """No device is registered here."""
        return 0

    countFidoRegisteredDevices = countFido2RegisteredDevices


@java_class("org.gluu.oxauth.service.AuthenticationService")
class AuthenticationService(Bean):
    def authenticate(self, *arguments):
        """authenticate(name): makes that person the one who logs in.
        authenticate(name, password) and authenticate(value, password, attribute, …): whether it is right.
        authenticate(value, password, key, local key), authenticate(configuration, entry manager, value, password, key,
        local key): the same, in this server's own directory."""
        if len(arguments) == 1:
            return self._authenticate_without_password(arguments[0])
        if len(arguments) in (6, 7) and not isinstance(arguments[0], str):
            configuration, _, name, password, _, key = arguments[:6]
            return self._check(name, password, [key])
        name, password, *attributes = arguments
        if len(attributes) == 1 and isinstance(attributes[0], (list, tuple)):
            attributes = attributes[0]
        return self._check(name, password, attributes)

    def _check(self, name, password, attributes):
        if not name or not password:
            return False
        name = plain_text(name)
        if attributes and not any(java_text(key).lower() == "uid" for key in attributes):
            user = UserService.bean().getUserByAttributes(name, attributes)
            # A name that nobody has is checked all the same, so that the time does not tell.
            name = user.getUserId() if user is not None else name
        return _authenticated(ask_value("check_password", username=name, password=plain_text(password)))

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

    def getLdapAuthConfigs(self):
        """None: names and passwords are in this server's own directory."""
        return None

    getLdapAuthEntryManagers = getLdapAuthConfigs

    def isParameterExists(self, name):
        return name in current.scene.get("working", {})

    def getParametersMap(self, extra=None):
        from gluu_services import RequestParameterService

        return RequestParameterService.bean().getParametersMap(extra)

    def parametersAsString(self):
        from gluu_services import RequestParameterService

        return RequestParameterService.bean().parametersAsString()
