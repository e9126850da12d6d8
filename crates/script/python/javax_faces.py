"""The page side: messages, requests, responses and redirects (JSF and servlets)."""

import re
import sys
from urllib.parse import urlencode

from java_lang import Enum
from java_util import ArrayList, HashMap, Locale
from sp_host import current
from sp_java import Bean, JavaObject, java_class


def _request():
    return current.scene.get("request", {})


class Severity(Enum):
    def __str__(self):
        return "%s %d" % (self.name(), self.ordinal())

    def getOrdinal(self):
        return self.ordinal()


@java_class("javax.faces.application.FacesMessage")
class FacesMessage(JavaObject):
    """(summary), (summary, detail), (severity, summary, detail)."""

    SEVERITY_INFO = Severity("INFO", 0)
    SEVERITY_WARN = Severity("WARN", 1)
    SEVERITY_ERROR = Severity("ERROR", 2)
    SEVERITY_FATAL = Severity("FATAL", 3)
    Severity = Severity

    def __init__(self, *arguments):
        severity, texts = _told(arguments)
        self._severity = severity
        self._summary = texts[0] if texts else ""
        self._detail = texts[1] if len(texts) > 1 else self._summary

    def getSeverity(self):
        return self._severity

    def setSeverity(self, severity):
        self._severity = severity

    def getSummary(self):
        return self._summary

    def setSummary(self, text):
        self._summary = str(text)

    def getDetail(self):
        return self._detail

    def setDetail(self, text):
        self._detail = str(text)


def _told(arguments):
    """The severity among the arguments, which is INFO without one, and the texts."""
    severity = next((item for item in arguments if isinstance(item, Severity)), FacesMessage.SEVERITY_INFO)
    return severity, [str(item) for item in arguments if isinstance(item, str)]


def _names_client(arguments):
    """Whether the message is for an element of the page, whose name stands before severity and text, or the message."""
    if len(arguments) < 2 or not isinstance(arguments[0], str) or arguments[0] == "":
        return False
    return isinstance(arguments[1], FacesMessage) or (isinstance(arguments[1], Severity) and len(arguments) > 2)


# Texts of Gluu's bundle that scripts name, in this server's own words.
_TEXTS = {
    "login.failedToAuthenticate": "Failed to authenticate. Please try again.",
    "login.errorSessionInvalidMessage": "This sign-in took too long or was begun elsewhere. Please begin again.",
    "login.youDontHavePermission": "You do not have permission to do this.",
    "login.accountIsLocked": "This account is locked.",
    "login.userNotFound": "There is no such user.",
}

_EXPRESSION = re.compile(r"#\{([^}]*)\}")
_MESSAGE = re.compile(r"""msgs(?:\[\s*(['"])(?P<key>[^'"]+)\1\s*\]|\.(?P<name>[\w.]+))""")
_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


def evaluated(text):
    """`text` with `#{msgs['key']}` and `#{msgs.key}` put into words; other expressions say nothing here."""
    return _EXPRESSION.sub(lambda found: _words_for(found.group(1).strip()), str(text))


def _words_for(expression):
    found = _MESSAGE.fullmatch(expression)
    if found is None:
        print("#{%s} is not evaluated: only messages are" % expression, file=sys.stderr)
        return ""
    key = found.group("key") or found.group("name")
    words = " ".join(_WORD.findall(key.rpartition(".")[2])).lower()
    return _TEXTS.get(key) or (words or key).capitalize()


@java_class("org.gluu.jsf2.message.FacesMessages", partial="of expressions those that name messages; texts of keys that this server does not know are made of the key")
class FacesMessages(Bean):
    def add(self, *arguments):
        """add(severity, text, …), add(client, severity, text, …), add([client,] message)."""
        message = next((item for item in arguments if isinstance(item, FacesMessage)), None)
        if message is not None:
            severity, text = message.getSeverity(), message.getSummary()
        else:
            severity, text = self._read(arguments)
        self.tell(severity, text, "field" if _names_client(arguments) else None)

    def tell(self, severity, text, about):
        """`about` is "field" for what was typed, "page" for anything else, None where nobody says."""
        told = {"severity": severity.name().lower(), "text": evaluated(text)}
        if about is not None:
            told["about"] = about
        current.scene.setdefault("messages", []).append(told)

    def _read(self, arguments):
        at = next((at for at, item in enumerate(arguments) if isinstance(item, Severity)), None)
        severity, texts = _told(arguments[at:])
        return severity, (texts or _told(arguments)[1] or [""])[0]

    def clear(self):
        current.scene["messages"] = []

    def setKeepMessages(self):
        """Messages are kept until a page has shown them in any case."""

    def evalAsString(self, expression, *_):
        return evaluated(expression)


