"""The cage that scripts run in, and what the worker calls: register, construct, init, run and describe.

The boundary is that no host is compiled into the interpreter. What is taken away here keeps scripts from doing
by mistake what would hurt other logins: threads, signals, an endless sleep, output past the log.
"""

import builtins
import io
import functools
import json
import sys
import time
import warnings

import _imp
import _sallyport
import _thread

import sp_java
from sp_java import import_java


class ScriptDeadline(BaseException):
    """Ends a call whose time is over; `except Exception` does not catch it."""


class ScriptMemory(BaseException):
    """Ends a call that takes too much memory."""


class ScriptAbandoned(BaseException):
    """Ends a call that nobody waits for any more."""


class InitRefused(Exception):
    """`init` did not give true."""


class LogStream:
    """Standard output or error: the script's log."""

    encoding = "utf-8"
    errors = "replace"
    closed = False

    def __init__(self, number):
        self._number = number

    def write(self, text):
        self.softspace = False
        _sallyport.write(self._number, text if isinstance(text, str) else str(text))
        return len(text)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        pass

    def isatty(self):
        return False


def _refuse_thread(*_, **__):
    raise RuntimeError("scripts may not start threads")


def _refuse(*_, **__):
    raise RuntimeError("scripts may not change the interpreter")


def _close_the_cage():
    sys.stdout = sys.__stdout__ = LogStream(0)
    sys.stderr = sys.__stderr__ = LogStream(1)
    sys.stdin = sys.__stdin__ = None
    sys.path = []
    time.sleep = _sallyport.sleep
    for name in ("start_new_thread", "start_new", "start_joinable_thread", "interrupt_main", "exit_thread"):
        if hasattr(_thread, name):
            setattr(_thread, name, _refuse_thread)
    warnings.simplefilter("ignore")
    # A deep recursion would overflow the native stack; a trace function may move a frame to another line.
    for name in ("setrecursionlimit", "settrace", "setprofile", "_settraceallthreads", "_setprofileallthreads"):
        if hasattr(sys, name):
            setattr(sys, name, _refuse)
    if hasattr(sys, "monitoring"):
        del sys.monitoring
    _imp.create_builtin = _sallyport.create_builtin


_close_the_cage()

import apache_commons
import apache_http
import gluu_absent
import gluu_client
import gluu_configuration
import gluu_http
import gluu_jwt
import gluu_mail
import gluu_names
import gluu_people
import gluu_persistence
import gluu_script
import gluu_services
import gluu_session
import gluu_util
import google_guava
import java_base64
import java_calendar
import java_io
import java_lang
import java_logging
import java_net
import java_security
import java_time
import java_util
import javax_faces
import javax_mail
import javax_ws
import jsmpp
import oath_otp
import org_json
import sp_python2
import twilio
import unboundid
from sp_host import current
from sp_libraries import Libraries

MODULES = {True: frozenset(_sallyport.modules(True)), False: frozenset(_sallyport.modules(False))}

# What a script's own language has in another form than the library.
REPLACED = {True: sp_python2.MODULES, False: {"sys": "sp_sys", "time": "sp_time"}}

# They lead to the import system.
_LEFT_OUT = ("__loader__", "__spec__")

_DENIED = ("breakpoint", "compile", "copyright", "credits", "eval", "exec", "exit", "help", "input", "license", "quit")


def _denied(name):
    def refuse(*_, **__):
        raise NotImplementedError("%s() is not provided to scripts" % name)

    refuse.__name__ = name
    return refuse


def _open(script):
    """`open` of a file that a property names. There are no files: such a property holds the file's text itself."""

    def open(name, mode="r", *_, **__):
        configured = script.configuration.values() if script.configuration is not None else ()
        is_text = isinstance(name, str) and name.lstrip()[:1] in ("{", "[")
        if mode in ("r", "rb", "rt", "rU") and is_text and any(name == held.getValue2() for held in configured):
            return io.StringIO(name)
        raise IOError("open() is not provided to scripts: put the text of the file into the property, in place of its path")

    return open


def _importer(script, python2):
    """`__import__` of a script: Java's names, the modules on the list, and the libraries."""
    real = builtins.__import__

    def __import__(name, globals=None, locals=None, fromlist=(), level=0):
        if level > 0:
            full, bound = script.libraries.find(name, globals, level, python2)
            return script.libraries.load(full, bound, fromlist)
        if name.partition(".")[0] in sp_java.ROOTS:
            return import_java(name, fromlist)
        if name == "_strptime":
            # Native code of datetime asks for it in the name of the script.
            return real("sp_time").parsing
        if name not in MODULES[python2]:
            found = script.libraries.find(name, globals, 0, python2)
            if found is not None:
                return script.libraries.load(*found, fromlist)
            raise ImportError("Python module '%s' is not available to scripts" % name)
        # `import a.b` gives `a`.
        wanted = name if fromlist else name.partition(".")[0]
        replaced = REPLACED[python2].get(wanted)
        if replaced is not None:
            return real(replaced)
        return real(name, None, None, fromlist or (), 0)

    return __import__


def _builtins_for(script, python2):
    table = {name: value for name, value in vars(builtins).items() if name not in _DENIED + _LEFT_OUT}
    table.update({name: _denied(name) for name in _DENIED})
    table["open"] = _open(script)
    if python2:
        table.update(sp_python2.BUILTINS)
        for name in ("file", "execfile", "raw_input"):
            table[name] = _denied(name)
    # What ends a call from outside is not for the script to catch.
    table["BaseException"] = Exception
    table["__import__"] = _importer(script, python2)
    return table


