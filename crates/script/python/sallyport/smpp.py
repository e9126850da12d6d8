"""Message centres that speak SMPP 3.4, as carriers have them."""

from sp_host import ask

# The default alphabet of GSM 03.38, in its order.
_DEFAULT = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)

_UNKNOWN, _INTERNATIONAL, _ALPHANUMERIC = 0, 1, 5
_ISDN = 1
_UCS2 = 8


class MessageCentre:
    """One message is one connection: bind, submit, unbind. The host does it, and checks that it may."""

    def __init__(self, host, port, system_id, password, system_type=""):
        self._where = {
            "host": host, "port": port, "system_id": system_id, "password": password, "system_type": system_type,
        }

    def send(self, sender, number, text):
        """Whether the message centre took the message. `number` is in E.164, `sender` a number, a short one or a name."""
        coding, content = encoded(text)
        kind, value = ask(
            "smpp",
            source=address(sender),
            destination=address(number),
            data_coding=coding,
            content=content,
            service_type="", esm_class=0, protocol_id=0, priority=0, schedule="", validity="",
            registered_delivery=0, replace_if_present=0, default_message=0,
            **self._where,
        )
        if kind != "text":
            print("The message centre did not take the message: %s" % value)
        return kind == "text"


def encoded(text):
    """The data coding and the octets, one character for each: one septet in an octet, or UCS-2."""
    places = [_DEFAULT.find(char) for char in text]
    if -1 not in places:
        return 0, "".join(map(chr, places))
    return _UCS2, text.encode("utf-16-be").decode("latin-1")


def address(text):
    """The type of number and the numbering plan that say what the text is (SMPP 3.4 §5.2.5, §5.2.6)."""
    if text.startswith("+"):
        return {"ton": _INTERNATIONAL, "npi": _ISDN, "text": text[1:]}
    if text.isdigit():
        return {"ton": _UNKNOWN, "npi": _ISDN, "text": text}
    return {"ton": _ALPHANUMERIC, "npi": 0, "text": text}
