"""httplib as in Python 2, over the host's HTTP: its rules hold, whatever TLS settings a script gives."""

from urllib import parse

from gluu_http import exchange
from sp2_urllib2 import Answer

OK, CREATED, ACCEPTED, NO_CONTENT = 200, 201, 202, 204
MOVED_PERMANENTLY, FOUND = 301, 302
BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 400, 401, 403, 404
INTERNAL_SERVER_ERROR, BAD_GATEWAY, SERVICE_UNAVAILABLE = 500, 502, 503
HTTP_PORT, HTTPS_PORT = 80, 443


class HTTPException(Exception):
    pass


class BadStatusLine(HTTPException):
    pass


class HTTPResponse(Answer):
    def __init__(self, url, response):
        super().__init__(url, response)
        self.status = self.code
        self.reason = self.msg
        self.msg = self.headers
        self.version = 11

    def getheader(self, name, default=None):
        return self.headers.getheader(name, default)

    def getheaders(self):
        return list(self.headers.items())

    def isclosed(self):
        return not self._rest


class HTTPConnection:
    scheme = "http"

    def __init__(self, host, port=None, *_, **__):
        self.host = host
        self.port = port
        self._head = None
        self._headers = []
        self._response = None

    def _url(self, path):
        if "://" in path:
            return path
        place = self.host if self.port is None else "%s:%d" % (self.host, self.port)
        return "%s://%s%s" % (self.scheme, place, path if path.startswith("/") else "/" + path)

    def request(self, method, url, body=None, headers={}):
        self.putrequest(method, url)
        for name, value in headers.items():
            self.putheader(name, value)
        self.endheaders(body)

    def putrequest(self, method, url, *_, **__):
        self._head = (method, self._url(url))
        self._headers = []

    def putheader(self, name, *values):
        self._headers.append([str(name), ", ".join(str(value) for value in values)])

    def endheaders(self, body=None):
        method, url = self._head
        response = exchange(method, url, self._headers, body)
        if response is None:
            raise HTTPException("no answer from %s" % parse.urlsplit(url).hostname)
        self._response = HTTPResponse(url, response)

    def getresponse(self, *_):
        if self._response is None:
            raise HTTPException("nothing was asked")
        response, self._response = self._response, None
        return response

    def connect(self):
        pass

    def close(self):
        pass

    def set_debuglevel(self, _):
        pass


class HTTPSConnection(HTTPConnection):
    scheme = "https"
