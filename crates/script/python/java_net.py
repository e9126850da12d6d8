"""java.net: names of things on the net. Nothing here opens a connection."""

from java_bytes import charset_of
from java_throwable import IllegalArgumentException, MalformedURLException, UnknownHostException, UnsupportedOperationException, URISyntaxException
from sp_java import JavaObject, java_class

_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-*_")


@java_class("java.net.URLEncoder")
class URLEncoder:
    @staticmethod
    def encode(text, charset=None):
        """As a form is encoded: a space is a plus."""
        charset = charset_of(charset)
        out = []
        for char in str(text):
            if char in _PLAIN:
                out.append(char)
            elif char == " ":
                out.append("+")
            else:
                out.extend("%%%02X" % byte for byte in char.encode(charset, "replace"))
        return "".join(out)


@java_class("java.net.URLDecoder")
class URLDecoder:
    @staticmethod
    def decode(text, charset=None):
        return unescaped(str(text).replace("+", " "), charset_of(charset), "URLDecoder")


def unescaped(text, charset="utf-8", who=None):
    """Text without its %xx. `who`: complain about wrong ones in this name; None leaves them."""
    out, at = [], 0
    while at < len(text):
        data = bytearray()
        while text.startswith("%", at):
            digits = text[at + 1:at + 3]
            try:
                if len(digits) < 2 or digits != digits.strip() or digits[0] in "+-":
                    raise ValueError
                data.append(int(digits, 16))
            except ValueError:
                if who is None:
                    break
                if len(digits) < 2:
                    raise IllegalArgumentException("%s: Incomplete trailing escape (%%) pattern" % who) from None
                raise IllegalArgumentException('%s: Illegal hex characters in escape (%%) pattern - Error at index 0 in: "%s"' % (who, digits)) from None
            at += 3
        if data:
            out.append(data.decode(charset, "replace"))
        else:
            out.append(text[at])
            at += 1
    return "".join(out)


_URI_CHARS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'();/?:@&=+$,[]%#")


def parts_of(text):
    """Scheme, authority, path, query and fragment (RFC 3986, appendix B); None for what is not there."""
    rest, hash_mark, fragment = text.partition("#")
    rest, question, query = rest.partition("?")
    scheme = None
    colon = rest.find(":")
    if colon > 0 and "/" not in rest[:colon]:
        scheme, rest = rest[:colon], rest[colon + 1:]
    authority, path = None, rest
    if rest.startswith("//"):
        slash = rest.find("/", 2)
        slash = len(rest) if slash < 0 else slash
        authority, path = rest[2:slash], rest[slash:]
    return scheme, authority, path, query if question else None, fragment if hash_mark else None


def host_and_port(authority):
    """The port is -1 when there is none."""
    host = (authority or "").rpartition("@")[2]
    name, colon, port = host.rpartition(":")
    if colon and port.isdigit() and not port.endswith("]"):
        return name, int(port)
    return host.rstrip(":"), -1


@java_class("java.net.URI")
class URI(JavaObject):
    def __init__(self, *parts):
        """A text, or its parts: scheme, (authority or user, host, port,) path, (query,) fragment."""
        self._text = _composed(parts) if len(parts) > 1 else str(parts[0])
        for index, char in enumerate(self._text):
            if ord(char) < 128 and char not in _URI_CHARS:
                where = "query" if "?" in self._text[:index] else "authority" if self._text[:index].count("/") < 3 and "//" in self._text[:index] else "path"
                raise URISyntaxException("Illegal character in %s at index %d: %s" % (where, index, self._text))
        self._scheme, self._authority, self._path, self._query, self._fragment = parts_of(self._text)
        if self._scheme is not None and self._authority == "" and not self._path:
            raise URISyntaxException("Expected authority at index %d: %s" % (len(self._text), self._text))

    @classmethod
    def create(cls, text):
        try:
            return cls(text)
        except URISyntaxException as error:
            raise IllegalArgumentException(error.getMessage()) from None

    def _opaque(self):
        return self._scheme is not None and self._authority is None and not self._path.startswith("/")

    def getScheme(self):
        return self._scheme

    def getAuthority(self):
        return self._authority

    def getUserInfo(self):
        user, at, _ = (self._authority or "").rpartition("@")
        return unescaped(user) if at else None

    def getHost(self):
        return host_and_port(self._authority)[0] or None

    def getPort(self):
        return host_and_port(self._authority)[1]

    def getRawPath(self):
        return None if self._opaque() else self._path

    def getPath(self):
        return None if self._opaque() else unescaped(self._path)

    def getRawQuery(self):
        return self._query

    def getQuery(self):
        return None if self._query is None else unescaped(self._query)

    def getRawFragment(self):
        return self._fragment

    def getFragment(self):
        return None if self._fragment is None else unescaped(self._fragment)

    def getSchemeSpecificPart(self):
        return unescaped(self._text.partition("#")[0][len(self._scheme) + 1 if self._scheme else 0:])

    def isAbsolute(self):
        return self._scheme is not None

    def isOpaque(self):
        return self._opaque()

    def resolve(self, other):
        from urllib.parse import urljoin

        return URI(urljoin(self._text, str(other)))

    def normalize(self):
        return self.resolve(self._text)

    def toURL(self):
        return URL(self._text)

    def toASCIIString(self):
        return "".join(char if ord(char) < 128 else URLEncoder.encode(char) for char in self._text)

    def __eq__(self, other):
        return isinstance(other, URI) and self._text == other._text

    def __hash__(self):
        return hash(self._text)

    def __str__(self):
        return self._text


