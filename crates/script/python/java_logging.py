"""Loggers of Java: what they are told goes to the script's log."""

import sys

from java_format import java_text
from java_lang import Enum
from sp_java import JavaObject, java_class

def _filled(text, values):
    """`{}` and `{0}` replaced by the values in turn."""
    text = java_text(text)
    for number, value in enumerate(values):
        mark = "{%d}" % number if "{%d}" % number in text else "{}"
        if mark in text:
            text = text.replace(mark, java_text(value), 1)
    return text


@java_class("org.slf4j.Logger", "org.apache.log4j.Logger", "org.apache.logging.log4j.Logger", "java.util.logging.Logger", partial="one log for all; debug and below are not written")
class Logger(JavaObject):
    def __init__(self, name):
        self._name = java_text(name)

    @staticmethod
    def getLogger(name):
        return Logger(name)

    def getName(self):
        return self._name

    def _write(self, level, text, values):
        stream = sys.stderr if level in ("WARN", "ERROR") else sys.stdout
        print("%s: %s" % (level, _filled(text, values)), file=stream)

    def info(self, text, *values):
        self._write("INFO", text, values)

    def warn(self, text, *values):
        self._write("WARN", text, values)

    def error(self, text, *values):
        self._write("ERROR", text, values)

    warning, severe, fatal = warn, error, error

    def debug(self, *_):
        pass

    trace = fine = finer = finest = config = debug

    def log(self, level, text, *values):
        if level.intValue() >= 800:
            self._write("ERROR" if level.intValue() >= 1000 else "WARN" if level.intValue() >= 900 else "INFO", text, values)

    def isInfoEnabled(self):
        return True

    isWarnEnabled = isErrorEnabled = isInfoEnabled

    def isDebugEnabled(self):
        return False

    isTraceEnabled = isDebugEnabled

    def setLevel(self, _):
        pass


@java_class("org.slf4j.LoggerFactory", "org.apache.logging.log4j.LogManager")
class LoggerFactory:
    getLogger = staticmethod(Logger.getLogger)


@java_class("java.util.logging.Level")
class Level(Enum):
    def intValue(self):
        return {"SEVERE": 1000, "WARNING": 900, "INFO": 800, "CONFIG": 700, "FINE": 500, "FINER": 400, "FINEST": 300}[self.name()]


Level.of("SEVERE", "WARNING", "INFO", "CONFIG", "FINE", "FINER", "FINEST")
