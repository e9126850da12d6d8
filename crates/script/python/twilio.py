"""com.twilio: messages by Twilio's REST interface, sent through the host."""

import base64
import json
from urllib.parse import quote, urlencode

from gluu_http import exchange
from java_lang import Enum
from java_throwable import IllegalArgumentException, RuntimeException
from sp_host import current
from sp_java import JavaObject, java_class

# Where messages go; the property TWILIO_BASE_URL of a script names another place.
BASE_URL = "https://api.twilio.com"


@java_class("com.twilio.exception.TwilioException")
class TwilioException(RuntimeException):
    pass


@java_class("com.twilio.exception.AuthenticationException")
class AuthenticationException(TwilioException):
    pass


@java_class("com.twilio.exception.ApiConnectionException")
class ApiConnectionException(TwilioException):
    """No answer came."""


@java_class("com.twilio.exception.ApiException")
class ApiException(TwilioException):
    """Twilio said no."""

    def __init__(self, message="", code=None, more=None, status=None):
        TwilioException.__init__(self, message)
        self._code, self._more, self._status = code, more, status

    def getCode(self):
        return self._code

    def getMoreInfo(self):
        return self._more

    def getStatusCode(self):
        return self._status


# Account and token of each script by its name: Twilio.init is static in Java.
_accounts = {}


@java_class("com.twilio.Twilio", partial="init; the account is each script's own")
class Twilio:
    @staticmethod
    def init(username, password, account=None):
        if username is None or password is None:
            raise AuthenticationException("Username and password can not be null")
        _accounts[current.script_name] = (str(username), str(password), str(account or username))

    @staticmethod
    def _account():
        found = _accounts.get(current.script_name)
        if found is None:
            raise AuthenticationException("TwilioRestClient was used before AccountSid and AuthToken were set, please call Twilio.init()")
        return found


@java_class("com.twilio.type.PhoneNumber")
class PhoneNumber(JavaObject):
    def __init__(self, number):
        if number is None:
            raise IllegalArgumentException("a phone number is null")
        self._number = str(number)

    def getEndpoint(self):
        return self._number

    def __eq__(self, other):
        return isinstance(other, PhoneNumber) and self._number == other._number

    def __hash__(self):
        return hash(self._number)

    def __str__(self):
        return self._number


class MessageCreator(JavaObject):
    def __init__(self, fields, account=None):
        self._fields = fields
        self._account = account

    def _set(self, name, value):
        if value is not None:
            self._fields[name] = str(value)
        return self

    def setFrom(self, number):
        return self._set("From", number)

    def setMessagingServiceSid(self, sid):
        return self._set("MessagingServiceSid", sid)

    def setBody(self, text):
        return self._set("Body", text)

    def setStatusCallback(self, url):
        return self._set("StatusCallback", url)

    def setValidityPeriod(self, seconds):
        return self._set("ValidityPeriod", seconds)

    def create(self, *_):
        username, password, account = Twilio._account()
        base = current.property("TWILIO_BASE_URL") or BASE_URL
        url = "%s/2010-04-01/Accounts/%s/Messages.json" % (base.rstrip("/"), quote(str(self._account or account), safe=""))
        credentials = base64.b64encode(("%s:%s" % (username, password)).encode("utf-8")).decode("ascii")
        headers = [["Authorization", "Basic " + credentials], ["Content-Type", "application/x-www-form-urlencoded"], ["Accept", "application/json"]]
        response = exchange("POST", url, headers, urlencode(self._fields))
        if response is None:
            raise ApiConnectionException("Message creation failed: Unable to connect to server")
        return _message(response)


def _message(response):
    status = response.getStatusLine().getStatusCode()
    try:
        answer = json.loads(bytes(response.getEntity().getContent()).decode("utf-8", "replace"))
    except ValueError:
        answer = {}
    if not 200 <= status < 300:
        text = answer.get("message") or "Server Error, no content"
        raise ApiException(text, answer.get("code"), answer.get("more_info"), status)
    return Message(answer)


class Status(Enum):
    """What became of a message so far."""

    def __str__(self):
        return self.name().lower()


Status.of("QUEUED", "SENDING", "SENT", "FAILED", "DELIVERED", "UNDELIVERED", "RECEIVING", "RECEIVED", "ACCEPTED", "SCHEDULED", "READ", "CANCELED")


@java_class("com.twilio.rest.api.v2010.account.Message", "com.twilio.rest.api.v2010.account.MessageCreator", partial="creator and what it answers; no lists, no media")
class Message(JavaObject):
    Status = Status

    def __init__(self, answer):
        self._answer = answer

    @staticmethod
    def creator(*arguments):
        """(to, from, body), or the account before them. A text in place of the sender names a messaging service."""
        if len(arguments) not in (3, 4):
            raise IllegalArgumentException("Message.creator(to, from, body)")
        account = str(arguments[0]) if len(arguments) == 4 else None
        to, sender, body = arguments[-3:]
        made = MessageCreator({"To": str(to)}, account)
        made = made.setFrom(sender) if isinstance(sender, PhoneNumber) else made.setMessagingServiceSid(sender)
        return made.setBody(body)

    def getSid(self):
        return self._answer.get("sid")

    def getAccountSid(self):
        return self._answer.get("account_sid")

    def getTo(self):
        return self._answer.get("to")

    def getFrom(self):
        return PhoneNumber(self._answer["from"]) if self._answer.get("from") else None

    def getBody(self):
        return self._answer.get("body")

    def getErrorCode(self):
        return self._answer.get("error_code")

    def getErrorMessage(self):
        return self._answer.get("error_message")

    def getStatus(self):
        name = str(self._answer.get("status") or "").upper()
        return Status.valueOf(name) if name in [str(member.name()) for member in Status.values()] else None

    def getUri(self):
        return self._answer.get("uri")

    def __str__(self):
        # Neither number nor text.
        return "Message(sid=%s, status=%s)" % (self.getSid(), self.getStatus())
