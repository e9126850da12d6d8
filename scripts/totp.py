# sallyport: language=python3
"""Password first, then the code that an authenticator app shows (RFC 6238).

Optional properties:
  ISSUER            how the app names this account     the host name of this server
  ENROLMENT         open: whoever has no app sets one up at the first login
                    closed: who has none is refused      open
                    Whoever comes from a method with codes that was given up is refused too.

The secret is made here, shown once as a QR code, and kept sealed in `oxOTPDevices`, beside what others wrote there.
The clock of a phone may be wrong by 30 seconds. A code works once: also for whoever looks over a shoulder.
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
import struct
import time
from urllib.parse import quote, urlencode

from sallyport import (
    LoginMethod,
    PropertyError,
    check_password,
    count,
    host_name,
    offer,
    open_sealed,
    person,
    refuse,
    seal,
    session,
    typed,
    update,
)

PERIOD = 30
# The step before and the step after count too.
WINDOW = (-1, 0, 1)

NOT_ENROLLED = "You have no authenticator app set up. Please ask for help."
START_AGAIN = "Your login has expired. Please start again."
SET_UP_MEANWHILE = "An authenticator app was set up for you meanwhile. Please start again and use its code."
MALFORMED = "Please enter the 6 digits that the app shows."
WRONG = "This code is not right. Check that the clock of your phone is right, and enter the newest code."
USED = "This code was used already. Wait until the app shows another one."


class PersonAuthentication(LoginMethod):
    amr = ("pwd", "otp")

    def start(self, properties):
        self.issuer = properties.text("ISSUER", "")
        enrolment = properties.text("ENROLMENT", "open")
        if enrolment not in ("open", "closed"):
            raise PropertyError("property ENROLMENT must be open or closed")
        self.may_enrol = enrolment == "open"

    def getCountAuthenticationSteps(self, configuration):
        return 2

    def getPageForStep(self, configuration, step):
        if step == 1:
            return ""
        return "/auth/otp/enroll.xhtml" if session().get("new_secret") else "/auth/otp/otplogin.xhtml"

    def prepareForStep(self, configuration, parameters, step):
        sealed = session().get("new_secret")
        if step == 2 and sealed:
            secret = open_sealed(sealed)
            offer("otpauth_uri", self.otpauth_uri(secret, session().get("auth_user")))
            offer("secret", " ".join(re.findall("....", secret)))
        return True

    def otpauth_uri(self, secret, name):
        """What the QR code says, in the form that all apps read."""
        issuer = self.issuer or host_name()
        label = quote("%s:%s" % (issuer, name))
        query = {"secret": secret, "issuer": issuer, "algorithm": "SHA1", "digits": 6, "period": PERIOD}
        return "otpauth://totp/%s?%s" % (label, urlencode(query, quote_via=quote))

    def authenticate(self, configuration, parameters, step):
        if step == 1:
            return check_password() and self.begin(person())
        return step == 2 and self.check(person(), typed(parameters, "passcode"))

    def begin(self, who):
        """Asks for a code of the person's app, or makes a secret for a new one."""
        if secrets_of(who):
            session().put("new_secret", "")
        elif not self.may_enrol or session().get("passcode_given_up"):
            # Whoever could not return a code sent to them sets nothing up in its place.
            return refuse(NOT_ENROLLED)
        elif not session().get("new_secret"):
            session().put("new_secret", seal(base64.b32encode(secrets.token_bytes(20)).decode()))
        return True

    def check(self, who, text):
        if who is None:
            return refuse(START_AGAIN, about="page")
        code = re.sub(r"\s", "", text)
        if re.fullmatch("[0-9]{6}", code) is None:
            return refuse(MALFORMED)
        new = session().get("new_secret")
        if new and secrets_of(who):
            return refuse(SET_UP_MEANWHILE, about="page")
        for secret in [open_sealed(new)] if new else secrets_of(who):
            step = step_of(secret, code, time.time())
            if step is not None:
                return self.use(who, secret, step, is_new=bool(new))
        return refuse(WRONG)

    def use(self, who, secret, step, is_new):
        """Uses a code up. On every node together only the first who comes with it gets through."""
        name = "%s %s %d" % (who.getAttribute("inum"), hashlib.sha256(secret.encode()).hexdigest(), step)
        if count("used codes", name, PERIOD * (len(WINDOW) + 1)) > 1:
            return refuse(USED)
        if is_new:
            add_device(who, secret)
            session().put("new_secret", "")
        return True


def code_at(secret, step):
    """The code of a time step (RFC 4226 §5.3)."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    at = digest[-1] & 15
    number = struct.unpack(">I", digest[at : at + 4])[0] & 0x7FFFFFFF
    return "%06d" % (number % 10**6)


def step_of(secret, code, now):
    """The time step that the code is of; None when it is of none near now."""
    current = int(now) // PERIOD
    for step in [current + away for away in WINDOW]:
        if hmac.compare_digest(code_at(secret, step), code):
            return step
    return None


def secrets_of(who):
    """The secrets of the person's apps."""
    sealed = [device.get("sealedSecret") for device in devices_of(who)["devices"]]
    return [secret for secret in map(open_sealed, filter(None, sealed)) if secret is not None]


def devices_of(who):
    """oxOTPDevices as an object with a list `devices`, as Casa keeps it."""
    text = who.getAttribute("oxOTPDevices")
    kept = json.loads(text) if text else {}
    kept.setdefault("devices", [])
    return kept


def add_device(who, secret):
    kept = devices_of(who)
    kept["devices"].append({
        "id": secrets.randbelow(2**31),
        "nickName": "Authenticator app",
        "addedOn": int(time.time() * 1000),
        "timeBased": True,
        "soft": True,
        "sealedSecret": seal(secret),
    })
    who.setAttribute("oxOTPDevices", json.dumps(kept))
    update(who)
