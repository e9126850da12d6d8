"""The login under way: identity, credentials, session."""

from java_calendar import Date
from java_util import LiveMap
from sp_host import current, plain_text
from sp_java import Bean, JavaException, JavaObject, java_class, missing


@java_class("org.gluu.service.cdi.util.CdiUtil")
class CdiUtil:
    @staticmethod
    def bean(cls, name=None):
        """The bean of a class. It looks at the request under way, so that a script may keep it."""
        if isinstance(cls, type) and issubclass(cls, Bean):
            return cls.bean()
        if hasattr(type(cls), "refuse"):
            raise cls.refuse()
        raise JavaException(missing(getattr(cls, "java_name", getattr(cls, "__name__", cls))))


@java_class("org.gluu.model.security.Credentials", "org.gluu.oxauth.security.Credentials")
class Credentials(Bean):
    def getUsername(self):
        return current.scene.get("username")

    def setUsername(self, value):
        current.scene["username"] = value

    def getPassword(self):
        return current.scene.get("password")

    def setPassword(self, value):
        current.scene["password"] = value

    def isSet(self):
        return self.getUsername() is not None and self.getPassword() is not None

    def clear(self):
        current.scene["username"] = None
        current.scene["password"] = None


def _session():
    return current.scene.setdefault("session", {})


# One object for all requests, which shows the attributes of the request under way.
ATTRIBUTES = LiveMap(_session, to_stored=plain_text)


@java_class("org.gluu.oxauth.model.common.SessionIdState", "org.gluu.oxauth.model.session.SessionIdState")
class SessionIdState(JavaObject):
    def __init__(self, name):
        self._name = name

    def getValue(self):
        return self._name

    def __str__(self):
        return self._name

    __repr__ = __str__


SessionIdState.UNAUTHENTICATED = SessionIdState("unauthenticated")
SessionIdState.AUTHENTICATED = SessionIdState("authenticated")


@java_class("org.gluu.oxauth.model.common.SessionId", "org.gluu.oxauth.model.session.SessionId", partial="the session of the login under way: its id, attributes, person and state; nothing but the attributes can be set")
class SessionId(Bean):
    OLD_SESSION_ID_ATTR_KEY = "old_session_id"
    OP_BROWSER_STATE = "opbs"

    def getId(self):
        return current.scene.get("session_id")

    getOutsideSid = getId

    def getSessionAttributes(self):
        return ATTRIBUTES

    def setSessionAttributes(self, attributes):
        stored = {str(key): plain_text(attributes[key]) for key in attributes}
        _session().clear()
        _session().update(stored)

    def getUserDn(self):
        from gluu_people import dn_of

        person = current.scene.get("authenticated")
        return dn_of(person["inum"]) if person else None

    def getUser(self):
        return Identity.bean().getUser()

    def getState(self):
        """A login that a script still works at is never at its end."""
        return SessionIdState.UNAUTHENTICATED

    def getAuthenticationTime(self):
        return None

    def getLastUsedAt(self):
        return Date()

    def __str__(self):
        return "SessionId [id=%s]" % self.getId()


@java_class("org.gluu.oxauth.service.SessionIdService", partial="the session of the login under way; others are not found and none is made or removed")
class SessionIdService(Bean):
    def getSessionId(self, which=None, *_):
        """With an id or a DN: None unless it is that of the login under way."""
        if isinstance(which, str) and which != self.getId() and which != SessionId.bean().getUserDn():
            return None
        return SessionId.bean()

    def getSessionById(self, which, *_):
        return self.getSessionId(which or "")

    def getSessionIdFromCookie(self, *_):
        return current.scene.get("session_id")

    def getId(self):
        return current.scene.get("session_id")

    def updateSessionId(self, session, *_):
        """Attributes are stored at the end of the request in any case."""
        return session is not None

    persistSessionId = updateSessionIdIfNeeded = updateSessionId

    def isSessionIdAuthenticated(self, *_):
        return False

    def isSessionValid(self, session):
        return session is not None

    def getSessionAttribute(self, session, name):
        return ATTRIBUTES.get(name)


@java_class("org.gluu.oxauth.service.CookieService", partial="reading the id of the session")
class CookieService(Bean):
    def getSessionIdFromCookie(self, *_):
        return current.scene.get("session_id")


@java_class("org.gluu.oxauth.security.Identity", "org.gluu.model.security.Identity")
class Identity(Bean):
    def _working(self):
        return current.scene.setdefault("working", {})

    def getCredentials(self):
        return Credentials.bean()

    def getSessionId(self):
        return SessionId.bean()

    def setSessionId(self, session):
        """There is one session, that of the login."""

    def getWorkingParameter(self, name):
        return self._working().get(name)

    def setWorkingParameter(self, name, value):
        self._working()[name] = value

    def isSetWorkingParameter(self, name):
        return name in self._working()

    def getWorkingParameters(self):
        return LiveMap(self._working)

    def getUser(self):
        from gluu_people import authenticated_user

        return authenticated_user()

    def isLoggedIn(self):
        return current.scene.get("authenticated") is not None
