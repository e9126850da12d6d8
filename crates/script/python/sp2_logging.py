"""logging: to the script's log."""

import sys

import sp2_show
import sp2_traceback

NOTSET, DEBUG, INFO, WARNING, ERROR, CRITICAL = range(0, 60, 10)
WARN = WARNING
FATAL = CRITICAL

_NAMES = {DEBUG: "DEBUG", INFO: "INFO", WARNING: "WARNING", ERROR: "ERROR", CRITICAL: "CRITICAL"}


def getLevelName(level):
    return _NAMES.get(level, "Level %s" % level)


class Logger:
    def __init__(self, name):
        self.name = name
        self.level = NOTSET
        self.handlers = []
        self.propagate = 1
        self.disabled = 0

    def setLevel(self, level):
        names = {name: number for number, name in _NAMES.items()}
        self.level = names.get(level, level)

    def getEffectiveLevel(self):
        return self.level or root.level or WARNING

    def isEnabledFor(self, level):
        return level >= self.getEffectiveLevel()

    def log(self, level, msg, *args, exc_info=None, extra=None):
        if not self.isEnabledFor(level):
            return
        text = sp2_show._py2_str(msg)
        if args:
            text = sp2_show._py2_mod(text, args[0] if len(args) == 1 and isinstance(args[0], dict) else args)
        if exc_info:
            text += "\n" + sp2_traceback.format_exc().rstrip("\n")
        stream = sys.stderr if level >= WARNING else sys.stdout
        stream.write("%s:%s:%s\n" % (getLevelName(level), self.name, text))

    def debug(self, msg, *args, **keywords):
        self.log(DEBUG, msg, *args, **keywords)

    def info(self, msg, *args, **keywords):
        self.log(INFO, msg, *args, **keywords)

    def warning(self, msg, *args, **keywords):
        self.log(WARNING, msg, *args, **keywords)

    warn = warning

    def error(self, msg, *args, **keywords):
        self.log(ERROR, msg, *args, **keywords)

    def exception(self, msg, *args, **keywords):
        self.log(ERROR, msg, *args, **{"exc_info": True, **keywords})

    def critical(self, msg, *args, **keywords):
        self.log(CRITICAL, msg, *args, **keywords)

    fatal = critical

    def addHandler(self, handler):
        """Accepted, and not used: there is one log."""

    removeHandler = addFilter = addHandler


root = Logger("root")
_loggers = {}


def getLogger(name=None):
    return root if not name else _loggers.setdefault(name, Logger(name))


def basicConfig(level=None, **_):
    if level is not None:
        root.setLevel(level)


def disable(level):
    root.setLevel(level + 1)


debug = root.debug
info = root.info
warning = warn = root.warning
error = root.error
exception = root.exception
critical = fatal = root.critical
log = root.log


class Handler:
    """Accepted, and not used."""

    def __init__(self, *_, **__):
        pass

    def setLevel(self, _):
        pass

    setFormatter = addFilter = setLevel


StreamHandler = FileHandler = NullHandler = Formatter = Handler
