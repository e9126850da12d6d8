"""urllib as in Python 2."""

from urllib import parse

from sp_text import from_bytes, to_bytes


def quote(s, safe="/"):
    return parse.quote_from_bytes(to_bytes(s), safe)


def quote_plus(s, safe=""):
    return quote(s, safe + " ").replace(" ", "+")


def unquote(s):
    return from_bytes(parse.unquote_to_bytes(to_bytes(s)))


def unquote_plus(s):
    return unquote(s.replace("+", " "))


def urlencode(query, doseq=0):
    pairs = [(key, query[key]) for key in query] if hasattr(query, "keys") else query
    parts = []
    for key, value in pairs:
        values = value if doseq and isinstance(value, (list, tuple)) else [value]
        parts.extend("%s=%s" % (quote_plus(str(key)), quote_plus(str(item))) for item in values)
    return "&".join(parts)


def urlopen(url, data=None):
    import sp2_urllib2

    return sp2_urllib2.urlopen(url, data)
