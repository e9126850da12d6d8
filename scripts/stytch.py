# sallyport: language=python3
"""Password first, then a passcode by SMS from Stytch or a service that speaks its API.

Properties, all required:
  SMS_ENDPOINT     sends a passcode to a number that the service knows   .../v1/otps/sms/send
  ENROLL_ENDPOINT  sends one and makes the number known                  .../v1/otps/sms/login_or_create
  AUTH_ENDPOINT    checks a passcode                                     .../v1/otps/authenticate
  PROJECT_ID, SECRET
Optional:
  CODE_MINUTES     how long a code works, 1 to 10                         5
  COUNTRY_CODE     digits, put before national numbers (those that begin with one 0)
  NOTICE           what the page says of text messages
  OTHER_METHOD     the name of the login method that is offered when two messages were sent, or could not be, when
                   one was not delivered, or when no message ever goes to the person
  STATUS_ENDPOINT  says what became of a message, without the id of the phone at its end. Stytch has no such call, the
                   passcode service of Sallyport has                     .../sallyport/v1/deliveries

The number is the first of these that can be read as one: phoneNumberVerified when it holds a number instead of
true or false, employeeNumber when phoneNumberVerified is true, each value of mobile, telephoneNumber.
A number without + is taken to begin with its country code.

A number becomes the person's phone in oxMobileDevices only after its passcode was right.
"""

import base64
import json
import re
import time
from urllib.parse import quote

from org.apache.http.util import EntityUtils
from org.gluu.jsf2.message import FacesMessages
from org.gluu.model.custom.script.type.auth import PersonAuthenticationType
from org.gluu.oxauth.security import Identity
from org.gluu.oxauth.service import AuthenticationService
from org.gluu.oxauth.service.common import UserService
from org.gluu.oxauth.service.net import HttpService
from org.gluu.oxauth.util import ServerUtil
from org.gluu.service.cdi.util import CdiUtil

from sallyport import Properties, PropertyError, refuse, tell
from sallyport.phone import digits, number_of

REQUIRED = ("SMS_ENDPOINT", "AUTH_ENDPOINT", "ENROLL_ENDPOINT", "PROJECT_ID", "SECRET")

# Seconds to wait before the second, the third and every further passcode of one login.
COOL_DOWN = (30, 60, 120)

# Seconds after which the service may know what became of a message. It is asked once.
KNOWN_AFTER = 30

# After so many messages in one login, sent or not, another method is offered.
MESSAGES_ENOUGH = 2

# What a page must say where codes come by SMS (NIST SP 800-63B).
NOTICE = "Text messages can be intercepted. Where you are offered another way to sign in, it is the safer one."

UNKNOWN_NUMBER = ("user_not_found", "phone_number_not_found")
WRONG_CODE = ("otp_code_not_found", "invalid_code")
# Asking once more at once would change nothing.
HOPELESS = (
    "downstream_carrier_error",
    "unsubscribed_phone_number",
    "invalid_phone_number",
    "invalid_phone_number_country_code",
)
DEAD_CODE = ("unable_to_auth_otp_code",)
TOO_MANY = ("too_many_requests", "user_lock_limit_reached", "too_few_tokens_authenticated", "captcha_failed")

NO_NUMBER = "Failed to determine mobile phone number"
NOT_SENT = "Failed to send message to mobile phone"
SENT_AGAIN = "We have sent you a new code."
SEND_LATER = "Too many codes were requested. Please try again later."
NOT_THERE = "No code can be sent to your phone at present. Please ask for help."
NOT_THERE_OFFER = "No code can be sent to your phone at present. Please sign in another way."
STOPPED = "Your phone asked for no more messages. Text START to the sender of the codes to get them again."
UNAVAILABLE = "The text message service is not available right now. Please try again later."
MALFORMED = "Please enter the 6-digit code from the text message."
WRONG = "Incorrect SMS code, please try again."
DEAD = "This code no longer works. Ask for a new one."
TRY_LATER = "Too many wrong codes. Please try again later."
NOT_CHECKED = "The code could not be checked. Please try again later."
START_AGAIN = "Your login has expired. Please start again."