@java_class("javax.servlet.http.Cookie")
class Cookie(JavaObject):
    def __init__(self, name, value):
        self.stored = {"name": str(name), "value": str(value)}

    def getName(self):
        return self.stored["name"]

    def getValue(self):
        return self.stored["value"]

    def getPath(self):
        return self.stored.get("path")

    def getMaxAge(self):
        """-1: until the browser is closed."""
        return -1 if self.stored.get("max_age") is None else self.stored["max_age"]

    def getSecure(self):
        return self.stored.get("secure", False)

    def isHttpOnly(self):
        return self.stored.get("http_only", False)

    def getDomain(self):
        return None

    def setComment(self, text):
        """Browsers do not show it."""

    def setVersion(self, version):
        """There is one kind of cookie."""

    def setValue(self, value):
        self.stored["value"] = str(value)

    def setPath(self, path):
        self.stored["path"] = str(path)

    def setMaxAge(self, seconds):
        self.stored["max_age"] = None if seconds < 0 else int(seconds)

    def setSecure(self, secure):
        self.stored["secure"] = bool(secure)

    def setHttpOnly(self, http_only):
        self.stored["http_only"] = bool(http_only)

    def setDomain(self, domain):
        """A cookie is for this host alone."""


@java_class("javax.servlet.http.HttpServletRequest")
class HttpServletRequest(Bean):
    def getParameter(self, name):
        values = _request().get("parameters", {}).get(name)
        return values[0] if values else None

    def getParameterValues(self, name):
        values = _request().get("parameters", {}).get(name)
        return ArrayList(values) if values else None

    def getParameterMap(self):
        return parameter_map()

    def getParameterNames(self):
        return ArrayList(_request().get("parameters", {})).iterator()

    def getHeader(self, name):
        return _request().get("headers", {}).get(name.lower())

    def getHeaders(self, name):
        value = self.getHeader(name)
        return ArrayList([] if value is None else [value]).iterator()

    def getHeaderNames(self):
        return ArrayList(_request().get("headers", {})).iterator()

    def getContentType(self):
        return self.getHeader("content-type")

    def getQueryString(self):
        """None: what was in the address of a login is in the session."""
        return None

    getUserPrincipal = getRemoteUser = getQueryString

    def getCookies(self):
        return ArrayList(Cookie(name, value) for name, value in _request().get("cookies", {}).items())

    def getRemoteAddr(self):
        return _request().get("remote_ip") or None

    getRemoteHost = getRemoteAddr

    def getMethod(self):
        return _request().get("method")

    def getRequestURI(self):
        return _request().get("path")

    getServletPath = getRequestURI

    def getRequestURL(self):
        return current.scene.get("issuer", "") + (_request().get("path") or "")

    def getContextPath(self):
        return "/oxauth"

    def getScheme(self):
        return current.scene.get("issuer", "").partition("://")[0]

    def isSecure(self):
        return self.getScheme() == "https"

    def getServerName(self):
        return current.scene.get("issuer", "").partition("://")[2].partition("/")[0].partition(":")[0]

    def getServerPort(self):
        port = current.scene.get("issuer", "").partition("://")[2].partition("/")[0].partition(":")[2]
        return int(port) if port else (443 if self.isSecure() else 80)

    def getAttribute(self, name):
        return None

    def getLocale(self):
        return Locale.forLanguageTag(_request().get("locale") or "en")


