"""ast: literals alone."""

from ast import literal_eval