class PersonAuthentication(PersonAuthenticationType):
    def __init__(self, current_time_millis):
        self.identity = CdiUtil.bean(Identity)

    def init(self, custom_script, configuration):
        print("Stytch Initialization")
        values = {name: property_of(configuration, name) for name in REQUIRED}
        for name in REQUIRED:
            if values[name] == "":
                print("Stytch Initialization. Property %s is mandatory" % name)
        if "" in values.values():
            return False
        try:
            self.code_minutes = Properties(configuration).number("CODE_MINUTES", 5, least=1, most=10)
        except PropertyError as error:
            print("Stytch Initialization. %s" % error)
            raise
        self.country_code = property_of(configuration, "COUNTRY_CODE").lstrip("+")
        self.notice = property_of(configuration, "NOTICE") or NOTICE
        self.other_method = property_of(configuration, "OTHER_METHOD")
        status = property_of(configuration, "STATUS_ENDPOINT")
        self.service = Service({**values, "STATUS_ENDPOINT": status}, self.code_minutes)
        print("Stytch Initialized successfully")
        return True

    def destroy(self, configuration):
        print("Stytch Destroyed")
        return True

    def getApiVersion(self):
        return 11

    def getAuthenticationMethodClaims(self, configuration):
        return {"pwd": "", "sms": "", "otp": ""}

    def isValidAuthenticationMethod(self, usage_type, configuration):
        session = self.session()
        given_up = session.get("passcode_given_up")
        return given_up is None or given_up != session.get("acr")

    def getAlternativeAuthenticationMethod(self, usage_type, configuration):
        return self.other_method or None

    def getCountAuthenticationSteps(self, configuration):
        return 2

    def getPageForStep(self, configuration, step):
        return "/auth/otp_sms/otp_sms.xhtml" if step == 2 else ""

    def getExtraParametersForStep(self, configuration, step):
        return None

    def getNextStep(self, configuration, parameters, step):
        return -1

    def getLogoutExternalUrl(self, configuration, parameters):
        return None

    def logout(self, configuration, parameters):
        return True

    def prepareForStep(self, configuration, parameters, step):
        if step == 2:
            self.identity.setWorkingParameter("notice", self.notice)
            self.show_delivery()
        if self.may_be_given_up():
            self.identity.setWorkingParameter("other_method", self.other_method)
        return step == 1 or (step == 2 and self.session().get("phone_id") is not None)

    def authenticate(self, configuration, parameters, step):
        CdiUtil.bean(FacesMessages).setKeepMessages()
        if parameters.containsKey("other_method") and self.may_be_given_up():
            return self.give_up()
        if step == 1:
            return self.check_password()
        if step == 2 and parameters.containsKey("resend"):
            return self.send_again()
        if step == 2:
            return self.check_passcode(parameters)
        return False

    # Step 1

    def check_password(self):
        credentials = self.identity.getCredentials()
        service = CdiUtil.bean(AuthenticationService)
        if not service.authenticate(credentials.getUsername(), credentials.getPassword()):
            return False
        user = service.getAuthenticatedUser()
        number = number_of(user, self.country_code)
        if number is None:
            print("Stytch. The person has no usable phone number")
            self.count_in_vain(MESSAGES_ENOUGH)
            return refuse(NO_NUMBER)
        if self.has_just_sent_to(number):
            return True
        known = phone_id_of(user, number) is not None
        reply = self.service.send(number) if known else self.service.enroll(number)
        return self.note_sent(number, reply) or refuse(self.not_sent(reply))

    def has_just_sent_to(self, number):
        """Whether this is the same form posted twice: one message is enough."""
        session = self.session()
        same = session.get("mobile_number") == number and session.get("phone_id") is not None
        return same and seconds_to_wait(session) > 0

    def note_sent(self, number, reply):
        """Remembers a passcode that is on its way."""
        session = self.session()
        phone_id = reply.text("phone_id")
        if not reply.ok or phone_id is None:
            self.count_in_vain(MESSAGES_ENOUGH if reply.error_type in HOPELESS else 1)
            return False
        now = int(time.time())
        again = session.get("mobile_number") == number
        sends = number_in(session, "passcode_sends") if again else 0
        session.put("mobile_number", number)
        session.put("phone_id", phone_id)
        session.put("stytch_user_id", reply.text("user_id") or "")
        session.put("passcode_sent_at", str(now))
        session.put("passcode_expires_at", str(now + self.code_minutes * 60))
        session.put("passcode_sends", str(sends + 1))
        if self.service.tells_of_deliveries:
            session.put("passcode_delivery", "unknown")
        return True

    def count_in_vain(self, messages):
        session = self.session()
        session.put("passcode_failed_sends", str(number_in(session, "passcode_failed_sends") + messages))

    def may_be_given_up(self):
        """Whether enough messages were sent in vain, and there is another method."""
        session = self.session()
        messages = number_in(session, "passcode_sends") + number_in(session, "passcode_failed_sends")
        return self.other_method != "" and messages >= MESSAGES_ENOUGH

    def give_up(self):
        """Another method takes this login over, and begins with nothing of this one."""
        session = self.session()
        session.put("passcode_given_up", session.get("acr"))
        session.put("passcode_sends", "0")
        session.put("passcode_failed_sends", "0")
        session.put("passcode_delivery", "")
        return False

    def not_sent(self, reply):
        """Why there is no message, for the person."""
        if reply.too_many:
            return SEND_LATER
        if reply.error_type == "downstream_carrier_error":
            return NOT_THERE_OFFER if self.other_method else NOT_THERE
        if reply.error_type == "unsubscribed_phone_number":
            return STOPPED
        return UNAVAILABLE if reply.unavailable else NOT_SENT

    # Step 2

    def show_delivery(self):
        """Has the page say that the message did not arrive, or look again when that may be known."""
        self.learn_of_delivery()
        session = self.session()
        if was_not_delivered(session):
            self.identity.setWorkingParameter("not_delivered", True)
        elif session.get("passcode_delivery") == "unknown":
            self.identity.setWorkingParameter("delivery_known_in", seconds_to_knowledge(session))

    def learn_of_delivery(self):
        """Asks what became of the newest message: once, when there has been time for an answer."""
        session = self.session()
        if session.get("passcode_delivery") != "unknown" or seconds_to_knowledge(session) > 0:
            return
        failed = self.service.has_failed(session.get("phone_id"))
        session.put("passcode_delivery", "failed" if failed else "asked")
        if failed:
            self.give_code_up()
            self.count_in_vain(1)

    def send_again(self):
        """Sends another passcode to the number of this login. The login stays where it is."""
        session = self.session()
        number = session.get("mobile_number")
        if number is None:
            return refuse(START_AGAIN)
        if seconds_to_wait(session) > 0:
            self.learn_of_delivery()
        wait = seconds_to_wait(session)
        if wait > 0:
            return refuse("Please wait %d seconds before you ask for another code." % wait)
        reply = self.service.send(number)
        if not self.note_sent(number, reply):
            return refuse(self.not_sent(reply))
        tell(SENT_AGAIN)
        return False

    def check_passcode(self, parameters):
        phone_id = self.session().get("phone_id")
        user = self.active_user()
        if phone_id is None or user is None:
            return refuse(START_AGAIN, about="page")
        code = re.sub(r"[\s\-\u2010-\u2015]", "", ServerUtil.getFirstValue(parameters, "passcode") or "")
        if re.fullmatch("[0-9]{6}", code) is None:
            return refuse(MALFORMED)
        reply = self.service.check(phone_id, code)
        if reply.error_type in WRONG_CODE:
            return refuse(WRONG)
        if reply.error_type in DEAD_CODE:
            self.give_code_up()
            return refuse(DEAD)
        if not reply.ok:
            return refuse(not_checked(reply), about="page")
        if not self.is_for_this_login(reply, phone_id):
            print("Stytch. The service answered for another person or phone")
            return refuse(NOT_CHECKED, about="page")
        self.remember_phone(user.getUserId(), phone_id)
        return True

    def give_code_up(self):
        """The newest code works no more, and the page announces no time for it."""
        self.session().put("passcode_expires_at", "0")

    def active_user(self):
        """The person of this login, unless the account was closed since step 1."""
        found = CdiUtil.bean(AuthenticationService).getAuthenticatedUser()
        user = CdiUtil.bean(UserService).getUser(found.getUserId()) if found is not None else None
        if user is None or user.getStatus() not in (None, "active"):
            return None
        return user

    def is_for_this_login(self, reply, phone_id):
        session = self.session()
        expected = session.get("stytch_user_id")
        if expected and reply.text("user_id") != expected:
            return False
        phones = reply.phones()
        for phone in phones:
            if isinstance(phone, dict) and phone.get("phone_id") == phone_id:
                return digits(phone.get("phone_number")) == digits(session.get("mobile_number"))
        return phones == []

    def remember_phone(self, uid, phone_id):
        """Adds the phone to oxMobileDevices and leaves what others wrote there. A login does not fail of it."""
        try:
            self.store_phone(uid, phone_id)
        except Exception as error:
            print("Stytch. The phone could not be stored: %s" % type(error).__name__)

    def store_phone(self, uid, phone_id):
        service = CdiUtil.bean(UserService)
        # Read again: while the service checked the passcode, another login may have added a phone.
        user = service.getUser(uid)
        devices = devices_of(user) if user is not None else None
        if devices is None:
            print("Stytch. oxMobileDevices is not what it should be and is left alone")
            return
        session = self.session()
        before = json.dumps(devices)
        merge_phone(devices, session.get("mobile_number"), phone_id, session.get("stytch_user_id"))
        if json.dumps(devices) != before:
            user.setAttribute("oxMobileDevices", json.dumps(devices))
            service.updateUser(user)

    def session(self):
        return self.identity.getSessionId().getSessionAttributes()


