"""Questions to the host, and what the script sees of the request under way."""

import json
import time

import _sallyport

from sp_java import JavaException


def ask(kind, **fields):
    """Asks one question and gives the kind and the value of the answer."""
    fields["ask"] = kind
    answer = json.loads(_sallyport.ask(json.dumps(fields)))
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
        # Working parameters of this run that have no JSON form.
        self.objects = {}

    def begin(self, run_id, scene, python2, script_name):
        if run_id != self.run_id:
            self.run_id = run_id
            self.objects = {}
        working = scene.get("working", {})
        for name, value in self.objects.items():
            if working.get(name, 0) is None:
                working[name] = value
        self.scene = scene
        self.began = time.monotonic()
        self.python2 = python2
        self.script_name = script_name

    def now(self):
        """Seconds since 1970: the moment of the request, and what has passed since the call began."""
        moment = self.scene.get("now_ms") if self.scene else 0
        return moment / 1000 + time.monotonic() - self.began if moment else time.time()

    def after(self):
        """The scene as plain values."""
        scene = {name: plain(value) for name, value in self.scene.items() if name != "working"}
        working = {}
        self.objects = {}
        for name, value in dict.items(self.scene.get("working", {})):
            stored = plain(value)
            if stored is None and value is not None:
                self.objects[name] = value
            working[plain_text(name)] = stored
        scene["working"] = working
        return scene


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


def plain(value, depth=0):
    """A value as JSON has it; None when it has no such form."""
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        return plain_text(value)
    if type(value) is int:
        return value if -(2**63) <= value < 2**63 else None
    if type(value) is float:
        return value if value == value and abs(value) != float("inf") else None
    if depth > 8:
        return None
    if isinstance(value, (list, tuple)) and type(value).__iter__ in (list.__iter__, tuple.__iter__):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {plain_text(key): plain(item, depth + 1) for key, item in dict.items(value)}
    return None