class Loaded:
    """A script on this worker."""

    def __init__(self, name, file, source, libraries):
        self.name = name
        self.file = file
        self.lines = source.splitlines()
        self.python2 = True
        self.globals = {}
        self.configuration = None
        self.instance = None
        self.libraries = Libraries(libraries, functools.partial(_builtins_for, self))

    def arguments(self, method, step):
        """What the contract gives the method."""
        configuration = self.configuration
        usage = current.scene.get("usage", "interactive")
        if method in ("isValidAuthenticationMethod", "getAlternativeAuthenticationMethod"):
            return (gluu_script.usage_type(usage), configuration)
        if method in ("authenticate", "prepareForStep", "getNextStep"):
            parameters = None if usage == "service" else javax_faces.parameter_map()
            return (configuration, parameters, step)
        if method in ("getExtraParametersForStep", "getPageForStep"):
            return (configuration, step)
        if method in ("logout", "getLogoutExternalUrl"):
            return (configuration, None)
        if method == "getApiVersion":
            return ()
        return (configuration,)


_scripts = {}


def register(serial, name, file, source, libraries):
    _scripts[serial] = Loaded(name, file, source, libraries)


def construct(serial, code, python2, properties, now_ms):
    """Runs the module and makes the object."""
    script = _scripts[serial]
    script.python2 = python2
    script.configuration = gluu_script.configuration(properties)
    script.globals.update(__name__="__main__", __file__=script.file, __builtins__=_builtins_for(script, python2))
    if python2:
        # Many of Gluu's scripts use it without importing it.
        script.globals["sys"] = script.globals["__builtins__"]["__import__"]("sys")
    _begin(script, None, {})
    exec(code, script.globals)
    kind = script.globals.get("PersonAuthentication")
    if not isinstance(kind, type):
        raise TypeError("the script has no class PersonAuthentication")
    script.instance = kind(now_ms)


def init(serial):
    """Calls `init` as the API version wants it, and gives the version."""
    script = _scripts[serial]
    version = script.instance.getApiVersion()
    if not isinstance(version, int):
        raise TypeError("getApiVersion gave no number")
    arguments = (script.configuration,)
    if version > 10:
        own = gluu_script.CustomScript(script.name, java_util.ArrayList(script.configuration.values()))
        arguments = (own, script.configuration)
    if not script.instance.init(*arguments):
        raise InitRefused("init did not give true; the script's log says why")
    return int(version)


def _begin(script, run_id, scene):
    current.begin(run_id, scene, script)
    sp_python2.reset()


def run(serial, run_id, method, step, scene):
    """Calls one method. Gives its value as plain values."""
    script = _scripts[serial]
    _begin(script, run_id, scene)
    value = getattr(script.instance, method)(*script.arguments(method, step))
    return _returned(method, value)


def _returned(method, value):
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (list, tuple, set)):
        return [_text(item) for item in value if item is not None]
    if isinstance(value, (dict, java_util.LiveMap)):
        return {_text(key): _text(value[key]) for key in value if value[key] is not None}
    raise TypeError("%s gave back a %s, which the contract does not know" % (method, type(value).__name__))


def _text(value):
    return java_lang.java_text(value).encode("utf-8", "replace").decode("utf-8")


def scene_after():
    """The scene as the call left it."""
    return current.after()


def describe(serial, error, over):
    """An exception in the author's terms, as JSON. `over` says why the call was ended from outside."""
    script = _scripts.get(serial)
    file = script.file if script else "script"
    sources = {file: script.lines, **script.libraries.lines} if script else {}
    frames = _frames(error, sources)
    if frames:
        file = frames[-1][0]
    line = frames[-1][1] if frames else None
    if over is not None:
        what = over
    elif isinstance(error, SyntaxError) and error.filename in sources:
        file, line = error.filename, error.lineno
        frames.append((file, line, "<module>"))
        what = "%s: %s" % (type(error).__name__, error.msg)
    elif isinstance(error, InitRefused):
        what = str(error)
    elif isinstance(error, sp_java.Throwable):
        what = str(error)
    else:
        what = "%s: %s" % (type(error).__name__, error)
    what = " ".join(what.split())[:4000]
    message = "%s, line %d: %s" % (file, line, what) if line else "%s: %s" % (file, what)
    text = ["Traceback (most recent call last):"]
    for place, number, function in frames:
        text.append('  File "%s", line %d, in %s' % (place, number, function))
        lines = sources[place]
        if 0 < number <= len(lines):
            text.append("    " + lines[number - 1].strip())
    text.append(what)
    plain = {"message": message, "traceback": "\n".join(text) if frames else "", "line": line}
    return json.dumps({key: value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else value
                       for key, value in plain.items()})


def _frames(error, files):
    """File, line and function of each frame in a file of the author; at most the last 20."""
    frames = []
    traceback = error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if code.co_filename in files:
            frames.append((code.co_filename, traceback.tb_lineno, code.co_name))
        traceback = traceback.tb_next
    return frames[-20:]


# What most scripts import: workers share it, and load a script faster.
_PRELOADED = (
    "base64", "datetime", "hashlib", "hmac", "json", "random", "re", "sp2_base64", "sp2_hashlib", "sp2_hmac", "sp2_json",
    "sp2_re", "sp2_string", "sp2_sys", "sp2_time", "sp2_urllib2", "sp2_urlparse", "string", "urllib.parse", "uuid",
)

for _name in _PRELOADED:
    __import__(_name)


def after_fork():
    """Two workers with one past must not draw the same random numbers."""
    sys.modules["random"].seed(int.from_bytes(_sallyport.urandom(32), "big"))
