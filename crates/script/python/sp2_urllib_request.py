"""urllib.request, urllib.parse and urllib.error, which some scripts try before urllib2."""

from sp2_urllib import *
from sp2_urllib2 import *
from sp2_urlparse import *
