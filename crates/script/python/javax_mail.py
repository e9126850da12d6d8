"""javax.mail: messages put together by hand, sent through the mail server of the configuration."""

from html.parser import HTMLParser

import gluu_mail
from java_lang import Enum, java_text
from java_util import Properties
from sp_host import ask_value, plain_text
from sp_java import JavaException, JavaObject, java_class


@java_class("javax.mail.MessagingException", "javax.mail.SendFailedException", "javax.mail.AuthenticationFailedException", "javax.mail.internet.AddressException")
class MessagingException(JavaException):
    pass


class RecipientType(Enum):
    pass


for _at, _kind in enumerate(("To", "Cc", "Bcc")):
    setattr(RecipientType, _kind.upper(), RecipientType(_kind, _at))


@java_class("javax.mail.Message")
class Message(JavaObject):
    RecipientType = RecipientType


@java_class("javax.mail.internet.InternetAddress", "javax.mail.Address")
class InternetAddress(JavaObject):
    def __init__(self, address=None, personal=None, *_):
        self._address = address
        self._personal = personal if isinstance(personal, str) else None

    @staticmethod
    def parse(text, *_):
        """The addresses between commas."""
        return [InternetAddress(part.strip()) for part in java_text(text).split(",") if part.strip()]

    def getAddress(self):
        return self._address

    def setAddress(self, address):
        self._address = address

    def getPersonal(self):
        return self._personal

    def setPersonal(self, name, *_):
        self._personal = name

    def validate(self):
        if "@" not in (self._address or ""):
            raise MessagingException("%s is no mail address" % self._address)

    def __str__(self):
        return "%s <%s>" % (self._personal, self._address) if self._personal else java_text(self._address)


class _Text(HTMLParser):
    """The words of a page, for those who read plain text."""

    def __init__(self):
        super().__init__()
        self.words = []

    def handle_data(self, data):
        self.words.append(data)


def _plain(html):
    reader = _Text()
    reader.feed(html)
    reader.close()
    return "".join(reader.words).strip()


class _Part(JavaObject):
    """Something with content: a text, a page, or several of them."""

    def __init__(self, *_):
        self._content = ""
        self._type = "text/plain"

    def setText(self, text, charset=None, subtype="plain"):
        self._content = plain_text(text)
        self._type = "text/%s" % subtype

    def setContent(self, content, kind=None):
        if isinstance(content, MimeMultipart):
            self._content, self._type = content, "multipart"
        elif isinstance(content, str):
            self._content, self._type = plain_text(content), java_text(kind or "text/plain").partition(";")[0].strip().lower()
        else:
            raise MessagingException("a message is made of texts; attachments are not provided")

    def getContent(self):
        return self._content

    def getContentType(self):
        return self._type

    def setHeader(self, name, value):
        raise MessagingException("headers of a message are not set by scripts")

    addHeader = setDataHandler = setFileName = setHeader

    def texts(self):
        """The plain text and the page, None for what is not there."""
        if isinstance(self._content, MimeMultipart):
            return self._content.texts()
        if self._type == "text/html":
            return None, self._content
        if self._type == "text/plain":
            return self._content, None
        raise MessagingException("a message is made of text/plain and text/html, not of %s" % self._type)


@java_class("javax.mail.internet.MimeBodyPart", "javax.mail.BodyPart", partial="texts; no attachments")
class MimeBodyPart(_Part):
    pass


@java_class("javax.mail.internet.MimeMultipart", "javax.mail.Multipart", partial="a text and a page; no attachments")
class MimeMultipart(JavaObject):
    def __init__(self, *_):
        self._parts = []

    def addBodyPart(self, part, at=None):
        self._parts.insert(len(self._parts) if at is None else at, part)

    def getCount(self):
        return len(self._parts)

    def getBodyPart(self, at):
        return self._parts[at]

    def texts(self):
        pairs = [part.texts() for part in self._parts]
        body = next((text for text, _ in pairs if text is not None), None)
        html = next((page for _, page in pairs if page is not None), None)
        return body, html


