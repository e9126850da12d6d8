"""PersistenceEntryManager over people and the few entries that this server has."""

import gluu_configuration
from gluu_people import PEOPLE, EntryPersistenceException, User, UserService, inum_of, user_of
from java_lang import java_text
from java_util import ArrayList
from sp_host import ask_value, plain_text
from sp_java import Bean, JavaException, JavaObject, java_class


@java_class("org.gluu.search.filter.Filter", partial="equality, presence, and, or and not, over the attributes of people")
class Filter(JavaObject):
    """A condition on a person."""

    def __init__(self, kind, name=None, value=None, parts=()):
        self._kind = kind
        self._name = name
        self._value = value
        self._parts = list(parts)

    @staticmethod
    def createEqualityFilter(name, value):
        name = name._name if isinstance(name, Filter) else name
        return Filter("equals", plain_text(name), plain_text(java_text(value)))

    @staticmethod
    def createLowercaseFilter(name):
        """Names and values are compared without regard to case in any case."""
        return Filter("name", name)

    @staticmethod
    def createPresenceFilter(name):
        return Filter("present", plain_text(name))

    @staticmethod
    def createANDFilter(*parts):
        return Filter("and", None, None, _parts(parts))

    @staticmethod
    def createORFilter(*parts):
        return Filter("or", None, None, _parts(parts))

    @staticmethod
    def createNOTFilter(part):
        return Filter("not", None, None, [part])

    def multiValued(self, *_):
        return self

    def matches(self, user):
        if self._kind == "and":
            return all(part.matches(user) for part in self._parts)
        if self._kind == "or":
            return any(part.matches(user) for part in self._parts)
        if self._kind == "not":
            return not self._parts[0].matches(user)
        values = [value.lower() for value in user.getAttributeValues(self._name) or ()]
        return bool(values) if self._kind == "present" else self._value.lower() in values

    def keys(self):
        """Equalities of which every match has one at least; None when that cannot be said."""
        if self._kind == "equals":
            return [(self._name, self._value)]
        if self._kind == "or":
            keys = [part.keys() for part in self._parts]
            return None if None in keys else [key for some in keys for key in some]
        if self._kind == "and":
            return next((keys for keys in (part.keys() for part in self._parts) if keys is not None), None)
        return None

    def __str__(self):
        if self._parts:
            sign = {"and": "&", "or": "|", "not": "!"}[self._kind]
            return "(%s%s)" % (sign, "".join(str(part) for part in self._parts))
        return "(%s=%s)" % (self._name, "*" if self._kind == "present" else self._value)


def _parts(parts):
    return list(parts[0]) if len(parts) == 1 and isinstance(parts[0], (list, tuple)) else list(parts)


def _refuse_branch(dn):
    raise EntryPersistenceException("scripts reach people only (%s); there is nothing for them at %s" % (PEOPLE, dn))


@java_class("org.gluu.oxauth.model.ldap.TokenLdap", partial="to search with, which raises an exception: tokens are not shown to scripts")
class TokenLdap(JavaObject):
    def __init__(self):
        self._dn = self._user_id = None

    def setDn(self, dn):
        self._dn = dn

    def getDn(self):
        return self._dn

    def setUserId(self, user_id):
        self._user_id = user_id

    def getUserId(self):
        return self._user_id


@java_class("org.gluu.persist.PersistenceEntryManager", "org.gluu.persist.ldap.impl.LdapEntryManager", "org.gluu.site.ldap.persistence.LdapEntryManager", partial="people, and the configuration entries below; tokens and every other branch raise an exception")
class PersistenceEntryManager(Bean):
    def find(self, *arguments):
        """find(class, dn) and find(dn, class, attributes)."""
        dn = next((item for item in arguments if isinstance(item, str)), None)
        kind = next((item for item in arguments if isinstance(item, type)), User)
        if issubclass(kind, User):
            user = UserService.bean().getUserByDn(dn)
            if user is None:
                raise EntryPersistenceException("there is no entry %s" % dn)
            return user
        entry = gluu_configuration.entry_at(kind, dn)
        return entry if entry is not None else _refuse_branch(dn)

    def findEntries(self, *arguments):
        """findEntries(sample[, limit]) and findEntries(base dn, class, filter[, attributes][, limit])."""
        limit = next((item for item in arguments if type(item) is int), 0)
        if isinstance(arguments[0], TokenLdap):
            # An empty list would say that nobody is signed in: a rule that counts would never refuse.
            raise EntryPersistenceException("tokens are not shown to scripts")
        if isinstance(arguments[0], User):
            return UserService.bean().getUsersBySample(arguments[0], limit or 1000)
        base = java_text(arguments[0])
        condition = next((item for item in arguments if isinstance(item, Filter)), None)
        if not base.replace(" ", "").lower().endswith(PEOPLE):
            _refuse_branch(base)
        return ArrayList(self._people(condition)[: limit or None])

    def _people(self, condition):
        keys = condition.keys() if condition is not None else None
        if keys is None:
            raise EntryPersistenceException("a search among people needs an equality that every result fulfils")
        found = {}
        for name, value in keys:
            for person in ask_value("find_persons", name=name, value=value, limit=1000):
                found.setdefault(person["inum"], User(person))
        return [user for user in found.values() if condition.matches(user)]

    def contains(self, *arguments):
        """contains(class, dn) and contains(dn, class)."""
        dn = next((item for item in arguments if isinstance(item, str)), None)
        return UserService.bean().getUserByDn(dn) is not None

    def merge(self, entry):
        if not isinstance(entry, User) or inum_of(entry.getDn()) is None:
            raise EntryPersistenceException("scripts may change people only")
        UserService.bean().updateUser(entry)

    def persist(self, entry):
        if not isinstance(entry, User):
            raise EntryPersistenceException("scripts may add people only")
        entry.setDn(user_of(ask_value("add_person", person=entry.as_person())).getDn())

    def remove(self, *_):
        raise EntryPersistenceException("scripts may not remove entries")

    removeRecursively = remove

    def authenticate(self, *arguments):
        """authenticate(dn, password) and authenticate(dn, class, password)."""
        user = UserService.bean().getUserByDn(java_text(arguments[0]))
        return user is not None and UserService.bean().authenticate(user.getUserId(), arguments[-1])

    def destroy(self):
        return True


@java_class("org.gluu.oxauth.service.AppInitializer", partial="createPersistenceEntryManager")
class AppInitializer(Bean):
    def createPersistenceEntryManager(self, *_):
        return PersistenceEntryManager.bean()
