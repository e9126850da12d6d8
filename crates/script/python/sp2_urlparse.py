"""urlparse as in Python 2."""

from urllib.parse import urldefrag, urljoin, urlparse, urlsplit, urlunparse, urlunsplit
from urllib import parse


def parse_qs(query, keep_blank_values=0, strict_parsing=0):
    return parse.parse_qs(query, bool(keep_blank_values), bool(strict_parsing), encoding="latin-1")


def parse_qsl(query, keep_blank_values=0, strict_parsing=0):
    return parse.parse_qsl(query, bool(keep_blank_values), bool(strict_parsing), encoding="latin-1")
