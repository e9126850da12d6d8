"""Java names in Python: the registry of classes, packages made on the fly, and what all classes share.

A class is provided by writing it in one of the java_*, javax_* or gluu_* modules under a decorator
`@java_class("full.Name", "other.Name")` on one line, which is also what `script check` and the manual's table read.
`partial="how"` behind the names says what of the class is not there; `import_only("full.Name", partial="why")` is
for one that scripts name and that cannot be used.
"""

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
            raise ImportError("'from %s import *' is not provided: name the classes" % name)
        try:
            getattr(found, member)
        except AttributeError:
            raise ImportError(missing("%s.%s" % (name, member))) from None
    return found


class JavaObject:
    """What Jython adds to Java objects: `x.name` for `x.getName()`, and `x.name = v` for `x.setName(v)`."""

    def __getattr__(self, name):
        if not name.startswith("_"):
            cap = name[:1].upper() + name[1:]
            for prefix in ("get", "is"):
                getter = getattr(type(self), prefix + cap, None)
                if getter is not None:
                    return getter(self)
        raise AttributeError("'%s' object has no attribute '%s'" % (type(self).__name__, name))

    def __setattr__(self, name, value):
        setter = None
        if not name.startswith("_"):
            setter = getattr(type(self), "set" + name[:1].upper() + name[1:], None)
        if setter is None:
            object.__setattr__(self, name, value)
        else:
            setter(self, value)

    def getClass(self):
        return type(self)

    def toString(self):
        return str(self)

    def equals(self, other):
        return self == other

    def hashCode(self):
        return hash(self) & 0x7FFFFFFF


class Bean(JavaObject):
    """A bean of the server: stateless, so that one object does for every request."""

    @classmethod
    def bean(cls):
        found = cls.__dict__.get("_bean")
        if found is None:
            found = cls()
            cls._bean = found
        return found


class JavaException(Exception):
    """The root of Java's exceptions; unlike in Jython `except Exception` catches them."""

    def getMessage(self):
        return self.args[0] if self.args else None

    def getLocalizedMessage(self):
        return self.getMessage()

    def getCause(self):
        return self.__cause__

    def printStackTrace(self):
        print("%s: %s" % (type(self).__name__, self.getMessage()))

    def toString(self):
        return "%s: %s" % (type(self).__name__, self.getMessage())
