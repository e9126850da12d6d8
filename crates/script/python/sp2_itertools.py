"""itertools as in Python 2."""

import itertools
from itertools import *
from itertools import filterfalse as ifilterfalse, zip_longest as izip_longest

imap = map
izip = zip
ifilter = filter