class Service:
    """The passcode service."""

    def __init__(self, properties, code_minutes):
        self.properties = properties
        self.code_minutes = code_minutes
        self.tells_of_deliveries = properties["STATUS_ENDPOINT"] != ""

    def send(self, number):
        """Sends a passcode; a number that the service has forgotten is made known again."""
        reply = self.post("SMS_ENDPOINT", self.passcode_for(number))
        return self.enroll(number) if reply.error_type in UNKNOWN_NUMBER else reply

    def enroll(self, number):
        return self.post("ENROLL_ENDPOINT", self.passcode_for(number))

    def passcode_for(self, number):
        body = {"phone_number": number, "expiration_minutes": self.code_minutes}
        address = ServerUtil.getIpAddress()
        if address:
            body["attributes"] = {"ip_address": address}
        return body

    def check(self, phone_id, code):
        return self.post("AUTH_ENDPOINT", {"method_id": phone_id, "code": code})

    def post(self, endpoint, body):
        """One request. Never repeated: a second one could send a second message."""
        http = CdiUtil.bean(HttpService)
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        answer = http.executePost(
            http.getHttpsClient(), self.properties[endpoint], self.credentials(), headers, json.dumps(body)
        )
        return self.reply(endpoint, answer)

    def has_failed(self, phone_id):
        """Whether the newest message to the phone is known not to have arrived. The page does not fail of it."""
        try:
            reply = self.delivery(phone_id)
        except Exception as error:
            print("Stytch. STATUS_ENDPOINT could not be asked: %s" % type(error).__name__)
            return False
        return reply.ok and reply.text("state") == "failed"

    def delivery(self, phone_id):
        http = CdiUtil.bean(HttpService)
        url = "%s/%s" % (self.properties["STATUS_ENDPOINT"].rstrip("/"), quote(phone_id, safe=""))
        headers = {"Accept": "application/json", "Authorization": "Basic " + self.credentials()}
        return self.reply("STATUS_ENDPOINT", http.executeGet(http.getHttpsClient(), url, headers))

    def credentials(self):
        pair = "%s:%s" % (self.properties["PROJECT_ID"], self.properties["SECRET"])
        return base64.b64encode(pair.encode()).decode()

    def reply(self, endpoint, answer):
        reply = Reply(answer.getHttpResponse() if answer is not None else None)
        if not reply.ok:
            print("Stytch. %s: %s" % (endpoint, reply.for_the_log()))
        return reply