def _escaped(text, also=""):
    return "".join(char if char in _URI_CHARS and char not in "#[]%" + also else URLEncoder.encode(char).replace("+", "%20") for char in text)


def _composed(parts):
    parts = list(parts)
    query = None
    if len(parts) == 7:
        scheme, user, host, port, path, query, fragment = parts
        authority = (_escaped(user) + "@" if user else "") + (host or "") + (":%d" % port if port >= 0 else "")
    elif len(parts) == 5:
        scheme, authority, path, query, fragment = parts
    elif len(parts) == 4:
        scheme, authority, path, fragment = parts
    else:
        return "%s:%s%s" % (parts[0], _escaped(parts[1]), "" if parts[2] is None else "#" + _escaped(parts[2]))
    text = (scheme + ":" if scheme else "") + ("//" + authority if authority else "") + _escaped(path or "", "?")
    text += "" if query is None else "?" + _escaped(query)
    return text + ("" if fragment is None else "#" + _escaped(fragment))


_PORTS = {"http": 80, "https": 443, "ftp": 21}


@java_class("java.net.URL", partial="a name only: HttpService makes requests")
class URL(JavaObject):
    def __init__(self, *parts):
        if len(parts) == 2:
            from urllib.parse import urljoin

            text = urljoin(str(parts[0]), str(parts[1]))
        elif len(parts) > 2:
            scheme, host, *port, file = parts
            text = "%s://%s%s%s" % (scheme, host, ":%d" % port[0] if port else "", file)
        else:
            text = str(parts[0])
        self._text = text
        self._scheme, self._authority, self._path, self._query, self._fragment = parts_of(text)
        if self._scheme is None:
            raise MalformedURLException("no protocol: " + text)
        if self._scheme.lower() not in _PORTS and self._scheme.lower() not in ("file", "jar", "mailto"):
            raise MalformedURLException("unknown protocol: " + self._scheme.lower())

    def getProtocol(self):
        return self._scheme.lower()

    def getHost(self):
        return host_and_port(self._authority)[0]

    def getPort(self):
        return host_and_port(self._authority)[1]

    def getDefaultPort(self):
        return _PORTS.get(self._scheme.lower(), -1)

    def getAuthority(self):
        return self._authority

    def getUserInfo(self):
        user, at, _ = (self._authority or "").rpartition("@")
        return user if at else None

    def getPath(self):
        return self._path

    def getQuery(self):
        return self._query

    def getRef(self):
        return self._fragment

    def getFile(self):
        return self._path + ("" if self._query is None else "?" + self._query)

    def toURI(self):
        return URI(self._text)

    def toExternalForm(self):
        return self._text

    def openConnection(self, *_):
        raise UnsupportedOperationException("scripts have no sockets: use HttpService")

    openStream = getContent = openConnection

    def __eq__(self, other):
        return isinstance(other, URL) and self._text == other._text

    def __hash__(self):
        return hash(self._text)

    def __str__(self):
        return self._text


@java_class("java.net.InetAddress", partial="addresses in numbers; names are not looked up")
class InetAddress(JavaObject):
    def __init__(self, text):
        self._text = text

    @staticmethod
    def getByName(name):
        parts = str(name).split(".")
        if len(parts) == 4 and all(part.isdigit() and int(part) < 256 for part in parts) or ":" in str(name):
            return InetAddress(str(name))
        raise UnknownHostException("%s: scripts may not look names up" % name)

    def getHostAddress(self):
        return self._text

    getHostName = getHostAddress

    def isLoopbackAddress(self):
        return self._text.startswith("127.") or self._text == "::1"

    def isSiteLocalAddress(self):
        return self._text.startswith(("10.", "192.168.")) or self._text.startswith("172.") and 16 <= int(self._text.split(".")[1]) < 32

    def __str__(self):
        return "/" + self._text
