"""Questions to the host, and what the script sees of the request under way."""

import time

import _sallyport

from sp_java import JavaException


def ask(kind, **fields):
    """Asks one question and gives the kind and the value of the answer."""
    fields["ask"] = kind
    answer = _sallyport.ask(fields)
    if answer["answer"] == "refused":
        raise JavaException(answer["value"])
    return answer["answer"], answer.get("value")


def ask_value(kind, **fields):
    return ask(kind, **fields)[1]


class Current:
    """The request under way on this worker."""

    def __init__(self):
        self.run_id = None
        self.scene = {}
        self.began = 0.0
        self.python2 = True
        self.script_name = None
        self._configuration = None
        # Working parameters of this run that have no JSON form.
        self.objects = {}

    def begin(self, run_id, scene, script):
        if run_id != self.run_id:
            self.run_id = run_id
            self.objects = {}
        working = scene.get("working", {})
        for name, value in self.objects.items():
            if working.get(name, 0) is None:
                working[name] = value
        self.scene = scene
        self.began = time.monotonic()
        self.python2 = script.python2
        self.script_name = script.name
        self._configuration = script.configuration

    def property(self, name):
        """The value of a property of the script, None if it has none of that name."""
        found = self._configuration.get(name) if self._configuration is not None else None
        return None if found is None else found.getValue2()

    def now(self):
        """Seconds since 1970: the moment of the request, and what has passed since the call began."""
        moment = self.scene.get("now_ms") if self.scene else 0
        return moment / 1000 + time.monotonic() - self.began if moment else time.time()

    def after(self):
        """The scene as the call left it. What the host cannot be given stays here for the next call of the run."""
        self.objects = {
            name: value
            for name, value in dict.items(self.scene.get("working", {}))
            if not _sallyport.has_plain_form(value)
        }
        return self.scene


current = Current()


def plain_text(value):
    """Text as it is stored, without running code of the script."""
    if isinstance(value, str):
        return str.__str__(value).encode("utf-8", "replace").decode("utf-8")
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return type(value).__repr__(value) if type(value) in (int, float) else ""
    return ""