class Reply:
    """What the service answered. What it means is in `error_type`, never in the status."""

    def __init__(self, response):
        self.status = response.getStatusLine().getStatusCode() if response is not None else None
        self.data = json_object(EntityUtils.toString(response.getEntity())) if response is not None else {}
        self.error_type = self.text("error_type")
        succeeded = self.status is not None and 200 <= self.status <= 299
        self.ok = succeeded and self.error_type is None and self.data != {}

    @property
    def unavailable(self):
        """No answer, none that can be read, or a fault of the service itself."""
        return self.status is None or self.status >= 500 or (not self.ok and self.status <= 299)

    @property
    def too_many(self):
        return self.error_type in TOO_MANY or (self.error_type is None and self.status == 429)

    def text(self, name):
        value = self.data.get(name)
        return value if isinstance(value, str) and value != "" else None

    def phones(self):
        """The phones of the person as the service lists them; none when it does not say."""
        user = self.data.get("user")
        phones = user.get("phone_numbers") if isinstance(user, dict) else None
        return phones if isinstance(phones, list) else []

    def for_the_log(self):
        return "status %s, error_type %s, request_id %s" % (self.status, self.error_type, self.text("request_id"))


def not_checked(reply):
    """Why nobody knows whether the code is right, for the person."""
    if reply.too_many:
        return TRY_LATER
    return UNAVAILABLE if reply.unavailable else NOT_CHECKED


