# sallyport: language=python3
"""Name and password; an old password must be changed before the login goes on.

Optional properties:
  MAX_DAYS     how old a password may be       90
  MIN_LENGTH   of a new password               12

The age is that of `pwdChangedTime`, which the host keeps: whoever sets a password, here or on the command line, makes
it young again. Of a password that was set before the host kept it, nothing is known, and it counts as old.
"""

import calendar
import re
import time

from org.gluu.oxauth.service.common import UserService
from org.gluu.service.cdi.util import CdiUtil

from sallyport import LoginMethod, check_password, offer, person, refuse, session, set_password, typed

START_AGAIN = "Your login has expired. Please start again."
NOT_THE_SAME = "The two are not the same. Type the new password twice."
SAME_AS_BEFORE = "That is your old password. Choose another one."
HAS_NAME = "Choose a password without your user name in it."
TOO_SIMPLE = "This password repeats itself. Choose another one."


class PersonAuthentication(LoginMethod):
    def start(self, properties):
        self.max_age = properties.number("MAX_DAYS", 90, least=1) * 86400
        self.min_length = properties.number("MIN_LENGTH", 12, least=8)

    def getCountAuthenticationSteps(self, configuration):
        return 2 if session().get("password_is_old") else 1

    def getPageForStep(self, configuration, step):
        return "/auth/password_expiry/newpassword.xhtml" if step == 2 else ""

    def prepareForStep(self, configuration, parameters, step):
        if step == 2:
            offer("username", session().get("auth_user"))
            offer("min_length", self.min_length)
        return True

    def authenticate(self, configuration, parameters, step):
        if step == 1:
            return check_password() and self.look_at_age(person())
        return step == 2 and self.change(person(), typed(parameters, "new_password"), typed(parameters, "repeated_password"))

    def look_at_age(self, who):
        set_at = moment(who.getAttribute("pwdChangedTime"))
        if set_at is None or time.time() - set_at > self.max_age:
            session().put("password_is_old", "true")
        return True

    def change(self, who, password, repeated):
        if who is None:
            return refuse(START_AGAIN, about="page")
        fault = self.fault(who.getUserId(), password, repeated)
        if fault is not None:
            return refuse(fault)
        set_password(who, password)
        return True

    def fault(self, name, password, repeated):
        """What keeps this from being the new password, or None."""
        if password != repeated:
            return NOT_THE_SAME
        if len(password) < self.min_length:
            return "Choose a password of at least %d characters." % self.min_length
        if name.lower() in password.lower():
            return HAS_NAME
        if len(set(password)) < 5:
            return TOO_SIMPLE
        if CdiUtil.bean(UserService).authenticate(name, password):
            return SAME_AS_BEFORE
        return None


def moment(text):
    """The seconds since 1970 of a time as directories write it, 20261124093000Z; None when there is none."""
    parts = re.match("([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})", text or "")
    return calendar.timegm(tuple(map(int, parts.groups()))) if parts else None
