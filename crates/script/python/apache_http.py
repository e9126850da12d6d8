"""Apache's HttpClient as scripts use it beside Gluu's HttpService: requests, entities, builders of addresses."""

from urllib.parse import parse_qsl, quote, quote_plus, urlencode

import _sallyport

from gluu_http import ContentType, Header, HttpClient, exchange
from java_bytes import bytes_of, charset_of
from java_io import InputStream
from java_net import URI, parts_of
from java_throwable import IllegalArgumentException, IOException
from java_util import ArrayList
from sp_java import JavaObject, java_class


@java_class("org.apache.http.client.ClientProtocolException", "org.apache.http.conn.HttpHostConnectException", "org.apache.http.conn.ConnectTimeoutException")
class HttpHostConnectException(IOException):
    """No answer came."""


@java_class("org.apache.http.HttpStatus")
class HttpStatus:
    SC_OK = 200
    SC_CREATED = 201
    SC_ACCEPTED = 202
    SC_NO_CONTENT = 204
    SC_MOVED_PERMANENTLY = 301
    SC_MOVED_TEMPORARILY = 302
    SC_NOT_MODIFIED = 304
    SC_BAD_REQUEST = 400
    SC_UNAUTHORIZED = 401
    SC_FORBIDDEN = 403
    SC_NOT_FOUND = 404
    SC_METHOD_NOT_ALLOWED = 405
    SC_CONFLICT = 409
    SC_UNPROCESSABLE_ENTITY = 422
    SC_TOO_MANY_REQUESTS = 429
    SC_INTERNAL_SERVER_ERROR = 500
    SC_BAD_GATEWAY = 502
    SC_SERVICE_UNAVAILABLE = 503


@java_class("org.apache.http.NameValuePair", "org.apache.http.message.BasicNameValuePair")
class BasicNameValuePair(JavaObject):
    def __init__(self, name, value):
        self._name = str(name)
        self._value = None if value is None else str(value)

    def getName(self):
        return self._name

    def getValue(self):
        return self._value

    def __str__(self):
        return self._name if self._value is None else "%s=%s" % (self._name, self._value)


@java_class("org.apache.http.message.BasicHeader")
class BasicHeader(Header):
    pass


class Entity(JavaObject):
    """A body that is sent."""

    def __init__(self, body, content_type):
        self._body = body
        self._content_type = content_type

    def setContentType(self, content_type):
        self._content_type = str(content_type)

    def getContentType(self):
        return Header("Content-Type", self._content_type) if self._content_type else None

    def getContentLength(self):
        return len(self._body)

    def getContent(self):
        return InputStream(self._body)

    def isRepeatable(self):
        return True


def _charset_in(content_type):
    _, found, charset = str(content_type).partition("charset=")
    return charset.strip() if found else None


@java_class("org.apache.http.entity.StringEntity")
class StringEntity(Entity):
    def __init__(self, text, kind=None, charset=None):
        """`kind` is a ContentType, or the name of a character set."""
        if isinstance(kind, ContentType):
            content_type, charset = str(kind), _charset_in(kind) or "ISO-8859-1"
        else:
            charset = str(kind or "ISO-8859-1")
            content_type = "text/plain; charset=%s" % charset
        Entity.__init__(self, str(text).encode(charset_of(charset), "replace"), content_type)


@java_class("org.apache.http.entity.ByteArrayEntity")
class ByteArrayEntity(Entity):
    def __init__(self, data, content_type=None):
        Entity.__init__(self, bytes_of(data), None if content_type is None else str(content_type))


@java_class("org.apache.http.client.entity.UrlEncodedFormEntity")
class UrlEncodedFormEntity(Entity):
    def __init__(self, pairs, charset="ISO-8859-1"):
        charset = str(charset)
        body = "&".join("%s=%s" % (_form(pair.getName(), charset), _form(pair.getValue() or "", charset)) for pair in pairs)
        Entity.__init__(self, body.encode("ascii"), "application/x-www-form-urlencoded; charset=%s" % charset)


