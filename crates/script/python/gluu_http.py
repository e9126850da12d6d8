"""HTTP as Gluu's scripts do it: HttpService over Apache's HttpClient."""

import base64
import sys
from urllib.parse import quote_plus, urlsplit

from java_lang import Enum, JavaBytes
from java_util import ArrayList
from sp_host import ask, current
from sp_java import Bean, JavaObject, java_class
from sp_text import from_bytes, to_bytes


def body_text(body):
    """A request's body, one character for each byte."""
    if body is None:
        return ""
    if isinstance(body, str) and not current.python2:
        return from_bytes(body.encode("utf-8"))
    return from_bytes(to_bytes(body))


def exchange(method, url, headers, body=None):
    """One request. None when no answer came, which is said in the script's log."""
    kind, value = ask("http", method=method, url=str(url), headers=headers, body=body_text(body))
    if kind == "http":
        return HttpResponse(value)
    print("HTTP %s to %s: no answer: %s" % (method, urlsplit(str(url)).hostname, value), file=sys.stderr)
    return None


def header_list(headers):
    if headers is None:
        return []
    return [[str(name), str(headers[name])] for name in headers]


@java_class("org.apache.http.StatusLine")
class StatusLine(JavaObject):
    def __init__(self, status, reason):
        self._status = status
        self._reason = reason

    def getStatusCode(self):
        return self._status

    def getReasonPhrase(self):
        return self._reason

    def __str__(self):
        return ("HTTP/1.1 %d %s" % (self._status, self._reason)).rstrip()


@java_class("org.apache.http.Header")
class Header(JavaObject):
    def __init__(self, name, value):
        self._name = name
        self._value = value

    def getName(self):
        return self._name

    def getValue(self):
        return self._value

    def __str__(self):
        return "%s: %s" % (self._name, self._value)


@java_class("org.apache.http.HttpEntity")
class HttpEntity(JavaObject):
    def __init__(self, body, content_type):
        self._body = body
        self._content_type = content_type

    def getContent(self):
        return JavaBytes(self._body)

    def getContentLength(self):
        return len(self._body)

    def getContentType(self):
        return Header("Content-Type", self._content_type) if self._content_type else None


@java_class("org.apache.http.HttpResponse")
class HttpResponse(JavaObject):
    def __init__(self, answer):
        self._status = StatusLine(answer["status"], answer["reason"])
        self._headers = [Header(name, value) for name, value in answer["headers"]]
        self._body = to_bytes(answer["body"])

    def getStatusLine(self):
        return self._status

    def getAllHeaders(self):
        return ArrayList(self._headers)

    def getHeaders(self, name):
        return ArrayList(header for header in self._headers if header.getName().lower() == name.lower())

    def getFirstHeader(self, name):
        found = self.getHeaders(name)
        return found[0] if found else None

    def getEntity(self):
        content_type = self.getFirstHeader("Content-Type")
        return HttpEntity(self._body, content_type.getValue() if content_type else None)

    def close(self):
        pass

    def __str__(self):
        return str(self._status)


@java_class("org.apache.http.util.EntityUtils")
class EntityUtils:
    @staticmethod
    def toString(entity, charset="utf-8"):
        return bytes(entity.getContent()).decode(str(charset), "replace")

    @staticmethod
    def toByteArray(entity):
        return entity.getContent()

    @staticmethod
    def consume(entity):
        pass


@java_class("org.gluu.oxauth.model.net.HttpServiceResponse")
class HttpServiceResponse(JavaObject):
    def __init__(self, response):
        self._response = response

    def getHttpResponse(self):
        return self._response

    def closeConnection(self):
        pass


@java_class("org.apache.http.params.HttpParams")
class HttpParams(JavaObject):
    """Accepted and not used: the host sets time-outs."""

    def setIntParameter(self, name, value):
        return self

    setParameter = setLongParameter = setBooleanParameter = setIntParameter


@java_class("org.apache.http.params.CoreConnectionPNames")
class CoreConnectionPNames:
    CONNECTION_TIMEOUT = "http.connection.timeout"
    SO_TIMEOUT = "http.socket.timeout"


@java_class("org.apache.http.client.HttpClient")
class HttpClient(JavaObject):
    def getParams(self):
        return HttpParams()

    def execute(self, request, *_):
        """Sends a request of Apache's own classes."""
        from apache_http import execute

        return execute(request)


@java_class("org.apache.http.entity.ContentType")
class ContentType(Enum):
    def getMimeType(self):
        return self.name().partition(";")[0]


ContentType.APPLICATION_JSON = ContentType("application/json; charset=UTF-8")
ContentType.APPLICATION_FORM_URLENCODED = ContentType("application/x-www-form-urlencoded; charset=ISO-8859-1")
ContentType.APPLICATION_OCTET_STREAM = ContentType("application/octet-stream")
ContentType.TEXT_PLAIN = ContentType("text/plain; charset=ISO-8859-1")


@java_class("org.gluu.oxauth.service.net.HttpService")
class HttpService(Bean):
    def getHttpsClient(self, *_):
        return HttpClient()

    getHttpsClientTrustAll = getHttpsClientDefaulTrustStore = getHttpClient = getHttpsClient

    def executeGet(self, client, url, headers=None):
        return self._execute("GET", url, header_list(headers))

    def executePost(self, client, url, auth, headers=None, body=None, content_type=None, auth_type=None):
        """`auth` goes behind `Basic ` unless another type is given. None when no answer came."""
        if isinstance(headers, str):
            # (client, url, auth, body, content type)
            headers, body, content_type = None, headers, body
        sent = header_list(headers)
        if auth is not None and len(auth) > 0:
            credentials = from_bytes(to_bytes(auth))
            sent.append(["Authorization", (auth_type or "Basic ") + credentials])
        if content_type is not None and not any(name.lower() == "content-type" for name, _ in sent):
            sent.append(["Content-Type", str(content_type)])
        return self._execute("POST", url, sent, body)

    def _execute(self, method, url, headers, body=None):
        response = exchange(method, url, headers, body)
        return None if response is None else HttpServiceResponse(response)

    def isResponseStastusCodeOk(self, response):
        return response.getStatusLine().getStatusCode() == 200

    def isContentTypeXml(self, response):
        content_type = response.getEntity().getContentType()
        return content_type is not None and content_type.getValue() in ("application/xml", "text/xml")

    def encodeBase64(self, value):
        return base64.b64encode(str(value).encode("utf-8")).decode("ascii")

    def getResponseContent(self, response):
        """The body of any success; Gluu gives that of a 200 alone, and so loses that of a 201."""
        if response is None or not 200 <= response.getStatusLine().getStatusCode() <= 299:
            return None
        return response.getEntity().getContent()

    def consume(self, response):
        pass

    def convertEntityToString(self, data, charset=None, *_):
        return None if data is None else to_bytes(data).decode(str(charset or "utf-8"), "replace")

    def encodeUrl(self, value):
        return quote_plus(value)

    def constructServerUrl(self, request):
        return current.scene.get("issuer", "") + "/oxauth"


@java_class("org.gluu.oxauth.service.net.HttpService2")
class HttpService2(HttpService):
    """The same, which takes every answer without an error for a good one."""

    def isResponseStastusCodeOk(self, response):
        return response.getStatusLine().getStatusCode() in (200, 201, 202, 203, 204, 205, 206, 207)

    isResponseStatusCodeOk = isResponseStastusCodeOk
