"""org.jsmpp: one message to a message centre (SMPP 3.4), sent by the host in one go."""

from java_bytes import bytes_of
from java_lang import Enum
from java_throwable import IllegalArgumentException, IOException
from sp_host import ask
from sp_java import JavaException, JavaObject, java_class
from sp_text import from_bytes


@java_class("org.jsmpp.PDUException", "org.jsmpp.PDUStringException")
class PDUException(JavaException):
    pass


@java_class("org.jsmpp.InvalidResponseException")
class InvalidResponseException(JavaException):
    pass


@java_class("org.jsmpp.extra.ResponseTimeoutException")
class ResponseTimeoutException(JavaException):
    pass


@java_class("org.jsmpp.extra.NegativeResponseException")
class NegativeResponseException(JavaException):
    """The message centre did not take the message."""


class _Valued(Enum):
    """A member that stands for a number in the protocol."""

    def value(self):
        return self._number

    @classmethod
    def numbered(cls, **numbers):
        cls.of(*numbers)
        for member in cls._members:
            member._number = numbers[member.name()]


@java_class("org.jsmpp.bean.BindType")
class BindType(_Valued):
    pass


@java_class("org.jsmpp.bean.TypeOfNumber")
class TypeOfNumber(_Valued):
    pass


@java_class("org.jsmpp.bean.NumberingPlanIndicator")
class NumberingPlanIndicator(_Valued):
    pass


@java_class("org.jsmpp.bean.Alphabet")
class Alphabet(_Valued):
    pass


@java_class("org.jsmpp.bean.MessageClass")
class MessageClass(_Valued):
    pass


@java_class("org.jsmpp.bean.SMSCDeliveryReceipt")
class SMSCDeliveryReceipt(_Valued):
    pass


# SMPP 3.4 §5.2.5, §5.2.6, §5.2.17 and §5.2.19.
BindType.numbered(BIND_RX=1, BIND_TX=2, BIND_TRX=9)
TypeOfNumber.numbered(UNKNOWN=0, INTERNATIONAL=1, NATIONAL=2, NETWORK_SPECIFIC=3, SUBSCRIBER_NUMBER=4, ALPHANUMERIC=5, ABBREVIATED=6)
NumberingPlanIndicator.numbered(UNKNOWN=0, ISDN=1, DATA=3, TELEX=4, LAND_MOBILE=6, NATIONAL=8, PRIVATE=9, ERMES=10, INTERNET=14, WAP=18)
Alphabet.numbered(ALPHA_DEFAULT=0, ALPHA_IA5=1, ALPHA_LATIN1=3, ALPHA_8_BIT=4, ALPHA_CYRILLIC=6, ALPHA_UCS2=8)
MessageClass.numbered(CLASS0=0, CLASS1=1, CLASS2=2, CLASS3=3)
SMSCDeliveryReceipt.numbered(DEFAULT=0, SUCCESS_FAILURE=1, FAILURE=2, SUCCESS=3)


@java_class("org.jsmpp.bean.ESMClass")
class ESMClass(JavaObject):
    def __init__(self, value=0):
        self._value = value

    def value(self):
        return self._value


@java_class("org.jsmpp.bean.RegisteredDelivery")
class RegisteredDelivery(JavaObject):
    def __init__(self, receipt=0):
        self._value = receipt if isinstance(receipt, int) else receipt.value()

    def value(self):
        return self._value


@java_class("org.jsmpp.bean.GeneralDataCoding", "org.jsmpp.bean.DataCoding")
class GeneralDataCoding(JavaObject):
    def __init__(self, alphabet=None, message_class=None, compressed=False):
        self._alphabet = alphabet or Alphabet.ALPHA_DEFAULT
        self._class = message_class
        self._compressed = compressed

    def toByte(self):
        classed = 0 if self._class is None else 0x10 | self._class.value()
        return (0x20 if self._compressed else 0) | self._alphabet.value() | classed


@java_class("org.jsmpp.util.TimeFormatter", "org.jsmpp.util.AbsoluteTimeFormatter")
class AbsoluteTimeFormatter(JavaObject):
    def format(self, moment):
        """YYMMDDhhmmsstnnp in UTC (§7.1.1)."""
        if moment is None:
            return None
        fields = moment._fields()
        clock = (fields.year - 2000, fields.month, fields.day, fields.hour, fields.minute, fields.second)
        quarters = (fields.offset or 0) // 900
        sign = "-" if quarters < 0 else "+"
        return "".join("%02d" % part for part in clock) + "%d%02d%s" % (fields.nano // 10**8, abs(quarters), sign)


@java_class("org.jsmpp.session.BindParameter")
class BindParameter(JavaObject):
    def __init__(self, bind_type, system_id, password, system_type, ton, npi, address_range, *_):
        self._type = bind_type
        self._system_id = system_id
        self._password = password
        self._system_type = system_type

    def getSystemId(self):
        return self._system_id


def _text(value):
    return "" if value is None else str(value)


def _number(value):
    return value if isinstance(value, int) else value.toByte() if hasattr(value, "toByte") else value.value()


@java_class("org.jsmpp.session.SMPPSession", partial="binds and sends within submitShortMessage; nothing is received; timers are the host's")
class SMPPSession(JavaObject):
    def __init__(self, *where):
        """Alone, or (host, port, parameters) to connect at once."""
        self._bound = None
        if where:
            self.connectAndBind(*where)

    def setTransactionTimer(self, milliseconds):
        pass

    setEnquireLinkTimer = setPduProcessorDegree = setMessageReceiverListener = addSessionStateListener = setTransactionTimer

    def connectAndBind(self, host, port, parameters, *more):
        """Notes where to send to. The host connects when there is a message."""
        if not isinstance(parameters, BindParameter):
            parameters = BindParameter(parameters, *more)
        if parameters._type is BindType.BIND_RX:
            raise IllegalArgumentException("a receiver sends no messages")
        self._bound = (str(host), int(port), parameters)
        return _text(parameters._system_id)

    def submitShortMessage(self, service_type, source_ton, source_npi, source, dest_ton, dest_npi, dest, esm_class, protocol_id,
                           priority, schedule, validity, receipt, replace, coding, default_message, message, *_):
        """Sends, and gives the message centre's id of the message."""
        if self._bound is None:
            raise IOException("the session is not bound")
        host, port, bind = self._bound
        kind, value = ask(
            "smpp", host=host, port=port, system_id=_text(bind._system_id), password=_text(bind._password),
            system_type=_text(bind._system_type), service_type=_text(service_type),
            source={"ton": source_ton.value(), "npi": source_npi.value(), "text": _text(source)},
            destination={"ton": dest_ton.value(), "npi": dest_npi.value(), "text": _text(dest)},
            esm_class=_number(esm_class), protocol_id=protocol_id, priority=priority, schedule=_text(schedule),
            validity=_text(validity), registered_delivery=_number(receipt), replace_if_present=replace,
            data_coding=_number(coding), default_message=default_message, content=from_bytes(bytes_of(message)),
        )
        if kind == "unreachable":
            raise IOException(value)
        if kind == "rejected":
            raise NegativeResponseException(value)
        return value

    def getSessionId(self):
        return "smpp"

    def unbindAndClose(self):
        self._bound = None

    close = unbindAndClose