@java_class("javax.servlet.http.HttpServletResponse")
class HttpServletResponse(Bean):
    def addCookie(self, cookie):
        current.scene.setdefault("response_cookies", []).append(cookie.stored)

    def isCommitted(self):
        return False

    def setHeader(self, name, value):
        headers = current.scene.setdefault("response_headers", [])
        headers[:] = [header for header in headers if header[0].lower() != name.lower()]
        headers.append([str(name), str(value)])

    def addHeader(self, name, value):
        current.scene.setdefault("response_headers", []).append([str(name), str(value)])

    def sendRedirect(self, url):
        current.scene["redirect"] = str(url)


def parameter_map():
    """The form's fields: name to list of values."""
    return HashMap((name, ArrayList(values)) for name, values in _request().get("parameters", {}).items())


@java_class("javax.faces.context.ExternalContext")
class ExternalContext(Bean):
    def getRequest(self):
        return HttpServletRequest.bean()

    def getResponse(self):
        return HttpServletResponse.bean()

    def getRequestCookieMap(self):
        return HashMap((name, Cookie(name, value)) for name, value in _request().get("cookies", {}).items())

    def getRequestHeaderMap(self):
        return HeaderMap(_request().get("headers", {}))

    def getRequestParameterMap(self):
        parameters = _request().get("parameters", {})
        return HashMap((name, values[0]) for name, values in parameters.items() if values)

    def getRequestParameterValuesMap(self):
        return parameter_map()

    def addResponseCookie(self, name, value, properties=None):
        cookie = Cookie(name, value)
        setters = {"path": cookie.setPath, "maxAge": cookie.setMaxAge, "secure": cookie.setSecure, "httpOnly": cookie.setHttpOnly}
        for key in properties or {}:
            if key in setters:
                setters[key](properties[key])
        HttpServletResponse.bean().addCookie(cookie)

    def addResponseHeader(self, name, value):
        HttpServletResponse.bean().addHeader(name, value)

    def redirect(self, url):
        current.scene["redirect"] = str(url)

    def getRequestContextPath(self):
        return "/oxauth"

    def getRequestServerName(self):
        return HttpServletRequest.bean().getServerName()

    def getRequestServerPort(self):
        return HttpServletRequest.bean().getServerPort()

    def getRequestScheme(self):
        return HttpServletRequest.bean().getScheme()

    def getRequestServletPath(self):
        return _request().get("path")

    def getRequestLocale(self):
        return Locale.forLanguageTag(_request().get("locale") or "en")

    def getFlash(self):
        return FacesMessages.bean()

    def setResponseHeader(self, name, value):
        HttpServletResponse.bean().setHeader(name, value)


class HeaderMap(HashMap):
    """Header names without regard to case."""

    def get(self, name, default=None):
        return dict.get(self, str(name).lower(), default)

    def __getitem__(self, name):
        return dict.__getitem__(self, str(name).lower())

    def __contains__(self, name):
        return dict.__contains__(self, str(name).lower())


@java_class("javax.faces.context.FacesContext")
class FacesContext(Bean):
    @classmethod
    def getCurrentInstance(cls):
        return cls.bean()

    def getExternalContext(self):
        return ExternalContext.bean()

    def addMessage(self, client, message):
        FacesMessages.bean().add(client, message)

    def getMessageList(self):
        messages = current.scene.get("messages", [])
        return ArrayList(FacesMessage(_severity(message), message["text"]) for message in messages)

    def responseComplete(self):
        pass

    def renderResponse(self):
        pass


def _severity(message):
    return getattr(FacesMessage, "SEVERITY_" + message["severity"].upper())


@java_class("org.gluu.jsf2.service.FacesService")
class FacesService(Bean):
    def redirectToExternalURL(self, url):
        current.scene["redirect"] = str(url)

    def redirectWithExternal(self, url, parameters=None):
        self.redirectToExternalURL(self.encodeParameters(str(url), parameters))

    def redirect(self, view, parameters=None, *_):
        """To a page of this server, such as /auth/otp/otp.xhtml."""
        path = str(view)
        if path.startswith("/"):
            path = "/oxauth" + path.replace(".xhtml", ".htm", 1)
        self.redirectWithExternal(path, parameters)

    def encodeParameters(self, url, parameters=None):
        query = urlencode([(name, str(parameters[name])) for name in parameters or {} if parameters[name] is not None])
        return url + ("&" if "?" in url else "?") + query if query else url

    def renderView(self, view):
        self.redirect(view)
