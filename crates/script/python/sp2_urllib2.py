"""urllib2 as in Python 2, over the host's HTTP."""

from urllib import parse

from gluu_http import exchange
from sp_text import from_bytes
from sp2_urllib import quote, quote_plus, unquote, urlencode


class URLError(IOError):
    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


class HTTPError(URLError):
    def __init__(self, url, code, msg, response):
        super().__init__(msg)
        self.url = url
        self.code = code
        self.msg = msg
        self._response = response

    def read(self):
        return self._response.read()

    def __str__(self):
        return "HTTP Error %s: %s" % (self.code, self.msg)


class Request:
    def __init__(self, url, data=None, headers={}, *_):
        self._url = url
        self._data = data
        self._headers = dict(headers)

    def add_header(self, name, value):
        self._headers[name] = value

    def add_data(self, data):
        self._data = data

    def get_method(self):
        return "GET" if self._data is None else "POST"

    def get_full_url(self):
        return self._url

    def has_header(self, name):
        return any(known.lower() == name.lower() for known in self._headers)


class _Answer:
    def __init__(self, url, response):
        self._url = url
        self._response = response
        self._rest = from_bytes(response.getEntity().getContent())
        self.code = response.getStatusLine().getStatusCode()
        self.msg = response.getStatusLine().getReasonPhrase()

    def read(self, size=-1):
        size = len(self._rest) if size is None or size < 0 else size
        part, self._rest = self._rest[:size], self._rest[size:]
        return part

    def readlines(self):
        return self.read().splitlines(True)

    def getcode(self):
        return self.code

    def geturl(self):
        return self._url

    def info(self):
        return {header.getName().lower(): header.getValue() for header in self._response.getAllHeaders()}

    def close(self):
        pass


def urlopen(request, data=None, *_, **__):
    if isinstance(request, str):
        request = Request(request, data)
    elif data is not None:
        request.add_data(data)
    if request._data is not None and not request.has_header("Content-Type"):
        request.add_header("Content-Type", "application/x-www-form-urlencoded")
    headers = [[str(name), str(value)] for name, value in request._headers.items()]
    response = exchange(request.get_method(), request.get_full_url(), headers, request._data)
    if response is None:
        raise URLError("no answer from %s" % parse.urlsplit(request.get_full_url()).hostname)
    answer = _Answer(request.get_full_url(), response)
    if answer.code >= 400:
        raise HTTPError(request.get_full_url(), answer.code, answer.msg, answer)
    return answer
