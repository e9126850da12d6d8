"""urllib as in Python 2: text in, text out."""

import urllib.parse
from urllib.parse import urljoin as basejoin

from sp2_show import _py2_str
from sp_text import from_bytes, to_bytes


def quote(s, safe="/"):
    if s is None:
        raise TypeError("None object cannot be quoted")
    quoted = urllib.parse.quote_from_bytes(to_bytes(s), safe)
    return quoted if "~" in safe else quoted.replace("~", "%7E")


def quote_plus(s, safe=""):
    return quote(s, safe + " ").replace(" ", "+")


def unquote(s):
    return from_bytes(urllib.parse.unquote_to_bytes(to_bytes(s)))


def unquote_plus(s):
    return unquote(s.replace("+", " "))


def urlencode(query, doseq=0):
    if isinstance(query, str):
        raise TypeError("not a valid non-string sequence or mapping object")
    pairs = [(key, query[key]) for key in query] if hasattr(query, "keys") else query
    parts = []
    for key, value in pairs:
        values = value if doseq and isinstance(value, (list, tuple)) else [value]
        parts.extend("%s=%s" % (quote_plus(_py2_str(key)), quote_plus(_py2_str(item))) for item in values)
    return "&".join(parts)


def splitquery(url):
    path, mark, query = url.rpartition("?")
    return (path, query) if mark else (url, None)


pathname2url = quote
url2pathname = unquote


def urlopen(url, data=None):
    import sp2_urllib2

    return sp2_urllib2.urlopen(url, data)


def __getattr__(name):
    """urllib.request and its like, where a script imported them so."""
    if name in ("error", "parse", "request"):
        import sp2_urllib_request

        return sp2_urllib_request
    raise AttributeError(name)
