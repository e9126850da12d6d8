"""Arrays of Java for scripts, as in Jython."""

from java_bytes import array, zeros