@java_class("javax.mail.internet.MimeMessage", partial="recipients, subject, text and page; the sender is always that of the configuration, and there are no attachments")
class MimeMessage(_Part):
    def __init__(self, session=None):
        super().__init__()
        self._session = session
        self._from = None
        self._subject = ""
        self._recipients = {}

    def setFrom(self, address=None):
        self._from = address

    def getFrom(self):
        return [self._from] if self._from is not None else None

    def setReplyTo(self, addresses):
        """Answers go to the sender."""

    def addRecipient(self, kind, address):
        self._recipients.setdefault(kind.name(), []).extend(_addresses(address))

    addRecipients = addRecipient

    def setRecipient(self, kind, address):
        self._recipients[kind.name()] = _addresses(address)

    setRecipients = setRecipient

    def getRecipients(self, kind):
        return self._recipients.get(kind.name())

    def getAllRecipients(self):
        return [address for addresses in self._recipients.values() for address in addresses] or None

    def setSubject(self, subject, charset=None):
        self._subject = plain_text(subject)

    def getSubject(self):
        return self._subject

    def setSentDate(self, date):
        """The server sets it."""

    def saveChanges(self):
        pass

    def send_to(self, addresses):
        if not addresses:
            raise MessagingException("the message has no recipient")
        body, html = self.texts()
        if body is None:
            body = _plain(html or "")
        try:
            gluu_mail.send([address.getAddress() for address in addresses], self._subject, body, html)
        except JavaException as cause:
            raise MessagingException(cause.getMessage()) from None


def _addresses(given):
    if given is None:
        return []
    if isinstance(given, str):
        return InternetAddress.parse(given)
    return list(given) if isinstance(given, (list, tuple)) else [given]


@java_class("javax.mail.Authenticator", "javax.mail.PasswordAuthentication")
class Authenticator(JavaObject):
    """Accepted and not used: name and password are those of the configuration."""

    def __init__(self, *_):
        pass


def _refuse_other_server(host):
    """Scripts send through the configured server alone."""
    server = ask_value("mail_server")
    if server is None:
        raise MessagingException("no mail server is configured: the section [mail] of sallyport.toml")
    if host and java_text(host).lower() != server["host"].lower():
        raise MessagingException("mail goes through the configured server, and %s is another one" % host)


@java_class("javax.mail.Transport", partial="through the mail server of the configuration; user and password of a script are not used")
class Transport(JavaObject):
    def __init__(self, session=None):
        self._session = session

    def connect(self, *arguments):
        """connect(), connect(host, user, password) and connect(host, port, user, password)."""
        texts = [item for item in arguments if isinstance(item, str)]
        _refuse_other_server(texts[0] if len(arguments) > 2 else self._session and self._session.host())

    def isConnected(self):
        return True

    def sendMessage(self, message, addresses):
        message.send_to(_addresses(addresses))

    def close(self):
        pass

    @staticmethod
    def send(message, addresses=None, *_):
        session = message._session
        _refuse_other_server(session.host() if session is not None else None)
        message.send_to(_addresses(addresses) if addresses is not None else message.getAllRecipients())


@java_class("javax.mail.Session", partial="sending through the mail server of the configuration")
class Session(JavaObject):
    def __init__(self, properties):
        self._properties = properties if properties is not None else Properties()

    @staticmethod
    def getInstance(properties=None, *_):
        return Session(properties)

    getDefaultInstance = getInstance

    def getProperties(self):
        return self._properties

    def getProperty(self, name):
        return self._properties.get(name)

    def setDebug(self, on):
        pass

    def host(self):
        return self._properties.get("mail.smtp.host") or self._properties.get("mail.smtps.host")

    def getTransport(self, protocol="smtp"):
        if java_text(protocol) not in ("smtp", "smtps"):
            raise MessagingException("there is no transport for %s" % protocol)
        return Transport(self)
