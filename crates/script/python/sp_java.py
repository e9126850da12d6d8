"""Java names in Python: the registry of classes, packages made on the fly, and what all classes share.

A class is provided by writing it in one of the java_*, javax_* or gluu_* modules under a decorator
`@java_class("full.Name", "other.Name")` on one line, which is also what `script check` and the manual's table read.
`partial="how"` behind the names says what of the class is not there; `import_only("full.Name", partial="why")` is
for one that scripts name and that cannot be used.
"""

import sys
import types

REGISTRY = {}
PACKAGES = set()

# Top-level names that are Java's, whatever follows.
ROOTS = ("com", "java", "javax", "net", "org")


def java_class(*names, partial=None):
    """Makes a class importable under its Java names. `partial` is for the manual: what is not there."""

    def register(cls):
        for name in names:
            REGISTRY[name] = cls
            package = name.rpartition(".")[0]
            while package:
                PACKAGES.add(package)
                package = package.rpartition(".")[0]
        cls.java_name = names[0]
        return cls

    return register


class _ImportOnly(type):
    """A class that raises when it is used in any way."""

    def refuse(cls):
        return JavaException("Java class '%s' may be imported, but not used: %s" % (cls.java_name, cls.why))

    def __call__(cls, *_, **__):
        raise cls.refuse()

    def __getattr__(cls, name):
        if name.startswith("_"):
            raise AttributeError(name)
        raise cls.refuse()


def import_only(*names, partial):
    """Makes names importable whose classes are not there: a script that only names them goes on to load."""
    for name in names:
        cls = _ImportOnly(name.rpartition(".")[2], (), {"java_name": name, "why": partial})
        java_class(name)(cls)


def canonical(name):
    """The name since Gluu 4 of what was called org.xdi before."""
    return "org.gluu" + name[7:] if name == "org.xdi" or name.startswith("org.xdi.") else name


def missing(name):
    return "Java class '%s' is not provided by this server" % name


class JavaPackage(types.ModuleType):
    """A package: looks its members up when they are asked for."""

    def __init__(self, name):
        super().__init__(name)
        self.__path__ = []

    def __getattr__(self, member):
        if member.startswith("__"):
            raise AttributeError(member)
        full = "%s.%s" % (self.__name__, member)
        found = REGISTRY.get(canonical(full))
        if found is None and (canonical(full) in PACKAGES or not member[:1].isupper()):
            found = JavaPackage(full)
        if found is None:
            raise AttributeError(missing(full))
        setattr(self, member, found)
        return found


def _fill(package, name):
    """Puts every class of a package into it, for `from package import *`."""
    prefix = canonical(name) + "."
    classes = [full[len(prefix):] for full in REGISTRY if full.startswith(prefix)]
    package.__all__ = [member for member in classes if "." not in member]
    if not package.__all__:
        raise ImportError(missing(name + ".*"))
    for member in package.__all__:
        getattr(package, member)


def import_java(name, fromlist):
    """What `import` gives for a Java name."""
    if not fromlist:
        package = JavaPackage(name.partition(".")[0])
        member = package
        for part in name.split(".")[1:]:
            try:
                member = getattr(member, part)
            except AttributeError as error:
                raise ImportError(str(error)) from None
        return package
    found = REGISTRY.get(canonical(name)) or JavaPackage(name)
    for member in fromlist:
        if member == "*":
            _fill(found, name)
            continue
        try:
            getattr(found, member)
        except AttributeError:
            raise ImportError(missing("%s.%s" % (name, member))) from None
    return found


def member_of(cls, name):
    """A member of a class or of what it extends, None if there is none; its metaclass is not asked."""
    for kind in cls.__mro__:
        if name in kind.__dict__:
            return kind.__dict__[name]
    return None


def name_of(cls):
    """The Java name of a class."""
    return getattr(cls, "java_name", cls.__name__)


class JavaType(type):
    """A Java class: also what `getClass()` gives. Named arguments of a constructor set properties, as in Jython."""

    def __call__(cls, *arguments, **properties):
        if not properties or "java_name" not in cls.__dict__:
            return super().__call__(*arguments, **properties)
        made = super().__call__(*arguments)
        for name, value in properties.items():
            setattr(made, name, value)
        return made

    def getName(cls):
        return name_of(cls)

    getTypeName = getCanonicalName = getName

    def getSimpleName(cls):
        return name_of(cls).rpartition(".")[2]

    def getPackageName(cls):
        return name_of(cls).rpartition(".")[0]

    def isInstance(cls, value):
        return isinstance(value, cls)


def capitalised(name):
    return name[:1].upper() + name[1:]


class JavaObject(metaclass=JavaType):
    """What Jython adds to Java objects: `x.name` for `x.getName()`, and `x.name = v` for `x.setName(v)`."""

    def __getattr__(self, name):
        if not name.startswith("_"):
            for prefix in ("get", "is"):
                if member_of(type(self), prefix + capitalised(name)) is not None:
                    return getattr(self, prefix + capitalised(name))()
        raise AttributeError("'%s' object has no attribute '%s'" % (name_of(type(self)), name))

    def __setattr__(self, name, value):
        if name.startswith("_") or member_of(type(self), "set" + capitalised(name)) is None:
            object.__setattr__(self, name, value)
        else:
            getattr(self, "set" + capitalised(name))(value)

    def getClass(self):
        return type(self)

    def toString(self):
        return str(self)

    def equals(self, other):
        return self == other

    def hashCode(self):
        return hash(self) & 0x7FFFFFFF

    def __repr__(self):
        return str(self)

    def __str__(self):
        return "%s@%x" % (name_of(type(self)), self.hashCode())


class Bean(JavaObject):
    """A bean of the server: stateless, so that one object does for every request."""

    @classmethod
    def bean(cls):
        found = cls.__dict__.get("_bean")
        if found is None:
            found = cls()
            cls._bean = found
        return found


@java_class("java.lang.Throwable")
class Throwable(Exception, metaclass=JavaType):
    """The root of Java's exceptions; unlike in Jython `except Exception` catches them. The message, the cause, or both."""

    def __init__(self, *arguments):
        message = next((item for item in arguments if isinstance(item, str)), None)
        cause = next((item for item in arguments if isinstance(item, BaseException)), None)
        if message is None and cause is not None:
            message = str(cause)
        Exception.__init__(self, *([] if message is None else [message]))
        if cause is not None:
            self.__cause__ = cause

    def getMessage(self):
        return self.args[0] if self.args else None

    def getLocalizedMessage(self):
        return self.getMessage()

    def getCause(self):
        return self.__cause__

    def initCause(self, cause):
        self.__cause__ = cause
        return self

    def getStackTrace(self):
        return []

    def printStackTrace(self, *_):
        print(str(self), file=sys.stderr)

    def getClass(self):
        return type(self)

    def toString(self):
        return str(self)

    @property
    def message(self):
        return self.getMessage()

    @property
    def cause(self):
        return self.getCause()

    def __str__(self):
        message = self.getLocalizedMessage()
        return name_of(type(self)) if message is None else "%s: %s" % (name_of(type(self)), message)

    __repr__ = __str__


@java_class("java.lang.Exception")
class JavaException(Throwable):
    pass