def seconds_to_wait(session):
    """Until another passcode may be sent in this login."""
    sends = number_in(session, "passcode_sends")
    if sends == 0 or was_not_delivered(session):
        return 0
    pause = COOL_DOWN[min(sends, len(COOL_DOWN)) - 1]
    return number_in(session, "passcode_sent_at") + pause - int(time.time())


def seconds_to_knowledge(session):
    """Until the service may know what became of the newest message."""
    return number_in(session, "passcode_sent_at") + KNOWN_AFTER - int(time.time())


def was_not_delivered(session):
    return session.get("passcode_delivery") == "failed"


def number_in(session, name):
    return int(session.get(name) or 0)


def property_of(configuration, name):
    found = configuration.get(name)
    return (found.getValue2() or "").strip() if found is not None else ""


def devices_of(user):
    """oxMobileDevices as an object with a list `phones`; None when it is something else."""
    text = user.getAttribute("oxMobileDevices")
    if text is None or text.strip() == "":
        return {"phones": []}
    devices = json_object(text)
    phones = devices.setdefault("phones", []) if devices else None
    if not isinstance(phones, list) or not all(isinstance(phone, dict) for phone in phones):
        return None
    return devices


def phone_id_of(user, number):
    """The service's id of the person's phone with this number, or None."""
    for phone in (devices_of(user) or {}).get("phones", []):
        if digits(phone.get("number")) == digits(number) and phone.get("stytch_phone_id"):
            return phone["stytch_phone_id"]
    return None


def merge_phone(devices, number, phone_id, user_id):
    ids = {"stytch_phone_id": phone_id, "stytch_user_id": user_id or ""}
    for phone in devices["phones"]:
        if digits(phone.get("number")) == digits(number):
            phone.update(ids)
            return
    added = {"nickName": "Mobile phone", "number": number, "addedOn": int(time.time() * 1000)}
    devices["phones"].append({**added, **ids})


def json_object(text):
    """A JSON object; an empty one for anything else."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
