"""Codes that are sent to a person and typed back."""

import hashlib
import hmac
import re
import secrets

from sallyport import LoginMethod, check_password, host_name, now, offer, person, refuse, session, tell, typed

# After so many messages in one login another method is offered.
MESSAGES_ENOUGH = 2

# Seconds to wait before the second, the third and every further code of one login.
COOL_DOWN = (30, 60, 120)

MALFORMED = "Please enter the 6-digit code from the message."
WRONG = "This code is not right. Please try again."
DEAD = "This code no longer works. Ask for a new one."
TRIED_OUT = "This code was tried too often and no longer works. Ask for a new one."
SENT_AGAIN = "We have sent you a new code. The old one no longer works."
NOT_SENT = "The message could not be sent. Please try again later."
START_AGAIN = "Your login has expired. Please start again."
# What a page must say where codes come by SMS (NIST SP 800-63B).
TEXT_MESSAGES = "Text messages can be intercepted. Where you are offered another way to sign in, it is the safer one."


class Passcode:
    """The code of one login: six random digits, good for some minutes, some tries and one success.

    The session of the login holds a salted digest of it, never the code. The session itself is sealed in the store.
    """

    def __init__(self, minutes=5, tries=5):
        self.minutes = minutes
        self.tries = tries

    def issue(self):
        """A new code. The one before no longer works."""
        code = "%06d" % secrets.randbelow(10**6)
        salt = secrets.token_hex(16)
        sent_at = int(now())
        kept = session()
        kept.put("passcode_salt", salt)
        kept.put("passcode_digest", _digest(salt, code))
        kept.put("passcode_tries", "0")
        kept.put("passcode_sent_at", str(sent_at))
        kept.put("passcode_expires_at", str(sent_at + self.minutes * 60))
        kept.put("passcode_sends", str(_number("passcode_sends") + 1))
        return code

    def withdraw(self):
        """Makes the code worthless, and the page announces no time for it."""
        session().put("passcode_digest", "")
        session().put("passcode_expires_at", "0")

    def is_alive(self):
        return bool(session().get("passcode_digest"))

    def seconds_to_wait(self):
        """Until another code may be sent in this login."""
        sends = _number("passcode_sends")
        if sends == 0:
            return 0
        pause = COOL_DOWN[min(sends, len(COOL_DOWN)) - 1]
        return _number("passcode_sent_at") + pause - int(now())

    def fault(self, text):
        """What is wrong with what the person typed; None when it is the code, which is used up then."""
        code = re.sub(r"[\s\-\u2010-\u2015]", "", text)
        if re.fullmatch("[0-9]{6}", code) is None:
            return MALFORMED
        kept = session()
        digest = kept.get("passcode_digest") or ""
        tries = _number("passcode_tries") + 1
        kept.put("passcode_tries", str(tries))
        if digest == "" or tries > self.tries or now() >= _number("passcode_expires_at"):
            self.withdraw()
            return DEAD
        if hmac.compare_digest(digest, _digest(kept.get("passcode_salt"), code)):
            self.withdraw()
            return None
        if tries < self.tries:
            return WRONG
        self.withdraw()
        return TRIED_OUT


class PasscodeMethod(LoginMethod):
    """A login method of two steps: the password, then a code that is sent to the person.

    A method says where to (`destination`) and how (`send`). In step 2 a form with the field `resend` asks for
    another code, and one with the field `other_method` for the method that the property OTHER_METHOD names.
    """

    # Of a method that sends by another way than SMS, these two say so.
    amr = ("pwd", "sms", "otp")
    # What the page says of the way that codes take.
    notice = TEXT_MESSAGES

    page = "/auth/otp_sms/otp_sms.xhtml"
    # The session attribute of the destination; the page of text messages shows this one, masked.
    kept_as = "mobile_number"
    no_destination = "We do not know where to send your code. Please ask for help."

    def destination(self, person):
        """Where the codes of this person go; None when there is nowhere."""
        raise NotImplementedError

    def send(self, destination, text):
        """Sends the text, and says whether it was accepted."""
        raise NotImplementedError

    def shown(self, destination):
        """The destination as the page may show it, to somebody who knows the password only."""
        return None

    def start(self, properties):
        self.passcode = Passcode(
            minutes=properties.number("CODE_MINUTES", 5, least=1), tries=properties.number("CODE_TRIES", 5, least=1)
        )
        self.other_method = properties.text("OTHER_METHOD", "")

    def isValidAuthenticationMethod(self, usage_type, configuration):
        given_up = session().get("passcode_given_up")
        return given_up is None or given_up != session().get("acr")

    def getAlternativeAuthenticationMethod(self, usage_type, configuration):
        return self.other_method or None

    def getCountAuthenticationSteps(self, configuration):
        return 2

    def getPageForStep(self, configuration, step):
        return self.page if step == 2 else ""

    def prepareForStep(self, configuration, parameters, step):
        if self.may_be_given_up():
            offer("other_method", self.other_method)
        if step == 1:
            return True
        destination = session().get(self.kept_as)
        if destination is not None:
            offer("sent_to", self.shown(destination))
            offer("notice", self.notice)
        return destination is not None

    def authenticate(self, configuration, parameters, step):
        if parameters.containsKey("other_method") and self.may_be_given_up():
            return self.give_up()
        if step == 1:
            return check_password() and self.begin()
        if step == 2 and parameters.containsKey("resend"):
            return self.send_again()
        return step == 2 and self.check(typed(parameters, "passcode"))

    def may_be_given_up(self):
        """Whether enough messages were sent in vain, and there is another method."""
        is_hopeless = session().get("passcode_nowhere") == "true"
        return self.other_method != "" and (is_hopeless or _number("passcode_sends") >= MESSAGES_ENOUGH)

    def give_up(self):
        """Another method takes this login over, and begins with nothing of this one."""
        self.passcode.withdraw()
        session().put("passcode_given_up", session().get("acr"))
        session().put("passcode_sends", "0")
        session().put("passcode_nowhere", "")
        return False

    def begin(self):
        destination = self.destination(person())
        session().put("passcode_nowhere", "true" if destination is None else "")
        if destination is None:
            return refuse(self.no_destination)
        if self.has_just_sent_to(destination):
            return True
        return self.send_code(destination) or refuse(NOT_SENT)

    def has_just_sent_to(self, destination):
        """Whether this is the same form posted twice: one message is enough."""
        same = session().get(self.kept_as) == destination
        return same and self.passcode.is_alive() and self.passcode.seconds_to_wait() > 0

    def send_code(self, destination):
        session().put(self.kept_as, destination)
        if self.send(destination, text_for(self.passcode.issue())):
            return True
        self.passcode.withdraw()
        return False

    def send_again(self):
        destination = session().get(self.kept_as)
        if destination is None or person() is None:
            return refuse(START_AGAIN)
        wait = self.passcode.seconds_to_wait()
        if wait > 0:
            return refuse("Please wait %d seconds before you ask for another code." % wait)
        if not self.send_code(destination):
            return refuse(NOT_SENT)
        tell(SENT_AGAIN)
        return False

    def check(self, text):
        if person() is None:
            return refuse(START_AGAIN, about="page")
        fault = self.passcode.fault(text)
        return True if fault is None else refuse(fault)


def text_for(code):
    """The message. By its last line browsers know the code, and for which page it is (WebOTP)."""
    host = host_name()
    return "%s is your code for %s. Never share it.\n\n@%s #%s" % (code, host, host, code)


def _digest(salt, code):
    return hmac.new(salt.encode(), code.encode(), hashlib.sha256).hexdigest()


def _number(name):
    return int(session().get(name) or 0)
