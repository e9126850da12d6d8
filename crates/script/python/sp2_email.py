"""email: what scripts build a mail with before they give it to smtplib."""

from types import SimpleNamespace


class Message:
    subtype = "plain"

    def __init__(self):
        self._headers = []
        self._payload = None

    def __setitem__(self, name, value):
        self._headers.append((name, str(value)))

    def __getitem__(self, name):
        return self.get(name)

    def __delitem__(self, name):
        self._headers = [header for header in self._headers if header[0].lower() != name.lower()]

    def __contains__(self, name):
        return self.get(name) is not None

    def get(self, name, default=None):
        return next((value for known, value in self._headers if known.lower() == name.lower()), default)

    def get_all(self, name, default=None):
        return [value for known, value in self._headers if known.lower() == name.lower()] or default

    def keys(self):
        return [name for name, _ in self._headers]

    def items(self):
        return list(self._headers)

    def add_header(self, name, value, **_):
        self[name] = value

    def replace_header(self, name, value):
        del self[name]
        self[name] = value

    def get_content_type(self):
        return "text/" + self.subtype

    def get_payload(self, *_):
        return self._payload

    def set_payload(self, payload, *_):
        self._payload = payload

    def is_multipart(self):
        return isinstance(self._payload, list)

    def attach(self, part):
        self._payload = (self._payload or []) + [part]

    def as_string(self, unixfrom=False):
        return MailText(self)

    __str__ = as_string


class MailText(str):
    """A mail as text, which remembers what it was made of."""

    def __new__(cls, message):
        head = "".join("%s: %s\n" % header for header in message.items())
        parts = message.get_payload()
        body = "\n".join(str(part) for part in parts) if isinstance(parts, list) else str(parts or "")
        text = super().__new__(cls, head + "\n" + body)
        text.message = message
        return text


class MIMEText(Message):
    def __init__(self, _text, _subtype="plain", _charset="us-ascii"):
        super().__init__()
        self.subtype = _subtype
        self._payload = _text


class MIMEMultipart(Message):
    def __init__(self, _subtype="mixed", boundary=None, _subparts=None, **_):
        super().__init__()
        self.subtype = _subtype
        self._payload = list(_subparts or [])

    def get_content_type(self):
        return "multipart/" + self.subtype


def message_from_string(text):
    """Of header lines and one text."""
    message = Message()
    head, _, body = str(text).replace("\r\n", "\n").partition("\n\n")
    for line in head.split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            message[name.strip()] = value.strip()
    if "html" in message.get("Content-Type", ""):
        message.subtype = "html"
    message.set_payload(body)
    return message


def formataddr(pair):
    name, address = pair
    return "%s <%s>" % (name, address) if name else address


def Header(text="", *_, **__):
    return str(text)


mime = SimpleNamespace(
    text=SimpleNamespace(MIMEText=MIMEText), multipart=SimpleNamespace(MIMEMultipart=MIMEMultipart)
)
utils = SimpleNamespace(formataddr=formataddr)
header = SimpleNamespace(Header=Header)
