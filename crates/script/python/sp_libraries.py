"""Modules that an operator put into the folder of libraries. Each script has its own copy of their state."""

import types

import _sallyport


class Libraries:
    """What one script can import, by full name: text, file, whether it is a package, whether it is Python 2."""

    def __init__(self, sources, builtins_for):
        self._sources = sources
        self._builtins_for = builtins_for
        self._modules = {}
        # The lines of those that were imported, by file: for tracebacks.
        self.lines = {}

    def find(self, name, importing, level, python2):
        """The full name, and the name of the module that a plain `import` binds. None: no library has it."""
        package = importing.get("__package__") if isinstance(importing, dict) else None
        if level > 0:
            parts = package.split(".") if package else []
            if level > len(parts):
                raise ImportError("relative imports are for modules of a package")
            base = ".".join(parts[: len(parts) - level + 1])
            full = base + "." + name if name else base
            return full, full
        first = name.partition(".")[0]
        # Python 2 looks beside the importing module first.
        if python2 and package and package + "." + first in self._sources:
            return package + "." + name, package + "." + first
        return (name, first) if first in self._sources else None

    def load(self, full, bound, fromlist):
        module = self._load(full)
        if not fromlist:
            return self._modules[bound]
        for name in fromlist:
            if full + "." + name in self._sources:
                self._load(full + "." + name)
        return module

    def _load(self, full):
        """Loads the packages above it first."""
        package, _, own = full.rpartition(".")
        parent = self._load(package) if package else None
        module = self._modules.get(full)
        if module is None:
            module = self._run(full, package)
            if parent is not None:
                setattr(parent, own, module)
        return module

    def _run(self, full, package):
        if full not in self._sources:
            raise ImportError("Python module '%s' is not available to scripts" % full)
        text, file, is_package, python2 = self._sources[full]
        self.lines[file] = text.splitlines()
        code = _sallyport.compile_library(text, file, python2)
        module = types.ModuleType(full)
        names = vars(module)
        names.update(__file__=file, __package__=full if is_package else package, __builtins__=self._builtins_for(python2))
        if is_package:
            names["__path__"] = []
        if python2:
            names["sys"] = names["__builtins__"]["__import__"]("sys")
        self._modules[full] = module
        try:
            exec(code, names)
        except BaseException:
            self._modules.pop(full, None)
            raise
        return module
