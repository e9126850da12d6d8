"""The page side: messages, requests, responses and redirects (JSF and servlets)."""

from java_lang import Enum
from java_util import ArrayList, HashMap
from sp_host import current
from sp_java import Bean, JavaObject, java_class


def _request():
    return current.scene.get("request", {})


class Severity(Enum):
    pass


@java_class("javax.faces.application.FacesMessage")
class FacesMessage(JavaObject):
    SEVERITY_INFO = Severity("INFO", 0)
    SEVERITY_WARN = Severity("WARN", 1)
    SEVERITY_ERROR = Severity("ERROR", 2)
    SEVERITY_FATAL = Severity("FATAL", 3)

    def __init__(self, *arguments):
        severities = [item for item in arguments if isinstance(item, Severity)]
        texts = [str(item) for item in arguments if isinstance(item, str)]
        self._severity = severities[0] if severities else self.SEVERITY_INFO
        self._summary = texts[0] if texts else ""

    def getSeverity(self):
        return self._severity

    def getSummary(self):
        return self._summary


@java_class("org.gluu.jsf2.message.FacesMessages")
class FacesMessages(Bean):
    def add(self, *arguments):
        """add(severity, text), add(client, severity, text) and add(message)."""
        severity = next((item for item in arguments if isinstance(item, Severity)), FacesMessage.SEVERITY_INFO)
        text = arguments[-1]
        if isinstance(text, FacesMessage):
            severity, text = text.getSeverity(), text.getSummary()
        message = {"severity": severity.name().lower(), "text": str(text)}
        current.scene.setdefault("messages", []).append(message)

    def clear(self):
        current.scene["messages"] = []

    def setKeepMessages(self):
        """Messages are kept until a page has shown them in any case."""


@java_class("javax.servlet.http.Cookie")
class Cookie(JavaObject):
    def __init__(self, name, value):
        self.stored = {"name": str(name), "value": str(value)}

    def getName(self):
        return self.stored["name"]

    def getValue(self):
        return self.stored["value"]

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

    def getHeader(self, name):
        return _request().get("headers", {}).get(name.lower())

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
        return _request().get("locale")


@java_class("javax.servlet.http.HttpServletResponse")
class HttpServletResponse(Bean):
    def addCookie(self, cookie):
        current.scene.setdefault("response_cookies", []).append(cookie.stored)

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
        cookie = {"name": str(name), "value": str(value)}
        names = {"path": "path", "maxAge": "max_age", "secure": "secure", "httpOnly": "http_only"}
        for key in properties or {}:
            if key in names:
                cookie[names[key]] = properties[key]
        current.scene.setdefault("response_cookies", []).append(cookie)

    def addResponseHeader(self, name, value):
        HttpServletResponse.bean().addHeader(name, value)

    def redirect(self, url):
        current.scene["redirect"] = str(url)

    def getRequestContextPath(self):
        return "/oxauth"

    def getRequestServerName(self):
        return HttpServletRequest.bean().getServerName()

    def getRequestLocale(self):
        return _request().get("locale")


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
        FacesMessages.bean().add(message)

    def responseComplete(self):
        pass

    def renderResponse(self):
        pass


@java_class("org.gluu.jsf2.service.FacesService")
class FacesService(Bean):
    def redirectToExternalURL(self, url):
        current.scene["redirect"] = str(url)

    def redirect(self, url, *_):
        current.scene["redirect"] = str(url)

    def encodeParameters(self, url, parameters):
        from urllib.parse import urlencode

        query = urlencode({name: str(parameters[name]) for name in parameters})
        return url + ("&" if "?" in url else "?") + query if query else url