def _form(text, charset):
    return quote_plus(str(text), safe="-_.*", encoding=charset_of(charset), errors="replace").replace("~", "%7E")


@java_class("org.apache.http.entity.mime.MultipartEntityBuilder", partial="addTextBody and addBinaryBody")
class MultipartEntityBuilder(JavaObject):
    def __init__(self):
        self._parts = []
        self._boundary = _sallyport.urandom(16).hex()

    @staticmethod
    def create():
        return MultipartEntityBuilder()

    def setBoundary(self, boundary):
        self._boundary = str(boundary)
        return self

    def setMode(self, _):
        return self

    setCharset = setLaxMode = setStrictMode = setMode

    def addTextBody(self, name, text, content_type=None):
        content_type = str(content_type or "text/plain; charset=ISO-8859-1")
        data = str(text).encode(charset_of(_charset_in(content_type) or "ISO-8859-1"), "replace")
        return self._add(name, None, content_type, "8bit", data)

    def addBinaryBody(self, name, data, content_type=None, filename=None):
        data = data._source() if isinstance(data, InputStream) else bytes_of(data)
        return self._add(name, filename, str(content_type or "application/octet-stream"), "binary", data)

    def _add(self, name, filename, content_type, transfer, data):
        head = 'Content-Disposition: form-data; name="%s"' % _quoted(name)
        if filename is not None:
            head += '; filename="%s"' % _quoted(filename)
        head += "\r\nContent-Type: %s\r\nContent-Transfer-Encoding: %s\r\n\r\n" % (_line(content_type), transfer)
        self._parts.append(head.encode("utf-8") + data)
        return self

    def build(self):
        mark = b"--" + self._boundary.encode("ascii")
        body = b"".join(mark + b"\r\n" + part + b"\r\n" for part in self._parts) + mark + b"--\r\n"
        return Entity(body, "multipart/form-data; boundary=" + self._boundary)


def _quoted(text):
    """As browsers write names of files and fields."""
    return str(text).replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")


def _line(text):
    if "\r" in text or "\n" in text:
        raise IllegalArgumentException("a header has a line end in it")
    return text


@java_class("org.apache.http.client.methods.HttpRequestBase", "org.apache.http.client.methods.HttpUriRequest")
class HttpRequestBase(JavaObject):
    METHOD = "GET"

    def __init__(self, uri=None):
        self._uri = None if uri is None else str(uri)
        self._headers = []
        self._entity = None

    def getMethod(self):
        return self.METHOD

    def getURI(self):
        return URI(self._uri)

    def setURI(self, uri):
        self._uri = str(uri)

    def addHeader(self, name, value=None):
        header = name if value is None else Header(str(name), str(value))
        _line(header.getName() + header.getValue())
        self._headers.append(header)

    def setHeader(self, name, value=None):
        wanted = str(name if value is not None else name.getName()).lower()
        self._headers = [header for header in self._headers if header.getName().lower() != wanted]
        self.addHeader(name, value)

    def removeHeaders(self, name):
        self._headers = [header for header in self._headers if header.getName().lower() != str(name).lower()]

    def getHeaders(self, name):
        return ArrayList(header for header in self._headers if header.getName().lower() == str(name).lower())

    def getFirstHeader(self, name):
        found = self.getHeaders(name)
        return found[0] if found else None

    def containsHeader(self, name):
        return bool(self.getHeaders(name))

    def getAllHeaders(self):
        return ArrayList(self._headers)

    def setConfig(self, _):
        pass

    def releaseConnection(self):
        pass

    abort = reset = releaseConnection

    def __str__(self):
        return "%s %s HTTP/1.1" % (self.METHOD, self._uri)


@java_class("org.apache.http.client.methods.HttpGet")
class HttpGet(HttpRequestBase):
    pass


@java_class("org.apache.http.client.methods.HttpDelete")
class HttpDelete(HttpRequestBase):
    METHOD = "DELETE"


@java_class("org.apache.http.client.methods.HttpHead")
class HttpHead(HttpRequestBase):
    METHOD = "HEAD"


