"""The login under way, for scripts in Python 3.

It says in a few words what Gluu's classes say in many, and stands on them: both can be used side by side.
"""

import json

from gluu_mail import MailService
from gluu_people import AuthenticationService, UserService
from gluu_script import PersonAuthenticationType
from gluu_services import EncryptionService
from gluu_session import ATTRIBUTES, Identity
from javax_faces import FacesMessage, FacesMessages
from sp_host import ask, ask_value, current, plain_text

__all__ = (
    "LoginMethod", "Properties", "PropertyError", "Reply", "check_password", "client_address", "count", "counted",
    "forget_count", "host_name", "now", "offer", "open_sealed", "person", "post", "refuse", "seal",
    "send_mail", "session", "set_password", "tell", "typed", "update",
)


class PropertyError(ValueError):
    """A property of the script is missing or not what it should be."""


class Properties:
    """The properties of a script, as the administrator gave them."""

    def __init__(self, configuration):
        self._configuration = configuration

    def text(self, name, default=None):
        """The value without blanks around it. An empty one counts as missing; without a default it must be there."""
        found = self._configuration.get(name)
        value = (found.getValue2() or "").strip() if found is not None else ""
        if value == "" and default is None:
            raise PropertyError("property %s is mandatory" % name)
        return value or default

    def number(self, name, default=None, least=0, most=None):
        """A whole number."""
        value = self.text(name, None if default is None else str(default))
        if not (value.isascii() and value.isdigit()) or int(value) < least:
            raise PropertyError("property %s must be a whole number from %d" % (name, least))
        if most is not None and int(value) > most:
            raise PropertyError("property %s must be a whole number from %d to %d" % (name, least, most))
        return int(value)

    def json(self, name, default=None):
        """A value written as JSON."""
        try:
            return json.loads(self.text(name, default))
        except ValueError as error:
            raise PropertyError("property %s: %s" % (name, error)) from None


class LoginMethod(PersonAuthenticationType):
    """A login method of one step, with the page for name and password. A method says what is different in it.

    `start` is called when the script is loaded and reads the properties. Raising an exception in it keeps the
    method from being offered, and the exception's text is what the administrator reads.
    """

    # What the person proves by it, in the words of RFC 8176, for `amr`.
    amr = ()

    def __init__(self, current_time_millis):
        pass

    def start(self, properties):
        pass

    def init(self, custom_script, configuration):
        self.start(Properties(configuration))
        return True

    def destroy(self, configuration):
        return True

    def getApiVersion(self):
        return 11

    def isValidAuthenticationMethod(self, usage_type, configuration):
        return True

    def getAlternativeAuthenticationMethod(self, usage_type, configuration):
        return None

    def getCountAuthenticationSteps(self, configuration):
        return 1

    def getPageForStep(self, configuration, step):
        return ""

    def prepareForStep(self, configuration, parameters, step):
        return True

    def authenticate(self, configuration, parameters, step):
        return step == 1 and check_password()

    def getNextStep(self, configuration, parameters, step):
        return -1

    def getExtraParametersForStep(self, configuration, step):
        return None

    def getAuthenticationMethodClaims(self, configuration):
        return {method: "" for method in self.amr}

    def logout(self, configuration, parameters):
        return True

    def getLogoutExternalUrl(self, configuration, parameters):
        return None


# Who logs in


def check_password():
    """Whether the name and the password of the page are those of an active person, who is the one to log in then."""
    credentials = Identity.bean().getCredentials()
    return AuthenticationService.bean().authenticate(credentials.getUsername(), credentials.getPassword())


def person():
    """The person whose password was right in this login, as stored now. None: nobody, or no longer active."""
    known = AuthenticationService.bean().getAuthenticatedUser()
    found = UserService.bean().getUser(known.getUserId()) if known is not None else None
    return found if found is not None and found.getStatus() in (None, "active") else None


def update(person):
    """Stores what was changed of a person, and leaves the rest."""
    UserService.bean().updateUser(person)


def set_password(person, password):
    """Gives the person another password. It must be the one who logs in; the host refuses any other."""
    person.setAttribute("userPassword", password)
    UserService.bean().updateUser(person)


# The login and its pages


def session():
    """What this login keeps until it ends: names and texts."""
    return ATTRIBUTES


def typed(parameters, name):
    """What the person typed into a field of the page; an empty text when there is none."""
    values = parameters.get(name) if parameters is not None else None
    return (values[0] or "") if values else ""


def offer(name, value):
    """Gives the page of this step a value, which it reads as `working.NAME`."""
    Identity.bean().setWorkingParameter(name, value)


def tell(text):
    """Tells the person some news."""
    FacesMessages.bean().add(FacesMessage.SEVERITY_INFO, text)


def refuse(text, about=None):
    """Tells the person why the step is not passed; gives False.

    `about` says where: "field" for what is wrong with what was typed, "page" for anything else, which stands above
    the form. Without it: above the form at the first step and where another message was asked for, else at the field.
    """
    FacesMessages.bean().tell(FacesMessage.SEVERITY_ERROR, text, about)
    return False


def now():
    """The moment of the request, in seconds since 1970."""
    return current.now()


def client_address():
    """The IP address of the browser, or None."""
    return current.scene.get("request", {}).get("remote_ip") or None


def host_name():
    """The host name of this server, as it stands in the address of the page."""
    return current.scene.get("issuer", "").partition("://")[2].partition("/")[0].partition(":")[0]


# What all nodes share


def count(what, who, seconds):
    """Counts one more, and gives the number. It begins anew `seconds` after the first.

    Of many that count at once no two get the same number: `count(…) == 1` is true once.
    """
    return ask_value("tally", what=plain_text(what), who=plain_text(who), act={"add": {"seconds": int(seconds)}})


def counted(what, who):
    """The number that was reached, 0 when there is none."""
    return ask_value("tally", what=plain_text(what), who=plain_text(who), act="look")


def forget_count(what, who):
    ask_value("tally", what=plain_text(what), who=plain_text(who), act="forget")


def seal(text):
    """The text as it may be stored: only this server can open it."""
    return EncryptionService.bean().encrypt(text)


def open_sealed(text):
    """What was sealed; None when it was not sealed here."""
    return EncryptionService.bean().decrypt(text, True)


# The world outside


def send_mail(to, subject, body):
    """Whether the message was handed over."""
    return MailService.bean().sendMail(to, subject, body)


class Reply:
    """What an HTTP server answered. `status` is None when no answer came."""

    def __init__(self, status, body):
        self.status = status
        self.body = body

    @property
    def ok(self):
        return self.status is not None and 200 <= self.status <= 299

    def json(self):
        """A JSON object; an empty one for anything else."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


def post(url, body, headers):
    """One HTTP request. It is never repeated: a second one could send a second message."""
    pairs = [[str(name), str(value)] for name, value in headers.items()]
    kind, value = ask("http", method="POST", url=str(url), headers=pairs, body=body.encode().decode("latin-1"))
    if kind == "unreachable":
        print("no answer: %s" % value)
        return Reply(None, "")
    return Reply(value["status"], value["body"].encode("latin-1").decode("utf-8", "replace"))
