"""traceback: of the script's own frames."""

import sys

import sp2_show


def _source_line(file, number):
    runtime = sys.modules.get("sp_runtime")
    for script in runtime._scripts.values() if runtime else ():
        if script.file == file and 0 < number <= len(script.lines):
            return script.lines[number - 1].strip()
    return None


def extract_tb(tb, limit=None):
    frames = []
    while tb is not None:
        code = tb.tb_frame.f_code
        if not code.co_filename.startswith("<frozen"):
            frames.append((code.co_filename, tb.tb_lineno, code.co_name, _source_line(code.co_filename, tb.tb_lineno)))
        tb = tb.tb_next
    return frames[:limit]


def format_list(frames):
    lines = []
    for file, number, function, line in frames:
        text = '  File "%s", line %d, in %s\n' % (file, number, function)
        lines.append(text + "    %s\n" % line if line else text)
    return lines


def format_tb(tb, limit=None):
    return format_list(extract_tb(tb, limit))


def format_exception_only(kind, value):
    text = sp2_show._py2_str(value) if value is not None else ""
    name = getattr(kind, "__name__", str(kind))
    return ["%s: %s\n" % (name, text) if text else "%s\n" % name]


def format_exception(kind, value, tb, limit=None):
    head = ["Traceback (most recent call last):\n"] if tb is not None else []
    return head + format_tb(tb, limit) + format_exception_only(kind, value)


def format_exc(limit=None):
    if sys.exc_info()[0] is None:
        return "None\n"
    return "".join(format_exception(*sys.exc_info(), limit=limit))


def print_exc(limit=None, file=None):
    (file or sys.stderr).write(format_exc(limit))


def print_exception(kind, value, tb, limit=None, file=None):
    (file or sys.stderr).write("".join(format_exception(kind, value, tb, limit)))


def print_tb(tb, limit=None, file=None):
    (file or sys.stderr).write("".join(format_tb(tb, limit)))


def print_stack(*_, **__):
    pass