@java_class("org.apache.http.client.methods.HttpPost")
class HttpPost(HttpRequestBase):
    METHOD = "POST"

    def setEntity(self, entity):
        self._entity = entity

    def getEntity(self):
        return self._entity


@java_class("org.apache.http.client.methods.HttpPut")
class HttpPut(HttpPost):
    METHOD = "PUT"


@java_class("org.apache.http.client.methods.HttpPatch")
class HttpPatch(HttpPost):
    METHOD = "PATCH"


def execute(request):
    """Sends a request through the host. Raises an IOException when no answer came."""
    headers = [[header.getName(), header.getValue()] for header in request.getAllHeaders()]
    body, entity = None, request._entity
    if entity is not None:
        body = entity._body
        if entity._content_type and not request.containsHeader("Content-Type"):
            headers.append(["Content-Type", entity._content_type])
    response = exchange(request.METHOD, request._uri, headers, body)
    if response is None:
        raise HttpHostConnectException("no answer from %s" % (URI(request._uri).getHost()))
    return response


@java_class("org.apache.http.impl.client.CloseableHttpClient", "org.apache.http.impl.client.DefaultHttpClient")
class CloseableHttpClient(HttpClient):
    def close(self):
        pass


@java_class("org.apache.http.impl.client.HttpClientBuilder", "org.apache.http.impl.client.HttpClients", "org.apache.http.client.config.RequestConfig", partial="settings are accepted and not used: the host sets them")
class HttpClientBuilder(JavaObject):
    @staticmethod
    def create():
        return HttpClientBuilder()

    custom = copy = create

    @staticmethod
    def createDefault():
        return CloseableHttpClient()

    def build(self):
        return CloseableHttpClient()

    def __getattr__(self, name):
        if name.startswith(("set", "add", "use", "disable")):
            return lambda *_: self
        return JavaObject.__getattr__(self, name)


@java_class("org.apache.http.client.utils.URIBuilder")
class URIBuilder(JavaObject):
    def __init__(self, uri=""):
        scheme, authority, path, query, fragment = parts_of(str(uri))
        self._scheme, self._authority, self._path, self._fragment = scheme, authority, path, fragment
        self._pairs = [] if query is None else parse_qsl(query, keep_blank_values=True)

    def setScheme(self, scheme):
        self._scheme = str(scheme)
        return self

    def setHost(self, host):
        _, colon, port = (self._authority or "").rpartition(":")
        self._authority = str(host) + (":" + port if colon and port.isdigit() else "")
        return self

    def setPort(self, port):
        host, colon, old = (self._authority or "").rpartition(":")
        self._authority = "%s:%d" % (host if colon and old.isdigit() else self._authority or "", port)
        return self

    def setPath(self, path):
        path = quote(str(path), safe="/:@!$&'()*+,;=~-._")
        self._path = path if not path or path.startswith("/") else "/" + path
        return self

    def setFragment(self, fragment):
        self._fragment = quote(str(fragment))
        return self

    def addParameter(self, name, value):
        self._pairs.append((str(name), "" if value is None else str(value)))
        return self

    def setParameter(self, name, value):
        self._pairs = [pair for pair in self._pairs if pair[0] != name]
        return self.addParameter(name, value)

    def addParameters(self, pairs):
        for pair in pairs:
            self.addParameter(pair.getName(), pair.getValue())
        return self

    def setParameters(self, *pairs):
        self._pairs = []
        return self.addParameters(pairs[0] if len(pairs) == 1 and not isinstance(pairs[0], BasicNameValuePair) else pairs)

    def removeQuery(self):
        self._pairs = []
        return self

    clearParameters = removeQuery

    def getQueryParams(self):
        return ArrayList(BasicNameValuePair(*pair) for pair in self._pairs)

    def build(self):
        return URI(str(self))

    def __str__(self):
        text = (self._scheme + ":" if self._scheme else "") + ("//" + self._authority if self._authority is not None else "")
        text += self._path
        if self._pairs:
            text += "?" + urlencode(self._pairs)
        return text + ("#" + self._fragment if self._fragment is not None else "")
