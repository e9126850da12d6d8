"""urllib2 as in Python 2, over the host's HTTP: its rules hold, whatever handlers a script installs."""

from urllib import parse

from gluu_http import exchange
from sp2_urllib import quote, quote_plus, unquote, urlencode
from sp_text import from_bytes


class URLError(IOError):
    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason

    def __str__(self):
        return "<urlopen error %s>" % self.reason


class HTTPError(URLError):
    """An answer of 400 and above; it can be read as any other answer."""

    def __init__(self, url, code, msg, hdrs, fp):
        super().__init__(msg)
        self.url = self.filename = url
        self.code = code
        self.msg = self.message = msg
        self.hdrs = self.headers = hdrs
        self.fp = fp

    def read(self, *size):
        return self.fp.read(*size) if self.fp else ""

    def getcode(self):
        return self.code

    def geturl(self):
        return self.url

    def info(self):
        return self.headers

    def close(self):
        pass

    def __str__(self):
        return "HTTP Error %s: %s" % (self.code, self.msg)


class Request:
    def __init__(self, url, data=None, headers={}, origin_req_host=None, unverifiable=False):
        self._url = url
        self.data = data
        self.headers = {}
        self.unredirected_hdrs = {}
        for name, value in headers.items():
            self.add_header(name, value)

    def add_header(self, name, value):
        self.headers[name.capitalize()] = value

    def add_unredirected_header(self, name, value):
        self.unredirected_hdrs[name.capitalize()] = value

    def has_header(self, name):
        return name in self.headers or name in self.unredirected_hdrs

    def get_header(self, name, default=None):
        return self.headers.get(name, self.unredirected_hdrs.get(name, default))

    def header_items(self):
        return list({**self.unredirected_hdrs, **self.headers}.items())

    def add_data(self, data):
        self.data = data

    def has_data(self):
        return self.data is not None

    def get_data(self):
        return self.data

    def get_method(self):
        return "POST" if self.has_data() else "GET"

    def get_full_url(self):
        return self._url

    def get_type(self):
        return parse.urlsplit(self._url).scheme

    def get_host(self):
        return parse.urlsplit(self._url).netloc

    def get_selector(self):
        return parse.urlunsplit(("", "", *parse.urlsplit(self._url)[2:4], "")) or "/"


class Headers(dict):
    """The headers of an answer, whose names are in small letters and may be asked for in any."""

    def __init__(self, pairs):
        super().__init__()
        for name, value in pairs:
            name = name.lower()
            self[name] = self[name] + ", " + value if name in self else value

    def getheader(self, name, default=None):
        return self.get(name.lower(), default)

    def __getitem__(self, name):
        return super().__getitem__(name.lower())


class Answer:
    def __init__(self, url, response):
        entity = response.getEntity()
        self._url = url
        self._rest = from_bytes(entity.getContent()) if entity is not None else ""
        self.code = response.getStatusLine().getStatusCode()
        self.msg = response.getStatusLine().getReasonPhrase()
        self.headers = Headers((header.getName(), header.getValue()) for header in response.getAllHeaders())

    def read(self, size=-1):
        size = len(self._rest) if size is None or size < 0 else size
        part, self._rest = self._rest[:size], self._rest[size:]
        return part

    def readline(self):
        line, mark, self._rest = self._rest.partition("\n")
        return line + mark

    def readlines(self):
        return list(iter(self.readline, ""))

    __iter__ = readlines

    def getcode(self):
        return self.code

    def geturl(self):
        return self._url

    def info(self):
        return self.headers

    def close(self):
        pass


def urlopen(url, data=None, timeout=None, cafile=None, capath=None, cadefault=False, context=None):
    request = Request(url) if isinstance(url, str) else url
    if data is not None:
        request.add_data(data)
    url = request.get_full_url()
    if request.has_data() and not request.has_header("Content-type"):
        request.add_header("Content-type", "application/x-www-form-urlencoded")
    headers = [[str(name), str(value)] for name, value in request.header_items()]
    response = exchange(request.get_method(), url, headers, request.get_data())
    if response is None:
        raise URLError("no answer from %s" % parse.urlsplit(url).hostname)
    answer = Answer(url, response)
    if answer.code >= 400:
        raise HTTPError(url, answer.code, answer.msg, answer.headers, answer)
    return answer


class _Handler:
    """Handlers are accepted and not used: TLS, proxies and redirects are the host's."""

    def __init__(self, *_, **__):
        pass


HTTPHandler = HTTPSHandler = ProxyHandler = HTTPCookieProcessor = HTTPRedirectHandler = _Handler


class OpenerDirector:
    def __init__(self):
        self.addheaders = []

    def open(self, url, data=None, timeout=None):
        request = Request(url) if isinstance(url, str) else url
        for name, value in self.addheaders:
            if not request.has_header(name.capitalize()):
                request.add_header(name, value)
        return urlopen(request, data)


def build_opener(*_):
    return OpenerDirector()


def install_opener(_):
    pass
